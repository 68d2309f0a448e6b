//! Two committees of 3 of 4 with all their secrets, from fixed seeds.

use ark_bls12_381::Fr;
use ark_ff::{BigInteger as _, PrimeField as _};
use gateway_cosign::{
    CosigningKey, EncryptionKey, EpochKeys, KeyShare, ProtocolKey, ThresholdText,
};
use gateway_types::{
    Bounded, CommitteeSize, MemberRef, Origin, Timestamp,
    bytes::BlsSignature,
    entry::{
        CommitteeEntry, CommitteeKeys, Entry, Leader, Member as MemberEntry, Required, ShortText,
    },
    frame::sha256,
};
use std::sync::Arc;

/// One member's secrets.
#[derive(Debug)]
pub struct Secrets {
    /// Who it is.
    pub me: MemberRef,
    /// Signs votes and verdicts.
    pub protocol: ProtocolKey,
    /// Signs checkpoints.
    pub cosigning: CosigningKey,
    /// Its share of the committee's key.
    pub share: KeyShare,
}

/// Everybody's keys.
#[derive(Debug)]
pub struct Keys {
    /// What all know.
    pub public: Arc<EpochKeys>,
    /// The `committee` entry.
    pub entry: CommitteeEntry,
    /// Each committee's word that it holds its key.
    pub possession: Vec<BlsSignature>,
    /// Of the leader of view 0.
    pub leader: ProtocolKey,
    /// Of all members, in order.
    pub members: Vec<Secrets>,
}

impl Keys {
    /// Keys of a lane that are in force until `keys_end`.
    ///
    /// # Panics
    ///
    /// If the lane refuses them.
    #[must_use]
    pub fn new(origin: &Origin, keys_end: Timestamp) -> Self {
        let members: Vec<Secrets> =
            (0..2).flat_map(|place| (1..=4).map(move |number| secrets(place, number))).collect();
        let regions = [&origin.lane.source, &origin.lane.destination];
        let committee = |(place, region): (u8, _)| CommitteeKeys {
            region: Clone::clone(region),
            size: CommitteeSize::of(4).expect("a size"),
            members: Bounded::new(entries(&members, place)).expect("four"),
            group_key: share(place, 0).public(),
            keys_end,
            transcript: sha256(&[place]),
        };
        let entry = CommitteeEntry {
            deployment: origin.deployment.clone(),
            epoch: 1,
            committees: Bounded::new((0..).zip(regions).map(committee).collect()).expect("two"),
            leaders: Bounded::new((0..).zip(regions).map(leader).collect()).expect("two"),
            required: Required::CosignaturesAndThreshold,
            protocol: 1,
            engine: ShortText::new("cedar-4.14").expect("short"),
        };
        let bytes = Entry::Committee(entry.clone()).encode();
        let text = ThresholdText::committee(origin, &bytes).expect("a committee");
        let possession = [0, 1].map(|place| share(place, 0).sign(&text).expect("a signature"));
        let public = EpochKeys::with_possession(origin, &bytes, &possession).expect("good keys");
        let leader = leader_key(0);
        Self { public: Arc::new(public), entry, possession: possession.into(), leader, members }
    }
}

fn entries(members: &[Secrets], place: u8) -> Vec<MemberEntry> {
    let entry = |it: &Secrets| MemberEntry {
        name: format!("office-{}", it.me.member).parse().expect("a name"),
        organisation: ShortText::new("Example Office").expect("short"),
        protocol_key: it.protocol.public(),
        cosigning_key: it.cosigning.public(),
        encryption_key: EncryptionKey::from_seed(&seed("encryption", place, it.me.member)).public(),
        verifying_share: it.share.public(),
    };
    members.iter().filter(|it| it.me.committee == place).map(entry).collect()
}

fn leader((place, region): (u8, &gateway_types::Jurisdiction)) -> Leader {
    let name = format!("gateway-{place}").parse().expect("a name");
    Leader { region: region.clone(), name, key: leader_key(place).public() }
}

fn leader_key(place: u8) -> ProtocolKey {
    ProtocolKey::from_seed(&seed("leader", place, 0))
}

fn secrets(committee: u8, member: u8) -> Secrets {
    Secrets {
        me: MemberRef { committee, member },
        protocol: ProtocolKey::from_seed(&seed("protocol", committee, member)),
        cosigning: CosigningKey::from_seed(&seed("cosigning", committee, member)),
        share: share(committee, member),
    }
}

/// The committee's secret polynomial, of degree 2, at a member's number; at 0 it is the whole key.
fn share(committee: u8, member: u8) -> KeyShare {
    let coefficient = |i: u8| Fr::from_be_bytes_mod_order(&seed("polynomial", committee, i));
    let value = [2, 1, 0]
        .map(coefficient)
        .into_iter()
        .fold(Fr::from(0u8), |sum, coefficient| sum * Fr::from(member) + coefficient);
    let secret = value.into_bigint().to_bytes_be().try_into().expect("32 bytes");
    KeyShare::new(member.max(1), &secret).expect("a share")
}

fn seed(what: &str, committee: u8, number: u8) -> [u8; 32] {
    sha256(format!("bench {what} {committee} {number}").as_bytes()).0
}
