//! What may be proposed.

use super::harness::{proposal, rng, secrets};
use crate::{BadProposal, JoinError, LocalError, Proposal, run_local};
use alloc::vec::Vec;
use gateway_types::{Bounded, CommitteeSize, PublicKey};

fn check(change: impl FnOnce(&mut Proposal), expected: fn(&BadProposal) -> bool) {
    let mut changed = proposal(7, 1);
    change(&mut changed);
    let error = changed.verify().expect_err("the proposal was taken");
    assert!(expected(&error), "{error:?}");
}

fn seats(proposal: &mut Proposal, change: impl FnOnce(&mut Vec<crate::Seat>)) {
    let mut seats: Vec<_> = proposal.members.iter().cloned().collect();
    change(&mut seats);
    proposal.members = Bounded::new(seats).unwrap();
}

#[test]
fn a89_only_the_t_of_a_ceremony_is_taken() {
    let size: fn(&BadProposal) -> bool = |e| *e == BadProposal::Size;
    // Sizes that are safe to sign with, and not to make keys with.
    check(|p| p.size = CommitteeSize::new(7, 5, 1).unwrap(), size);
    check(|p| p.size = CommitteeSize::new(7, 6, 1).unwrap(), size);
    // Numbers that do not fit the list.
    check(|p| p.size = CommitteeSize::of(4).unwrap(), size);
    check(|p| seats(p, |s| drop(s.pop())), size);
    check(|p| seats(p, Vec::clear), size);
    // n, t or f of zero is no size at all.
    for (n, t, f) in [(0, 0, 0), (7, 0, 2), (7, 5, 0)] {
        assert!(CommitteeSize::new(n, t, f).is_err());
    }
}

#[test]
fn a89_epoch_or_attempt_zero_is_refused() {
    check(|p| p.epoch = 0, |e| *e == BadProposal::Zero);
    check(|p| p.attempt = 0, |e| *e == BadProposal::Zero);
}

#[test]
fn a81_doubled_members_are_refused() {
    let twice: fn(&BadProposal) -> bool = |e| matches!(e, BadProposal::KeyTwice { .. });
    check(|p| seats(p, |s| s[1].protocol_key = s[0].protocol_key), twice);
    check(|p| seats(p, |s| s[1].encryption_key = s[0].cosigning_key), twice);
    check(
        |p| seats(p, |s| s[1].name = s[0].name.clone()),
        |e| matches!(e, BadProposal::NameTwice { .. }),
    );
    check(
        |p| seats(p, |s| s[3].protocol_key = PublicKey([0; 32])),
        |e| matches!(e, BadProposal::Key(_)),
    );
}

#[test]
fn every_field_is_in_the_ceremony_s_digest() {
    let id = |change: fn(&mut Proposal)| {
        let mut changed = proposal(4, 1);
        change(&mut changed);
        changed.verify().unwrap().id()
    };
    let all = [
        id(|_| {}),
        id(|p| p.epoch = 2),
        id(|p| p.attempt = 2),
        id(|p| p.region = "CN-MO".parse().unwrap()),
        id(|p| p.deployment = "comity.test".parse().unwrap()),
        id(|p| seats(p, |s| s.swap(0, 1))),
        id(|p| seats(p, |s| s[0].name = "office-9".parse().unwrap())),
    ];
    for (place, one) in all.iter().enumerate() {
        assert!(!all[..place].contains(one));
    }
    let bytes = proposal(4, 1).encode();
    assert_eq!(Proposal::decode(&bytes).as_ref(), Ok(&proposal(4, 1)));
    assert!(Proposal::decode(&[bytes, [0].into()].concat()).is_err());
}

#[test]
fn a_seat_is_taken_by_its_own_keys_only() {
    let proposal = proposal(4, 1).verify().unwrap();
    let mut keys = secrets(4);
    keys.swap(0, 1);
    let refused = run_local(&mut rng(1), &proposal, &keys).map(drop);
    assert_eq!(refused, Err(LocalError::Join(JoinError::OtherKeys { number: 1 })));
    let refused = run_local(&mut rng(1), &proposal, &secrets(5)).map(drop);
    assert_eq!(refused, Err(LocalError::Join(JoinError::NotInvited { number: 5 })));
    let too_few = run_local(&mut rng(1), &proposal, &secrets(3)).map(drop);
    assert!(matches!(too_few, Err(LocalError::Failed(crate::Failure::Absent { .. }))));
}

#[test]
fn an_encryption_key_of_small_order_is_refused_before_anything_is_dealt() {
    let mut weak = proposal(4, 1);
    seats(&mut weak, |s| s[3].encryption_key = PublicKey([0; 32]));
    let refused = run_local(&mut rng(1), &weak.verify().unwrap(), &secrets(4)).map(drop);
    assert_eq!(refused, Err(LocalError::Join(JoinError::Unusable)));
}
