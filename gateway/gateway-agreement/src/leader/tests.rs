//! What an honest leader owes.

use super::*;
use crate::{member::Tip, testing::*};
use core::time::Duration;
use gateway_cosign::Signer;
use gateway_types::{Signature, bytes::BlsSignature, checkpoint::Checkpoint, message::Proposal};

const HEARING: Duration = Duration::from_millis(500);

fn leader(me: u8) -> Leader {
    let config = LeaderConfig::new(keys(), me).unwrap();
    Leader::new(config, 0, TreeHead::empty(), None)
}

fn effects(leader: &mut Leader) -> Vec<LeaderEffect> {
    std::iter::from_fn(|| leader.poll_effect()).collect()
}

/// It has proposed `body` in view 0.
fn with_open(body: &DigestedBody) -> Leader {
    let mut it = leader(0);
    it.handle_work();
    it.handle_made(body.clone(), Arc::default());
    effects(&mut it);
    it
}

fn everyone() -> Vec<MemberRef> {
    (0..2).flat_map(|committee| (1..=4).map(move |member| m(committee, member))).collect()
}

fn ask(it: &mut Leader, who: &[MemberRef], view: u64) {
    for member in who {
        it.handle_timeout(timeout(*member, view, it.k), None, HEARING, T0);
    }
}

/// A member asks for a view and tells what it is locked on.
fn ask_locked(it: &mut Leader, member: MemberRef, view: u64, lock: &PrepareCertificate) {
    let asked = timeout_locked(member, view, it.k, Some(lock.ballot()));
    it.handle_timeout(asked, Some(lock), HEARING, T0);
}

fn prepare(member: MemberRef, ballot: Ballot) -> Verified<Prepare> {
    Verified::unverified_for_model(Prepare { ballot, member })
}

fn lock(member: MemberRef, ballot: Ballot) -> Verified<Lock> {
    Verified::unverified_for_model(Lock { ballot, member })
}

fn sign(member: MemberRef, head: TreeHead) -> SignMessage {
    let (cosignature, share) = (Signature([0; 64]), BlsSignature([0; 48]));
    SignMessage { k: 0, head, member, time_s: 0, cosignature, share }
}

fn proposals(effects: &[LeaderEffect]) -> Vec<Proposal> {
    let mut found = vec![];
    for effect in effects {
        if let LeaderEffect::Propose { proposal, .. } = effect {
            found.push(*proposal);
        }
    }
    found
}

fn makes(effects: &[LeaderEffect]) -> Vec<Limit> {
    let mut found = vec![];
    for effect in effects {
        if let LeaderEffect::MakeBody { limit, .. } = effect {
            found.push(*limit);
        }
    }
    found
}

#[test]
fn a_new_epochs_view_0_needs_no_asking_and_what_is_proposed_is_written_first() {
    let (mut it, x) = (leader(0), body(&empty_tip(), 1));
    it.handle_work();
    assert_eq!(makes(&effects(&mut it)), [Limit::FULL]);
    it.handle_made(x.clone(), Arc::default());
    let done = effects(&mut it);
    assert_eq!(done[0], LeaderEffect::Persist(ballot(0, &x)));
    assert_eq!(proposals(&done), [Proposal { ballot: ballot(0, &x), leader: 0 }]);
    let mut other = leader(1);
    other.handle_work();
    assert_eq!(effects(&mut other), []);
}

#[test]
fn a78_it_never_proposes_twice_in_a_view_not_even_after_a_restart() {
    let (x, y) = (body(&empty_tip(), 1), body(&empty_tip(), 2));
    let mut it = with_open(&x);
    it.handle_work();
    it.handle_made(y.clone(), Arc::default());
    assert_eq!(effects(&mut it), []);
    let config = LeaderConfig::new(keys(), 0).unwrap();
    let mut back = Leader::new(config, 0, TreeHead::empty(), Some(ballot(0, &x)));
    back.handle_work();
    back.handle_made(y, Arc::default());
    assert_eq!(effects(&mut back), []);
    // The next batch goes on in the same view.
    back.handle_final(1, x.body().head);
    assert_eq!(makes(&effects(&mut back)), []);
}

#[test]
fn after_a_restart_it_shows_who_asked_for_its_view_once_they_say_so_again() {
    let x = body(&empty_tip(), 1);
    let config = LeaderConfig::new(keys(), 1).unwrap();
    let mut back = Leader::new(config, 0, TreeHead::empty(), Some(ballot(1, &x)));
    ask(&mut back, &[m(0, 1), m(0, 2), m(0, 3)], 1);
    effects(&mut back);
    // Its body comes back by those who prepared it.
    for who in others() {
        back.handle_prepare(prepare(who, ballot(1, &x)));
    }
    back.handle_locked_on(&prepared(1, &x));
    back.handle_body(x);
    let done = effects(&mut back);
    let shown = done.iter().find_map(|effect| match effect {
        LeaderEffect::Propose { timeouts, .. } => Some(timeouts.len()),
        _ => None,
    });
    assert_eq!(shown, Some(3), "{done:?}");
}

#[test]
fn a_quorum_of_prepares_then_of_locks_then_of_signatures_makes_a_batch_final() {
    let x = body(&empty_tip(), 1);
    let mut it = with_open(&x);
    let (b, head) = (ballot(0, &x), x.body().head);
    let others = others();
    others.iter().take(5).for_each(|who| it.handle_prepare(prepare(*who, b)));
    assert_eq!(effects(&mut it), []);
    it.handle_prepare(prepare(others[5], b));
    let sent = effects(&mut it);
    let [LeaderEffect::Send(Recipients::All, FromLeader::Prepared(certificate))] = &sent[..] else {
        panic!("{sent:?}");
    };
    assert_eq!((certificate.ballot(), certificate.votes().votes.len()), (b, 6));
    others.iter().for_each(|who| it.handle_lock(lock(*who, b), certificate));
    let sent = effects(&mut it);
    assert!(matches!(&sent[..], [LeaderEffect::Send(Recipients::All, FromLeader::Locked(_))]));
    // Whoever comes late is told alone.
    it.handle_prepare(prepare(m(0, 1), b));
    it.handle_lock(lock(m(0, 1), b), certificate);
    let late = effects(&mut it);
    assert!(late.iter().all(|e| matches!(e, LeaderEffect::Send(Recipients::One(_), _))));
    others.iter().for_each(|who| it.handle_signature(sign(*who, head)));
    let combine = effects(&mut it);
    assert!(matches!(&combine[..], [LeaderEffect::Combine { k: 0, signatures, .. }]
        if signatures.len() == 6));
    it.handle_combined(0);
    assert_eq!(effects(&mut it), [LeaderEffect::Final { k: 0, body: x }]);
    assert_eq!((it.k(), it.view()), (1, Some(0)));
}

#[test]
fn a70_bad_signatures_name_their_member_and_the_others_go_on() {
    let x = body(&empty_tip(), 1);
    let mut it = with_open(&x);
    let head = x.body().head;
    others().iter().for_each(|who| it.handle_signature(sign(*who, head)));
    effects(&mut it);
    it.handle_culprits(&[m(0, 2)]);
    it.handle_signature(sign(m(0, 2), head));
    assert_eq!(effects(&mut it), []);
    it.handle_signature(sign(m(0, 1), head));
    let again = effects(&mut it);
    assert!(matches!(&again[..], [LeaderEffect::Combine { signatures, .. }]
        if signatures.iter().all(|it| it.member != m(0, 2))));
}

#[test]
fn a78_two_prepares_of_a_member_are_published_and_shares_over_other_roots_never_meet() {
    let (x, y) = (body(&empty_tip(), 1), body(&empty_tip(), 2));
    let mut it = with_open(&x);
    it.handle_prepare(prepare(m(0, 1), ballot(0, &x)));
    // One of a far view between them hides nothing.
    it.handle_prepare(prepare(m(0, 1), ballot(u64::MAX - 1, &x)));
    it.handle_prepare(prepare(m(0, 1), ballot(0, &y)));
    let found = effects(&mut it);
    assert!(matches!(&found[..], [LeaderEffect::Publish(_)]), "{found:?}");
    // Once is enough.
    it.handle_prepare(prepare(m(0, 1), ballot(0, &y)));
    assert_eq!(effects(&mut it), []);
    others().iter().take(5).for_each(|who| it.handle_signature(sign(*who, x.body().head)));
    it.handle_signature(sign(m(1, 4), y.body().head));
    assert_eq!(effects(&mut it), []);
}

#[test]
fn a78_a_members_signatures_on_two_roots_of_one_size_are_published() {
    let (x, y) = (body(&empty_tip(), 1), body(&empty_tip(), 2));
    let signed = |body: &DigestedBody| {
        let head = body.body().head;
        let checkpoint = Checkpoint { origin: origin(), head };
        SignMessage {
            cosignature: cosigning_key(0, 1).cosign(&checkpoint, 0),
            ..sign(m(0, 1), head)
        }
    };
    let check = |first: SignMessage, second: SignMessage| {
        let mut it = with_open(&x);
        // Once is enough, however often it comes.
        [first, second, first, second]
            .into_iter()
            .for_each(|signature| it.handle_signature(signature));
        effects(&mut it)
    };
    let found = check(signed(&x), signed(&y));
    let [LeaderEffect::Publish(found)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(found.culprit(), Signer::Member(m(0, 1)));
    // The same again, or what it did not sign, accuses nobody.
    assert_eq!(check(signed(&x), signed(&x)), []);
    assert_eq!(check(signed(&x), sign(m(0, 1), y.body().head)), []);
}

#[test]
fn it_waits_until_all_are_heard_or_300_to_700_ms_have_gone_by() {
    let mut it = leader(1);
    ask(&mut it, &everyone()[..2], 1);
    assert_eq!(it.poll_deadline(), None);
    ask(&mut it, &everyone()[2..3], 1);
    assert_eq!(it.poll_deadline(), Some(T0.saturating_add(HEARING)));
    it.handle_time(Timestamp(T0.0 + 499));
    assert_eq!(makes(&effects(&mut it)).len(), 0);
    it.handle_time(Timestamp(T0.0 + 500));
    assert_eq!(makes(&effects(&mut it)).len(), 1);
    let mut it = leader(1);
    ask(&mut it, &everyone(), 1);
    assert_eq!((it.poll_deadline(), makes(&effects(&mut it)).len()), (None, 1));
    // Whatever the driver draws, it is held to the bounds.
    for (drawn, held) in [(0, 300), (10_000, 700)] {
        let mut it = leader(1);
        for member in &everyone()[..3] {
            it.handle_timeout(timeout(*member, 1, 0), None, Duration::from_millis(drawn), T0);
        }
        assert_eq!(it.poll_deadline(), Some(Timestamp(T0.0 + held)));
    }
}

#[test]
fn it_leads_the_highest_of_its_own_views_that_t_of_one_committee_ask_for() {
    let mut it = leader(1);
    ask(&mut it, &everyone(), 4);
    assert_eq!(it.view(), Some(3));
    assert_eq!(leader(0).config.highest_led(4), Some(4));
    assert_eq!(leader(1).config.highest_led(0), None);
    assert_eq!(leader(0).config.highest_led(u64::MAX), Some(u64::MAX - 1));
}

#[test]
fn a123_it_proposes_the_highest_locked_body_it_hears_of_unchanged_with_its_certificate() {
    let (x, y) = (body(&empty_tip(), 1), body(&empty_tip(), 2));
    let mut it = leader(1);
    it.handle_locked_on(&prepared(0, &x));
    ask_locked(&mut it, m(0, 1), 5, &prepared(2, &y));
    it.handle_lock(lock(m(0, 2), ballot(1, &x)), &prepared(1, &x));
    ask(&mut it, &everyone()[1..], 5);
    // a128: it lacks the body and asks those that prepared it, and the one that told of it.
    let sent = effects(&mut it);
    let holders = others().into_iter().chain([m(0, 1)]).collect();
    let want = LeaderEffect::Send(Recipients::Some(holders), FromLeader::WantBody(y.d()));
    assert!(sent.contains(&want) && makes(&sent).is_empty(), "{sent:?}");
    it.handle_body(x);
    assert_eq!(effects(&mut it), []);
    it.handle_body(y.clone());
    let done = effects(&mut it);
    assert!(
        matches!(&done[..], [
        LeaderEffect::Persist(written),
        LeaderEffect::Propose { proposal, bare, certificate: Some(c), timeouts, .. },
    ] if *written == ballot(5, &y) && proposal.ballot == ballot(5, &y)
        && c.ballot() == ballot(2, &y) && bare.len() == 6 && timeouts.len() == 8),
        "{done:?}"
    );
}

#[test]
fn a128_a_body_is_asked_of_those_that_are_locked_on_it_too() {
    let x = body(&empty_tip(), 1);
    let mut it = leader(1);
    // Its preparers may have gone on to another body; who is locked has kept it.
    ask_locked(&mut it, m(0, 1), 1, &prepared(0, &x));
    ask(&mut it, &everyone()[1..], 1);
    let holders = others().into_iter().chain([m(0, 1)]).collect();
    let want = LeaderEffect::Send(Recipients::Some(holders), FromLeader::WantBody(x.d()));
    let sent = effects(&mut it);
    assert_eq!(sent.iter().filter(|effect| **effect == want).count(), 1, "{sent:?}");
    // Whoever tells of it later is asked alone.
    it.handle_lock(lock(m(1, 1), ballot(0, &x)), &prepared(0, &x));
    let one = Recipients::Some([m(1, 1)].into());
    assert_eq!(effects(&mut it), [LeaderEffect::Send(one, FromLeader::WantBody(x.d()))]);
}

#[test]
fn a128_a_certificate_whose_body_nobody_gives_does_not_stop_the_lane() {
    let (x, y) = (body(&empty_tip(), 1), body(&empty_tip(), 2));
    let mut it = leader(1);
    ask_locked(&mut it, m(0, 1), 5, &prepared(2, &x));
    ask_locked(&mut it, m(0, 4), 5, &prepared(4, &y));
    ask(&mut it, &everyone(), 5);
    assert_eq!(proposals(&effects(&mut it)), []);
    it.handle_body(x.clone());
    assert_eq!(proposals(&effects(&mut it)), [], "the higher one may still come");
    let deadline = it.poll_deadline().unwrap();
    assert_eq!(deadline, T0.saturating_add(LONGEST_HEARING));
    it.handle_time(deadline);
    assert_eq!(proposals(&effects(&mut it)), [Proposal { ballot: ballot(5, &x), leader: 1 }]);
    // In its next view it asks again.
    ask(&mut it, &everyone(), 7);
    let again = effects(&mut it);
    assert!(again.iter().any(|effect| matches!(effect,
        LeaderEffect::Send(_, FromLeader::WantBody(d)) if *d == y.d())));
    it.handle_body(y.clone());
    assert_eq!(proposals(&effects(&mut it)), [Proposal { ballot: ballot(7, &y), leader: 1 }]);
    // If there is nothing else, it makes a new one; also if its clock steps back meanwhile.
    for now in [T0.saturating_add(LONGEST_HEARING), T0.saturating_sub(LONGEST_HEARING)] {
        let mut it = leader(1);
        it.handle_locked_on(&prepared(0, &y));
        ask(&mut it, &everyone(), 1);
        it.handle_time(T0);
        assert_eq!(makes(&effects(&mut it)).len(), 0);
        it.handle_time(now);
        assert_eq!(makes(&effects(&mut it)).len(), 1);
    }
}

#[test]
fn a128_a_certificate_under_an_honest_name_does_not_push_out_that_members_lock() {
    let (low, high) = (body(&empty_tip(), 1), body(&empty_tip(), 2));
    let (low_certificate, high_certificate) = (prepared(0, &low), prepared(2, &high));
    let honest = m(0, 1);
    let check = |forge: &dyn Fn(&mut Leader)| {
        let mut it = leader(1);
        // Genuine, and higher than the honest lock; nobody gives its body.
        forge(&mut it);
        it.handle_locked_on(&high_certificate);
        ask_locked(&mut it, honest, 5, &low_certificate);
        ask(&mut it, &everyone()[1..], 5);
        it.handle_time(T0.saturating_add(LONGEST_HEARING));
        let sent = effects(&mut it);
        let asks_honest = |effect: &LeaderEffect| {
            matches!(effect, LeaderEffect::Send(Recipients::Some(who), FromLeader::WantBody(d))
                if *d == low.d() && who.contains(&honest))
        };
        assert!(sent.iter().any(asks_honest) && makes(&sent).is_empty(), "{sent:?}");
        it.handle_body(low.clone());
        let sent = effects(&mut it);
        assert_eq!(proposals(&sent), [Proposal { ballot: ballot(5, &low), leader: 1 }]);
    };
    let locked_low = timeout_locked(honest, 5, 0, Some(ballot(0, &low)));
    let higher = Some(&high_certificate);
    check(&|it| it.handle_timeout(locked_low.clone(), higher, HEARING, T0));
    check(&|it| it.handle_timeout(timeout(honest, 3, 0), higher, HEARING, T0));
    check(&|it| it.handle_lock(lock(honest, ballot(0, &low)), &high_certificate));
}

#[test]
fn a128_a_member_is_not_heard_before_the_certificate_of_its_lock() {
    let x = body(&empty_tip(), 1);
    let mut it = leader(1);
    // Handed on by somebody else, who left the certificate out.
    it.handle_timeout(timeout_locked(m(0, 1), 1, 0, Some(ballot(0, &x))), None, HEARING, T0);
    ask(&mut it, &everyone()[1..], 1);
    assert_eq!((it.view(), makes(&effects(&mut it))), (None, vec![]));
    ask_locked(&mut it, m(0, 1), 1, &prepared(0, &x));
    assert_eq!((it.view(), makes(&effects(&mut it))), (Some(1), vec![]));
    it.handle_body(x.clone());
    assert_eq!(proposals(&effects(&mut it)), [Proposal { ballot: ballot(1, &x), leader: 1 }]);
}

#[test]
fn a128_a_body_is_waited_for_from_the_moment_on_at_which_it_is_asked_for() {
    let x = body(&empty_tip(), 1);
    let mut it = leader(1);
    ask(&mut it, &everyone(), 1);
    it.handle_nothing_made();
    effects(&mut it);
    // Ten seconds later, with nothing between that told it the time.
    let now = seconds(10);
    it.handle_lock(lock(m(0, 1), ballot(0, &x)), &prepared(0, &x));
    assert!(it.poll_deadline().is_some_and(|deadline| deadline <= now));
    it.handle_time(now);
    assert_eq!(makes(&effects(&mut it)), [], "it gave up at once");
    assert_eq!(it.poll_deadline(), Some(now.saturating_add(LONGEST_HEARING)));
    it.handle_body(x.clone());
    assert_eq!(proposals(&effects(&mut it)), [Proposal { ballot: ballot(1, &x), leader: 1 }]);
}

#[test]
fn a123_what_was_made_is_not_proposed_in_a_view_that_is_over() {
    let (x, y, z) = (body(&empty_tip(), 1), body(&empty_tip(), 2), body(&empty_tip(), 3));
    let mut it = leader(1);
    ask(&mut it, &everyone(), 1);
    ask_locked(&mut it, m(0, 1), 1, &prepared(0, &x));
    ask_locked(&mut it, m(0, 2), 3, &prepared(2, &y));
    effects(&mut it);
    it.handle_made(z, Arc::default());
    assert_eq!(proposals(&effects(&mut it)), [], "members prepared in view 2");
    ask(&mut it, &everyone(), 3);
    it.handle_body(y.clone());
    assert_eq!(proposals(&effects(&mut it)), [Proposal { ballot: ballot(3, &y), leader: 1 }]);
}

#[test]
fn a128_a_certificate_for_another_batch_or_view_binds_nobody() {
    let x = body(&empty_tip(), 1);
    let next = Tip { k: 1, ..empty_tip() };
    let mut it = leader(1);
    it.handle_locked_on(&prepared(0, &body(&next, 1)));
    ask(&mut it, &everyone(), 1);
    assert_eq!(makes(&effects(&mut it)).len(), 1);
    // A lock that becomes known before it has proposed goes first.
    it.handle_locked_on(&prepared(0, &x));
    it.handle_made(body(&empty_tip(), 2), Arc::default());
    assert_eq!(proposals(&effects(&mut it)), []);
    it.handle_body(x.clone());
    assert_eq!(proposals(&effects(&mut it)), [Proposal { ballot: ballot(1, &x), leader: 1 }]);
}

#[test]
fn a_view_that_failed_halves_the_next_new_batch_and_success_doubles_it() {
    let mut it = with_open(&body(&empty_tip(), 1));
    ask(&mut it, &everyone(), 2);
    assert_eq!(makes(&effects(&mut it)), [Limit { entries: 2048, bytes: 4 * 1024 * 1024 }]);
    let y = body(&empty_tip(), 2);
    it.handle_made(y.clone(), Arc::default());
    effects(&mut it);
    it.handle_final(1, y.body().head);
    it.handle_work();
    assert_eq!(makes(&effects(&mut it)), [Limit::FULL]);
    let least = (0..20).fold(Limit::FULL, |limit, _| limit.halved());
    assert_eq!(least, Limit::LEAST);
}

#[test]
fn timeouts_are_passed_on_once_and_those_behind_are_told() {
    let mut it = leader(0);
    let passed = |it: &mut Leader| {
        let is_timeout =
            |e: &LeaderEffect| matches!(e, LeaderEffect::Send(_, FromLeader::Timeout(_)));
        effects(it).into_iter().filter(is_timeout).count()
    };
    ask(&mut it, &[m(0, 1)], 3);
    ask(&mut it, &[m(0, 1)], 3);
    ask(&mut it, &[m(0, 1)], 2);
    assert_eq!(passed(&mut it), 1);
    // a126: what it answers to one that lost its journal is for the view that it is in, not for the highest asked.
    let answer = |it: &mut Leader, k: u64, now: Timestamp| {
        it.handle_timeout(timeout(m(0, 1), 2, k), None, HEARING, now);
        passed(it)
    };
    assert_eq!((answer(&mut it, 1, T0), answer(&mut it, 1, T0)), (1, 0));
    // Again to one that comes later, but not at once, and never what is older.
    let later = T0.saturating_add(LONGEST_HEARING);
    assert_eq!(answer(&mut it, 0, later), 0);
    assert_eq!((answer(&mut it, 1, later), answer(&mut it, 1, later)), (1, 0));
    it.handle_final(3, body(&empty_tip(), 1).body().head);
    it.handle_tip(m(0, 1), 1);
    it.handle_tip(m(0, 1), 9);
    it.handle_tip(m(0, 1), 3);
    let told = [LeaderEffect::CatchUp { member: m(0, 1), k: 1 }, LeaderEffect::Behind { k: 3 }];
    assert_eq!(effects(&mut it), told);
}

#[test]
fn another_leaders_final_batch_ends_its_view() {
    let mut it = with_open(&body(&empty_tip(), 1));
    it.handle_final(1, body(&empty_tip(), 2).body().head);
    it.handle_work();
    assert_eq!((it.view(), effects(&mut it)), (None, vec![]));
}

#[test]
fn a_member_that_comes_back_is_sent_what_is_open() {
    let x = body(&empty_tip(), 1);
    let mut it = with_open(&x);
    others().iter().for_each(|who| it.handle_prepare(prepare(*who, ballot(0, &x))));
    effects(&mut it);
    it.handle_connected(m(0, 1));
    let sent = effects(&mut it);
    assert!(
        matches!(&sent[..], [
        LeaderEffect::Propose { to: Recipients::One(a), bare, .. },
        LeaderEffect::Send(Recipients::One(b), FromLeader::Prepared(_)),
    ] if (*a, *b) == (m(0, 1), m(0, 1)) && bare.is_empty()),
        "{sent:?}"
    );
    it.handle_want_body(m(0, 1), Digest([9; 32]));
    assert_eq!(effects(&mut it), []);
}
