//! What a `committee` entry must be.

use super::fixture::{Lane, bytes_of, lane, lane_of, origin, other_bls_key, prove, scalar};
use crate::{BadCommittee, BlsError, EpochKeys, KeyShare};
use alloc::{format, vec::Vec};
use gateway_types::{
    Bounded, CommitteeSize, PublicKey,
    bytes::{BlsPublicKey, BlsSignature},
    entry::{CommitteeEntry, Entry, Required},
};

fn check(change: impl FnOnce(&mut CommitteeEntry), expected: fn(&BadCommittee) -> bool) {
    let mut entry = lane().entry;
    change(&mut entry);
    let refused = EpochKeys::from_logged(&origin(), &Entry::Committee(entry).encode());
    let error = refused.expect_err("the entry was taken");
    assert!(expected(&error), "{error:?}");
}

/// Changes the members of the first committee.
fn members(
    entry: &mut CommitteeEntry,
    change: impl FnOnce(&mut Vec<gateway_types::entry::Member>),
) {
    let mut committees: Vec<_> = entry.committees.iter().cloned().collect();
    let mut members: Vec<_> = committees[0].members.iter().cloned().collect();
    change(&mut members);
    committees[0].members = Bounded::new(members).unwrap();
    entry.committees = Bounded::new(committees).unwrap();
}

fn group_key(entry: &mut CommitteeEntry, key: BlsPublicKey) {
    let mut committees: Vec<_> = entry.committees.iter().cloned().collect();
    committees[0].group_key = key;
    entry.committees = Bounded::new(committees).unwrap();
}

#[test]
fn a24_a_key_with_two_owners_is_refused() {
    let twice: fn(&BadCommittee) -> bool = |e| matches!(e, BadCommittee::KeyTwice { .. });
    check(|e| members(e, |m| m[1].protocol_key = m[0].protocol_key), twice);
    check(|e| members(e, |m| m[0].cosigning_key = m[0].protocol_key), twice);
    check(|e| members(e, |m| m[3].encryption_key = m[0].encryption_key), twice);
    let shares: fn(&BadCommittee) -> bool = |e| matches!(e, BadCommittee::ShareTwice);
    check(|e| members(e, |m| m[1].verifying_share = m[0].verifying_share), shares);
    check(
        |e| {
            let share = e.committees[0].members[0].verifying_share;
            group_key(e, share);
        },
        shares,
    );
}

#[test]
fn a24_a_name_or_region_used_twice_is_refused() {
    let twice: fn(&BadCommittee) -> bool = |e| matches!(e, BadCommittee::NameTwice);
    check(|e| members(e, |m| m[1].name = m[0].name.clone()), twice);
    check(
        |e| {
            let mut committees: Vec<_> = e.committees.iter().cloned().collect();
            committees[1].region = committees[0].region.clone();
            e.committees = Bounded::new(committees).unwrap();
        },
        twice,
    );
}

#[test]
fn a24_an_empty_or_miscounted_committee_is_refused() {
    let count: fn(&BadCommittee) -> bool = |e| matches!(e, BadCommittee::MemberCount);
    check(|e| members(e, |m| drop(m.pop())), count);
    check(|e| members(e, Vec::clear), count);
    let empty: fn(&BadCommittee) -> bool = |e| matches!(e, BadCommittee::Empty);
    check(|e| e.committees = Bounded::default(), empty);
    check(|e| e.leaders = Bounded::default(), empty);
    check(|e| e.epoch = 0, empty);
    check(
        |e| e.deployment = "comity.test".parse().unwrap(),
        |e| matches!(e, BadCommittee::Deployment),
    );
}

#[test]
fn a24_more_signatures_than_a_note_holds_are_refused() {
    check(
        |e| {
            let mut committee = e.committees[0].clone();
            committee.size = CommitteeSize::of(32).unwrap();
            committee.members =
                Bounded::new((0..32).map(|_| committee.members[0].clone()).collect()).unwrap();
            e.committees = Bounded::new((0..4).map(|_| committee.clone()).collect()).unwrap();
        },
        |e| matches!(e, BadCommittee::TooManySignatures { lines: 92 }),
    );
}

#[test]
fn a133_a_threshold_key_asks_for_the_t_of_a_ceremony() {
    let resized = |e: &mut CommitteeEntry, t: u8| {
        let mut committees: Vec<_> = e.committees.iter().cloned().collect();
        committees[1].size = CommitteeSize::new(7, t, 1).unwrap();
        committees[1].members =
            Bounded::new((0..7).map(|_| committees[1].members[0].clone()).collect()).unwrap();
        e.committees = Bounded::new(committees).unwrap();
    };
    // Both are safe to sign with: 2t - n > f, t <= n - f.
    for t in [5, 6] {
        check(
            |e| resized(e, t),
            |e| matches!(e, BadCommittee::ThresholdSize { size } if size.n() == 7),
        );
        // Where no threshold signature is required, what is wrong is found later.
        let without = |e: &mut CommitteeEntry| {
            e.required = Required::Cosignatures;
            resized(e, t);
        };
        check(without, |e| matches!(e, BadCommittee::KeyTwice { .. }));
    }
}

#[test]
fn a62_the_identity_is_no_key() {
    let mut infinity = [0; 96];
    infinity[0] = 0xc0;
    let identity: fn(&BadCommittee) -> bool =
        |e| matches!(e, BadCommittee::BlsKey(BlsError::Identity));
    check(|e| group_key(e, BlsPublicKey(infinity)), identity);
    check(|e| members(e, |m| m[2].verifying_share = BlsPublicKey(infinity)), identity);
}

#[test]
fn a91_weak_keys_are_refused_at_load() {
    let mut identity = [0; 32];
    identity[0] = 1;
    for weak in [identity, [0; 32]] {
        let bad: fn(&BadCommittee) -> bool = |e| matches!(e, BadCommittee::Key(_));
        check(|e| members(e, |m| m[0].protocol_key = PublicKey(weak)), bad);
        check(|e| members(e, |m| m[0].cosigning_key = PublicKey(weak)), bad);
    }
}

fn open(lane: &Lane, possession: &[BlsSignature]) -> Result<EpochKeys, BadCommittee> {
    EpochKeys::with_possession(&lane.origin, &lane.bytes(), possession)
}

#[test]
fn a61_a_group_key_without_its_own_proof_is_refused() {
    let lane = lane();
    let good = lane.possession.clone();
    assert!(open(&lane, &good).is_ok());
    let missing = BadCommittee::PossessionCount { got: 1, expected: 2 };
    assert_eq!(open(&lane, &good[..1]).err(), Some(missing));
    let swapped = [good[1], good[0]];
    let refused = BadCommittee::Possession { committee: 0, source: BlsError::Mismatch };
    assert_eq!(open(&lane, &swapped).err(), Some(refused));
}

#[test]
fn a61_a_proof_over_anything_else_is_refused() {
    let lane = lane();
    let refused = Some(BadCommittee::Possession { committee: 0, source: BlsError::Mismatch });
    // Over another entry: the same keys, a later end.
    let mut other = lane.entry.clone();
    other.epoch = 2;
    let group = KeyShare::new(1, &bytes_of(scalar("CN-GD a0"))).unwrap();
    let over_other = prove(&group, &lane.origin, &Entry::Committee(other).encode());
    assert_eq!(open(&lane, &[over_other, lane.possession[1]]).err(), refused);
    // Over this entry, in another lane.
    let elsewhere = "comity.gba/CN-HK.CN-GD.standard".parse().unwrap();
    let over_lane = prove(&group, &elsewhere, &lane.bytes());
    assert_eq!(open(&lane, &[over_lane, lane.possession[1]]).err(), refused);
    // And over this entry in this lane it counts.
    let own = prove(&group, &lane.origin, &lane.bytes());
    assert!(open(&lane, &[own, lane.possession[1]]).is_ok());
}

#[test]
fn a61_a_rogue_key_has_no_proof() {
    // The attacker's key is a difference of keys whose secret nobody knows: it can show another lane's
    // proof, or one by its own key, and both are refused.
    let lane = lane();
    let mut rogue = lane.entry.clone();
    group_key(&mut rogue, other_bls_key());
    let bytes = Entry::Committee(rogue).encode();
    let theirs = lane_of(origin(), 1, "theirs ");
    for proof in [lane.possession[0], theirs.possession[0]] {
        let refused =
            EpochKeys::with_possession(&lane.origin, &bytes, &[proof, lane.possession[1]]);
        assert!(matches!(refused, Err(BadCommittee::Possession { committee: 0, .. })));
    }
}

#[test]
fn secrets_are_never_shown() {
    let lane = lane();
    let keys = lane.members[0][0].share.as_ref().unwrap();
    let shown = format!("{:?}", lane.members[0][0]);
    assert!(!shown.contains(&hex::encode(keys.secret())));
    let digits = |bytes: &[u8]| bytes.iter().map(|b| format!("{b}")).collect::<Vec<_>>().join(", ");
    assert!(!shown.contains(&digits(keys.secret().as_slice())));
    for seed in ["protocol", "cosigning", "encryption"] {
        let seed = super::fixture::seed32(&format!("CN-GD 1 {seed}"));
        assert!(!shown.contains(&hex::encode(seed)) && !shown.contains(&digits(&seed)));
    }
}

#[test]
fn encryption_keys_agree_and_refuse_points_of_small_order() {
    let lane = lane();
    let (a, b) = (&lane.members[0][0].encryption, &lane.members[0][1].encryption);
    assert_eq!(a.agree(&b.public()), b.agree(&a.public()));
    assert!(a.agree(&b.public()).is_some());
    let mut one = [0; 32];
    one[0] = 1;
    for small in [[0; 32], one] {
        assert!(a.agree(&PublicKey(small)).is_none());
    }
}
