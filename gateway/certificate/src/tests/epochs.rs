use super::{Reader, recognised};
use crate::testing::{START, TestLane};
use gateway_types::{Bounded, Timestamp, certificate::Certificate};

const DAY: u64 = 86_400_000;
/// When the keys of epoch 1 end.
const END: Timestamp = Timestamp(START.0 + 400 * DAY);
const FAR: Timestamp = Timestamp(START.0 + 700 * DAY);

/// An entry of epoch 1, its certificate under epoch 1's checkpoint, and a lane that has gone on to epoch 2.
fn closed() -> (TestLane, Certificate) {
    let (mut lane, certificate) = recognised();
    lane.next_epoch("", FAR);
    lane.batch(Vec::new());
    (lane, certificate)
}

fn sealed() -> (TestLane, Certificate) {
    let (lane, mut certificate) = closed();
    certificate.seal = Some(lane.seal(&certificate));
    (lane, certificate)
}

#[test]
fn a_certificate_of_a_closed_epoch_needs_a_seal() {
    let (lane, certificate) = closed();
    let before = Timestamp(END.0 - 1);
    let mut status = lane.status(None);
    status.checkpoint = String::new();
    let reader = Reader::of(&lane).at(END);
    reader.expect(&certificate, "cannot_say epoch_closed");
    // One moment earlier only its status is too old.
    Reader::of(&lane).at(before).expect(&certificate, "cannot_say status_stale");
    let (lane, certificate) = sealed();
    Reader::of(&lane).at(END).expect(&certificate, "cannot_say status_stale");
    Reader::of(&lane).expect(&certificate, "good good");
}

/// Keys that were stolen after their end sign with any date, so the moment asked about does not help.
#[test]
fn a_moment_in_the_past_does_not_open_a_closed_epoch() {
    let (lane, certificate) = closed();
    let reader = Reader::of(&lane);
    let question = crate::Question { now: END, ..crate::Question::now(lane.now()) };
    super::expect(&reader.ask(&certificate, None, question.clone()), "cannot_say epoch_closed");
    let (lane, certificate) = sealed();
    super::expect(&Reader::of(&lane).ask(&certificate, None, question), "good good");
}

#[test]
fn a_seal_of_a_closed_epoch_counts_no_more() {
    let (lane, certificate) = sealed();
    Reader::of(&lane).at(FAR).expect(&certificate, "cannot_say epoch_closed");
}

#[test]
fn entries_of_the_second_epoch_are_good_through_the_chain() {
    let (mut lane, _) = closed();
    let index = lane.recognise();
    let certificate = lane.certificate(index);
    assert_eq!(certificate.committees.len(), 2);
    Reader::of(&lane).expect(&certificate, "good good");
    // An entry of epoch 1 under a checkpoint of epoch 2 needs no seal.
    Reader::of(&lane).expect(&lane.certificate(6), "good good");
    lane.next_epoch("", Timestamp(FAR.0 + DAY));
    let index = lane.recognise();
    Reader::of(&lane).expect(&lane.certificate(index), "good good");
}

/// Anybody can write a log in which the trusted entry comes first and his own second: only the first
/// committees' signature on the checkpoint that ends with the second entry makes it theirs.
#[test]
fn a22_a_second_committee_that_the_first_did_not_name_is_refused() {
    let genuine = TestLane::example();
    let mut forger = TestLane::example();
    forger.recognise();
    forger.next_epoch("forger", FAR);
    let strangers = TestLane::new(&genuine.origin.to_string(), "stranger");
    // The forger has no key of epoch 1: he signs the closing checkpoint with what he has.
    let head = forger.log.head();
    let checkpoint = gateway_types::checkpoint::Checkpoint { origin: forger.origin.clone(), head };
    for note in [
        forger.epochs[1].0.sign(&checkpoint, 1),
        strangers.epochs[0].0.sign(&checkpoint, 1),
        genuine.note(),
    ] {
        forger.closings = vec![note];
        forger.recognise();
        let certificate = forger.certificate(forger.log.size() - 1);
        Reader::of(&genuine).expect(&certificate, "not_genuine committee_not_agreed");
    }
    let mut none = forger.certificate(forger.log.size() - 1);
    let mut chain = none.committees.to_vec();
    chain[1].closing = None;
    none.committees = Bounded::new(chain).unwrap();
    Reader::of(&genuine).expect(&none, "not_genuine committee_not_agreed");
}

#[test]
fn the_entry_that_opens_an_epoch_is_the_last_of_the_checkpoint_that_closes_it() {
    let mut lane = TestLane::example();
    lane.next_epoch("", FAR);
    lane.epochs.pop();
    // Epoch 1 signs on after it named epoch 2: that checkpoint closes nothing.
    lane.batch(Vec::new());
    let note = lane.note();
    let mut lane = TestLane::example();
    lane.next_epoch("", FAR);
    lane.closings = vec![note];
    let index = lane.recognise();
    Reader::of(&lane).expect(&lane.certificate(index), "not_genuine committee_not_agreed");
}

#[test]
fn a_chain_with_a_hole_or_in_another_order_is_refused() {
    let (mut lane, _) = closed();
    lane.next_epoch("", Timestamp(FAR.0 + DAY));
    let index = lane.recognise();
    let good = lane.certificate(index);
    let reader = Reader::of(&lane);
    reader.expect(&good, "good good");
    for (order, expected) in [
        (vec![0, 2], "not_genuine committee_not_agreed"),
        (vec![0, 2, 1], "not_genuine committee_not_agreed"),
        (vec![0, 1, 1, 2], "not_genuine committee_not_agreed"),
        (vec![1, 2], "not_genuine other_committees"),
        (vec![], "not_genuine other_committees"),
    ] {
        let chain = order.iter().map(|at| good.committees[*at].clone()).collect();
        let mut certificate = good.clone();
        certificate.committees = Bounded::new(chain).unwrap();
        reader.expect(&certificate, expected);
    }
    // The chain ends before the epoch that signed.
    let mut short = good.clone();
    short.committees = Bounded::new(good.committees[..2].to_vec()).unwrap();
    reader.expect(&short, "cannot_say unknown_committee");
}

#[test]
fn a130_a_checkpoint_of_a_closed_epoch_that_is_not_under_its_closing_one_is_refused() {
    let (lane, _) = closed();
    let closing_size = lane.epochs[1].1 + 1;
    // Whoever kept the keys of epoch 1 goes on with a log of his own from what it closed.
    let mut thief = TestLane::example();
    thief.recognise();
    thief.next_epoch("", FAR);
    thief.epochs.pop();
    thief.recognise();
    assert!(thief.log.size() > closing_size);
    let mut certificate = thief.certificate(thief.log.size() - 1);
    // Alone it cannot be told from a genuine one, and counts until the keys' end at most.
    Reader::of(&lane).at(END).expect(&certificate, "cannot_say epoch_closed");
    // No seal exists for it, and that of another entry proves nothing.
    let (_, genuine) = sealed();
    certificate.seal = genuine.seal.clone();
    Reader::of(&lane).expect(&certificate, "not_genuine not_included");
    // The genuine entry under a larger checkpoint of epoch 1 that never was.
    let mut stretched = thief.certificate(6);
    stretched.seal = genuine.seal;
    Reader::of(&lane).expect(&stretched, "not_genuine after_closing");
}

#[test]
fn two_signed_roots_of_one_size_are_named_as_such() {
    let (lane, sealed) = sealed();
    // Epoch 1's keys sign another log of the size at which epoch 2 sealed: shorter than the closing it must
    // be to be taken at all, so the seal is made at the closing size.
    let mut short = TestLane::example();
    short.recognise();
    short.next_epoch("", FAR);
    let mut certificate = sealed;
    certificate.seal = Some(short.seal(&certificate));
    let mut fork = TestLane::example();
    fork.recognise();
    fork.batch(Vec::new());
    fork.append_bytes(b"something else".to_vec());
    fork.epochs.truncate(1);
    assert_eq!(fork.log.size(), short.log.size());
    let forked = fork.certificate(6);
    certificate.checkpoint = forked.checkpoint;
    certificate.entry.proof = forked.entry.proof;
    certificate.batch.proof = forked.batch.proof;
    certificate.committees = forked.committees;
    Reader::of(&lane).expect(&certificate, "not_genuine two_histories");
}

/// As above, but the seal is of a larger size: the closing checkpoint, which comes with it, tells.
#[test]
fn a130_another_root_of_the_closing_size_is_named_as_a_second_history() {
    let (lane, sealed) = sealed();
    let closing_size = lane.epochs[1].1 + 1;
    let mut fork = TestLane::example();
    fork.recognise();
    fork.batch(Vec::new());
    fork.append_bytes(b"something else".to_vec());
    assert_eq!(fork.log.size(), closing_size);
    let mut certificate = fork.certificate(6);
    assert_eq!(certificate.entry.bytes, sealed.entry.bytes);
    certificate.seal = sealed.seal;
    Reader::of(&lane).expect(&certificate, "not_genuine two_histories");
}

#[test]
fn a_sealed_entry_keeps_its_batch_entry() {
    let (lane, sealed) = sealed();
    // Old keys sign a log in which the sealed entry has another `batch` entry, of another time.
    let mut thief = TestLane::example();
    thief.time = Timestamp(thief.time.0 + 2_000);
    thief.batch(Vec::new());
    let salt = lane.entries[6].clone();
    thief.log.append(gateway_log::LeafHash::of(&salt.salt, &salt.bytes)).unwrap();
    thief.entries.push(salt);
    let mut certificate = thief.certificate(6);
    assert_eq!(certificate.entry.bytes, sealed.entry.bytes);
    Reader::of(&thief).expect(&certificate, "good good");
    certificate.seal = sealed.seal;
    Reader::of(&lane).expect(&certificate, "not_genuine not_included");
}

#[test]
fn a_seal_is_of_a_later_epoch_of_the_same_committees() {
    let (lane, certificate) = recognised();
    let mut same = certificate.clone();
    same.seal = Some(lane.seal(&certificate));
    Reader::of(&lane).expect(&same, "not_genuine contradiction");
    let (lane, mut sealed) = sealed();
    let seal = sealed.seal.as_mut().unwrap();
    seal.checkpoint = lane.closings[0].clone();
    Reader::of(&lane).expect(&sealed, "not_genuine signatures");
}

#[test]
fn a_batch_after_the_keys_end_is_refused() {
    let mut lane = TestLane::example();
    lane.time = Timestamp(END.0 - 1_500);
    let index = lane.recognise();
    assert!(lane.time < END);
    let last = lane.certificate(index);
    let index = lane.recognise();
    assert!(lane.time >= END);
    Reader::of(&lane).at(Timestamp(END.0 - 1)).expect(&last, "good good");
    Reader::of(&lane)
        .at(Timestamp(END.0 - 1))
        .expect(&lane.certificate(index), "not_genuine after_closing");
}
