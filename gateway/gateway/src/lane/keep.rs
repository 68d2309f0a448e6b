//! How a lane lies in the store: one place for keys and values.

use gateway_lane::StatusList;
use gateway_store::{Batch, Space, Store, StoreError};
use gateway_types::{
    Digest, LaneId,
    cbor::{self, DecodeError},
    message::{Ballot, FinalMessage, MAX_MESSAGE},
};

/// Final batches by number: a [`FinalMessage`] with its body.
pub(crate) const BATCHES: Space = Space("lane-batches/1");
/// Where a request was answered: batch and place, by the request's digest.
pub(crate) const REQUESTS: Space = Space("lane-requests/1");
/// The status list after each batch: its count, then ZLIB.
pub(crate) const LISTS: Space = Space("lane-lists/1");
/// What this gateway proposed last.
pub(crate) const BALLOTS: Space = Space("lane-ballots/1");
/// Evidence of dishonesty, by its digest.
pub(crate) const EQUIVOCATIONS: Space = Space("lane-equivocations/1");

/// Longest encoded ballot.
const MAX_BALLOT: usize = 256;

/// What begins every key of a lane.
pub(crate) fn prefix(lane: &LaneId) -> Vec<u8> {
    // No identifier holds a zero byte: no lane's keys begin with another's.
    let mut key = lane.to_string().into_bytes();
    key.push(0);
    key
}

/// The key of a number in a lane: numbers are in order.
pub(crate) fn numbered(lane: &LaneId, n: u64) -> Vec<u8> {
    let mut key = prefix(lane);
    key.extend(n.to_be_bytes());
    key
}

/// The key of a digest in a lane.
pub(crate) fn by_digest(lane: &LaneId, digest: &Digest) -> Vec<u8> {
    let mut key = prefix(lane);
    key.extend(digest.0);
    key
}

/// A final batch as it is stored.
pub(crate) fn decode_batch(bytes: &[u8]) -> Result<FinalMessage, DecodeError> {
    cbor::decode(bytes, MAX_MESSAGE)
}

/// Where a request was answered.
pub(crate) fn encode_place(k: u64, index: u64) -> Vec<u8> {
    [k.to_be_bytes(), index.to_be_bytes()].concat()
}

/// Reads what [`encode_place`] wrote.
pub(crate) fn decode_place(bytes: &[u8]) -> Option<(u64, u64)> {
    let (k, index) = bytes.split_first_chunk()?;
    Some((u64::from_be_bytes(*k), u64::from_be_bytes(index.try_into().ok()?)))
}

/// A status list as it is stored.
pub(crate) fn encode_list(list: &StatusList) -> Vec<u8> {
    [&list.count().to_be_bytes()[..], &list.to_zlib()].concat()
}

/// Reads what [`encode_list`] wrote.
pub(crate) fn decode_list(bytes: &[u8]) -> Option<StatusList> {
    let (count, packed) = bytes.split_first_chunk()?;
    StatusList::from_zlib(packed, u32::from_be_bytes(*count)).ok()
}

/// Writes down what is proposed.
pub(crate) fn ballot(lane: &LaneId, ballot: &Ballot) -> Batch {
    Batch::new().put(BALLOTS, prefix(lane), cbor::encode(ballot))
}

/// What was proposed last, if anything was.
pub(crate) fn load_ballot(store: &dyn Store, lane: &LaneId) -> Result<Option<Ballot>, StoreError> {
    let Some(bytes) = store.load(BALLOTS, &prefix(lane))? else { return Ok(None) };
    cbor::decode(&bytes, MAX_BALLOT)
        .map(Some)
        .map_err(|error| StoreError::Corrupt { why: format!("a ballot: {error}") })
}

/// How many pieces of evidence are kept.
pub(crate) fn count_equivocations(store: &dyn Store, lane: &LaneId) -> Result<u64, StoreError> {
    let (prefix, mut after, mut count) = (prefix(lane), None::<Vec<u8>>, 0u64);
    loop {
        let read = store.scan(EQUIVOCATIONS, &prefix, after.as_deref(), 256)?;
        let Some((key, _)) = read.last() else { return Ok(count) };
        after = Some(key.clone());
        count = count.saturating_add(u64::try_from(read.len()).unwrap_or(u64::MAX));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_lanes_keys_begin_with_anothers() {
        let a: LaneId = "CN-GD.CN-HK.standard".parse().unwrap();
        let b: LaneId = "CN-GD.CN-HK.standard-2".parse().unwrap();
        assert!(!numbered(&b, 1).starts_with(&prefix(&a)));
        assert!(numbered(&a, 2) > numbered(&a, 1) && numbered(&a, 256) > numbered(&a, 255));
    }

    #[test]
    fn places_and_lists_read_back() {
        assert_eq!(decode_place(&encode_place(3, 700)), Some((3, 700)));
        assert_eq!(decode_place(&[0; 15]), None);
        let mut list = StatusList::new();
        (0..9).for_each(|n| list.push(n & 3).unwrap());
        assert_eq!(decode_list(&encode_list(&list)), Some(list.clone()));
        assert_eq!(decode_list(&[0, 0]), None);
    }
}
