//! The replay matrix: every signed object, shown in every context but its own.

use super::fixture::{Lane, ballot, lane, lane_of, member, origin};
use crate::{
    BlsError, EpochKeys, Signed, SignedError, SignedString, Signer, ThresholdText, VerifiedVotes,
    signed::BySigner,
};
use alloc::{collections::BTreeSet, vec::Vec};
use gateway_types::{
    Bounded, Digest, MemberRef, Origin, Signature,
    checkpoint::{Checkpoint, TreeHead},
    message::{Lock, Prepare, Proposal, Timeout, Vote, Votes},
    verdict::{SignedVerdicts, Verdict, VerdictList, Word},
};
use proptest::prelude::*;

const WHO: MemberRef = MemberRef { committee: 0, member: 2 };

fn prepare() -> Prepare {
    Prepare { ballot: ballot(3, 7), member: WHO }
}

fn lock() -> Lock {
    Lock { ballot: ballot(3, 7), member: WHO }
}

fn timeout() -> Timeout {
    let tip = TreeHead { size: 9, root: Digest([2; 32]) };
    Timeout { epoch: 1, view: 4, k: 5, tip, lock: Some(ballot(3, 7)), member: WHO }
}

fn verdicts() -> VerdictList {
    let verdict = Verdict { candidate: Digest([3; 32]), word: Word::Accept, reason: None };
    VerdictList { epoch: 1, member: WHO, verdicts: Bounded::new([verdict].into()).unwrap() }
}

fn proposal() -> Proposal {
    Proposal { ballot: ballot(3, 7), leader: 1 }
}

fn sign<T: BySigner>(lane: &Lane, value: &T) -> Signature {
    let key = match value.signer() {
        Signer::Member(who) => &lane.member(who).protocol,
        Signer::Leader(leader) => &lane.leaders[usize::from(leader)],
    };
    key.sign(&lane.origin, value)
}

/// Lanes that differ from the first one in one thing, with the same keys wherever a key could be reused.
fn other_contexts(lane: &Lane) -> Vec<(&'static str, EpochKeys)> {
    let with = |origin: &str, epoch| -> EpochKeys {
        let origin: Origin = origin.parse().unwrap();
        let mut entry = lane.entry.clone();
        entry.deployment = origin.deployment.clone();
        entry.epoch = epoch;
        EpochKeys::from_logged(&origin, &gateway_types::entry::Entry::Committee(entry).encode())
            .unwrap()
    };
    [
        ("deployment", with("comity.test/CN-GD.CN-HK.standard", 1)),
        ("lane", with("comity.gba/CN-HK.CN-GD.standard", 1)),
        ("tier", with("comity.gba/CN-GD.CN-HK.strict", 1)),
        ("next epoch, same keys", with("comity.gba/CN-GD.CN-HK.standard", 2)),
        ("other keys", lane_of(origin(), 1, "other ").keys),
    ]
    .into()
}

fn check_refused_elsewhere<T: BySigner + Clone>(lane: &Lane, value: &T) {
    let signature = sign(lane, value);
    assert!(lane.keys.verify(value.clone(), &signature).is_ok(), "{}", T::TYPE);
    for (context, keys) in other_contexts(lane) {
        assert!(keys.verify(value.clone(), &signature).is_err(), "{} in {context}", T::TYPE);
    }
}

/// `value`, which names another signer, does not count under `signature` of the first.
fn check_refused_of_another<T: BySigner + Clone>(lane: &Lane, value: &T, signature: &Signature) {
    let refused = lane.keys.verify(value.clone(), signature);
    assert!(matches!(refused, Err(SignedError::Signature { .. })), "{}", T::TYPE);
}

#[test]
fn a58_what_is_signed_counts_in_its_own_lane_deployment_and_epoch_only() {
    let lane = lane();
    check_refused_elsewhere(&lane, &proposal());
    check_refused_elsewhere(&lane, &prepare());
    check_refused_elsewhere(&lane, &lock());
    check_refused_elsewhere(&lane, &timeout());
    check_refused_elsewhere(&lane, &verdicts());
}

#[test]
fn a58_a_signature_counts_for_its_own_signer_only() {
    let lane = lane();
    for other in [member(0, 1), member(1, 2)] {
        let (p, l) = (Prepare { member: other, ..prepare() }, Lock { member: other, ..lock() });
        let t = Timeout { member: other, ..timeout() };
        let v = VerdictList { member: other, ..verdicts() };
        check_refused_of_another(&lane, &p, &sign(&lane, &prepare()));
        check_refused_of_another(&lane, &l, &sign(&lane, &lock()));
        check_refused_of_another(&lane, &t, &sign(&lane, &timeout()));
        check_refused_of_another(&lane, &v, &sign(&lane, &verdicts()));
    }
    let other = Proposal { leader: 0, ..proposal() };
    check_refused_of_another(&lane, &other, &sign(&lane, &proposal()));
}

#[test]
fn a58_a_signature_counts_for_its_own_type_only() {
    let lane = lane();
    // Prepare and lock are the same bytes but for the type in the first line.
    assert_eq!(gateway_types::cbor::encode(&prepare()), gateway_types::cbor::encode(&lock()));
    let by_type: Vec<Signature> = [
        sign(&lane, &prepare()),
        sign(&lane, &lock()),
        sign(&lane, &timeout()),
        sign(&lane, &verdicts()),
    ]
    .into();
    for (place, signature) in by_type.iter().enumerate() {
        assert_eq!(lane.keys.verify(prepare(), signature).is_ok(), place == 0);
        assert_eq!(lane.keys.verify(lock(), signature).is_ok(), place == 1);
        assert_eq!(lane.keys.verify(timeout(), signature).is_ok(), place == 2);
        assert_eq!(lane.keys.verify(verdicts(), signature).is_ok(), place == 3);
    }
    let as_leader = lane.leaders[1].sign(&lane.origin, &prepare());
    assert!(lane.keys.verify(proposal(), &as_leader).is_err());
}

#[test]
fn a58_changed_contents_are_refused() {
    let lane = lane();
    let signature = sign(&lane, &prepare());
    for changed in [
        Prepare { ballot: ballot(4, 7), ..prepare() },
        Prepare { ballot: ballot(3, 8), ..prepare() },
        Prepare { ballot: gateway_types::message::Ballot { k: 6, ..ballot(3, 7) }, ..prepare() },
    ] {
        check_refused_of_another(&lane, &changed, &signature);
    }
}

#[test]
fn a58_checkpoint_signatures_count_for_their_checkpoint_only() {
    let lane = lane();
    let checkpoint = lane.checkpoint(7, 1);
    let cosignature = lane.member(WHO).cosigning.cosign(&checkpoint, 1_700_000_000);
    let check = |keys: &EpochKeys, checkpoint: &Checkpoint, who, time_s| {
        keys.verify_cosignature(checkpoint, who, time_s, &cosignature).is_ok()
    };
    assert!(check(&lane.keys, &checkpoint, WHO, 1_700_000_000));
    assert!(!check(&lane.keys, &checkpoint, WHO, 1_700_000_001));
    assert!(!check(&lane.keys, &checkpoint, member(1, 2), 1_700_000_000));
    assert!(!check(&lane.keys, &lane.checkpoint(8, 1), WHO, 1_700_000_000));
    assert!(!check(&lane.keys, &lane.checkpoint(7, 2), WHO, 1_700_000_000));
    for (context, keys) in other_contexts(&lane) {
        let theirs = Checkpoint { origin: keys.origin().clone(), head: checkpoint.head };
        let counts = check(&keys, &theirs, WHO, 1_700_000_000);
        // A later epoch's log is the same log: only other keys or another lane refuse.
        assert_eq!(counts, context == "next epoch, same keys", "{context}");
    }
}

#[test]
fn a58_keys_of_one_use_sign_nothing_of_another() {
    let lane = lane();
    let checkpoint = lane.checkpoint(7, 1);
    let keys = lane.member(WHO);
    let votes = sign(&lane, &prepare());
    assert!(lane.keys.verify_cosignature(&checkpoint, WHO, 0, &votes).is_err());
    let cosignature = keys.cosigning.cosign(&checkpoint, 0);
    assert!(lane.keys.verify(prepare(), &cosignature).is_err());
    let name = lane.keys.committees()[0].name();
    let ceremony = keys.protocol.sign_ceremony(name, b"x");
    assert!(lane.keys.verify(prepare(), &ceremony).is_err());
    let key = crate::CeremonyKey::new(&keys.protocol.public()).unwrap();
    assert!(key.signed(name, b"x", &ceremony));
    assert!(!key.signed(lane.keys.committees()[1].name(), b"x", &ceremony));
    let string = SignedString::of(&lane.origin, &prepare());
    assert!(!key.signed(name, string.as_bytes(), &votes));
}

#[test]
fn a71_a_share_counts_for_its_text_lane_and_epoch_only() {
    let lane = lane();
    let committee = &lane.keys.committees()[0];
    let text = ThresholdText::checkpoint(&lane.checkpoint(7, 1));
    let share = lane.member(WHO).share.as_ref().unwrap().sign(&text).unwrap();
    let public = committee.threshold().verifying_share(WHO.member).unwrap();
    assert_eq!(public.verify(&text, &share), Ok(()));
    let elsewhere = Checkpoint {
        origin: "comity.gba/CN-HK.CN-GD.standard".parse().unwrap(),
        ..lane.checkpoint(7, 1)
    };
    for other in [
        ThresholdText::checkpoint(&lane.checkpoint(8, 1)),
        ThresholdText::checkpoint(&lane.checkpoint(7, 2)),
        ThresholdText::checkpoint(&elsewhere),
        ThresholdText::committee(&lane.origin, &lane.bytes()).unwrap(),
        ThresholdText::rehearsal(committee.name(), &Digest([1; 32])),
    ] {
        assert_eq!(public.verify(&other, &share), Err(BlsError::Mismatch));
    }
    // The keys of the epoch before: a share of them under this epoch's verifying share.
    let before = lane_of(origin(), 1, "before ");
    let old = before.member(WHO).share.as_ref().unwrap().sign(&text).unwrap();
    assert_eq!(public.verify(&text, &old), Err(BlsError::Mismatch));
}

#[test]
fn a71_a_certificate_does_not_count_in_another_epoch() {
    let lane = lane();
    let votes = super::fixture::everyone().into_iter().map(|member| Vote {
        member,
        signature: lane
            .member(member)
            .protocol
            .sign(&lane.origin, &Prepare { ballot: ballot(3, 7), member }),
    });
    let votes = Votes { ballot: ballot(3, 7), votes: Bounded::new(votes.collect()).unwrap() };
    let checked: Result<VerifiedVotes<Prepare>, _> = lane.keys.verify_votes(&votes);
    assert!(checked.is_ok());
    assert!(lane.keys.verify_votes::<Lock>(&votes).is_err());
    for (context, keys) in other_contexts(&lane) {
        assert!(keys.verify_votes::<Prepare>(&votes).is_err(), "{context}");
    }
}

#[test]
fn a76_signing_takes_no_public_key() {
    // The types say it: a seed makes the key, and nothing else goes in.
    let _: fn(&[u8; 32]) -> crate::ProtocolKey = crate::ProtocolKey::from_seed;
    let _: fn(&crate::ProtocolKey, &Origin, &Prepare) -> Signature = crate::ProtocolKey::sign;
    let _: fn(&crate::CosigningKey, &Checkpoint, u64) -> Signature = crate::CosigningKey::cosign;
    let whole: Signed<Prepare> = lane().member(WHO).protocol.sign_whole(&origin(), prepare());
    assert_eq!(whole.signature, sign(&lane(), &prepare()));
}

#[test]
fn a72_a_bare_digest_is_never_signed() {
    let lane = lane();
    // What a share signs is made of the whole: 32 bytes are no committee entry.
    assert!(ThresholdText::committee(&lane.origin, &[7; 32]).is_err());
    let batch = gateway_types::entry::Entry::Committee(lane.entry.clone()).encode();
    assert!(ThresholdText::committee(&lane.origin, &batch[1..]).is_err());
    // And what a protocol key signs begins with its type and lane, whatever the value is.
    let string = SignedString::of(&lane.origin, &prepare());
    assert!(string.as_bytes().starts_with(b"comity/prepare/v1\ncomity.gba/CN-GD.CN-HK.standard\n"));
}

#[test]
fn a77_a_verdict_list_out_of_form_is_refused_though_it_is_signed() {
    let lane = lane();
    let verdict =
        |candidate, word, reason| Verdict { candidate: Digest([candidate; 32]), word, reason };
    let because = Some(gateway_types::verdict::Reason::PolicyDenied);
    for bad in [
        Vec::from([verdict(2, Word::Accept, None), verdict(1, Word::Accept, None)]),
        Vec::from([verdict(1, Word::Accept, None), verdict(1, Word::Refuse, because)]),
        Vec::from([verdict(1, Word::Refuse, None)]),
        Vec::from([verdict(1, Word::Accept, because)]),
    ] {
        let list = VerdictList { verdicts: Bounded::new(bad).unwrap(), ..verdicts() };
        let signature = sign(&lane, &list);
        let again = list.clone();
        let refused = lane.keys.verify_verdicts(SignedVerdicts { list, signature });
        assert_eq!(refused, Err(SignedError::VerdictList));
        // By no other way either.
        assert_eq!(lane.keys.verify(again, &signature), Err(SignedError::VerdictList));
    }
    let signature = sign(&lane, &verdicts());
    assert!(lane.keys.verify_verdicts(SignedVerdicts { list: verdicts(), signature }).is_ok());
}

proptest! {
    #[test]
    fn a75_signed_strings_never_meet(
        a in (0u64..3, 0u64..300, 0u64..300, 0u8..3, 0u8..2, 1u8..3),
        b in (0u64..3, 0u64..300, 0u64..300, 0u8..3, 0u8..2, 1u8..3),
    ) {
        let strings = |(epoch, k, v, d, committee, m): (u64, u64, u64, u8, u8, u8)| {
            let ballot = gateway_types::message::Ballot { epoch, k, v, d: Digest([d; 32]) };
            let member = member(committee, m);
            [
                SignedString::of(&origin(), &Prepare { ballot, member }),
                SignedString::of(&origin(), &Lock { ballot, member }),
                SignedString::of(&origin(), &Proposal { ballot, leader: committee }),
            ]
        };
        let all: Vec<_> = strings(a).into_iter().chain(strings(b)).collect();
        let distinct: BTreeSet<_> = all.iter().map(|s| s.as_bytes().to_vec()).collect();
        let same_proposal = (a.0, a.1, a.2, a.3, a.4) == (b.0, b.1, b.2, b.3, b.4);
        let expected = if a == b { 3 } else if same_proposal { 5 } else { 6 };
        prop_assert_eq!(distinct.len(), expected);
    }
}
