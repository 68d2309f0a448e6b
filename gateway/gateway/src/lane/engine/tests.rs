//! A lane with real members and two gateways.

mod crash;
mod greedy;
mod hostile;
mod links;

use super::{Engine, OpenError};
use crate::{
    lane::{Answered, LaneEvent},
    testing::{
        keys::config,
        m,
        world::{Gateway, World, key},
    },
};
use gateway_agreement::build::Left;
use gateway_store::{Batch, RunId, Store as _};
use gateway_types::{Digest, Timestamp, candidate::Candidate, verdict::Word};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{sync::Arc, time::Duration};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_lane_begins_and_recognises() {
    let mut world = World::begun();
    let asked = world.candidate(1);
    world.submit(0, &asked);
    world.work();
    world.assert_no_refusals();
    assert_eq!(world.kinds(0)[..5], ["batch", "committee", "pack", "pack", "client"]);
    assert_eq!(world.count(0, "recognised"), 1, "{:?}", world.kinds(0));
    assert_eq!(world.kinds(0), world.kinds(1));
    let is_verdict = |event: &&LaneEvent| matches!(event, LaneEvent::Verdicts(_));
    assert_eq!(world.gateways[0].events.iter().filter(is_verdict).count(), 8);
    assert!(world.nodes.values().all(|node| node.handed_on > 0));
}

#[test]
fn the_log_answers_what_was_logged() {
    let mut world = World::begun();
    let asked = world.candidate(1);
    world.submit(0, &asked);
    world.work();
    for place in 0..2 {
        let log = world.gateways[place].engine.log();
        let found = log.find_request(&asked.request).unwrap().unwrap();
        let size = log.head().size;
        assert_eq!(log.batch_of(found.index), Some(found.k));
        let entry = log.entry(found.index).unwrap().unwrap();
        let batch = log.batch_entry_of(found.index).unwrap().unwrap();
        let signed = log.batch(found.k).unwrap().unwrap();
        for it in [&entry, &batch] {
            let leaf = gateway_log::LeafHash::of(&it.entry.salt, &it.entry.bytes);
            let head = signed.checkpoint.checkpoint().head;
            let proof = log.inclusion_proof(it.index, head.size).unwrap();
            assert!(gateway_log::verify_inclusion(leaf, it.index, &head, &proof).is_ok());
        }
        assert_eq!(log.batch_at_size(size), Some(log.next_k() - 1));
        assert_eq!(log.status_list(found.k).unwrap().unwrap().value(0), Some(0));
        let sync = log.with_state(|state| state.sync().cloned()).unwrap();
        assert!(log.first_synced_at(sync.block_time).is_some());
        assert_eq!(log.first_synced_at(Timestamp(sync.block_time.0 + 1)), None);
        let tile = log.tile(0, 0, u16::try_from(size).unwrap()).unwrap();
        assert_eq!(tile.len(), 32 * usize::try_from(size).unwrap());
        assert_eq!(log.tile(0, 0, u16::try_from(size + 1).unwrap()), None);
        assert_eq!(log.tile(0, 0, 0), None);
        assert_eq!(log.find_request(&Digest([9; 32])).unwrap(), None);
    }
}

#[test]
fn a136_one_request_posted_to_both_gateways_makes_one_entry() {
    let mut world = World::begun();
    let first = world.candidate(1);
    world.submit(0, &first);
    // The platform asks the other gateway too, which makes a candidate of its own.
    world.pass(Duration::from_millis(100));
    let second = world.candidate_of(1, first.request);
    assert_ne!(first.digest(), second.digest());
    world.submit(1, &second);
    world.work();
    world.pass(3 * SECOND);
    assert_eq!(world.count(0, "recognised"), 1);
    // One that comes when the other is logged is told so at once.
    let third = world.candidate_of(1, first.request);
    world.submit(1, &third);
    let told = world.gateways[1].events.iter().any(|event| {
        matches!(event, LaneEvent::Left(digest, Left::Refused(_)) if *digest == third.digest())
    });
    assert!(told);
    world.pass(3 * SECOND);
    assert_eq!(world.count(0, "recognised"), 1);
}

#[test]
fn refusals_of_a_blocking_number_decline() {
    let mut world = World::begun();
    for member in [m(0, 1), m(0, 2)] {
        world.nodes.get_mut(&member).unwrap().word = Some(Word::Refuse);
    }
    let asked = world.candidate(1);
    world.submit(0, &asked);
    world.work();
    assert_eq!((world.count(0, "declined"), world.count(0, "recognised")), (1, 0));
}

#[test]
fn a131_a132_a_change_of_the_source_is_logged_without_a_question() {
    let mut world = World::begun();
    let asked = world.candidate(1);
    world.submit(0, &asked);
    world.work();
    world.pass(SECOND);
    world.ledger.write(key(1), Digest([51; 32]), 7);
    world.ledger.write(key(9), Digest([59; 32]), 7);
    world.block();
    world.work();
    assert_eq!(world.count(0, "status"), 1, "{:?}", world.kinds(0));
    let log = world.gateways[0].engine.log();
    assert_eq!(log.with_state(|state| state.status_list().value(0)), Some(1));
    assert_eq!(log.status_list(log.next_k() - 1).unwrap().unwrap().value(0), Some(1));
    world.assert_no_refusals();
}

#[test]
fn an_idle_lane_beats_before_anybody_is_impatient() {
    let mut world = World::begun();
    world.pass(95 * SECOND);
    let log = world.gateways[0].engine.log();
    assert!((4..=5).contains(&log.next_k()), "{}", log.next_k());
    assert_eq!(world.gateways[0].engine.view().leading, Some(0));
    world.assert_no_refusals();
}

#[test]
fn while_the_source_is_silent_questions_wait_and_make_no_batches() {
    let mut world = World::begun();
    world.pass(70 * SECOND);
    let asked = world.candidate(1);
    world.submit(0, &asked);
    let before = world.gateways[0].engine.log().next_k();
    world.pass(10 * SECOND);
    let after = world.gateways[0].engine.log().next_k();
    // Members that wait ask for a view every two seconds at most, and each view brings one; none is the leader's own.
    assert!(after <= before + 7, "{before} to {after}");
    assert_eq!(world.count(0, "recognised"), 0);
    world.block();
    world.work();
    assert_eq!(world.count(0, "recognised"), 1, "{:?}", world.kinds(0));
}

/// Whichever gateway asks: else a silent relayer, whose evidence grows old, would fill the log with nothing.
#[test]
fn what_cannot_be_logged_makes_no_batch() {
    let (mut world, old) = with_old_evidence();
    let next = world.gateways[0].engine.log().next_k();
    world.submit(1, &old);
    world.work();
    let mut again = old.clone();
    again.request = Digest([77; 32]);
    world.submit(0, &again);
    world.work();
    assert_eq!(world.gateways[0].engine.log().next_k(), next);
    // What can be logged is logged at once, as before.
    let young = world.candidate(3);
    world.submit(1, &young);
    world.work();
    assert_eq!(world.gateways[0].engine.log().next_k(), next + 1);
    assert_eq!(world.count(0, "recognised"), 2);
}

#[test]
fn a_leader_that_had_nothing_to_log_still_beats_and_logs_what_changes() {
    let (mut world, old) = with_old_evidence();
    let next = world.gateways[0].engine.log().next_k();
    // Members that would wait for it ask for a view themselves.
    world.nodes.values_mut().for_each(|node| node.waits = false);
    world.submit(0, &old);
    world.work();
    assert_eq!(world.gateways[0].engine.log().next_k(), next);
    world.pass(SECOND);
    world.ledger.write(key(2), Digest([52; 32]), 7);
    world.block();
    world.work();
    assert_eq!(world.count(0, "status"), 1, "at once: {:?}", world.kinds(0));
    let mut again = old.clone();
    (again.request, again.facts.now) = (Digest([78; 32]), world.now);
    world.submit(0, &again);
    world.work();
    assert_eq!(world.gateways[0].engine.log().next_k(), next + 1);
    world.pass(35 * SECOND);
    assert_eq!(world.gateways[0].engine.view().leading, Some(0), "its heartbeat came in time");
    assert_eq!(world.gateways[0].engine.log().next_k(), next + 2);
}

/// A lane whose sync point has passed the evidence of a candidate that comes only now.
fn with_old_evidence() -> (World, Candidate) {
    let mut world = World::begun();
    let mut old = world.candidate(1);
    // The source was silent for so long that nobody waits for old evidence.
    world.pass(Duration::from_secs(40));
    old.facts.now = world.now;
    world.block();
    let young = world.candidate(2);
    world.submit(0, &young);
    world.work();
    assert_eq!(world.count(0, "recognised"), 1);
    (world, old)
}

fn is_left_as_old(event: &LaneEvent, of: &Candidate) -> bool {
    matches!(event, LaneEvent::Left(digest, Left::OldEvidence) if *digest == of.digest())
}

/// The other gateway leads and passes over it; of that nobody tells this one.
#[test]
fn a_gateway_that_does_not_lead_sees_by_itself_that_its_evidence_is_old() {
    let (mut world, old) = with_old_evidence();
    let next = world.gateways[1].engine.log().next_k();
    world.submit(1, &old);
    world.work();
    let events = &world.gateways[1].events;
    let place = events.iter().position(|event| is_left_as_old(event, &old)).unwrap();
    assert_eq!(events.iter().filter(|event| is_left_as_old(event, &old)).count(), 1);
    // As soon as its verdicts are there, not when the batch is final that passes over it.
    let is_next = |event: &LaneEvent| matches!(event, LaneEvent::Final(batch) if batch.k == next);
    assert!(events[..place].iter().all(|event| !is_next(event)));
}

#[test]
fn evidence_below_the_sync_point_is_to_be_fetched_again() {
    let (mut world, old) = with_old_evidence();
    world.submit(0, &old);
    world.work();
    let events = world.gateways[0].events.iter();
    assert_eq!(events.filter(|event| is_left_as_old(event, &old)).count(), 1);
}

#[test]
fn evidence_of_the_block_before_is_not_too_old_at_once() {
    let mut world = World::begun();
    let first = world.candidate(1);
    world.submit(0, &first);
    world.work();
    world.pass(SECOND);
    // Proven under the newest block, and on its way while the next one comes and other questions are logged.
    let (on_its_way, other) = (world.candidate(2), world.candidate(3));
    world.block();
    world.submit(0, &other);
    world.work();
    world.submit(0, &on_its_way);
    world.work();
    assert_eq!(world.count(0, "recognised"), 3, "{:?}", world.kinds(0));
    let synced = |world: &World| world.gateways[0].engine.synced_height().unwrap();
    let before = synced(&world);
    world.pass(2 * SECOND);
    let next = world.candidate(4);
    world.submit(0, &next);
    world.work();
    assert!(synced(&world) > before, "a second later the block is followed");
    world.assert_no_refusals();
}

#[test]
fn while_much_is_to_be_judged_a_batch_waits_for_more() {
    let mut world = World::begun();
    let numbered = |n: u8, licence| world.candidate_of(licence, Digest([n; 32]));
    let judged: Vec<_> = (0..100).map(|n| numbered(n, 1)).collect();
    let open: Vec<_> = (100..230).map(|n| numbered(n, 2)).collect();
    judged.iter().for_each(|candidate| world.submit(0, candidate));
    world.nodes.values_mut().for_each(|node| node.word = None);
    open.iter().for_each(|candidate| world.submit(0, candidate));
    let before = world.gateways[0].engine.log().next_k();
    world.work();
    assert_eq!(world.gateways[0].engine.log().next_k(), before, "others are on their way");
    assert!(world.gateways[0].engine.poll_deadline() <= world.now.saturating_add(SECOND));
    world.pass(SECOND);
    assert_eq!(world.count(0, "recognised"), 100, "but it does not wait for ever");
    assert_eq!(world.gateways[0].engine.log().next_k(), before + 1, "all in one");
    world.assert_no_refusals();
}

#[test]
fn a113_a_gateway_with_an_old_store_goes_on_where_the_others_are() {
    let mut world = World::begun();
    let old = world.gateways[1].store.reopened();
    for licence in 1..4 {
        let asked = world.candidate(licence);
        world.submit(0, &asked);
        world.work();
        world.pass(SECOND);
    }
    let now = world.now;
    world.gateways[1] = Gateway::open(1, old, now);
    assert_eq!(world.gateways[1].engine.log().next_k(), 1);
    world.connect(1);
    assert_eq!(world.kinds(0), world.kinds(1));
    let (a, b) = (world.gateways[0].engine.log().head(), world.gateways[1].engine.log().head());
    assert_eq!(a, b);
}

#[test]
fn a47_a115_a_store_that_was_edited_does_not_start() {
    let mut world = World::begun();
    let asked = world.candidate(1);
    world.submit(0, &asked);
    world.work();
    let whole = world.gateways[0].store.reopened();
    let open = |store| {
        let rng = ChaCha20Rng::from_seed([3; 32]);
        Engine::open(config(0), Arc::new(store), rng, world.now)
    };
    assert!(open(whole.reopened()).is_ok());
    let lane = &crate::testing::keys::origin().lane;
    let edit = |k: u64, change: fn(&mut gateway_types::message::FinalMessage)| {
        let store = whole.reopened();
        let at = crate::lane::numbered(lane, k);
        let bytes = store.load(crate::lane::BATCHES, &at).unwrap().unwrap();
        let mut message = crate::lane::decode_batch(&bytes).unwrap();
        change(&mut message);
        let put = Batch::new().put(crate::lane::BATCHES, at, gateway_types::cbor::encode(&message));
        crate::testing::world::block_on(store.commit(put)).unwrap();
        open(store).map(drop)
    };
    let salted = edit(0, |message| {
        let body = message.body.as_mut().unwrap();
        let mut entries = body.entries.clone().into_inner();
        entries[4].salt.0[0] ^= 1;
        body.entries = gateway_types::Bounded::new(entries).unwrap();
    });
    assert!(matches!(salted, Err(OpenError::Root { k: 0, .. })), "{salted:?}");
    let unsigned = edit(1, |message| {
        let note = message.note.len();
        let mut bytes = message.note.clone().into_inner();
        bytes[note - 10] ^= 1;
        message.note = gateway_types::Bytes::new(bytes).unwrap();
    });
    assert!(matches!(unsigned, Err(OpenError::Log { k: 1, .. })), "{unsigned:?}");
    // One that is gone from the middle.
    let store = whole.reopened();
    let gone = Batch::new().delete(crate::lane::BATCHES, crate::lane::numbered(lane, 0));
    crate::testing::world::block_on(store.commit(gone)).unwrap();
    assert!(open(store).is_err());
}

#[test]
fn only_a_leader_of_the_lane_starts() {
    let store = Arc::new(gateway_store::MemoryStore::new(RunId([1; 16])));
    let config = crate::lane::engine::LaneConfig { me: 2, ..config(0) };
    let opened = Engine::open(config, store, ChaCha20Rng::from_seed([1; 32]), Timestamp(0));
    assert!(matches!(opened, Err(OpenError::NotALeader { me: 2 })));
}

#[test]
fn verdicts_may_come_before_their_candidate() {
    let mut world = World::begun();
    let asked = world.candidate(1);
    let now = world.now;
    let members: Vec<_> = world.nodes.keys().copied().collect();
    for member in members {
        let said = world.nodes[&member].verdict(&[&asked]).unwrap();
        world.gateways[1].engine.handle_member(member, said, now).unwrap();
    }
    world.run();
    world.gateways[1].engine.handle_peer_candidate(0, asked.clone(), now).unwrap();
    world.run();
    world.submit(0, &asked);
    world.work();
    assert_eq!(world.count(1, "recognised"), 1);
}

#[test]
fn what_the_holder_handed_over_stays_in_its_region() {
    let mut world = World::begun();
    let (a, b) = (world.candidate(1), world.candidate(2));
    world.submit(0, &a);
    world.submit(0, &b);
    for node in world.nodes.values() {
        assert_eq!(node.asked.len(), 2);
        let own = node.me.committee == 1;
        assert!(node.asked.iter().all(|frame| frame.handed.is_some() == own), "{}", node.me);
        let headers: Vec<bool> = node.asked.iter().map(|frame| frame.header.is_some()).collect();
        assert_eq!(headers, [true, false]);
    }
}

#[test]
fn a_member_that_comes_back_is_asked_again() {
    let mut world = World::begun();
    world.nodes.values_mut().for_each(|node| node.word = None);
    let asked = world.candidate(1);
    world.submit(0, &asked);
    let now = world.now;
    world.nodes.values_mut().for_each(|node| node.word = Some(Word::Accept));
    for member in world.nodes.keys().copied().collect::<Vec<_>>() {
        world.gateways[0].engine.handle_disconnected(member);
        world.gateways[0].engine.handle_connected(member, now);
    }
    world.run();
    world.work();
    assert_eq!(world.count(0, "recognised"), 1);
    let node = &world.nodes[&m(0, 1)];
    assert!(node.asked[1].header.is_some(), "a new connection has had no header");
}

#[test]
fn an_answered_request_is_found_by_place() {
    let mut world = World::begun();
    let asked: Vec<_> = (1..=3).map(|licence| world.candidate(licence)).collect();
    asked.iter().for_each(|candidate| world.submit(0, candidate));
    world.work();
    let log = world.gateways[0].engine.log();
    let places: Vec<Answered> =
        asked.iter().map(|it| log.find_request(&it.request).unwrap().unwrap()).collect();
    assert!(places.windows(2).all(|pair| pair[0].index < pair[1].index));
    assert!(places.iter().all(|place| place.k == places[0].k), "one batch for all three");
}
