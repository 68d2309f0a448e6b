//! What a leader makes of what waits.

use super::*;
use crate::{
    listed::made::by as hashed_by,
    testing::{chain, lane::*, *},
};
use gateway_types::verdict::Word;

fn kinds(made: &Made) -> Vec<&'static str> {
    let entries = made.body.body().entries.iter();
    entries.map(|entry| Entry::decode(&entry.bytes).unwrap().kind()).collect()
}

fn height_of(made: &Made) -> Option<u64> {
    match Entry::decode(&made.body.body().entries[0].bytes).unwrap() {
        Entry::Batch(batch) => batch.sync.map(|sync| sync.height),
        other => panic!("{other:?}"),
    }
}

#[test]
fn candidates_without_an_outcome_wait_and_keep_the_sync_point_back_for_30_seconds() {
    let mut world = World::with_two_recognised();
    world.tick(1);
    let waiting = world.candidate(1);
    let evidence = waiting.evidence.height;
    world.tick(5);
    let offers = [world.offer_at(evidence, 2), world.offer()];
    let two = vec![list(m(0, 1), Word::Accept, &[&waiting]); 1];
    let make = |world: &World| world.make_with(std::slice::from_ref(&waiting), &two, &offers, None);
    let made = make(&world);
    assert_eq!((kinds(&made), made.left.len()), (vec!["batch"], 0));
    assert_eq!(height_of(&made), Some(evidence), "not above the evidence of what waits");
    world.tick(25);
    assert_eq!(height_of(&make(&world)), Some(evidence + 5), "30 seconds are over");
}

/// By evidence as old as the sync point itself, on which no member gives a verdict.
#[test]
fn a131_candidates_keep_a_sync_point_back_no_longer_than_until_it_is_30_seconds_old() {
    let mut world = World::with_two_recognised();
    let last = world.height;
    for (seconds, expected) in [(10, last), (19, last), (1, last + 30)] {
        let mut fresh = world.candidate(1);
        world.tick(seconds);
        fresh.facts.now = world.now();
        fresh.evidence.height = last;
        let made = world.make(&[fresh], &[]);
        assert_eq!(height_of(&made), Some(expected));
        assert!(world.clone().check(&made).is_ok());
    }
}

#[test]
fn a131_a_candidate_of_the_future_keeps_no_sync_point_back() {
    let mut world = World::with_two_recognised();
    let mut dated = world.candidate(1);
    world.tick(1);
    for (ahead, expected) in [(5_000, world.height - 1), (5_001, world.height)] {
        dated.facts.now = Timestamp(world.now().0 + ahead);
        let made = world.make(std::slice::from_ref(&dated), &[]);
        assert_eq!(height_of(&made), Some(expected));
    }
}

/// Its evidence would be too old by then.
#[test]
fn after_a_catch_up_nothing_keeps_the_next_sync_point_back() {
    let mut world = World::with_two_recognised();
    world.ledger.grow(4_500);
    world.tick(1);
    let made = world.make_with(&[], &[], &[world.catch_up_at(world.height, 4_500)], None);
    world.commit(&made);
    let waiting = world.candidate(1);
    world.tick(1);
    let made = world.make(&[waiting], &[]);
    assert_eq!(height_of(&made), Some(world.height));
}

/// To the lane a head at the pin's height is a catch-up, of which no head is proof.
#[test]
fn the_first_sync_point_lies_above_the_pin() {
    let mut world = World::begun();
    world.ledger.change(licence(1), 1);
    let pin = chain::pin().height;
    let mut at_the_pin = world.offer();
    at_the_pin.point.height = pin;
    at_the_pin.point.header_hash = chain::pin().header_hash;
    let made = world.make_with(&[], &[], std::slice::from_ref(&at_the_pin), None);
    assert_eq!(height_of(&made), None);
    assert!(world.check(&made).is_ok());
    let made = world.make_with(&[], &[], &[at_the_pin, world.offer_at(pin + 1, 1)], None);
    assert_eq!(height_of(&made), Some(pin + 1));
}

#[test]
fn the_limit_holds_and_what_has_no_room_goes_into_the_next() {
    let mut world = World::begun();
    world.tick(1);
    let asked: Vec<Candidate> = (1..=10).map(|n| world.candidate(n)).collect();
    let lists = accepting(&asked.iter().collect::<Vec<_>>());
    let offers = [world.offer()];
    let full = world.make_limited(&asked, &lists, &offers, Limit::LEAST);
    assert_eq!((kinds(&full).len(), full.left.len()), (8, 3));
    assert!(full.left.iter().all(|(_, why)| *why == Left::Full));
    let small = Limit { entries: 4096, bytes: 6_000 };
    let small = world.make_limited(&asked, &lists, &offers, small);
    assert!(small.body.encoded_len() <= 6_000 && !small.left.is_empty(), "{:?}", small.left.len());
    assert!(world.clone().check(&small).is_ok() && world.clone().check(&full).is_ok());
    world.commit(&full);
    world.tick(1);
    let rest: Vec<Candidate> =
        asked.into_iter().filter(|it| full.left.iter().any(|(d, _)| *d == it.digest())).collect();
    let made = world.make_with(&rest, &accepting(&rest.iter().collect::<Vec<_>>()), &[], None);
    assert_eq!(kinds(&made).len(), 4);
    assert!(world.check(&made).is_ok());
}

#[test]
fn of_a_members_lists_that_overlap_only_the_first_counts() {
    let mut world = World::begun();
    world.tick(1);
    let (a, b) = (world.candidate(1), world.candidate(2));
    let mut lists = accepting(&[&a, &b]);
    lists.push(list(m(0, 1), Word::Refuse, &[&a]));
    lists.push(list(m(0, 1), Word::Accept, &[&a]));
    let made = world.make(&[a, b], &lists);
    assert_eq!((kinds(&made).len(), made.body.body().verdicts.len()), (3, 6));
    assert!(world.check(&made).is_ok());
}

/// One of seven answers each question in a list of its own, so that each entry has other lists behind it.
#[test]
fn a121_a_member_that_answers_in_many_lists_has_each_list_hashed_once() {
    let mut world = World::begun();
    world.tick(1);
    let asked: Vec<Candidate> = (1..=12).map(|n| world.candidate(n)).collect();
    let mut lists = accepting(&asked.iter().collect::<Vec<_>>());
    lists.extend(asked.iter().map(|it| list(m(0, 4), Word::Accept, &[it])));
    let (hashed, made) = hashed_by(|| world.make(&asked, &lists));
    assert_eq!((kinds(&made).len(), made.body.body().verdicts.len()), (13, 18));
    assert_eq!(hashed, 18, "by the leader");
    let (hashed, checked) = hashed_by(|| world.check(&made));
    assert!(checked.is_ok());
    assert_eq!(hashed, 18, "by a member");
}

/// Of lists that find no room too.
#[test]
fn a121_lists_that_have_no_room_are_measured_once() {
    let mut world = World::begun();
    world.tick(1);
    let asked: Vec<Candidate> = (1..=12).map(|n| world.candidate(n)).collect();
    let lists = accepting(&asked.iter().collect::<Vec<_>>());
    let small = Limit { entries: 4096, bytes: 1_000 };
    let (hashed, made) = hashed_by(|| world.make_limited(&asked, &lists, &[world.offer()], small));
    assert_eq!((kinds(&made), made.left.len()), (vec!["batch"], 12));
    assert_eq!(hashed, 6);
}

#[test]
fn a132_a_revocation_is_logged_without_anybodys_word() {
    let mut world = World::with_two_recognised();
    world.ledger.change(licence(2), 7);
    world.tick(1);
    let made = world.make(&[], &[]);
    assert_eq!(kinds(&made), ["batch", "status"]);
    assert_eq!(made.body.body().verdicts.len(), 0);
    assert!(world.check(&made).is_ok());
    world.commit(&made);
    assert_eq!(world.lane.last_change().0, 3);
}

#[test]
fn changes_of_licences_never_recognised_here_are_proven_and_not_logged() {
    let mut world = World::with_two_recognised();
    world.ledger.change(licence(77), 1);
    world.tick(1);
    let made = world.make(&[], &[]);
    assert_eq!((kinds(&made), made.evidence.changes.len()), (vec!["batch"], 1));
    assert!(world.check(&made).is_ok());
}

#[test]
fn a_head_of_up_to_4_000_changes_goes_before_a_catch_up() {
    let mut world = World::with_two_recognised();
    world.ledger.grow(4_500);
    world.tick(1);
    let (head, height) = (world.offer_at(world.height, 3_000), world.height);
    world.tick(1);
    let offers = [world.catch_up_at(world.height, 4_500), head];
    let made = world.make_with(&[], &[], &offers, None);
    assert_eq!((height_of(&made), made.evidence.changes.len()), (Some(height), 2_998));
    assert!(world.check(&made).is_ok());
    // What was made before that goes on from nowhere now: a heartbeat.
    world.commit(&made);
    let quiet = world.make_with(&[], &[], &offers, None);
    assert_eq!((height_of(&quiet), quiet.evidence), (Some(height), Evidence::default()));
    assert!(world.offer_of(world.height, 4_500).is_some());
}

#[test]
fn a_head_of_more_than_4_000_changes_is_no_offer() {
    let mut world = World::begun();
    world.ledger.grow(4_001);
    assert!(world.offer_of(world.height, 4_000).is_some());
    assert!(world.offer_of(world.height, 4_001).is_none());
}

#[test]
fn too_few_salts_or_a_genesis_of_no_lane_make_nothing() {
    let world = World::empty();
    let bad = crate::check::Genesis::new(vec![vec![0]]);
    assert!(matches!(world.make_genesis_of(&bad, &mut salts()), Err(MakeError::Decode(_))));
    let nothing = crate::check::Genesis::new(vec![]);
    assert!(matches!(world.make_genesis_of(&nothing, &mut salts()), Err(MakeError::Lane(_))));
    let made = world.make_genesis_of(&genesis(), &mut salts().take(4));
    assert!(matches!(made, Err(MakeError::Salts)));
}

#[test]
fn a_body_is_of_a_time_after_the_tips_though_the_leaders_clock_is_behind() {
    let mut world = World::with_two_recognised();
    let tip = world.lane.tip().unwrap().time;
    world.height -= 5;
    let made = world.make_with(&[], &[], &[], None);
    assert_eq!(made.body.body().time, Timestamp(tip.0 + 1));
}
