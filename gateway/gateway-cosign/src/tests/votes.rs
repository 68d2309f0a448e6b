//! Certificates.

use super::fixture::{Lane, ballot, everyone, lane, member};
use crate::{SignedError, Verified, VerifiedVotes, VotesError};
use alloc::vec::Vec;
use gateway_types::{
    Bounded, MemberRef,
    message::{Prepare, Vote, Votes},
};

fn vote(lane: &Lane, who: MemberRef, d: u8) -> Verified<Prepare> {
    let prepare = Prepare { ballot: ballot(3, d), member: who };
    let signature = lane.member(who).protocol.sign(&lane.origin, &prepare);
    lane.keys.verify(prepare, &signature).unwrap()
}

fn votes(lane: &Lane, who: &[MemberRef]) -> Votes {
    let votes = who.iter().map(|m| Vote { member: *m, signature: *vote(lane, *m, 7).signature() });
    Votes { ballot: ballot(3, 7), votes: Bounded::new(votes.collect()).unwrap() }
}

fn check(lane: &Lane, votes: &Votes, expected: Result<(), VotesError>) {
    assert_eq!(lane.keys.verify_votes::<Prepare>(votes).map(drop), expected);
}

#[test]
fn a_quorum_is_t_of_every_committee() {
    let lane = lane();
    let three_each: Vec<_> = everyone().into_iter().filter(|m| m.member != 2).collect();
    check(&lane, &votes(&lane, &three_each), Ok(()));
    check(&lane, &votes(&lane, &everyone()), Ok(()));
    let two_of_second: Vec<_> = three_each[..5].into();
    let too_few = VotesError::TooFew { committee: 1, got: 2, needed: 3 };
    check(&lane, &votes(&lane, &two_of_second), Err(too_few));
    let one_committee: Vec<_> = everyone()[..4].into();
    let none = VotesError::TooFew { committee: 1, got: 0, needed: 3 };
    check(&lane, &votes(&lane, &one_committee), Err(none));
}

#[test]
fn a24_a68_a_signer_that_is_there_twice_does_not_make_a_quorum() {
    let lane = lane();
    let all = everyone();
    let doubled = [all[0], all[1], all[1], all[4], all[5], all[6]];
    check(&lane, &votes(&lane, &doubled), Err(VotesError::NotSorted));
    let unsorted = [all[1], all[0], all[2], all[4], all[5], all[6]];
    check(&lane, &votes(&lane, &unsorted), Err(VotesError::NotSorted));
    assert!(!lane.keys.is_quorum(doubled));
}

#[test]
fn a68_a_vote_of_nobody_is_refused() {
    let lane = lane();
    for stranger in [member(0, 0), member(0, 5), member(2, 1), member(255, 255)] {
        let mut list: Vec<_> = votes(&lane, &everyone()).votes.into_inner();
        list.push(Vote { member: stranger, ..list[0] });
        list.sort_by_key(|vote| vote.member);
        let forged = Votes { ballot: ballot(3, 7), votes: Bounded::new(list).unwrap() };
        let signer = crate::Signer::Member(stranger);
        let unknown = VotesError::Vote(SignedError::UnknownSigner { signer });
        check(&lane, &forged, Err(unknown));
    }
}

#[test]
fn one_bad_signature_refuses_a_certificate() {
    let lane = lane();
    let mut list: Vec<_> = votes(&lane, &everyone()).votes.into_inner();
    list[6].signature = list[5].signature;
    let forged = Votes { ballot: ballot(3, 7), votes: Bounded::new(list).unwrap() };
    let signer = crate::Signer::Member(member(1, 3));
    check(&lane, &forged, Err(VotesError::Vote(SignedError::Signature { signer })));
}

#[test]
fn a124_votes_on_different_ballots_are_never_added_up() {
    let lane = lane();
    let all = everyone();
    let mixed: Vec<_> =
        all.iter().map(|m| vote(&lane, *m, if m.member < 3 { 7 } else { 8 })).collect();
    for d in [7, 8] {
        assert!(VerifiedVotes::collect(&lane.keys, ballot(3, d), &mixed).is_none());
    }
    let same: Vec<_> = all.iter().map(|m| vote(&lane, *m, 7)).collect();
    let certificate = VerifiedVotes::collect(&lane.keys, ballot(3, 7), &same).unwrap();
    assert_eq!(certificate.ballot(), ballot(3, 7));
    check(&lane, certificate.votes(), Ok(()));
    assert!(VerifiedVotes::collect(&lane.keys, ballot(3, 7), same.iter().take(6)).is_none());
}
