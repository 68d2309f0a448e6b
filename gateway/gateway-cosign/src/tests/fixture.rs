//! Two committees of four with real keys. Their polynomials are drawn here, by a dealer, which nothing
//! outside tests does.

use crate::{EpochKeys, KeyShare, MemberKeys, ProtocolKey, ThresholdText, bls};
use alloc::{format, vec::Vec};
use ark_bls12_381::Fr;
use ark_ff::{BigInteger as _, PrimeField as _};
use gateway_types::{
    Bounded, CommitteeSize, Digest, MemberRef, Origin, Timestamp,
    bytes::{BlsPublicKey, BlsSignature},
    checkpoint::{Checkpoint, TreeHead},
    entry::{CommitteeEntry, CommitteeKeys, Entry, Leader, Member, Required, ShortText},
    frame::sha256,
    message::Ballot,
};

pub(super) struct Lane {
    pub(super) origin: Origin,
    pub(super) entry: CommitteeEntry,
    pub(super) possession: Vec<BlsSignature>,
    pub(super) members: Vec<Vec<MemberKeys>>,
    pub(super) leaders: Vec<ProtocolKey>,
    pub(super) keys: EpochKeys,
}

impl Lane {
    pub(super) fn member(&self, member: MemberRef) -> &MemberKeys {
        &self.members[usize::from(member.committee)][usize::from(member.member) - 1]
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        Entry::Committee(self.entry.clone()).encode()
    }

    pub(super) fn checkpoint(&self, size: u64, root: u8) -> Checkpoint {
        let head = TreeHead { size, root: Digest([root; 32]) };
        Checkpoint { origin: self.origin.clone(), head }
    }
}

pub(super) fn origin() -> Origin {
    "comity.gba/CN-GD.CN-HK.standard".parse().unwrap()
}

pub(super) fn lane() -> Lane {
    lane_of(origin(), 1, "")
}

/// Committees whose keys are all drawn from `seed`.
pub(super) fn lane_of(origin: Origin, epoch: u64, seed: &str) -> Lane {
    let regions = [origin.lane.source.clone(), origin.lane.destination.clone()];
    let made: Vec<_> =
        regions.iter().map(|r| committee(&format!("{seed}{r}"), r.clone(), 4)).collect();
    let leaders: Vec<_> = regions
        .iter()
        .map(|r| ProtocolKey::from_seed(&seed32(&format!("{seed}{r} gateway"))))
        .collect();
    let listed = regions.iter().zip(&leaders).map(|(region, key)| Leader {
        region: region.clone(),
        name: "gateway".parse().unwrap(),
        key: key.public(),
    });
    let entry = CommitteeEntry {
        deployment: origin.deployment.clone(),
        epoch,
        committees: Bounded::new(made.iter().map(|(keys, ..)| keys.clone()).collect()).unwrap(),
        leaders: Bounded::new(listed.collect()).unwrap(),
        required: Required::CosignaturesAndThreshold,
        protocol: 1,
        engine: ShortText::new("cedar-4.14").unwrap(),
    };
    let bytes = Entry::Committee(entry.clone()).encode();
    let possession: Vec<_> =
        made.iter().map(|(_, _, group)| prove(group, &origin, &bytes)).collect();
    let keys = EpochKeys::with_possession(&origin, &bytes, &possession).unwrap();
    let members = made.into_iter().map(|(_, members, _)| members).collect();
    Lane { origin, entry, possession, members, leaders, keys }
}

/// The threshold signature that t members would make, by the whole secret.
pub(super) fn prove(group: &KeyShare, origin: &Origin, entry: &[u8]) -> BlsSignature {
    group.sign(&ThresholdText::committee(origin, entry).unwrap()).unwrap()
}

type Made = (CommitteeKeys, Vec<MemberKeys>, KeyShare);

fn committee(seed: &str, region: gateway_types::Jurisdiction, n: u8) -> Made {
    let size = CommitteeSize::of(n).unwrap();
    let polynomial: Vec<Fr> = (0..size.t()).map(|i| scalar(&format!("{seed} a{i}"))).collect();
    let mut keys: Vec<_> = (1..=n).map(|number| member_keys(seed, number)).collect();
    for (keys, number) in keys.iter_mut().zip(1..) {
        keys.share = Some(KeyShare::new(number, &bytes_of(evaluate(&polynomial, number))).unwrap());
    }
    let group = KeyShare::new(1, &bytes_of(polynomial[0])).unwrap();
    let members = keys.iter().zip(1..).map(|(keys, number)| public(keys, number)).collect();
    let committee = CommitteeKeys {
        region,
        size,
        members: Bounded::new(members).unwrap(),
        group_key: group.public(),
        keys_end: Timestamp(1_790_000_000_000),
        transcript: sha256(seed.as_bytes()),
    };
    (committee, keys, group)
}

fn member_keys(seed: &str, number: u8) -> MemberKeys {
    let seed = |use_| seed32(&format!("{seed} {number} {use_}"));
    MemberKeys::from_seeds(&seed("protocol"), &seed("cosigning"), &seed("encryption"))
}

fn public(keys: &MemberKeys, number: u8) -> Member {
    Member {
        name: format!("office-{number}").parse().unwrap(),
        organisation: ShortText::new(&format!("Office {number}")).unwrap(),
        protocol_key: keys.protocol.public(),
        cosigning_key: keys.cosigning.public(),
        encryption_key: keys.encryption.public(),
        verifying_share: keys.share.as_ref().unwrap().public(),
    }
}

pub(super) fn evaluate(polynomial: &[Fr], at: u8) -> Fr {
    polynomial.iter().rev().fold(Fr::from(0u8), |sum, a| sum * Fr::from(at) + a)
}

pub(super) fn bytes_of(scalar: Fr) -> [u8; 32] {
    scalar.into_bigint().to_bytes_be().try_into().unwrap()
}

pub(super) fn scalar(seed: &str) -> Fr {
    Fr::from_be_bytes_mod_order(&seed32(seed))
}

pub(super) fn seed32(seed: &str) -> [u8; 32] {
    sha256(seed.as_bytes()).0
}

pub(super) fn ballot(v: u64, d: u8) -> Ballot {
    Ballot { epoch: 1, k: 5, v, d: Digest([d; 32]) }
}

pub(super) fn everyone() -> Vec<MemberRef> {
    (0..2).flat_map(|c| (1..=4).map(move |m| member(c, m))).collect()
}

pub(super) fn member(committee: u8, member: u8) -> MemberRef {
    MemberRef { committee, member }
}

/// A point of the curve's G2 that is another key than all above.
pub(super) fn other_bls_key() -> BlsPublicKey {
    bls::blst::public(&bytes_of(scalar("other"))).unwrap()
}

pub(super) fn name_of(lane: &Lane, member: MemberRef) -> alloc::string::String {
    let region = &lane.entry.committees[usize::from(member.committee)].region;
    format!("{}/{region}/office-{}", lane.origin.deployment, member.member)
}
