//! A member that asks more than it needs, and a gateway that asks for more than it may.

use super::SECOND;
use crate::{
    lane::engine::{Dropped, Engine, Output},
    testing::{
        keys::made,
        m,
        world::{Gateway, World, one},
    },
};
use gateway_store::{MemoryStore, RunId};
use gateway_types::{
    Digest, MemberRef, Timestamp,
    candidate::Candidate,
    checkpoint::TreeHead,
    link::{InboxFrame, MemberFrame},
    message::{Timeout, TimeoutMessage, ToLeader, ToMember},
};
use std::time::Duration;

fn says(engine: &mut Engine, from: MemberRef, said: ToLeader, now: Timestamp) {
    engine.handle_member(from, MemberFrame::Agree(Box::new(said)), now).unwrap();
}

/// All that the engine sends to that member now.
fn sent(engine: &mut Engine, to: MemberRef) -> Vec<ToMember> {
    let mut sent = Vec::new();
    while let Some(output) = engine.poll_output() {
        if let Output::ToMembers(members, frame) = output
            && members.contains(&to)
            && let InboxFrame::Agree(message) = one(&frame)
        {
            sent.push(*message);
        }
    }
    sent
}

fn finals(sent: &[ToMember]) -> usize {
    sent.iter().filter(|it| matches!(it, ToMember::Final(_))).count()
}

#[test]
fn a_member_that_says_without_end_that_it_is_behind_is_sent_each_batch_once() {
    let mut world = World::begun();
    world.pass(65 * SECOND);
    let (now, member) = (world.now, m(0, 1));
    let engine = &mut world.gateways[0].engine;
    let count = usize::try_from(engine.log().next_k()).unwrap();
    assert!((3..=16).contains(&count));
    for _ in 0..100 {
        says(engine, member, ToLeader::Tip(TreeHead::empty(), 0), now);
    }
    assert_eq!(finals(&sent(engine, member)), count);
    // What it said meanwhile is not forgotten: it is sent the rest as soon as it may be.
    says(engine, member, ToLeader::Tip(TreeHead::empty(), 1), now);
    assert_eq!(finals(&sent(engine, member)), 0);
    let later = now.saturating_add(Duration::from_millis(500));
    assert!(engine.poll_deadline() <= later);
    engine.handle_time(later);
    assert_eq!(finals(&sent(engine, member)), count - 1);
    // Without an inbox it is sent nothing, and nothing is read for it.
    engine.handle_disconnected(member);
    let much_later = now.saturating_add(SECOND * 9);
    says(engine, member, ToLeader::Tip(TreeHead::empty(), 0), much_later);
    assert_eq!(finals(&sent(engine, member)), 0);
}

#[test]
fn a_member_that_wants_a_body_without_end_is_sent_it_once_a_second() {
    let now = crate::testing::NOW;
    let mut gateway = Gateway::open(0, MemoryStore::new(RunId([1; 16])), now);
    let (engine, member) = (&mut gateway.engine, m(0, 1));
    engine.handle_connected(member, now);
    engine.handle_work(now);
    let proposed = sent(engine, member);
    let Some(ToMember::Propose(proposed)) = proposed.first() else { panic!("{proposed:?}") };
    let d = proposed.proposal.ballot.d;
    let bodies = |engine: &mut Engine, now| {
        (0..100).for_each(|_| says(engine, member, ToLeader::WantBody(d), now));
        let is_body = |it: &&ToMember| matches!(it, ToMember::Body(_));
        sent(engine, member).iter().filter(is_body).count()
    };
    assert_eq!(bodies(engine, now), 1);
    assert_eq!(bodies(engine, now.saturating_add(SECOND / 2)), 0);
    assert_eq!(bodies(engine, now.saturating_add(SECOND)), 1);
    // It may not hide behind bodies that nobody has.
    let later = now.saturating_add(SECOND * 3);
    (0..200).for_each(|n| says(engine, member, ToLeader::WantBody(Digest([n; 32])), later));
    assert_eq!(bodies(engine, later), 0);
    assert_eq!(bodies(engine, later.saturating_add(SECOND)), 1);
}

#[test]
fn a_member_that_asks_for_tips_without_end_does_not_fill_the_others_inboxes() {
    let mut world = World::begun();
    let now = world.now;
    let engine = &mut world.gateways[0].engine;
    let asked = |engine: &mut Engine, now| {
        (0..100).for_each(|_| says(engine, m(0, 1), ToLeader::AskTips, now));
        let is_it = |it: &&ToMember| matches!(it, ToMember::AskTips(_));
        sent(engine, m(0, 2)).iter().filter(is_it).count()
    };
    assert_eq!((asked(engine, now), asked(engine, now.saturating_add(SECOND))), (1, 1));
}

#[test]
fn a_member_that_asks_for_ever_higher_views_does_not_fill_the_others_inboxes() {
    let mut world = World::begun();
    let (now, member) = (world.now, m(0, 1));
    let (engine, made) = (&mut world.gateways[0].engine, made());
    let (k, tip) = (engine.log().next_k(), engine.log().head());
    let handed_on = |engine: &mut Engine, views: std::ops::Range<u64>, now| {
        for view in views {
            let timeout = Timeout { epoch: 1, view, k, tip, lock: None, member };
            let signature = made.members[&member].protocol.sign(made.keys.origin(), &timeout);
            let message = TimeoutMessage { timeout, signature, certificate: None };
            says(engine, member, ToLeader::Timeout(message), now);
        }
        let is_it = |it: &&ToMember| matches!(it, ToMember::Timeouts(_));
        sent(engine, m(0, 2)).iter().filter(is_it).count()
    };
    assert_eq!(handed_on(engine, 1_000..1_200, now), 64);
    let later = now.saturating_add(SECOND * 10);
    assert_eq!(handed_on(engine, 2_000..2_003, later), 3, "it may ask again");
}

#[test]
fn a_gateway_can_not_hold_the_sync_point_back_with_a_time_or_a_life_of_its_own() {
    let mut world = World::begun();
    let (now, honest) = (world.now, world.candidate(1));
    let engine = &mut world.gateways[0].engine;
    let spoilt: [fn(&mut Candidate); 4] = [
        |it| it.life_ms = u64::MAX,
        |it| it.life_ms += 1,
        |it| it.life_ms -= 1,
        |it| it.facts.now = it.facts.now.saturating_add(Duration::from_millis(5_001)),
    ];
    for spoil in spoilt {
        let mut candidate = honest.clone();
        spoil(&mut candidate);
        let taken = engine.handle_peer_candidate(1, candidate, now);
        assert!(matches!(taken, Err(Dropped::Candidate)), "{taken:?}");
    }
    assert_eq!(engine.view().waiting, 0);
    engine.handle_peer_candidate(1, honest, now).unwrap();
    assert_eq!(engine.view().waiting, 1);
}

#[test]
fn evidence_that_is_too_old_already_does_not_hide_what_keeps_the_sync_point_back() {
    let mut world = World::begun();
    let mut lost = world.candidate(1);
    world.pass(SECOND * 2);
    world.block();
    world.pass(SECOND * 2);
    let first = world.candidate(2);
    world.submit(0, &first);
    world.work();
    let synced = |world: &World| world.gateways[0].engine.synced_height().unwrap();
    let slow = world.candidate(3);
    assert!(lost.evidence.height < synced(&world) && slow.evidence.height == synced(&world));
    lost.facts.now = world.now;
    world.nodes.values_mut().for_each(|node| node.word = None);
    world.submit(0, &lost);
    world.submit(0, &slow);
    world.block();
    world.pass(SECOND + Duration::from_millis(200));
    world
        .nodes
        .values_mut()
        .for_each(|node| node.word = Some(gateway_types::verdict::Word::Accept));
    let other = world.candidate(4);
    world.submit(0, &other);
    world.work();
    assert_eq!(world.count(0, "recognised"), 2, "{:?}", world.kinds(0));
    assert_eq!(synced(&world), slow.evidence.height, "its evidence still counts");
}
