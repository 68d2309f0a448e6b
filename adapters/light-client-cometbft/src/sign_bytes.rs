//! The bytes that a validator signs: all alike in one commit, but for the time.

use alloc::vec::Vec;
use tendermint::{Time, block::Commit};

/// A commit's votes, encoded up to and from the time on.
///
/// Source: `CometBFT` `CanonicalVote` (`proto/tendermint/types/canonical.proto`), length-delimited: type, height,
/// round unless zero, block id, time, chain id.
#[derive(Debug)]
pub(crate) struct SignBytes {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl SignBytes {
    /// Of the precommits in `commit`, on the chain `chain_id`.
    pub(crate) fn of(commit: &Commit, chain_id: &str) -> Self {
        let mut before = Vec::from([0x08, 0x02]);
        fixed64(&mut before, 0x11, commit.height.value());
        if commit.round.value() > 0 {
            fixed64(&mut before, 0x19, commit.round.value().into());
        }
        let mut block_id = Vec::new();
        bytes(&mut block_id, 0x0a, commit.block_id.hash.as_bytes());
        bytes(&mut block_id, 0x12, &parts(commit));
        bytes(&mut before, 0x22, &block_id);
        let mut after = Vec::new();
        bytes(&mut after, 0x32, chain_id.as_bytes());
        Self { before, after }
    }

    /// What the validator that voted at `time` signed.
    pub(crate) fn at(&self, time: Time) -> Vec<u8> {
        let mut stamp = Vec::with_capacity(18);
        let nanos = time.unix_timestamp_nanos().rem_euclid(1_000_000_000);
        number(&mut stamp, 0x08, time.unix_timestamp().cast_unsigned());
        number(&mut stamp, 0x10, u64::try_from(nanos).unwrap_or_default());
        let mut vote = Vec::with_capacity(160);
        vote.extend_from_slice(&self.before);
        bytes(&mut vote, 0x2a, &stamp);
        vote.extend_from_slice(&self.after);
        let mut out = Vec::with_capacity(vote.len().saturating_add(2));
        varint(&mut out, len(&vote));
        out.extend_from_slice(&vote);
        out
    }
}

fn parts(commit: &Commit) -> Vec<u8> {
    let header = commit.block_id.part_set_header;
    let mut parts = Vec::new();
    number(&mut parts, 0x08, header.total.into());
    bytes(&mut parts, 0x12, header.hash.as_bytes());
    parts
}

/// A field of 8 bytes, little endian.
fn fixed64(out: &mut Vec<u8>, tag: u8, value: u64) {
    out.push(tag);
    out.extend_from_slice(&value.to_le_bytes());
}

/// A number, left out if zero.
fn number(out: &mut Vec<u8>, tag: u8, value: u64) {
    if value > 0 {
        out.push(tag);
        varint(out, value);
    }
}

/// A field of bytes or a message, with its length.
fn bytes(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    varint(out, len(content));
    out.extend_from_slice(content);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push((value & 0x7f) as u8);
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tendermint::{
        Hash,
        block::{CommitSig, Id, parts},
        vote::{Type, Vote},
    };

    /// The same bytes as the `tendermint` crate makes of the same vote.
    fn check(height: u64, round: u32, total: u32, secs: i64, nanos: u32, chain: &str) {
        let mut part_set_header = parts::Header::default();
        part_set_header.total = total;
        part_set_header.hash = Hash::Sha256([2; 32]);
        let commit = Commit {
            height: height.try_into().unwrap(),
            round: round.try_into().unwrap(),
            block_id: Id { hash: Hash::Sha256([1; 32]), part_set_header },
            signatures: Vec::<CommitSig>::new(),
        };
        let time = Time::from_unix_timestamp(secs, nanos).unwrap();
        let vote = Vote {
            vote_type: Type::Precommit,
            height: commit.height,
            round: commit.round,
            block_id: Some(commit.block_id),
            timestamp: Some(time),
            validator_address: tendermint::account::Id::new([3; 20]),
            validator_index: 0u32.try_into().unwrap(),
            signature: None,
            extension: Vec::new(),
            extension_signature: None,
        };
        let expected = vote.into_signable_vec(chain.parse().unwrap());
        assert_eq!(SignBytes::of(&commit, chain).at(time), expected);
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_the_tendermint_crate(
            height in 1u64..=i64::MAX as u64,
            round in 0u32..=i32::MAX as u32,
            total: u32,
            secs in -62_135_596_800i64..=253_402_300_799,
            nanos in 0u32..1_000_000_000,
            chain in "[a-zA-Z0-9_-]{1,50}",
        ) {
            check(height, round, total, secs, nanos, &chain);
        }
    }

    #[test]
    fn fields_of_zero_are_left_out_as_protobuf_does() {
        check(1, 0, 0, 0, 0, "a");
        check(1, 0, 1, -1, 1, "a");
        check(127, 128, 16_384, 1, 0, "comity-wasm-1");
    }
}
