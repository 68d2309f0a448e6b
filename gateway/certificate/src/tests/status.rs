use super::{Reader, recognised};
use crate::testing::{START, TestLane};
use gateway_lane::StatusList;
use gateway_types::{Bytes, Timestamp, entry::Entry};

#[test]
fn a_newer_status_makes_an_old_certificate_good_again() {
    let (mut lane, certificate) = recognised();
    lane.time = Timestamp(START.0 + 30 * 3_600_000);
    lane.batch(Vec::new());
    let reader = Reader::of(&lane);
    reader.expect(&certificate, "cannot_say status_stale");
    reader.expect_with(&certificate, &lane.status(None), "good good");
}

#[test]
fn the_sources_word_ends_a_recognition() {
    for (code, expected) in [
        (1, "good good"),
        (2, "not_good suspended"),
        (3, "not_good revoked"),
        (4, "not_good revoked"),
        (5, "not_good expired"),
        (6, "not_good superseded"),
        (7, "not_good revoked"),
        (99, "not_good status_other"),
    ] {
        let (mut lane, certificate) = recognised();
        let change = lane.change(code);
        let with_word = lane.status((code != 1).then_some(change));
        Reader::of(&lane).expect_with(&certificate, &with_word, expected);
        let without = Reader::of(&lane).check_with(&certificate, &lane.status(None));
        assert_eq!(without.outcome().as_str(), expected.split(' ').next().unwrap());
        // The certificate alone still shows what it was.
        Reader::of(&lane).expect(&certificate, "good good");
    }
}

#[test]
fn a135_a_list_whose_digest_is_not_in_the_log_is_refused() {
    let (mut lane, certificate) = recognised();
    lane.change(7);
    let (reader, good) = (Reader::of(&lane), lane.status(None));
    reader.expect_with(&certificate, &good, "not_good revoked");
    let mut valid = StatusList::new();
    valid.push(0).unwrap();
    let mut whitewashed = good.clone();
    whitewashed.list = Bytes::new(valid.to_zlib()).unwrap();
    reader.expect_with(&certificate, &whitewashed, "not_genuine other_list");
    let mut longer = good.clone();
    longer.count = 2;
    reader.expect_with(&certificate, &longer, "not_genuine other_list");
    let mut garbage = good.clone();
    garbage.list = Bytes::new(vec![0; 100]).unwrap();
    reader.expect_with(&certificate, &garbage, "not_genuine other_list");
    // Signed by a gateway, or whoever, and not by the committees.
    let mut stranger = TestLane::new(&lane.origin.to_string(), "stranger");
    stranger.recognise();
    stranger.batch(Vec::new());
    reader.expect_with(&certificate, &stranger.status(None), "cannot_say unknown_committee");
    // An earlier checkpoint, with the later batch's entry.
    let mut before = TestLane::example();
    before.recognise();
    let mut older = good;
    older.checkpoint = before.note();
    reader.expect_with(&certificate, &older, "not_genuine not_included");
}

#[test]
fn a_status_from_before_the_certificate_is_not_used() {
    let mut lane = TestLane::example();
    lane.batch(Vec::new());
    let old = lane.status(None);
    let index = lane.recognise();
    let report = Reader::of(&lane).check_with(&lane.certificate(index), &old);
    super::expect(&report, "good good");
    assert!(report.found.status_unused && report.found.status.is_none());
}

#[test]
fn a_status_of_the_entrys_own_batch_says_the_same() {
    let (lane, certificate) = recognised();
    Reader::of(&lane).expect_with(&certificate, &lane.status(None), "good good");
}

#[test]
fn a_word_about_another_licence_or_another_value_is_refused() {
    let (mut lane, certificate) = recognised();
    let suspended = lane.change(2);
    let revoked = lane.change(7);
    let reader = Reader::of(&lane);
    reader.expect_with(&certificate, &lane.status(Some(revoked)), "not_good revoked");
    reader.expect_with(
        &certificate,
        &lane.status(Some(suspended)),
        "not_genuine status_contradiction",
    );
    let reinstated = lane.change(1);
    reader.expect_with(
        &certificate,
        &lane.status(Some(reinstated)),
        "not_genuine status_contradiction",
    );
    // Of another licence.
    let (mut lane, certificate) = recognised();
    let of_other = lane.change(7);
    let Ok(Entry::Status(mut entry)) =
        Entry::decode(&lane.entries[usize::try_from(of_other).unwrap()].bytes)
    else {
        panic!("not a status entry")
    };
    entry.change.key.0.0[0] ^= 1;
    let other = lane.batch(vec![Entry::Status(entry)]) + 1;
    Reader::of(&lane).expect_with(
        &certificate,
        &lane.status(Some(other)),
        "not_genuine status_contradiction",
    );
    // Not a status entry.
    let mut status = lane.status(Some(of_other));
    status.change.as_mut().unwrap().entry = certificate.entry.clone();
    let report = Reader::of(&lane).check_with(&certificate, &status);
    assert_eq!(report.outcome().as_str(), "not_genuine");
}

#[test]
fn a58_a_status_of_another_lane_is_refused() {
    let (lane, certificate) = recognised();
    let mut other = TestLane::new("comity.gba/CN-GD.CN-MO.standard", "");
    other.recognise();
    let mut status = other.status(None);
    Reader::of(&lane).expect_with(&certificate, &status, "not_genuine other_lane");
    status.origin = lane.origin.clone();
    Reader::of(&lane).expect_with(&certificate, &status, "not_genuine other_lane");
}

#[test]
fn a_status_of_an_epoch_counts_only_while_it_is_known_and_open() {
    let (mut lane, certificate) = recognised();
    lane.batch(Vec::new());
    let of_one = lane.status(None);
    lane.next_epoch("", Timestamp(u64::MAX));
    lane.batch(Vec::new());
    let of_two = lane.status(None);
    let reader = Reader::of(&lane);
    // Without a seal nobody knows epoch 2.
    reader.expect_with(&certificate, &of_one, "good good");
    reader.expect_with(&certificate, &of_two, "cannot_say unknown_committee");
    // With it, epoch 1 is known to be closed.
    let mut sealed = certificate.clone();
    sealed.seal = Some(lane.seal(&certificate));
    reader.expect_with(&sealed, &of_two, "good good");
    reader.expect_with(&sealed, &of_one, "cannot_say status_epoch_closed");
}

#[test]
fn two_histories_between_certificate_and_status_are_named() {
    let (lane, certificate) = recognised();
    let mut fork = TestLane::example();
    fork.time = Timestamp(fork.time.0 + 1);
    fork.recognise();
    assert_eq!(fork.log.size(), lane.log.size());
    Reader::of(&lane).expect_with(&certificate, &fork.status(None), "not_genuine two_histories");
}

#[test]
fn a_refusal_needs_no_status() {
    let mut lane = TestLane::example();
    let index = lane.decline();
    lane.batch(Vec::new());
    Reader::of(&lane).expect_with(
        &lane.certificate(index),
        &lane.status(None),
        "not_good declined",
    );
}
