//! What a batch must hold, and what a lying leader's is refused for.

mod catch_up;
mod freshness;
mod words;

use super::*;
use crate::{
    build::Left,
    digested::RootError,
    testing::{lane::*, *},
};
use gateway_lane::{EntryError, LaneError};
use gateway_types::{
    Bounded, Bytes, Salt, Timestamp,
    body::{Body, BodyEntry},
    candidate::Candidate,
    entry::{BatchEntry, Entry, PackEntry, RecognisedEntry},
    verdict::Word,
};

fn entries(body: &DigestedBody) -> Vec<Entry> {
    body.body().entries.iter().map(|entry| Entry::decode(&entry.bytes).unwrap()).collect()
}

/// An entry that says that all accepted.
fn recognised(candidate: &Candidate, list_index: u32) -> Entry {
    Entry::Recognised(RecognisedEntry {
        candidate: candidate.clone(),
        list_index,
        accepted: Bounded::new(vec![0b1111, 0b1111]).unwrap(),
        verdicts: Digest([1; 32]),
    })
}

/// The refusal of a batch whose entry at `at` is refused.
fn entry_refused(at: usize, error: EntryError) -> Option<FormError> {
    Some(FormError::Lane(LaneError::Entry { at, error }))
}

#[test]
fn an_honest_leaders_batches_are_taken_one_after_the_other() {
    let mut world = World::empty();
    let genesis = world.genesis();
    assert!(world.check(&genesis).unwrap().is_fresh());
    let mut world = World::with_two_recognised();
    // A licence is revoked, another is asked about, a third is refused: all in one batch.
    world.ledger.change(licence(1), 7);
    world.ledger.change(licence(3), 1);
    world.tick(2);
    let (old, new) = (world.candidate(2), world.candidate(9));
    let refusing: Vec<_> =
        (2..=3).map(|member| list(m(1, member), Word::Refuse, &[&new])).collect();
    let lists = [accepting(&[&old]), refusing].concat();
    let made = world.make(&[old, new], &lists);
    assert_eq!(made.left, []);
    let kinds: Vec<&str> = entries(&made.body).iter().map(Entry::kind).collect();
    assert_eq!(kinds, ["batch", "status", "recognised", "declined"]);
    assert!(world.check(&made).unwrap().is_fresh());
    world.commit(&made);
    // Nothing waits: a heartbeat.
    world.tick(30);
    let made = world.make(&[], &[]);
    assert_eq!(entries(&made.body).len(), 1);
    assert!(world.check(&made).is_ok());
}

#[test]
fn batch_0_is_what_the_operator_accepted_and_the_committees_hold_their_keys() {
    let world = World::empty();
    let made = world.genesis().body;
    let check = |body: &DigestedBody| world.form_error(body);
    assert_eq!(check(&made), None);
    let other_pack = |entries: &mut Vec<Entry>| {
        if let Entry::Pack(PackEntry { effective_from, .. }) = &mut entries[2] {
            *effective_from = Timestamp(1);
        }
    };
    let other = world.edited(&made, other_pack, |_| ());
    assert_eq!(check(&other), Some(FormError::Genesis));
    let swapped = |body: &mut Body| {
        let mut possession = possession();
        possession.swap(0, 1);
        body.possession = Bounded::new(possession).unwrap();
    };
    let swapped = world.edited(&made, |_| (), swapped);
    assert!(matches!(check(&swapped), Some(FormError::Committee(_))));
    let none = world.edited(&made, |_| (), |body| body.possession = Bounded::default());
    assert!(matches!(check(&none), Some(FormError::Committee(_))));
    // Later batches bring none.
    let world = World::begun();
    let made = world.make(&[], &[]).body;
    let with = |body: &mut Body| {
        body.possession = Bounded::new(possession()).unwrap();
    };
    assert_eq!(world.form_error(&world.edited(&made, |_| (), with)), Some(FormError::Possession));
}

#[test]
fn a125_a_body_for_another_place_or_leading_elsewhere_has_no_form() {
    let world = World::with_two_recognised();
    let made = world.make(&[], &[]).body;
    let edited = |edit: fn(&mut Body)| {
        let mut body = made.body().clone();
        edit(&mut body);
        world.form_error(&DigestedBody::new(body))
    };
    assert_eq!(world.form_error(&made), None);
    // Below the tip, at the tip, beside it.
    assert!(matches!(
        edited(|it| it.base.size -= 1),
        Some(FormError::Root(RootError::Base { .. }))
    ));
    assert!(matches!(
        edited(|it| it.base.root = Digest([9; 32])),
        Some(FormError::Root(RootError::Base { .. }))
    ));
    for edit in [
        (|it| it.head.size -= 1) as fn(&mut Body),
        |it| it.head.size += 1,
        |it| it.head = it.base,
        |it| it.head.root = Digest([9; 32]),
        |it| it.entries = Bounded::default(),
    ] {
        assert!(matches!(edited(edit), Some(FormError::Root(RootError::Head { .. }))));
    }
    for edit in [
        (|it| it.k += 1) as fn(&mut Body),
        |it| it.k -= 1,
        |it| it.epoch = 2,
        |it| it.origin = "comity.other/CN-GD.CN-HK.standard".parse().unwrap(),
    ] {
        assert!(matches!(edited(edit), Some(FormError::Place { .. })));
    }
}

#[test]
fn the_batch_entry_says_what_the_body_says_and_stands_first() {
    let mut world = World::with_two_recognised();
    world.tick(1);
    let asked = world.candidate(1);
    let made = world.make(std::slice::from_ref(&asked), &accepting(&[&asked])).body;
    let refused = |edit: fn(&mut Vec<Entry>)| {
        let edited = world.edited(&made, edit, |_| ());
        assert_eq!(world.form_error(&edited), Some(FormError::BatchEntry));
    };
    refused(|entries| of_batch(entries, |batch| batch.time = Timestamp(batch.time.0 + 1)));
    refused(|entries| of_batch(entries, |batch| batch.k += 1));
    refused(|entries| of_batch(entries, |batch| batch.epoch += 1));
    refused(|entries| entries.swap(0, 1));
    refused(|entries| drop(entries.remove(0)));
}

fn of_batch(entries: &mut [Entry], edit: fn(&mut BatchEntry)) {
    if let Some(Entry::Batch(batch)) = entries.first_mut() {
        edit(batch);
    }
}

#[test]
fn a119_an_entry_with_an_unknown_key_or_cut_short_is_refused() {
    let world = World::begun();
    let made = world.make(&[], &[]).body;
    let refused = |bytes: Vec<u8>| {
        let edited = world.edited(&made, |_| (), |body| body.entries = one_entry(bytes));
        assert!(matches!(world.form_error(&edited), Some(FormError::Entry { at: 0, .. })));
    };
    let bytes = made.body().entries[0].bytes.to_vec();
    refused(bytes[..bytes.len() - 1].to_vec());
    refused([&bytes[..], &[0]].concat());
    refused(vec![0xA0]);
    refused(vec![]);
}

fn one_entry(bytes: Vec<u8>) -> Bounded<BodyEntry, { gateway_types::body::MAX_BATCH }> {
    let bytes = Bytes::new(bytes).unwrap();
    Bounded::new(vec![BodyEntry { salt: Salt([1; 16]), bytes }]).unwrap()
}

#[test]
fn a50_kinds_that_are_not_agreed_yet_are_refused() {
    let world = World::with_two_recognised();
    let made = world.make(&[], &[]).body;
    for (bytes, kind) in genesis().entries().iter().zip(["committee", "pack", "pack", "client"]) {
        let entry = Entry::decode(bytes).unwrap();
        let with = world.edited(&made, |entries| entries.push(entry), |_| ());
        assert_eq!(world.form_error(&with), entry_refused(1, EntryError::Kind { kind }));
    }
}

#[test]
fn a136_a_request_is_answered_once_and_the_rest_goes_on() {
    let mut world = World::begun();
    world.tick(1);
    // One question, posted at both gateways: two candidates with one request digest.
    let (first, other) = (world.candidate(1), world.candidate(3));
    world.tick(1);
    let mut second = world.candidate(1);
    second.request = first.request;
    let request = first.request;
    let asked = [first.clone(), second.clone(), other.clone()];
    let lists = accepting(&[&first, &second, &other]);
    let made = world.make(&asked, &lists);
    let twice = EntryError::RequestTwice { request };
    assert_eq!(made.left, [(second.digest(), Left::Refused(twice.clone()))]);
    assert!(world.check(&made).is_ok());
    // A leader that puts both in is refused.
    let lying = world.edited(&made.body, |entries| entries.push(recognised(&second, 2)), |_| ());
    assert_eq!(world.form_error(&lying), entry_refused(3, twice.clone()));
    // In a later batch too.
    world.commit(&made);
    world.tick(1);
    let late = world.make(std::slice::from_ref(&second), &accepting(&[&second]));
    assert_eq!(late.left, [(second.digest(), Left::Refused(twice.clone()))]);
    assert!(world.check(&late).is_ok(), "the lane goes on");
    let lying = world.edited(&late.body, |entries| entries.push(recognised(&second, 2)), |_| ());
    assert_eq!(world.form_error(&lying), entry_refused(1, twice));
}

#[test]
fn a_salt_used_twice_is_refused() {
    let mut world = World::begun();
    world.tick(1);
    let asked = world.candidate(1);
    let made = world.make(std::slice::from_ref(&asked), &accepting(&[&asked])).body;
    let twice = |body: &mut Body| {
        let mut entries = body.entries.clone().into_inner();
        entries[1].salt = entries[0].salt;
        body.entries = Bounded::new(entries).unwrap();
    };
    let twice = world.edited(&made, |_| (), twice);
    assert_eq!(world.form_error(&twice), Some(FormError::SaltTwice { at: 1 }));
}
