//! Keys, bodies and votes for the tests of this crate. Nothing here replaces a rule.
#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

pub(crate) mod chain;
pub(crate) mod lane;

use crate::{
    DigestedBody, Quorums,
    evidence::{LockCertificate, PrepareCertificate, Verified},
    member::{Member, MemberConfig, MemberEffect, Tip},
};
use gateway_cosign::{
    CosigningKey, EncryptionKey, EpochKeys, KeyShare, ProtocolKey, SignedCheckpoint,
};
use gateway_log::{Frontier, LeafHash};
use gateway_types::{
    Bounded, Bytes, CommitteeSize, Digest, MemberRef, Origin, Salt, Signature, Timestamp,
    body::{Body, BodyEntry},
    checkpoint::{Checkpoint, TreeHead},
    entry::{
        CommitteeEntry, CommitteeKeys, Entry, Leader, Member as MemberKeys, Required, ShortText,
    },
    message::{Ballot, Proposal, Timeout, Vote, Votes},
};
use std::sync::Arc;

pub(crate) const T0: Timestamp = Timestamp(1_000_000_000);
pub(crate) const KEYS_END: Timestamp = Timestamp(9_000_000_000);

pub(crate) fn origin() -> Origin {
    "comity.test/CN-GD.CN-HK.standard".parse().unwrap()
}

pub(crate) fn m(committee: u8, member: u8) -> MemberRef {
    MemberRef { committee, member }
}

pub(crate) fn seconds(s: u64) -> Timestamp {
    Timestamp(T0.0 + s * 1_000)
}

pub(crate) fn protocol_key(committee: u8, member: u8) -> ProtocolKey {
    ProtocolKey::from_seed(&seed(1, committee, member))
}

pub(crate) fn cosigning_key(committee: u8, member: u8) -> CosigningKey {
    CosigningKey::from_seed(&seed(2, committee, member))
}

fn seed(what: u8, committee: u8, member: u8) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[28..].copy_from_slice(&[what, committee, member, 7]);
    seed
}

/// A member's share; member 0 stands for the whole committee's key.
pub(crate) fn share(committee: u8, member: u8) -> KeyShare {
    KeyShare::new(member.max(1), &seed(4, committee, member)).unwrap()
}

fn member_keys(committee: u8, member: u8) -> MemberKeys {
    MemberKeys {
        name: format!("office-{committee}-{member}").parse().unwrap(),
        organisation: ShortText::new("Office").unwrap(),
        protocol_key: protocol_key(committee, member).public(),
        cosigning_key: cosigning_key(committee, member).public(),
        encryption_key: EncryptionKey::from_seed(&seed(3, committee, member)).public(),
        verifying_share: share(committee, member).public(),
    }
}

/// Two committees of 3 of 4, two leaders.
pub(crate) fn committee_entry() -> CommitteeEntry {
    let committee = |place: u8, region: &str| CommitteeKeys {
        region: region.parse().unwrap(),
        size: CommitteeSize::of(4).unwrap(),
        members: Bounded::new((1..=4).map(|member| member_keys(place, member)).collect()).unwrap(),
        group_key: share(place, 0).public(),
        keys_end: KEYS_END,
        transcript: Digest([place + 1; 32]),
    };
    let leader = |place: u8, region: &str| Leader {
        region: region.parse().unwrap(),
        name: format!("gateway-{place}").parse().unwrap(),
        key: ProtocolKey::from_seed(&seed(5, place, 0)).public(),
    };
    CommitteeEntry {
        deployment: origin().deployment,
        epoch: 1,
        committees: Bounded::new(vec![committee(0, "CN-GD"), committee(1, "CN-HK")]).unwrap(),
        leaders: Bounded::new(vec![leader(0, "CN-HK"), leader(1, "CN-GD")]).unwrap(),
        required: Required::CosignaturesAndThreshold,
        protocol: 1,
        engine: ShortText::new("cedar-4.14").unwrap(),
    }
}

pub(crate) fn keys() -> Arc<EpochKeys> {
    let entry = Entry::Committee(committee_entry()).encode();
    Arc::new(EpochKeys::from_logged(&origin(), &entry).unwrap())
}

/// A body of one leaf on `tip`, different for each `tag`.
pub(crate) fn body(tip: &Tip, tag: u8) -> DigestedBody {
    let entry = BodyEntry { salt: Salt([tag; 16]), bytes: Bytes::new(vec![tag]).unwrap() };
    let leaf = LeafHash::of(&entry.salt, &entry.bytes);
    let after = tip.frontier.with([leaf]).unwrap();
    DigestedBody::new(Body {
        origin: origin(),
        epoch: 1,
        k: tip.k,
        base: tip.head(),
        time: seconds(tip.k),
        entries: Bounded::new(vec![entry]).unwrap(),
        verdicts: Bounded::default(),
        possession: Bounded::default(),
        head: TreeHead { size: after.size(), root: after.root() },
    })
}

pub(crate) fn ballot(v: u64, body: &DigestedBody) -> Ballot {
    Ballot { epoch: 1, k: body.body().k, v, d: body.d() }
}

pub(crate) fn votes(ballot: Ballot, members: &[MemberRef]) -> Votes {
    let vote = |member: &MemberRef| Vote { member: *member, signature: Signature([0; 64]) };
    Votes { ballot, votes: Bounded::new(members.iter().map(vote).collect()).unwrap() }
}

/// Members 2 to 4 of each committee: a quorum without member 1.
pub(crate) fn others() -> Vec<MemberRef> {
    (0..2).flat_map(|committee| (2..=4).map(move |member| m(committee, member))).collect()
}

pub(crate) fn prepared(v: u64, body: &DigestedBody) -> PrepareCertificate {
    PrepareCertificate::unverified_for_model(votes(ballot(v, body), &others()))
}

pub(crate) fn locked(v: u64, body: &DigestedBody) -> LockCertificate {
    LockCertificate::unverified_for_model(votes(ballot(v, body), &others()))
}

pub(crate) fn proposal(v: u64, body: &DigestedBody) -> Verified<Proposal> {
    let leader = u8::try_from(v % 2).unwrap();
    Verified::unverified_for_model(Proposal { ballot: ballot(v, body), leader })
}

pub(crate) fn timeout(member: MemberRef, view: u64, k: u64) -> Verified<Timeout> {
    timeout_locked(member, view, k, None)
}

/// Of a member that is locked on that ballot, if on any.
pub(crate) fn timeout_locked(
    member: MemberRef,
    view: u64,
    k: u64,
    lock: Option<Ballot>,
) -> Verified<Timeout> {
    let tip = TreeHead::empty();
    Verified::unverified_for_model(Timeout { epoch: 1, view, k, tip, lock, member })
}

pub(crate) fn final_of(head: TreeHead) -> SignedCheckpoint {
    SignedCheckpoint::unverified_for_model(Checkpoint { origin: origin(), head }, 1)
}

pub(crate) fn config() -> MemberConfig {
    MemberConfig {
        origin: origin(),
        epoch: 1,
        me: m(0, 1),
        quorums: Quorums::of(&committee_entry()).unwrap(),
        leaders: 2,
        keys_end: KEYS_END,
    }
}

pub(crate) fn empty_tip() -> Tip {
    Tip { k: 0, frontier: Frontier::empty(), time: None }
}

pub(crate) fn effects(member: &mut Member) -> Vec<MemberEffect> {
    std::iter::from_fn(|| member.poll_effect()).collect()
}
