//! What waits, and whose room it takes.

use super::{EARLY, Waiting};
use crate::testing::{NOW, keys::made, m, node::Node, world::World};
use gateway_cosign::Verified;
use gateway_types::{
    Digest, MemberRef, Timestamp,
    link::MemberFrame,
    verdict::{Verdict, VerdictList, Word},
};

fn list(member: MemberRef, candidates: &[Digest]) -> Verified<VerdictList> {
    let word =
        |candidate: &Digest| Verdict { candidate: *candidate, word: Word::Accept, reason: None };
    let said = Node::new(member, NOW).sign_verdicts(candidates.iter().map(word).collect());
    let MemberFrame::Verdicts(list) = said else { panic!("verdicts") };
    made().keys.verify_verdicts(list).unwrap()
}

fn other(n: u8) -> Digest {
    Digest([n; 32])
}

#[test]
fn a_list_that_says_all_again_takes_the_place_of_those_before() {
    let mut world = World::new();
    let asked = world.candidate(1);
    let (keys, digest) = (&made().keys, asked.digest());
    let mut waiting = Waiting::new(8);
    waiting.take(keys, asked, digest, 0).unwrap();
    assert!(waiting.take_list(keys, &list(m(0, 1), &[digest]), NOW));
    assert!(!waiting.take_list(keys, &list(m(0, 1), &[digest]), NOW), "the same again");
    assert!(waiting.take_list(keys, &list(m(0, 1), &[digest, other(3)]), NOW));
    assert!(!waiting.take_list(keys, &list(m(0, 1), &[digest, other(4)]), NOW), "says less");
    let lists = waiting.lists_of(&digest);
    assert_eq!(lists.len(), 1);
    assert_eq!(lists[0].verdicts.len(), 2);
}

#[test]
fn early_lists_wait_a_little_and_are_handed_on_when_their_candidate_comes() {
    let mut world = World::new();
    let (a, b) = (world.candidate(1), world.candidate(2));
    let keys = &made().keys;
    let mut waiting = Waiting::new(8);
    assert!(!waiting.take_list(keys, &list(m(0, 1), &[a.digest()]), NOW));
    let digest = a.digest();
    assert_eq!(waiting.take(keys, a, digest, 0).unwrap().len(), 1);
    assert!(!waiting.take_list(keys, &list(m(0, 1), &[b.digest()]), NOW));
    waiting.apply_time(NOW.saturating_add(EARLY));
    let digest = b.digest();
    assert_eq!(waiting.take(keys, b, digest, 0).unwrap().len(), 0);
}

#[test]
fn what_is_due_is_counted_through_all_that_can_become_of_it() {
    let mut world = World::new();
    let (a, b) = (world.candidate(1), world.candidate(2));
    let (keys, mut waiting) = (&made().keys, Waiting::new(8));
    for it in [&a, &b] {
        waiting.take(keys, it.clone(), it.digest(), 0).unwrap();
    }
    assert!(waiting.lacks_verdicts(2, NOW) && !waiting.lacks_verdicts(3, NOW));
    let mut members: Vec<_> = keys.members().collect();
    members.retain(|member| member.member < 4);
    for member in &members {
        assert_eq!(waiting.due(), 0);
        waiting.take_list(keys, &list(*member, &[a.digest(), b.digest()]), NOW);
    }
    assert_eq!((waiting.due(), waiting.work), (2, true));
    assert!(!waiting.lacks_verdicts(1, NOW));
    waiting.apply_held(&a.digest());
    assert_eq!(waiting.due(), 1);
    waiting.apply_offer();
    assert_eq!(waiting.due(), 2);
    assert!(waiting.apply_left(&b.digest()) && !waiting.apply_left(&b.digest()));
    assert_eq!(waiting.due(), 1);
    waiting.apply_answered([a.request]);
    assert_eq!(waiting.due(), 0);
    waiting.apply_time(b.lapses_at());
    assert_eq!((waiting.due(), waiting.len()), (0, 0));
}

#[test]
fn one_who_connects_is_sent_fewer_than_may_wait_there() {
    let world = World::new();
    let (keys, mut waiting) = (&made().keys, Waiting::new(8));
    let request = |n: u64| {
        let mut request = [0; 32];
        request[..8].copy_from_slice(&n.to_be_bytes());
        Digest(request)
    };
    for n in 0..1_500 {
        let mut asked = world.candidate_of(1, request(n));
        asked.facts.now = Timestamp(NOW.0 + n * 10);
        waiting.take(keys, asked, request(n), 0).unwrap();
    }
    let sent = waiting.without_word_of(0, m(0, 1), Timestamp(NOW.0 + 15_000));
    assert_eq!((sent.len(), sent[0]), (500, request(1_000)), "young ones, in order");
    let sent = waiting.without_word_of(0, m(0, 1), Timestamp(NOW.0 + 1_500));
    assert_eq!(sent.len(), super::MAX_SENT);
    assert_eq!((waiting.of(0).len(), waiting.of(1).len()), (super::MAX_SENT, 0));
    const { assert!(super::MAX_SENT < crate::lane::FRAMES_WAITING) };
}

#[test]
fn a_platform_that_asks_too_much_crowds_out_only_itself() {
    let mut world = World::new();
    let (keys, mut waiting) = (&made().keys, Waiting::new(8));
    let mut other = world.candidate(1);
    other.facts.platform = "comity://CN-HK/platform/quiet".parse().unwrap();
    let digest = |n: u64| {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&n.to_be_bytes());
        Digest(digest)
    };
    let most = super::MAX_WAITING_EACH as u64;
    let taken = (0..most + 1).filter(|n| {
        let asked = world.candidate_of(1, digest(*n));
        waiting.take(keys, asked, digest(*n), 0).is_some()
    });
    assert_eq!(taken.count() as u64, most);
    assert!(waiting.take(keys, other.clone(), other.digest(), 0).is_some());
    waiting.apply_time(other.lapses_at());
    assert!(waiting.counts_each.is_empty());
    assert!(waiting.take(keys, world.candidate_of(1, digest(0)), digest(0), 0).is_some());
}

/// Else the room of a platform fills with what nobody can log, until that lapses a minute later: all it asks is
/// `Full` meanwhile, and asked again every second.
#[test]
fn what_cannot_be_logged_takes_no_room() {
    let mut world = World::new();
    let (a, b) = (world.candidate(1), world.candidate(2));
    let (keys, mut waiting) = (&made().keys, Waiting::new(8));
    for it in [&a, &b] {
        waiting.take(keys, it.clone(), it.digest(), 0).unwrap();
    }
    assert!(waiting.apply_left(&a.digest()));
    assert_eq!((waiting.len(), waiting.has(&a.digest())), (1, false));
    assert_eq!(waiting.counts_each.values().sum::<usize>(), 1);
    assert_eq!(waiting.by_request.len(), 1, "nothing is kept of its request");
    assert!(!waiting.take_list(keys, &list(m(0, 1), &[a.digest()]), NOW), "nor of late verdicts");
}

#[test]
fn a_question_that_is_asked_anew_takes_one_place() {
    let mut world = World::new();
    let first = world.candidate(1);
    let (keys, mut waiting) = (&made().keys, Waiting::new(8));
    let anew = |seconds: u64| {
        let mut candidate = first.clone();
        candidate.facts.now = Timestamp(NOW.0 + seconds * 1_000);
        candidate
    };
    let (second, third) = (anew(6), anew(18));
    for it in [&first, &second] {
        waiting.take(keys, it.clone(), it.digest(), 0).unwrap();
    }
    assert_eq!((waiting.len(), waiting.has(&first.digest())), (1, false));
    // What has its verdicts already is logged, if the next one is not before it; another gateway's is its own.
    for member in keys.members().filter(|member| member.member < 4) {
        waiting.take_list(keys, &list(member, &[second.digest()]), NOW);
    }
    waiting.take(keys, third.clone(), third.digest(), 0).unwrap();
    waiting.take(keys, anew(19), anew(19).digest(), 1).unwrap();
    assert_eq!((waiting.len(), waiting.due()), (3, 1));
    assert!(waiting.has(&second.digest()) && waiting.has(&third.digest()));
}

#[test]
fn a_gateway_that_asks_too_much_crowds_out_only_itself() {
    let mut world = World::new();
    let (keys, mut waiting) = (&made().keys, Waiting::new(8));
    let of = |n: u64| format!("comity://CN-HK/platform/counter-{n}").parse().unwrap();
    let mut one = world.candidate(1);
    one.facts.platform = of(4);
    for n in 0..super::MAX_WAITING as u64 {
        let mut request = [0; 32];
        request[..8].copy_from_slice(&n.to_be_bytes());
        let mut asked = world.candidate_of(1, Digest(request));
        asked.facts.platform = of(n % 4);
        // Its own digest is not what is looked at here.
        assert!(waiting.take(keys, asked, Digest(request), 1).is_some());
    }
    assert!(waiting.take(keys, one.clone(), one.digest(), 1).is_none());
    assert!(waiting.take(keys, one.clone(), one.digest(), 0).is_some());
    waiting.apply_time(one.lapses_at());
    assert_eq!(waiting.len(), 0);
    assert!(waiting.take(keys, one.clone(), one.digest(), 1).is_some());
}
