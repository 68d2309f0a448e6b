//! Committees with real keys, and two bodies to fight over.

use gateway_agreement::{DigestedBody, Quorums, member::MemberConfig};
use gateway_cosign::{CosigningKey, EncryptionKey, EpochKeys, KeyShare, ProtocolKey};
use gateway_log::{Frontier, LeafHash};
use gateway_types::{
    Bounded, Bytes, CommitteeSize, Digest, MemberRef, Origin, Salt, Timestamp,
    body::{Body, BodyEntry},
    checkpoint::TreeHead,
    entry::{CommitteeEntry, CommitteeKeys, Entry, Leader, Member, Required, ShortText},
};
use std::sync::Arc;

/// How many leaders take turns.
pub const LEADERS: u8 = 2;

/// The lane.
pub fn origin() -> Origin {
    "comity.model/CN-GD.CN-HK.standard".parse().unwrap()
}

fn seed(what: u8, committee: usize, member: u8) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[28..].copy_from_slice(&[what, u8::try_from(committee).unwrap(), member, 1]);
    seed
}

fn share(committee: usize, member: u8) -> gateway_types::bytes::BlsPublicKey {
    KeyShare::new(member.max(1), &seed(4, committee, member)).unwrap().public()
}

fn member(committee: usize, number: u8) -> Member {
    Member {
        name: format!("office-{committee}-{number}").parse().unwrap(),
        organisation: ShortText::new("Office").unwrap(),
        protocol_key: ProtocolKey::from_seed(&seed(1, committee, number)).public(),
        cosigning_key: CosigningKey::from_seed(&seed(2, committee, number)).public(),
        encryption_key: EncryptionKey::from_seed(&seed(3, committee, number)).public(),
        verifying_share: share(committee, number),
    }
}

/// The keys of an epoch with committees of these sizes.
pub fn epoch_keys(sizes: &[CommitteeSize]) -> Arc<EpochKeys> {
    let regions = ["CN-GD", "CN-HK", "CN-MO", "CN-FJ"];
    let committee = |(place, size): (usize, &CommitteeSize)| CommitteeKeys {
        region: regions[place].parse().unwrap(),
        size: *size,
        members: Bounded::new(size.members().map(|number| member(place, number)).collect())
            .unwrap(),
        group_key: share(place, 0),
        keys_end: Timestamp(u64::MAX),
        transcript: Digest([0; 32]),
    };
    let leader = |place: u8| Leader {
        region: regions[usize::from(place)].parse().unwrap(),
        name: "gateway".parse().unwrap(),
        key: ProtocolKey::from_seed(&seed(5, usize::from(place), 0)).public(),
    };
    let entry = Entry::Committee(CommitteeEntry {
        deployment: origin().deployment,
        epoch: 1,
        committees: Bounded::new(sizes.iter().enumerate().map(committee).collect()).unwrap(),
        leaders: Bounded::new((0..LEADERS).map(leader).collect()).unwrap(),
        required: Required::CosignaturesAndThreshold,
        protocol: 1,
        engine: ShortText::new("cedar-4.14").unwrap(),
    });
    Arc::new(EpochKeys::from_logged(&origin(), &entry.encode()).unwrap())
}

/// The configuration of one member.
pub fn member_config(sizes: &[CommitteeSize], me: MemberRef) -> MemberConfig {
    MemberConfig {
        origin: origin(),
        epoch: 1,
        me,
        quorums: Quorums::new(sizes.to_vec()).unwrap(),
        leaders: LEADERS,
        keys_end: Timestamp(u64::MAX),
    }
}

/// A batch 0 of one leaf; another one for each tag.
pub fn body(tag: u8) -> DigestedBody {
    let entry = BodyEntry { salt: Salt([tag; 16]), bytes: Bytes::new(vec![tag]).unwrap() };
    let empty = Frontier::empty();
    let after = empty.with([LeafHash::of(&entry.salt, &entry.bytes)]).unwrap();
    DigestedBody::new(Body {
        origin: origin(),
        epoch: 1,
        k: 0,
        base: TreeHead { size: empty.size(), root: empty.root() },
        time: Timestamp(1_000),
        entries: Bounded::new(vec![entry]).unwrap(),
        verdicts: Bounded::default(),
        possession: Bounded::default(),
        head: TreeHead { size: after.size(), root: after.root() },
    })
}
