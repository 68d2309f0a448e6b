//! Members and gateways that lie.

#[cfg(feature = "villains")]
use super::SECOND;
#[cfg(feature = "villains")]
use crate::lane::engine::Villain;
use crate::{
    lane::{LaneEvent, engine::Dropped, member_name},
    testing::{m, world::World},
};
use gateway_types::{
    Bytes, Digest, Signature,
    bytes::BlsSignature,
    checkpoint::TreeHead,
    link::MemberFrame,
    message::{SignMessage, ToLeader},
    verdict::{Verdict, Word},
};

#[test]
fn a70_nobody_signs_or_speaks_in_anothers_name() {
    let mut world = World::begun();
    let asked = world.candidate(1);
    let (now, theirs) = (world.now, world.nodes[&m(0, 3)].verdict(&[&asked]).unwrap());
    let engine = &mut world.gateways[0].engine;
    let handed = engine.handle_member(m(0, 2), theirs, now);
    assert!(
        matches!(handed, Err(Dropped::OtherSender { from, of }) if (from, of) == (m(0, 2), m(0, 3)))
    );
    let bad = ToLeader::Sign(SignMessage {
        k: 1,
        head: TreeHead::empty(),
        member: m(0, 3),
        time_s: 0,
        cosignature: Signature([0; 64]),
        share: BlsSignature([0; 48]),
    });
    let handed = engine.handle_member(m(0, 2), MemberFrame::Agree(Box::new(bad)), now);
    assert!(matches!(handed, Err(Dropped::OtherSender { .. })));
}

#[test]
fn a70_a_bad_share_is_named_and_the_batch_finished_without_it() {
    let mut world = World::begun();
    world.nodes.get_mut(&m(0, 1)).unwrap().spoils = true;
    world.nodes.get_mut(&m(1, 4)).unwrap().spoils = true;
    let asked = world.candidate(1);
    world.submit(0, &asked);
    world.work();
    assert_eq!(world.count(0, "recognised"), 1);
    let log = world.gateways[0].engine.log();
    let batch = log.batch(log.next_k() - 1).unwrap().unwrap();
    let cosigners: Vec<_> =
        batch.checkpoint.cosigners().iter().map(|(member, _)| *member).collect();
    assert!(cosigners.len() >= 6);
    let blamed = |event: &LaneEvent| match event {
        LaneEvent::BadShare(member) => Some(*member),
        _ => None,
    };
    let blamed: Vec<_> = world.gateways[0].events.iter().filter_map(blamed).collect();
    assert!(blamed.contains(&m(0, 1)), "{blamed:?}");
    assert!(blamed.iter().all(|member| world.nodes[member].spoils), "{blamed:?}");
    assert_eq!(member_name(log.keys(), m(0, 1)), "CN-GD/office-1");
}

#[test]
fn a121_a_member_that_pads_its_lists_fills_only_its_own_room() {
    let mut world = World::begun();
    let asked = world.candidate(1);
    let (now, liar) = (world.now, m(0, 1));
    for n in 0..64u8 {
        let padding = (0..4_000u16).map(|i| {
            let mut digest = [n; 32];
            digest[..2].copy_from_slice(&i.to_be_bytes());
            Verdict { candidate: Digest(digest), word: Word::Accept, reason: None }
        });
        let own = Verdict { candidate: asked.digest(), word: Word::Accept, reason: None };
        let said = world.nodes[&liar].sign_verdicts(padding.chain([own]).collect());
        world.gateways[0].engine.handle_member(liar, said, now).unwrap();
    }
    world.submit(0, &asked);
    world.work();
    assert_eq!(world.count(0, "recognised"), 1);
    let log = world.gateways[0].engine.log();
    let batch = log.batch(log.next_k() - 1).unwrap().unwrap();
    assert!(batch.body.encoded_len() < 600_000, "{}", batch.body.encoded_len());
}

#[test]
fn signatures_and_verdicts_that_come_twice_count_once() {
    let mut world = World::begun();
    let asked = world.candidate(1);
    world.submit(0, &asked);
    let (now, again) = (world.now, world.nodes[&m(0, 1)].verdict(&[&asked]).unwrap());
    let before = world.gateways[0].events.len();
    for _ in 0..100 {
        world.gateways[0].engine.handle_member(m(0, 1), again.clone(), now).unwrap();
    }
    world.run();
    assert_eq!(world.gateways[0].events.len(), before, "nothing new is told");
    for leader in 0..2 {
        for member in world.nodes.keys().copied().collect::<Vec<_>>() {
            let said = world.nodes.get_mut(&member).unwrap().reconnect(leader, now);
            world.say(member, said);
        }
    }
    world.run();
    world.work();
    assert_eq!(world.count(0, "recognised"), 1);
}

#[test]
fn a_final_batch_counts_only_under_its_own_note() {
    let mut world = World::begun();
    world.gateways[1].off = true;
    let asked = world.candidate(1);
    world.submit(0, &asked);
    world.work();
    world.gateways[1].off = false;
    let read = |k| {
        let bytes = world.gateways[0].engine.log().encoded(k).unwrap().unwrap();
        crate::lane::decode_batch(&bytes).unwrap()
    };
    let (genesis, honest) = (read(0), read(1));
    let engine = &mut world.gateways[1].engine;
    assert!(engine.handle_peer_final(0, genesis.clone()).is_ok(), "known already: nothing to do");
    let other_note = gateway_types::message::FinalMessage { note: genesis.note, ..honest.clone() };
    assert!(matches!(engine.handle_peer_final(0, other_note), Err(Dropped::OtherBatch { .. })));
    let mut body = honest.body.clone().unwrap();
    body.time.0 += 1;
    let mut entries = body.entries.clone().into_inner();
    entries[0].salt.0[0] ^= 1;
    body.entries = gateway_types::Bounded::new(entries).unwrap();
    let other_body = gateway_types::message::FinalMessage { body: Some(body), ..honest.clone() };
    assert!(matches!(engine.handle_peer_final(0, other_body), Err(Dropped::Form(_))));
    let garbled = Bytes::new(b"no note".to_vec()).unwrap();
    let no_note = gateway_types::message::FinalMessage { note: garbled, ..honest.clone() };
    assert!(matches!(engine.handle_peer_final(0, no_note), Err(Dropped::Note(_))));
    let ahead = gateway_types::message::FinalMessage { k: 7, ..honest.clone() };
    assert!(matches!(engine.handle_peer_final(0, ahead), Err(Dropped::OtherBatch { .. })));
    let bare = gateway_types::message::FinalMessage { body: None, ..honest.clone() };
    assert!(matches!(engine.handle_peer_final(0, bare), Err(Dropped::NoBody { .. })));
    assert_eq!(engine.log().next_k(), 1);
    engine.handle_peer_final(0, honest).unwrap();
    world.run();
    assert_eq!(world.kinds(0), world.kinds(1));
}

#[cfg(feature = "villains")]
#[test]
fn a123_a_leader_with_two_bodies_is_seen_and_overtaken() {
    let mut world = World::begun();
    world.gateways[0].engine.set_villain(Some(Villain::TwoBodies));
    let asked = world.candidate(1);
    world.submit(0, &asked);
    // Two time-outs: of 2 s, and of 4 s.
    world.pass(6 * SECOND);
    assert!(world.nodes.values().any(|node| node.published > 0), "both proposals are evidence");
    assert_eq!(world.count(1, "recognised"), 1, "{:?}", world.kinds(1));
}

#[cfg(feature = "villains")]
#[test]
fn a128_a_leader_that_withholds_or_sleeps_costs_time_only() {
    for villain in [Villain::Withhold, Villain::Sleep] {
        let mut world = World::begun();
        world.gateways[0].engine.set_villain(Some(villain));
        let asked = world.candidate(1);
        world.submit(0, &asked);
        world.pass(6 * SECOND);
        assert_eq!(world.count(1, "recognised"), 1, "{villain:?}: {:?}", world.kinds(1));
    }
}

#[test]
fn candidates_of_another_lane_or_lapsed_are_not_waited_for() {
    let mut world = World::begun();
    let now = world.now;
    let mut other = world.candidate(1);
    other.origin = "comity.test/CN-HK.CN-GD.standard".parse().unwrap();
    let mut lapsed = world.candidate(1);
    lapsed.life_ms = 0;
    for candidate in [other, lapsed] {
        let taken = world.gateways[1].engine.handle_peer_candidate(0, candidate, now);
        assert!(matches!(taken, Err(Dropped::Candidate)));
    }
    assert_eq!(world.gateways[1].engine.view().waiting, 0);
}
