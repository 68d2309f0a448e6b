//! Two committees of four with real keys, of whom three must agree; two leaders; the packs of both regions.

use super::{NOW, chain, m};
use crate::setup::Setup;
use gateway_agreement::check::Genesis;
use gateway_core::KnownPlatforms;
use gateway_cosign::{EncryptionKey, EpochKeys, KeyShare, MemberKeys, ProtocolKey, ThresholdText};
use gateway_types::{
    Bounded, CommitteeSize, Digest, MemberRef, Origin, Timestamp,
    bytes::BlsSignature,
    entry::{
        ClientEntry, CommitteeEntry, CommitteeKeys, Entry, Leader, Member, PackEntry, Required,
        ShortText,
    },
    link::{CandidateFrame, InboxFrame},
};
use light_client::Limits;
use policy_engine::Pack;
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

macro_rules! pack {
    ($region:literal) => {
        pack!($region, "pack.toml", "issuers.toml", "asking.cedar", "classes.cedar",
            "consent.cedar", "licence.cedar", "permit.cedar")
    };
    ($region:literal, $($file:literal),*) => {
        Pack::load(&BTreeMap::from([$((
            $file.to_owned(),
            include_str!(concat!("../../../../policies/packs/", $region, "/", $file)).to_owned(),
        )),*])).unwrap()
    };
}

pub(crate) fn source() -> Pack {
    pack!("cn-gd")
}

pub(crate) fn destination() -> Pack {
    pack!("cn-hk")
}

pub(crate) fn origin() -> Origin {
    "comity.gba/CN-GD.CN-HK.standard".parse().unwrap()
}

fn seed(what: u8, member: MemberRef) -> [u8; 32] {
    let mut seed = [0; 32];
    seed[28..].copy_from_slice(&[what, member.committee, member.member, 7]);
    seed
}

/// A member's share; member 0 stands for the whole committee's key.
fn share(member: MemberRef) -> KeyShare {
    KeyShare::new(member.member.max(1), &seed(4, member)).unwrap()
}

fn member_keys(of: MemberRef) -> MemberKeys {
    let keys = MemberKeys::from_seeds(&seed(1, of), &seed(2, of), &seed(3, of));
    MemberKeys { share: Some(share(of)), ..keys }
}

fn member(of: MemberRef) -> Member {
    let keys = member_keys(of);
    Member {
        name: format!("office-{}", of.member).parse().unwrap(),
        organisation: ShortText::new("Example Office").unwrap(),
        protocol_key: keys.protocol.public(),
        cosigning_key: keys.cosigning.public(),
        encryption_key: EncryptionKey::from_seed(&seed(3, of)).public(),
        verifying_share: share(of).public(),
    }
}

pub(crate) fn leader_key(place: u8) -> ProtocolKey {
    ProtocolKey::from_seed(&seed(5, m(place, 0)))
}

fn committee_entry() -> CommitteeEntry {
    let committee = |place: u8, region: &str| CommitteeKeys {
        region: region.parse().unwrap(),
        size: CommitteeSize::of(4).unwrap(),
        members: Bounded::new((1..=4).map(|number| member(m(place, number))).collect()).unwrap(),
        group_key: share(m(place, 0)).public(),
        keys_end: Timestamp(NOW.0 + 86_400_000),
        transcript: Digest([place + 1; 32]),
    };
    let leader = |place: u8, region: &str| Leader {
        region: region.parse().unwrap(),
        name: "gateway".parse().unwrap(),
        key: leader_key(place).public(),
    };
    CommitteeEntry {
        deployment: origin().deployment,
        epoch: 1,
        committees: Bounded::new(vec![committee(0, "CN-GD"), committee(1, "CN-HK")]).unwrap(),
        leaders: Bounded::new(vec![leader(0, "CN-HK"), leader(1, "CN-GD")]).unwrap(),
        required: Required::Cosignatures,
        protocol: 1,
        engine: ShortText::new("cedar-4.14").unwrap(),
    }
}

pub(crate) fn keys() -> Arc<EpochKeys> {
    static KEYS: LazyLock<Arc<EpochKeys>> = LazyLock::new(|| {
        let entry = Entry::Committee(committee_entry()).encode();
        Arc::new(EpochKeys::from_logged(&origin(), &entry).unwrap())
    });
    Arc::clone(&KEYS)
}

/// What the operators accepted.
pub(crate) fn genesis() -> Genesis {
    let pack = |pack: &Pack| {
        let effective_from = pack.period().0;
        Entry::Pack(PackEntry { pack: pack.reference().clone(), effective_from }).encode()
    };
    let pin = Entry::Client(ClientEntry::Pin(chain::pin())).encode();
    let committee = Entry::Committee(committee_entry()).encode();
    Genesis::new(vec![committee, pack(&source()), pack(&destination()), pin])
}

/// Each committee's proof that it holds its key.
pub(crate) fn possession() -> Vec<BlsSignature> {
    let text = ThresholdText::committee(&origin(), &genesis().entries()[0]).unwrap();
    (0..2).map(|committee| share(m(committee, 0)).sign(&text).unwrap()).collect()
}

pub(crate) fn setup(me: MemberRef) -> Setup {
    Setup {
        keys: keys(),
        genesis: genesis(),
        me,
        secrets: member_keys(me),
        source: source(),
        destination: destination(),
        platforms: KnownPlatforms::default(),
        pin: chain::pin(),
        limits: Limits::default(),
        chain: chain::make,
    }
}

/// The candidate as a gateway sends it to that member: what the holder handed over is for the destination's alone.
pub(crate) fn candidate_for(me: MemberRef, frame: &CandidateFrame) -> InboxFrame {
    let handed = frame.handed.clone().filter(|_| me.committee == 1);
    InboxFrame::Candidate(Box::new(CandidateFrame { handed, ..frame.clone() }))
}
