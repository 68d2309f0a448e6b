//! Validator sets: checked, encoded for the store, and kept decoded.

use crate::{
    hasher::Hasher,
    json::MAX_VALIDATORS,
    light_block::{address_of, inconsistent, key_of, malformed},
};
use alloc::{collections::BTreeMap, string::ToString, sync::Arc, vec::Vec};
use gateway_types::Digest;
use light_client::HeaderError;
use tendermint::{
    Hash, PublicKey,
    validator::{Info, Set},
};

/// Most sets that are kept decoded; then all are dropped and decoded again as needed.
const MAX_DECODED: usize = 16;

/// A validator from its key and power.
pub(crate) fn info(key: &[u8; 32], power: u64) -> Result<Info, HeaderError> {
    if power == 0 || power > Set::MAX_TOTAL_VOTING_POWER {
        return Err(HeaderError::Power);
    }
    Ok(Info {
        address: address_of(key),
        pub_key: PublicKey::from_raw_ed25519(key).ok_or_else(|| malformed("public key"))?,
        power: power.try_into().map_err(|_| HeaderError::Power)?,
        name: None,
        proposer_priority: 0.into(),
    })
}

/// A set of these validators, who must stand in its one order: power falling, then address rising.
///
/// Source: `CometBFT` `ValidatorsByVotingPower`.
pub(crate) fn checked(infos: Vec<Info>) -> Result<Set, HeaderError> {
    if infos.is_empty() || infos.len() > MAX_VALIDATORS {
        return Err(malformed("a set of no or more than 200 validators"));
    }
    nobody_is_there_twice(&infos)?;
    // Before `Set` is made: it panics on an overflow.
    let total = infos.iter().try_fold(0u64, |sum, info| sum.checked_add(info.power()));
    total.filter(|total| *total <= Set::MAX_TOTAL_VOTING_POWER).ok_or(HeaderError::Power)?;
    let order = |info: &Info| (core::cmp::Reverse(info.power), info.address);
    if !infos.is_sorted_by_key(order) {
        return Err(inconsistent("the order of the set"));
    }
    Ok(Set::without_proposer(infos))
}

fn nobody_is_there_twice(infos: &[Info]) -> Result<(), HeaderError> {
    let mut addresses: Vec<_> = infos.iter().map(|info| info.address).collect();
    addresses.sort_unstable();
    let mut pairs = addresses.iter().zip(addresses.iter().skip(1));
    match pairs.find(|(a, b)| a == b) {
        Some((twice, _)) => Err(HeaderError::DuplicateValidator { signer: twice.to_string() }),
        None => Ok(()),
    }
}

/// 40 bytes a validator: key, power (big endian), in the set's order.
pub(crate) fn encode(set: &Set) -> Vec<u8> {
    let record = |info: &Info| {
        let key = key_of(info).unwrap_or_default();
        key.into_iter().chain(info.power().to_be_bytes())
    };
    set.validators().iter().flat_map(record).collect()
}

/// Reads what [`encode`] wrote.
fn decode(bytes: &[u8]) -> Result<Set, HeaderError> {
    let (records, rest) = bytes.as_chunks::<40>();
    if !rest.is_empty() || records.len() > MAX_VALIDATORS {
        return Err(malformed("stored set"));
    }
    let read = |record: &[u8; 40]| {
        let (key, power) = record.split_first_chunk().ok_or_else(|| malformed("stored set"))?;
        let power = power.try_into().map_err(|_| malformed("stored set"))?;
        info(key, u64::from_be_bytes(power))
    };
    checked(records.iter().map(read).collect::<Result<_, _>>()?)
}

/// Sets by their hash, decoded and hashed once.
#[derive(Debug, Default)]
pub(crate) struct SetCache(BTreeMap<Digest, Arc<Set>>);

impl SetCache {
    /// The set of this hash, from memory or from `bytes`, which must hash to it.
    pub(crate) fn set(&mut self, hash: &Digest, bytes: &[u8]) -> Result<Arc<Set>, HeaderError> {
        if let Some(set) = self.0.get(hash) {
            return Ok(Arc::clone(set));
        }
        let set = Arc::new(decode(bytes)?);
        if set.hash_with::<Hasher>() != Hash::Sha256(hash.0) {
            return Err(HeaderError::NextValidatorSet);
        }
        if self.0.len() >= MAX_DECODED {
            self.0.clear();
        }
        self.0.insert(*hash, Arc::clone(&set));
        Ok(set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A set of one validator.
    fn set(power: u64) -> Set {
        let key = [&[0x58][..], &[0x66; 31]].concat().try_into().unwrap();
        checked([info(&key, power).unwrap()].into()).unwrap()
    }

    #[test]
    fn no_more_sets_are_kept_decoded_than_said() {
        let mut cache = SetCache::default();
        for power in 1..100 {
            let Hash::Sha256(hash) = set(power).hash_with::<Hasher>() else { panic!("no hash") };
            let hash = Digest(hash);
            let read = cache.set(&hash, &encode(&set(power))).unwrap();
            assert_eq!(*read, set(power));
            // From memory now: the bytes are not looked at.
            assert_eq!(cache.set(&hash, &[]), Ok(read));
            assert!(cache.0.len() <= MAX_DECODED);
        }
    }
}
