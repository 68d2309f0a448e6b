//! The table, row by row, and what is left when the sender dies after each step.

use super::*;
use crate::{
    check::{Checked, FormError, Refused},
    evidence::Verified,
    overdue::Item,
    patience::{FIRST_WAIT, LONGEST_WAIT},
    testing::*,
};
use gateway_types::{
    checkpoint::TreeHead,
    message::{Lock, Prepare, Proposal, Timeout},
};
use std::sync::Arc;

fn member() -> Member {
    Member::new(config(), MemberState::new(1), None, None, T0).unwrap()
}

fn proposed(v: u64, body: &DigestedBody) -> Proposed {
    Proposed {
        proposal: proposal(v, body),
        body: Some(body.clone()),
        certificate: None,
        timeouts: timeouts(v),
        evidence: Arc::default(),
    }
}

/// Three of one committee ask for v.
fn timeouts(v: u64) -> Vec<Verified<Timeout>> {
    if v == 0 { vec![] } else { (2..=4).map(|i| timeout(m(1, i), v, 0)).collect() }
}

/// Takes the proposal, lets the body pass, gives the effects.
fn prepare(member: &mut Member, p: Proposed) -> Result<Vec<MemberEffect>, ProposalRefused> {
    let (d, certified) = (p.proposal.ballot.d, p.certificate.is_some());
    member.handle_propose(p, T0)?;
    let checked = Checked::unverified_for_model(d, member.tip().head(), !certified);
    member.handle_body_checked(&checked, T0)?;
    Ok(effects(member))
}

fn sends(effects: &[MemberEffect]) -> Vec<&FromMember> {
    let mut sent = vec![];
    for effect in effects {
        if let MemberEffect::Send(_, message) = effect {
            sent.push(message);
        }
    }
    sent
}

/// What is sent comes after what is written.
fn check_persisted_first(effects: &[MemberEffect]) {
    let is_write = |e: &MemberEffect| matches!(e, MemberEffect::Persist(..));
    let is_send = |e: &MemberEffect| matches!(e, MemberEffect::Send(..));
    let write = effects.iter().position(is_write).expect("something is written");
    let send = effects.iter().position(is_send).expect("something is sent");
    assert!(write < send, "{effects:?}");
}

/// The member as it comes back from what it wrote last, if it dies now.
fn restarted(effects: &[MemberEffect], bodies: &[DigestedBody]) -> Member {
    let last = effects.iter().rev().find_map(|effect| match effect {
        MemberEffect::Persist(state, _) => Some(state.as_ref().clone()),
        _ => None,
    });
    let state = last.unwrap_or_else(|| MemberState::new(1));
    let bytes = gateway_types::cbor::encode(&state);
    let state: MemberState = gateway_types::cbor::decode(&bytes, MAX_MEMBER_STATE).unwrap();
    let lock = state.lock.clone().map(PrepareCertificate::unverified_for_model);
    Member::new(config(), state, bodies.to_vec(), lock, T0).unwrap()
}

#[test]
fn a_proposal_is_checked_written_down_and_prepared() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    it.handle_propose(proposed(0, &x), T0).unwrap();
    let asked = effects(&mut it);
    assert!(matches!(&asked[..], [MemberEffect::CheckBody { form_only: false, .. }]), "{asked:?}");
    let checked = Checked::unverified_for_model(x.d(), TreeHead::empty(), true);
    it.handle_body_checked(&checked, T0).unwrap();
    let done = effects(&mut it);
    check_persisted_first(&done);
    let prepare = Prepare { ballot: ballot(0, &x), member: m(0, 1) };
    assert_eq!(sends(&done), [&FromMember::Prepare(prepare)]);
    assert!(matches!(&done[0], MemberEffect::Persist(state, Some(body))
        if state.voted == Some(ballot(0, &x)) && *body == x));
}

#[test]
fn a_check_of_form_alone_does_not_suffice_for_a_new_body() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    it.handle_propose(proposed(0, &x), T0).unwrap();
    effects(&mut it);
    for (d, base, fresh) in [
        (x.d(), TreeHead::empty(), false),
        (Digest([9; 32]), TreeHead::empty(), true),
        (x.d(), x.body().head, true),
    ] {
        let checked = Checked::unverified_for_model(d, base, fresh);
        it.handle_body_checked(&checked, T0).unwrap();
        assert_eq!(effects(&mut it), []);
    }
    it.handle_body_refused(&Refused { d: x.d(), why: FormError::BatchEntry.into() });
    let checked = Checked::unverified_for_model(x.d(), TreeHead::empty(), true);
    it.handle_body_checked(&checked, T0).unwrap();
    assert_eq!(effects(&mut it), []);
}

#[test]
fn a127_a_locked_body_is_checked_for_form_only() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    let p = Proposed { certificate: Some(prepared(0, &x)), ..proposed(1, &x) };
    it.handle_propose(p, T0).unwrap();
    let asked = effects(&mut it);
    assert!(matches!(&asked[..], [MemberEffect::CheckBody { form_only: true, .. }]), "{asked:?}");
    let checked = Checked::unverified_for_model(x.d(), TreeHead::empty(), false);
    it.handle_body_checked(&checked, T0).unwrap();
    assert!(matches!(sends(&effects(&mut it))[..], [FromMember::Prepare(_)]));
}

#[test]
fn a78_a123_one_body_a_view_and_both_proposals_are_kept() {
    let (mut it, x, y) = (member(), body(&empty_tip(), 1), body(&empty_tip(), 2));
    prepare(&mut it, proposed(0, &x)).unwrap();
    let voted = ballot(0, &x);
    assert_eq!(prepare(&mut it, proposed(0, &y)), Err(ProposalRefused::Voted { voted }));
    let kept = effects(&mut it);
    assert!(matches!(&kept[..], [MemberEffect::Publish(_)]), "{kept:?}");
    // The same again is answered again, without another write.
    it.handle_propose(proposed(0, &x), T0).unwrap();
    let again = effects(&mut it);
    assert!(matches!(&again[..], [MemberEffect::Send(_, FromMember::Prepare(_))]), "{again:?}");
    // The next view may finish either.
    assert!(prepare(&mut it, proposed(1, &y)).is_ok());
}

#[test]
fn a78_a_second_body_of_a_view_is_published_and_not_checked_and_the_first_is_prepared() {
    let (mut it, x, y) = (member(), body(&empty_tip(), 1), body(&empty_tip(), 2));
    it.handle_propose(proposed(0, &x), T0).unwrap();
    let asked = effects(&mut it);
    assert!(matches!(&asked[..], [MemberEffect::CheckBody { .. }]), "{asked:?}");
    // Before the member has voted: its check of the first still runs.
    let first = ballot(0, &x);
    for published in [1, 0, 0] {
        let refused = it.handle_propose(proposed(0, &y), T0);
        assert_eq!(refused, Err(ProposalRefused::SecondOfView { first }));
        let kept = effects(&mut it);
        assert!(kept.iter().all(|effect| matches!(effect, MemberEffect::Publish(_))), "{kept:?}");
        assert_eq!(kept.len(), published, "once is enough");
    }
    it.handle_body_checked(&Checked::unverified_for_model(x.d(), TreeHead::empty(), true), T0)
        .unwrap();
    assert_eq!(it.ballot_voted(), Some(first));
    // Another leader's view may still finish the second.
    assert!(prepare(&mut it, proposed(1, &y)).is_ok());
}

#[test]
fn a78_after_a_bad_body_its_leader_gets_no_other_checked_in_its_view() {
    let (mut it, x, y) = (member(), body(&empty_tip(), 1), body(&empty_tip(), 2));
    it.handle_propose(proposed(0, &x), T0).unwrap();
    it.handle_body_refused(&Refused { d: x.d(), why: FormError::BatchEntry.into() });
    effects(&mut it);
    let first = ballot(0, &x);
    let second = it.handle_propose(proposed(0, &y), T0);
    assert_eq!(second, Err(ProposalRefused::SecondOfView { first }));
    // The same again is checked again: a member may have been behind.
    it.handle_propose(proposed(0, &x), T0).unwrap();
    let asked = effects(&mut it);
    let of_x = |it: &MemberEffect| matches!(it, MemberEffect::CheckBody { body, .. } if *body == x);
    assert!(asked.iter().any(of_x), "{asked:?}");
    assert!(prepare(&mut it, proposed(1, &y)).is_ok());
}

/// What a member repeats after a restart, when what it saw in memory is gone.
#[test]
fn a78_the_body_it_prepared_is_answered_though_another_came_first_since_it_is_back() {
    let (mut it, x, y) = (member(), body(&empty_tip(), 1), body(&empty_tip(), 2));
    let done = prepare(&mut it, proposed(0, &x)).unwrap();
    let mut back = restarted(&done, std::slice::from_ref(&x));
    let voted = ballot(0, &x);
    assert_eq!(back.handle_propose(proposed(0, &y), T0), Err(ProposalRefused::Voted { voted }));
    effects(&mut back);
    back.handle_propose(proposed(0, &x), T0).unwrap();
    let again = effects(&mut back);
    assert!(matches!(sends(&again)[..], [FromMember::Prepare(_)]), "{again:?}");
}

#[test]
fn a78_proposals_of_views_that_nobody_asked_for_do_not_push_out_the_one_that_counts() {
    let (mut it, x, y) = (member(), body(&empty_tip(), 1), body(&empty_tip(), 2));
    for v in (1..=40).map(|i| 2 * i) {
        let far = Proposed { timeouts: vec![], ..proposed(v, &x) };
        let refused = it.handle_propose(far, T0);
        assert_eq!(refused, Err(ProposalRefused::ViewNotAsked { v, view: 0 }));
    }
    prepare(&mut it, proposed(0, &x)).unwrap();
    assert!(prepare(&mut it, proposed(0, &y)).is_err());
    let kept = effects(&mut it);
    assert!(matches!(&kept[..], [MemberEffect::Publish(_)]), "{kept:?}");
}

#[test]
fn a_lock_yields_only_to_its_own_body_or_a_certificate_above_it_and_below_the_view() {
    let (x, y) = (body(&empty_tip(), 1), body(&empty_tip(), 2));
    let locked_at = |v: u64| {
        let mut it = member();
        prepare(&mut it, proposed(v, &x)).unwrap();
        it.handle_prepared(&prepared(v, &x), T0).unwrap();
        effects(&mut it);
        it
    };
    let with = |v: u64, body: &DigestedBody, certificate: Option<PrepareCertificate>| Proposed {
        certificate,
        ..proposed(v, body)
    };
    let refused = Err(ProposalRefused::Locked { lock: ballot(2, &x) });
    let mut it = locked_at(2);
    assert_eq!(prepare(&mut it, with(3, &y, None)), refused);
    assert_eq!(sends(&effects(&mut it))[0], &FromMember::LockedOn(prepared(2, &x)));
    assert_eq!(prepare(&mut locked_at(2), with(5, &y, Some(prepared(1, &y)))), refused);
    assert_eq!(prepare(&mut locked_at(2), with(5, &y, Some(prepared(2, &y)))), refused);
    for v in [5, 6] {
        let got = ballot(v, &y);
        let certificate = Err(ProposalRefused::Certificate { got });
        assert_eq!(prepare(&mut locked_at(2), with(5, &y, Some(prepared(v, &y)))), certificate);
    }
    let got = ballot(3, &x);
    let other = Err(ProposalRefused::Certificate { got });
    assert_eq!(prepare(&mut locked_at(2), with(5, &y, Some(prepared(3, &x)))), other);
    assert!(prepare(&mut locked_at(2), with(5, &y, Some(prepared(3, &y)))).is_ok());
    assert!(prepare(&mut locked_at(2), with(5, &x, None)).is_ok());
    assert!(prepare(&mut locked_at(2), with(5, &x, Some(prepared(1, &x)))).is_ok());
}

#[test]
fn only_what_was_prepared_exactly_is_locked() {
    let (mut it, x, y) = (member(), body(&empty_tip(), 1), body(&empty_tip(), 2));
    assert_eq!(it.handle_prepared(&prepared(0, &x), T0), Err(NotTaken::NotVoted { voted: None }));
    prepare(&mut it, proposed(0, &x)).unwrap();
    let voted = Some(ballot(0, &x));
    for other in [prepared(1, &x), prepared(0, &y)] {
        assert_eq!(it.handle_prepared(&other, T0), Err(NotTaken::NotVoted { voted }));
    }
    assert_eq!(effects(&mut it), []);
    it.handle_prepared(&prepared(0, &x), T0).unwrap();
    let done = effects(&mut it);
    check_persisted_first(&done);
    let lock = Lock { ballot: ballot(0, &x), member: m(0, 1) };
    let all = MemberEffect::Send(To::AllLeaders, FromMember::Lock(lock, prepared(0, &x)));
    assert_eq!(done.last(), Some(&all));
}

#[test]
fn who_has_asked_for_a_higher_view_no_longer_locks_the_old_vote() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    prepare(&mut it, proposed(0, &x)).unwrap();
    it.handle_time(seconds(2));
    assert_eq!(it.asked(), Some(1));
    assert_eq!(it.handle_prepared(&prepared(0, &x), T0), Err(NotTaken::Asked { asked: 1 }));
    // What it votes for afterwards it locks, in its own view or in a higher one, whichever it asked for.
    let (mut it, y) = (member(), body(&empty_tip(), 2));
    it.handle_time(seconds(2));
    assert!(prepare(&mut it, proposed(0, &y)).is_ok());
    it.handle_prepared(&prepared(0, &y), T0).unwrap();
    it.handle_time(seconds(20));
    assert!(prepare(&mut it, proposed(1, &y)).is_ok());
    it.handle_prepared(&prepared(1, &y), T0).unwrap();
}

#[test]
fn a77_a124_nothing_is_signed_before_a_lock_certificate() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    let mut all = prepare(&mut it, proposed(0, &x)).unwrap();
    it.handle_prepared(&prepared(0, &x), T0).unwrap();
    all.extend(effects(&mut it));
    assert!(!sends(&all).iter().any(|sent| matches!(sent, FromMember::Sign { .. })));
    it.handle_locked(&locked(0, &x), T0).unwrap();
    let done = effects(&mut it);
    check_persisted_first(&done);
    assert_eq!(sends(&done), [&FromMember::Sign { k: 0, head: x.body().head }]);
}

#[test]
fn a124_no_second_root_for_a_batch() {
    let (x, y) = (body(&empty_tip(), 1), body(&empty_tip(), 2));
    let mut it = member();
    prepare(&mut it, proposed(0, &x)).unwrap();
    it.handle_locked(&locked(0, &x), T0).unwrap();
    let done = effects(&mut it);
    for mut it in [it, restarted(&done, std::slice::from_ref(&x))] {
        prepare(&mut it, proposed(1, &y)).unwrap();
        assert_eq!(it.handle_locked(&locked(1, &y), T0), Err(NotTaken::OtherRoot { k: 0 }));
        assert!(!sends(&effects(&mut it)).iter().any(|s| matches!(s, FromMember::Sign { .. })));
    }
}

#[test]
fn a_lock_certificate_of_any_view_is_signed_once_the_body_is_there() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    let missing = Err(NotTaken::BodyMissing { d: x.d() });
    assert_eq!(it.handle_locked(&locked(7, &x), T0), missing);
    assert_eq!(sends(&effects(&mut it)), [&FromMember::WantBody(x.d())]);
    it.handle_body(body(&empty_tip(), 2), T0).unwrap();
    assert_eq!(effects(&mut it), []);
    it.handle_body(x.clone(), T0).unwrap();
    assert_eq!(sends(&effects(&mut it)), [&FromMember::Sign { k: 0, head: x.body().head }]);
}

#[test]
fn a_root_that_the_entries_do_not_lead_to_is_neither_prepared_nor_signed() {
    let mut wrong = body(&empty_tip(), 1).body().clone();
    wrong.head.root = Digest([1; 32]);
    let wrong = DigestedBody::new(wrong);
    let refused = prepare(&mut member(), proposed(0, &wrong));
    assert!(matches!(refused, Err(ProposalRefused::Root(_))), "{refused:?}");
    let mut it = member();
    let _missing = it.handle_locked(&locked(0, &wrong), T0);
    effects(&mut it);
    let refused = it.handle_body(wrong, T0);
    assert!(matches!(refused, Err(NotTaken::Root(_))), "{refused:?}");
    assert_eq!(effects(&mut it), []);
}

#[test]
fn a_final_checkpoint_moves_the_tip_and_drops_vote_and_lock() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    prepare(&mut it, proposed(0, &x)).unwrap();
    it.handle_prepared(&prepared(0, &x), T0).unwrap();
    it.handle_final(&final_of(x.body().head), &[]).unwrap();
    assert_eq!((it.tip().head(), it.tip().k), (x.body().head, 1));
    let state = it.state();
    assert_eq!((state.voted, state.lock, state.view), (None, None, 0));
    // The next batch goes on in the same view.
    let next = body(it.tip(), 2);
    effects(&mut it);
    assert!(prepare(&mut it, proposed(0, &next)).is_ok());
}

#[test]
fn a_member_that_is_behind_answers_with_its_tip_and_catches_up_by_entries() {
    let (mut it, mut tip) = (member(), empty_tip());
    let mut bodies = vec![];
    for tag in 1..=3 {
        let next = body(&tip, tag);
        tip = Tip { k: tip.k + 1, frontier: verify(&tip, &next), time: None };
        bodies.push(next);
    }
    let ahead = prepare(&mut it, proposed(0, &body(&tip, 9)));
    assert_eq!(ahead, Err(ProposalRefused::Batch { got: 3, k: 0 }));
    assert_eq!(sends(&effects(&mut it)), [&FromMember::Tip(TreeHead::empty(), 0)]);
    let last = final_of(tip.head());
    assert!(matches!(it.handle_final(&last, &bodies[..2]), Err(NotTaken::Checkpoint { .. })));
    assert!(matches!(it.handle_final(&last, &bodies[1..]), Err(NotTaken::Root(_))));
    it.handle_final(&last, &bodies).unwrap();
    assert_eq!((it.tip().k, it.tip().head()), (3, tip.head()));
}

fn verify(tip: &Tip, body: &DigestedBody) -> gateway_log::Frontier {
    crate::verify_root(&tip.frontier, body.body()).unwrap()
}

#[test]
fn a125_a_smaller_size_or_another_base_is_refused_and_the_journal_unchanged() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    it.handle_final(&final_of(x.body().head), std::slice::from_ref(&x)).unwrap();
    effects(&mut it);
    let before = it.state();
    let gap = Tip { k: 1, ..empty_tip() };
    let fork = prepare(&mut it, proposed(0, &body(&gap, 3)));
    assert!(matches!(fork, Err(ProposalRefused::Root(_))), "{fork:?}");
    let old = prepare(&mut it, proposed(0, &body(&empty_tip(), 4)));
    assert_eq!(old, Err(ProposalRefused::Batch { got: 0, k: 1 }));
    assert_eq!(it.state(), before);
    it.handle_final(&final_of(TreeHead::empty()), &[]).unwrap();
    assert_eq!(it.state(), before);
}

#[test]
fn a134_a_view_that_t_of_one_committee_do_not_ask_for_is_refused() {
    let x = body(&empty_tip(), 1);
    let with = |v: u64, timeouts: Vec<Verified<Timeout>>| Proposed { timeouts, ..proposed(v, &x) };
    let spread = vec![timeout(m(0, 2), 9, 0), timeout(m(0, 3), 9, 0), timeout(m(1, 2), 9, 0)];
    for v in [1, u64::MAX] {
        let refused = Err(ProposalRefused::ViewNotAsked { v, view: 0 });
        assert_eq!(prepare(&mut member(), with(v, vec![])), refused);
        let twice = vec![timeout(m(0, 2), v, 0), timeout(m(0, 2), v, 0), timeout(m(0, 3), v, 0)];
        assert_eq!(prepare(&mut member(), with(v, twice)), refused);
        assert!(prepare(&mut member(), with(v, timeouts(v))).is_ok());
    }
    let refused = Err(ProposalRefused::ViewNotAsked { v: 9, view: 0 });
    assert_eq!(prepare(&mut member(), with(9, spread)), refused);
    let low = Err(ProposalRefused::ViewNotAsked { v: 5, view: 0 });
    assert_eq!(prepare(&mut member(), with(5, timeouts(4))), low);
    // A wish for a view counts for every lower one.
    assert!(prepare(&mut member(), with(5, timeouts(8))).is_ok());
    // In the last view there is nothing more to ask for.
    let mut it = member();
    prepare(&mut it, with(u64::MAX, timeouts(u64::MAX))).unwrap();
    assert_eq!(it.poll_deadline(), None);
}

#[test]
fn a_view_below_the_members_own_and_a_leader_out_of_turn_are_refused() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    prepare(&mut it, proposed(2, &x)).unwrap();
    let over = Err(ProposalRefused::ViewOver { v: 1, view: 2 });
    assert_eq!(prepare(&mut it, proposed(1, &x)), over);
    let mut p = proposed(3, &x);
    p.proposal = Verified::unverified_for_model(Proposal { ballot: ballot(3, &x), leader: 0 });
    assert_eq!(prepare(&mut it, p), Err(ProposalRefused::NotItsView { leader: 0, v: 3 }));
}

#[test]
fn a72_a_member_that_lacks_the_body_asks_for_it_and_prepares_nothing() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    it.handle_propose(Proposed { body: None, ..proposed(0, &x) }, T0).unwrap();
    assert_eq!(sends(&effects(&mut it)), [&FromMember::WantBody(x.d())]);
    let other = Proposed { body: Some(body(&empty_tip(), 2)), ..proposed(0, &x) };
    let refused = it.handle_propose(other, T0);
    assert!(matches!(refused, Err(ProposalRefused::OtherBody { .. })), "{refused:?}");
}

#[test]
fn a128_a_preparer_supplies_the_body_to_the_next_leader() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    let done = prepare(&mut it, proposed(0, &x)).unwrap();
    for mut it in [it, restarted(&done, std::slice::from_ref(&x))] {
        it.handle_want_body(1, x.d());
        let answer = MemberEffect::Send(To::Leader(1), FromMember::Body(x.clone()));
        assert_eq!(effects(&mut it), [answer]);
        it.handle_want_body(1, Digest([7; 32]));
        assert_eq!(effects(&mut it), []);
    }
}

#[test]
fn a128_a_locked_body_stays_at_hand_though_another_was_prepared_since() {
    let (x, y) = (body(&empty_tip(), 1), body(&empty_tip(), 2));
    let mut it = member();
    let mut written = prepare(&mut it, proposed(0, &x)).unwrap();
    it.handle_prepared(&prepared(0, &x), T0).unwrap();
    written.extend(effects(&mut it));
    let unlocking = Proposed { certificate: Some(prepared(1, &y)), ..proposed(2, &y) };
    written.extend(prepare(&mut it, unlocking).unwrap());
    for mut it in [it, restarted(&written, &[x.clone(), y.clone()])] {
        // It may be the only honest one that has it: those that prepared x may have gone on to y.
        it.handle_want_body(1, x.d());
        assert_eq!(sends(&effects(&mut it)), [&FromMember::Body(x.clone())]);
        it.handle_want_body(1, y.d());
        assert_eq!(sends(&effects(&mut it)), [&FromMember::Body(y.clone())]);
    }
    let state = MemberState { voted: Some(ballot(2, &y)), ..MemberState::new(1) };
    let state = MemberState { lock: Some(prepared(0, &x).votes().clone()), ..state };
    let without = Member::new(config(), state, vec![y], Some(prepared(0, &x)), T0).map(|_| ());
    assert_eq!(without, Err(RestoreError::Body));
}

#[test]
fn nothing_is_prepared_locked_or_signed_in_a_closed_epoch() {
    let x = body(&empty_tip(), 1);
    let closed = Err(ProposalRefused::Closed { at: KEYS_END });
    assert_eq!(member().handle_propose(proposed(0, &x), KEYS_END), closed);
    let mut it = member();
    prepare(&mut it, proposed(0, &x)).unwrap();
    let closed = Err(NotTaken::Closed { at: KEYS_END });
    assert_eq!(it.handle_prepared(&prepared(0, &x), KEYS_END), closed);
    assert_eq!(it.handle_locked(&locked(0, &x), KEYS_END), closed);
}

#[test]
fn waits_double_from_2_to_8_seconds_and_each_expiry_asks_for_one_more() {
    let mut it = member();
    let mut now = T0;
    for (view, wait) in (1..=4).zip([2, 4, 8, 8]) {
        let deadline = it.poll_deadline().unwrap();
        assert_eq!(deadline, Timestamp(now.0 + wait * 1_000));
        it.handle_time(Timestamp(deadline.0 - 1));
        assert_eq!(effects(&mut it), []);
        it.handle_time(deadline);
        assert!(matches!(sends(&effects(&mut it))[..], [FromMember::Timeout(t, None)]
            if t.view == view && t.k == 0 && t.lock.is_none()));
        now = deadline;
    }
    let x = body(&empty_tip(), 1);
    it.handle_final(&final_of(x.body().head), std::slice::from_ref(&x)).unwrap();
    it.handle_overdue(Item::Change(1), now, None);
    assert_eq!(it.poll_deadline(), Some(now.saturating_add(FIRST_WAIT)));
    assert!(FIRST_WAIT < LONGEST_WAIT);
}

#[test]
fn what_a_checkpoint_left_out_stays_overdue_only_while_it_may_be_logged() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    it.handle_final(&final_of(x.body().head), std::slice::from_ref(&x)).unwrap();
    // Nothing waits: only the heartbeat, 30 s after the batch, and 2 s more.
    assert_eq!(it.poll_deadline(), Some(seconds(32)));
    it.handle_overdue(Item::Candidate(Digest([1; 32])), seconds(5), Some(seconds(9)));
    assert_eq!(it.poll_deadline(), Some(seconds(7)));
    it.handle_time(seconds(9));
    assert_eq!(it.asked(), None);
    assert_eq!(it.poll_deadline(), Some(seconds(32)));
}

#[test]
fn a_lock_is_overdue_and_its_timeout_tells_it() {
    let (mut it, x) = (member(), body(&empty_tip(), 1));
    prepare(&mut it, proposed(0, &x)).unwrap();
    it.handle_prepared(&prepared(0, &x), seconds(1)).unwrap();
    effects(&mut it);
    it.handle_time(seconds(3));
    let sent = effects(&mut it);
    assert!(matches!(sends(&sent)[..], [FromMember::Timeout(t, Some(certificate))]
        if t.lock == Some(ballot(0, &x)) && certificate.ballot() == ballot(0, &x)));
}

#[test]
fn f_plus_1_of_one_committee_take_a_member_along() {
    let mut it = member();
    it.handle_timeouts(&[timeout(m(0, 2), 5, 0), timeout(m(1, 2), 7, 0)], T0);
    assert_eq!(it.asked(), None);
    it.handle_timeouts(&[timeout(m(0, 3), 7, 0)], T0);
    assert_eq!(it.asked(), Some(5));
    // Its own name, and one that no committee has, count for nothing.
    let mut it = member();
    it.handle_timeouts(&[timeout(m(0, 1), 5, 0), timeout(m(0, 5), 5, 0)], T0);
    it.handle_timeouts(&[timeout(m(0, 2), 5, 0)], T0);
    assert_eq!(it.asked(), None);
}

#[test]
fn waits_are_short_again_when_a_member_of_a_lost_committee_is_heard() {
    let mut it = member();
    it.handle_time(seconds(2));
    it.handle_time(seconds(6));
    assert_eq!(it.poll_deadline(), Some(seconds(14)));
    it.handle_heard(m(1, 1), seconds(7));
    assert_eq!(it.poll_deadline(), Some(seconds(8)));
    // Where t are heard, one more changes nothing.
    let mut it = member();
    (2..=4).for_each(|i| it.handle_heard(m(1, i), T0));
    it.handle_time(seconds(2));
    it.handle_time(seconds(6));
    it.handle_heard(m(1, 1), seconds(7));
    assert_eq!(it.poll_deadline(), Some(seconds(14)));
}

#[test]
fn whoever_dies_after_a_step_repeats_what_it_last_sent_and_signs_no_second_root() {
    let (x, y) = (body(&empty_tip(), 1), body(&empty_tip(), 2));
    let bodies = [x.clone(), y.clone()];
    let mut it = member();
    let mut written = prepare(&mut it, proposed(0, &x)).unwrap();
    let check = |written: &[MemberEffect], expected: &[FromMember]| {
        let mut back = restarted(written, &bodies);
        back.handle_connected(0);
        assert_eq!(sends(&effects(&mut back)), expected.iter().collect::<Vec<_>>());
        let other = prepare(&mut back, proposed(0, &y));
        assert!(matches!(other, Err(ProposalRefused::Voted { .. })), "{other:?}");
    };
    // Written, not sent: the same prepare. Nothing written: nothing to repeat.
    let prepare = FromMember::Prepare(Prepare { ballot: ballot(0, &x), member: m(0, 1) });
    check(&written, std::slice::from_ref(&prepare));
    it.handle_prepared(&prepared(0, &x), T0).unwrap();
    written.extend(effects(&mut it));
    let lock = Lock { ballot: ballot(0, &x), member: m(0, 1) };
    let lock = FromMember::Lock(lock, prepared(0, &x));
    check(&written, &[prepare.clone(), lock.clone()]);
    it.handle_locked(&locked(0, &x), T0).unwrap();
    written.extend(effects(&mut it));
    let sign = FromMember::Sign { k: 0, head: x.body().head };
    check(&written, &[prepare, lock, sign]);
    it.handle_final(&final_of(x.body().head), &[]).unwrap();
    // The tip is written with the next write: until then its final checkpoint comes again.
    let mut back = restarted(&written, &bodies);
    back.handle_final(&final_of(x.body().head), &[]).unwrap();
    assert_eq!(back.state(), it.state());
}

#[test]
fn a_state_whose_parts_do_not_belong_together_is_not_started() {
    let x = body(&empty_tip(), 1);
    let state = MemberState { voted: Some(ballot(0, &x)), ..MemberState::new(1) };
    let start = |state: MemberState, body: Option<DigestedBody>, lock| {
        Member::new(config(), state, body, lock, T0).map(|_| ())
    };
    assert_eq!(start(state.clone(), None, None), Err(RestoreError::Body));
    let other = Some(body(&empty_tip(), 2));
    assert_eq!(start(state.clone(), other, None), Err(RestoreError::Body));
    let lock = Some(prepared(0, &x));
    assert_eq!(start(state.clone(), Some(x.clone()), lock), Err(RestoreError::Lock));
    let epoch = MemberState { epoch: 2, ..state.clone() };
    assert_eq!(start(epoch, None, None), Err(RestoreError::Epoch { got: 2, epoch: 1 }));
    assert_eq!(start(state, Some(x), None), Ok(()));
}

#[test]
fn a126_a_lost_journal_is_silent_until_two_further_checkpoints_are_final() {
    let mut it = Member::lost(config(), empty_tip(), T0);
    assert_eq!(sends(&effects(&mut it)), [&FromMember::AskTips]);
    let x = body(&empty_tip(), 1);
    assert_eq!(prepare(&mut it, proposed(0, &x)), Err(ProposalRefused::Silent));
    assert_eq!(it.handle_locked(&locked(0, &x), T0), Err(NotTaken::Silent));
    assert_eq!(it.poll_deadline(), None);
    // Tips of another committee, of itself, and of one member thrice do not count.
    for other in [m(1, 1), m(1, 2), m(1, 3), m(0, 1), m(0, 2), m(0, 2)] {
        it.handle_tip(&timeout(other, 0, 1));
    }
    assert_eq!(it.silence(), Some(Silence { until: None }));
    it.handle_tip(&timeout(m(0, 3), 0, 0));
    it.handle_tip(&timeout(m(0, 4), 0, 0));
    // The highest waits for batch 1, so batch 0 is its last: two above is batch 2.
    assert_eq!(it.silence(), Some(Silence { until: Some(2) }));
    let mut tip = empty_tip();
    for k in 0..3 {
        assert!(it.silence().is_some());
        let next = body(&tip, 7);
        tip = Tip { k: k + 1, frontier: verify(&tip, &next), time: None };
        it.handle_final(&final_of(tip.head()), &[next]).unwrap();
    }
    assert_eq!(it.silence(), None);
    effects(&mut it);
    let next = body(it.tip(), 8);
    assert!(prepare(&mut it, proposed(0, &next)).is_ok());
}

#[test]
fn a126_a_member_shown_a_vote_that_its_journal_does_not_know_falls_silent() {
    let x = body(&empty_tip(), 1);
    let with_me: Vec<_> = (1..=4).map(|i| m(0, i)).chain((2..=4).map(|i| m(1, i))).collect();
    let of_me = |v: u64| PrepareCertificate::unverified_for_model(votes(ballot(v, &x), &with_me));
    let mut it = member();
    let forgotten = Err(NotTaken::Forgotten { member: m(0, 1) });
    assert_eq!(it.handle_prepared(&of_me(0), T0), forgotten);
    let done = effects(&mut it);
    assert!(matches!(&done[0], MemberEffect::Persist(state, _) if state.silence.is_some()));
    assert_eq!(sends(&done), [&FromMember::AskTips]);
    // Of a member that voted so, or later, nothing is missing.
    let mut it = member();
    prepare(&mut it, proposed(0, &x)).unwrap();
    assert_eq!(it.handle_prepared(&of_me(0), T0), Ok(()));
    let mut it = member();
    prepare(&mut it, proposed(1, &x)).unwrap();
    assert!(matches!(it.handle_prepared(&of_me(0), T0), Err(NotTaken::NotVoted { .. })));
    let locks = LockCertificate::unverified_for_model(votes(ballot(1, &x), &with_me));
    assert_eq!(it.handle_locked(&locks, T0), forgotten);
    // Persons let it go on.
    it.handle_release();
    assert_eq!(it.silence(), None);
}

/// Without it that leader could not take along a member that was away when the others asked.
#[test]
fn a_leader_that_is_back_hears_again_who_asked_for_its_view() {
    let x = body(&empty_tip(), 1);
    let mut it = member();
    it.handle_time(seconds(2));
    prepare(&mut it, proposed(1, &x)).unwrap();
    it.handle_connected(1);
    let done = effects(&mut it);
    let sent = sends(&done);
    assert!(
        matches!(sent[..], [FromMember::Prepare(_), FromMember::Timeout(t, None)] if t.view == 1)
    );
    // One that was taken along asked for nothing.
    let mut it = member();
    prepare(&mut it, proposed(1, &x)).unwrap();
    it.handle_connected(1);
    assert!(matches!(sends(&effects(&mut it))[..], [FromMember::Prepare(_)]));
}

#[test]
fn a_member_tells_its_tip_by_a_timeout_that_asks_for_nothing() {
    let mut it = member();
    it.handle_ask_tips();
    assert!(matches!(sends(&effects(&mut it))[..], [FromMember::Timeout(t, None)] if t.view == 0));
    assert_eq!(it.asked(), None);
}
