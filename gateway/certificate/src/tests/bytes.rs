//! Every byte of a certificate, decoded, set to other values.

use super::{Reader, recognised};
use crate::{Outcome, testing::TestLane};
use gateway_types::{
    Bounded, Bytes, Timestamp,
    certificate::{Certificate, HashText, ProvenEntry, SaltText},
};
use std::collections::BTreeMap;

/// Three other values of a byte.
fn others(byte: u8) -> [u8; 3] {
    [byte ^ 1, byte ^ 0x80, byte.wrapping_add(0x55)]
}

/// Counts refusals by the check that made them.
#[derive(Default)]
struct Refusals(BTreeMap<&'static str, u32>);

impl Refusals {
    fn expect(&mut self, reader: &Reader, certificate: &Certificate, what: &str) {
        let report = reader.check(certificate);
        assert_eq!(report.outcome(), Outcome::NotGenuine, "{what}: {:?}", report.answer);
        *self.0.entry(report.code()).or_default() += 1;
    }
}

/// A small log, so that the test stays short: signatures are checked before anything else is.
fn example() -> (Reader, Certificate) {
    let (lane, certificate) = recognised();
    (Reader::of(&lane), certificate)
}

#[test]
fn every_byte_of_an_entry_its_salt_and_its_proof_counts() {
    let (reader, good) = example();
    let mut refusals = Refusals::default();
    type Pick = fn(&mut Certificate) -> &mut ProvenEntry;
    let parts: [(&str, Pick); 2] = [("entry", |c| &mut c.entry), ("batch", |c| &mut c.batch)];
    for (name, pick) in parts {
        let part = pick(&mut good.clone()).clone();
        // A third of the entry's bytes is taken by a stride that shares no factor with its fields' lengths.
        for at in (0..part.bytes.len()).step_by(3) {
            let other = others(part.bytes[at])[at % 3];
            let mut bytes = part.bytes.to_vec();
            bytes[at] = other;
            let mut changed = good.clone();
            pick(&mut changed).bytes = Bytes::new(bytes).unwrap();
            refusals.expect(&reader, &changed, &format!("{name}, byte {at}"));
        }
        for at in 0..16 {
            let mut changed = good.clone();
            let mut salt = part.salt;
            salt.0.0[at] ^= 1 << (at % 8);
            pick(&mut changed).salt = SaltText(salt.0);
            refusals.expect(&reader, &changed, &format!("{name}, salt {at}"));
        }
        for (level, at) in (0..part.proof.len()).flat_map(|level| [(level, 0), (level, 31)]) {
            let mut proof = part.proof.to_vec();
            proof[level].0.0[at] ^= 0x10;
            let mut changed = good.clone();
            pick(&mut changed).proof = Bounded::new(proof).unwrap();
            refusals.expect(&reader, &changed, &format!("{name}, proof {level} {at}"));
        }
    }
    assert!(refusals.0["not_included"] > 250, "{:?}", refusals.0);
    assert_eq!(refusals.0.len(), 1, "{:?}", refusals.0);
}

/// The same for every byte and three values each, by the one check that refuses them.
#[test]
fn every_byte_of_a_leaf_and_its_proof_is_under_the_root() {
    let (lane, good) = recognised();
    let head = lane.log.head();
    let mut refused = 0;
    let mut expect = |changed: &ProvenEntry| {
        assert!(crate::inclusion::verify_entry(changed, &head).is_err());
        refused += 1;
    };
    for at in 0..good.entry.bytes.len() {
        for other in others(good.entry.bytes[at]) {
            let mut bytes = good.entry.bytes.to_vec();
            bytes[at] = other;
            expect(&ProvenEntry { bytes: Bytes::new(bytes).unwrap(), ..good.entry.clone() });
        }
    }
    for (level, at) in (0..good.entry.proof.len()).flat_map(|l| (0..32).map(move |at| (l, at))) {
        for other in others(good.entry.proof[level].0.0[at]) {
            let mut proof = good.entry.proof.to_vec();
            proof[level].0.0[at] = other;
            expect(&ProvenEntry { proof: Bounded::new(proof).unwrap(), ..good.entry.clone() });
        }
    }
    assert_eq!(refused, 3 * (good.entry.bytes.len() + 32 * good.entry.proof.len()));
}

#[test]
fn proofs_and_places_fit_exactly() {
    let (reader, good) = example();
    let mut refusals = Refusals::default();
    for index in [0, 1, good.entry.index - 1, good.entry.index + 1, 1 << 48, u64::MAX] {
        let mut changed = good.clone();
        changed.entry.index = index;
        refusals.expect(&reader, &changed, &format!("index {index}"));
        changed = good.clone();
        changed.batch.index = if index == good.batch.index { 2 } else { index };
        refusals.expect(&reader, &changed, &format!("batch index {index}"));
    }
    let hash = HashText(gateway_types::Digest([1; 32]));
    for proof in [
        Vec::new(),
        good.entry.proof[1..].to_vec(),
        [good.entry.proof.to_vec(), vec![hash]].concat(),
        vec![hash; 64],
    ] {
        let mut changed = good.clone();
        changed.entry.proof = Bounded::new(proof).unwrap();
        refusals.expect(&reader, &changed, "proof of another length");
    }
}

#[test]
fn every_byte_of_a_counted_signature_counts() {
    let (lane, mut good) = recognised();
    // Exactly t of each: every one is counted.
    let head = lane.log.head();
    let checkpoint = gateway_types::checkpoint::Checkpoint { origin: lane.origin.clone(), head };
    good.checkpoint = lane.epochs[0].0.sign_by(&checkpoint, 1, &[3, 3], &[true, true]);
    let reader = Reader::of(&lane);
    super::expect(&reader.check(&good), "good good");
    let note = gateway_cosign::Note::parse(&good.checkpoint).unwrap();
    let mut refusals = Refusals::default();
    for place in 0..note.lines().len() {
        for at in 0..note.lines()[place].payload.len() {
            let mut lines = note.lines().to_vec();
            lines[place].payload[at] = others(lines[place].payload[at])[at % 3];
            let mut changed = good.clone();
            changed.checkpoint = gateway_cosign::Note::new(note.text(), lines).unwrap().to_text();
            refusals.expect(&reader, &changed, &format!("line {place}, byte {at}"));
        }
    }
    assert_eq!(refusals.0, BTreeMap::from([("signatures", 6 * 72 + 2 * 48)]));
}

#[test]
fn every_byte_of_the_checkpoints_text_counts() {
    let (reader, good) = example();
    let mut refusals = Refusals::default();
    let text = good.checkpoint.split("\n\n").next().unwrap().len() + 1;
    for at in 0..text {
        let mut note = good.checkpoint.clone().into_bytes();
        note[at] = if note[at] == b'x' { b'y' } else { b'x' };
        let mut changed = good.clone();
        changed.checkpoint = String::from_utf8(note).unwrap();
        refusals.expect(&reader, &changed, &format!("text, byte {at}"));
    }
}

#[test]
fn every_byte_of_a_chain_of_committees_counts() {
    let mut lane = TestLane::example();
    lane.next_epoch("", Timestamp(u64::MAX));
    let index = lane.recognise();
    let (reader, good) = (Reader::of(&lane), lane.certificate(index));
    super::expect(&reader.check(&good), "good good");
    let mut refusals = Refusals::default();
    for place in 0..2 {
        let bytes = good.committees[place].bytes.to_vec();
        for at in (0..bytes.len()).step_by(7) {
            let mut bytes = bytes.clone();
            bytes[at] = others(bytes[at])[at % 3];
            let mut chain = good.committees.to_vec();
            chain[place].bytes = Bytes::new(bytes).unwrap();
            let mut changed = good.clone();
            changed.committees = Bounded::new(chain).unwrap();
            refusals.expect(&reader, &changed, &format!("committee {place}, byte {at}"));
        }
    }
    let expected = ["committee_not_agreed", "other_committees"];
    assert!(refusals.0.keys().eq(expected.iter()), "{:?}", refusals.0);
}
