//! One signer's word against its own.

use super::fixture::{ballot, lane, member};
use crate::{Equivocation, EquivocationClaim, NotEquivocation, SignedError, Signer};
use gateway_types::{
    cbor,
    message::{Prepare, Proposal},
};

#[test]
fn a78_two_proposals_for_one_view_are_evidence() {
    let lane = lane();
    let propose = |v, d, leader: u8| {
        let proposal = Proposal { ballot: ballot(v, d), leader };
        let signature = lane.leaders[usize::from(leader)].sign(&lane.origin, &proposal);
        lane.keys.verify(proposal, &signature).unwrap()
    };
    let found = Equivocation::of_proposals(&propose(3, 1, 0), &propose(3, 2, 0)).unwrap();
    assert_eq!(found.culprit(), Signer::Leader(0));
    assert_eq!(found.claim().verify(&lane.keys).as_ref(), Ok(&found));
    let bytes = cbor::encode(found.claim());
    assert_eq!(cbor::decode::<EquivocationClaim>(&bytes, 1024).as_ref(), Ok(found.claim()));
    for other in [propose(4, 2, 0), propose(3, 1, 0), propose(3, 2, 1)] {
        assert_eq!(Equivocation::of_proposals(&propose(3, 1, 0), &other), None);
    }
}

#[test]
fn two_prepares_for_one_view_are_evidence_and_forged_ones_are_not() {
    let lane = lane();
    let who = member(1, 3);
    let prepare = |d| {
        let prepare = Prepare { ballot: ballot(3, d), member: who };
        let signature = lane.member(who).protocol.sign(&lane.origin, &prepare);
        lane.keys.verify(prepare, &signature).unwrap()
    };
    let found = Equivocation::of_prepares(&prepare(1), &prepare(2)).unwrap();
    assert_eq!(found.culprit(), Signer::Member(who));
    let (a, mut b) = (prepare(1).into_signed(), prepare(2).into_signed());
    let same = EquivocationClaim::Prepares(a, a);
    assert_eq!(same.verify(&lane.keys), Err(NotEquivocation::NoContradiction));
    b.signature = a.signature;
    let signer = Signer::Member(who);
    let forged = EquivocationClaim::Prepares(a, b);
    let refused = NotEquivocation::Signature(SignedError::Signature { signer });
    assert_eq!(forged.verify(&lane.keys), Err(refused));
}

#[test]
fn two_roots_of_one_size_are_evidence() {
    let lane = lane();
    let who = member(0, 4);
    let cosign = |size, root| {
        let checkpoint = lane.checkpoint(size, root);
        let signature = lane.member(who).cosigning.cosign(&checkpoint, 5);
        lane.keys.verify_cosignature(&checkpoint, who, 5, &signature).unwrap()
    };
    let found = Equivocation::of_roots(&cosign(7, 1), &cosign(7, 2)).unwrap();
    assert_eq!(found.culprit(), Signer::Member(who));
    assert_eq!(found.claim().verify(&lane.keys).as_ref(), Ok(&found));
    assert_eq!(Equivocation::of_roots(&cosign(7, 1), &cosign(8, 2)), None);
    assert_eq!(Equivocation::of_roots(&cosign(7, 1), &cosign(7, 1)), None);
}
