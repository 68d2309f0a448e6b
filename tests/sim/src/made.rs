//! What all runs share: keys of real ceremonies, certificates, packs, licences. Made once a process, from fixed seeds.

use crate::net::BEGIN;
use embedded_chain::{Chain, ExampleLicence, FIRST_PIN, Genesis as ChainGenesis, example_licence};
use gateway_agreement::check::Genesis;
use gateway_ceremony::{Proposal, Seat, at_rest::StoredKeys, prove_possession, run_local};
use gateway_cosign::{EpochKeys, KeyShare, MemberKeys, ProtocolKey};
use gateway_http::{Authority, Caller, Identity, TlsSettings};
use gateway_types::{
    Bounded, CommitteeSize, Jurisdiction, MemberRef, Origin, Timestamp,
    bytes::BlsSignature,
    entry::{
        ClientEntry, ClientPin, CommitteeEntry, CommitteeKeys, Entry, Leader, PackEntry, Required,
        ShortText,
    },
};
use policy_engine::Pack;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose as Eku, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ED25519, SanType, SerialNumber, date_time_ymd,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

/// Licences that are registered before a run begins.
pub const LICENCES: u32 = 32;

/// The regions, in the order of their committees: the source, the destination.
pub const REGIONS: [&str; 2] = ["CN-GD", "CN-HK"];

/// What all runs share.
pub struct Made {
    /// The lane's keys.
    pub keys: Arc<EpochKeys>,
    /// What batch 0 must be.
    pub genesis: Genesis,
    /// The first `committee` entry.
    pub committee: Vec<u8>,
    /// The committees' signatures over it.
    pub possession: Vec<BlsSignature>,
    /// The packs of source and destination.
    pub packs: [Arc<Pack>; 2],
    /// Where light clients begin.
    pub pin: ClientPin,
    /// The pinned header.
    pub header: Vec<u8>,
    /// The chain as it is when a run begins.
    pub chain: Chain,
    /// Its licences.
    pub licences: Vec<ExampleLicence>,
    members: BTreeMap<MemberRef, (StoredKeys, KeyShare)>,
    authorities: BTreeMap<Jurisdiction, Authority>,
    identities: BTreeMap<String, Identity>,
}

/// The lane.
#[must_use]
pub fn origin() -> Origin {
    "comity.test/CN-GD.CN-HK.standard".parse().unwrap()
}

/// The region of that committee.
#[must_use]
pub fn region(committee: u8) -> Jurisdiction {
    REGIONS[usize::from(committee)].parse().unwrap()
}

/// The gateway that leads at that place: the destination's first.
#[must_use]
pub fn leader_region(place: u8) -> Jurisdiction {
    region(1 - place)
}

/// That gateway's key.
#[must_use]
pub fn leader_key(place: u8) -> ProtocolKey {
    ProtocolKey::from_seed(&[place + 60; 32])
}

/// All of it.
#[must_use]
pub fn made() -> &'static Made {
    static MADE: LazyLock<Made> = LazyLock::new(make);
    &MADE
}

impl Made {
    /// A member's own keys.
    #[must_use]
    pub fn member_keys(&self, member: MemberRef) -> MemberKeys {
        let (stored, share) = &self.members[&member];
        MemberKeys { share: Some(share.clone()), ..stored.member_keys() }
    }

    /// The certificates of a program.
    #[must_use]
    pub fn tls(&self, who: &Caller) -> TlsSettings {
        let identity = self.identities[&who.to_string()].clone();
        TlsSettings { identity: Some(identity), authorities: self.authorities.clone() }
    }
}

fn make() -> Made {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let (mut members, mut committees, mut shares) = (BTreeMap::new(), Vec::new(), Vec::new());
    for committee in 0..2 {
        let stored: Vec<_> = (0..4).map(|_| StoredKeys::draw(&mut rng)).collect();
        let keys: Vec<MemberKeys> = stored.iter().map(StoredKeys::member_keys).collect();
        let seats = (1..).zip(&keys).map(|(number, keys)| seat(number, keys));
        let proposal = Proposal {
            deployment: origin().deployment,
            region: region(committee),
            epoch: 1,
            attempt: 1,
            size: CommitteeSize::of(4).unwrap(),
            members: Bounded::new(seats.collect()).unwrap(),
        };
        let proposal = proposal.verify().unwrap();
        let outcomes = run_local(&mut rng, &proposal, &keys).unwrap();
        let keys_end = Timestamp(BEGIN.0 + 86_400_000);
        committees.push(outcomes[0].committee_keys(&proposal, keys_end).unwrap());
        for (member, (stored, outcome)) in (1u8..).zip(stored.into_iter().zip(&outcomes)) {
            members.insert(MemberRef { committee, member }, (stored, outcome.share.clone()));
        }
        shares.push(outcomes);
    }
    let entry = committee_entry(committees);
    let possession = (0u8..).zip(&shares).map(|(place, outcomes)| {
        let shares = outcomes.iter().map(|outcome| &outcome.share);
        prove_possession(&origin(), &entry, place, shares).unwrap()
    });
    let possession: Vec<_> = possession.collect();
    let keys = EpochKeys::with_possession(&origin(), &entry, &possession).unwrap();
    let packs = packs();
    let (chain, licences) = chain();
    let pin = chain.pin(FIRST_PIN).unwrap();
    let (authorities, identities) = certificates();
    Made {
        keys: Arc::new(keys),
        genesis: genesis(entry.clone(), &packs, pin.entry.clone()),
        committee: entry,
        possession,
        packs,
        pin: pin.entry,
        header: pin.header.into_inner(),
        chain,
        licences,
        members,
        authorities,
        identities,
    }
}

fn seat(number: u8, keys: &MemberKeys) -> Seat {
    Seat {
        name: format!("office-{number}").parse().unwrap(),
        organisation: ShortText::new("Example Office").unwrap(),
        protocol_key: keys.protocol.public(),
        cosigning_key: keys.cosigning.public(),
        encryption_key: keys.encryption.public(),
    }
}

fn committee_entry(committees: Vec<CommitteeKeys>) -> Vec<u8> {
    let leader = |place: u8| Leader {
        region: leader_region(place),
        name: "gateway".parse().unwrap(),
        key: leader_key(place).public(),
    };
    let entry = CommitteeEntry {
        deployment: origin().deployment,
        epoch: 1,
        committees: Bounded::new(committees).unwrap(),
        leaders: Bounded::new(vec![leader(0), leader(1)]).unwrap(),
        required: Required::CosignaturesAndThreshold,
        protocol: 1,
        engine: ShortText::new("cedar-4.14").unwrap(),
    };
    Entry::Committee(entry).encode()
}

fn genesis(committee: Vec<u8>, packs: &[Arc<Pack>; 2], pin: ClientPin) -> Genesis {
    let pack = |pack: &Arc<Pack>| {
        let entry = PackEntry { pack: pack.reference().clone(), effective_from: pack.period().0 };
        Entry::Pack(entry).encode()
    };
    let pin = Entry::Client(ClientEntry::Pin(pin)).encode();
    Genesis::new(vec![committee, pack(&packs[0]), pack(&packs[1]), pin])
}

/// The regions' packs, as they are in the tree.
fn packs() -> [Arc<Pack>; 2] {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies/packs");
    let files = [
        "pack.toml",
        "issuers.toml",
        "asking.cedar",
        "classes.cedar",
        "consent.cedar",
        "licence.cedar",
        "permit.cedar",
    ];
    ["cn-gd", "cn-hk"].map(|region| {
        let read = |name: &str| {
            let text = std::fs::read_to_string(format!("{folder}/{region}/{name}")).unwrap();
            (name.to_owned(), text)
        };
        Arc::new(Pack::load(&files.into_iter().map(read).collect()).unwrap())
    })
}

/// A chain of Guangdong's with its licences, two minutes old.
fn chain() -> (Chain, Vec<ExampleLicence>) {
    let begin = Timestamp(BEGIN.0 - 60_000);
    let mut chain = Chain::new(ChainGenesis::four("gd-main".parse().unwrap(), begin)).unwrap();
    chain.produce_block(Timestamp(begin.0 + 1_000));
    chain.produce_block(Timestamp(begin.0 + 2_000));
    let licence = |n| example_licence(&region(0), n).unwrap();
    let licences: Vec<_> = (1..=LICENCES).map(licence).collect();
    for licence in &licences {
        chain.issue(&licence.key, licence.issued.digest()).unwrap();
    }
    for second in 3..=60 {
        chain.produce_block(Timestamp(begin.0 + second * 1_000));
    }
    (chain, licences)
}

/// Everybody's certificates: Ed25519, so that no length depends on chance.
fn certificates() -> (BTreeMap<Jurisdiction, Authority>, BTreeMap<String, Identity>) {
    let (mut authorities, mut identities) = (BTreeMap::new(), BTreeMap::new());
    for name in REGIONS {
        let region: Jurisdiction = name.parse().unwrap();
        let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
        let mut params = params(&format!("{name} authority"), 100);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let roots_pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        authorities.insert(region, Authority { roots_pem, crls_pem: None });
        for (serial, who) in (101..).zip(programs(name)) {
            identities.insert(who.clone(), identity(&issuer, &who, serial));
        }
    }
    (authorities, identities)
}

fn programs(region: &str) -> Vec<String> {
    let offices = (1..=4).map(|n| format!("comity://{region}/regulator/office-{n}"));
    let others = ["gateway/gateway", "relayer/relayer", "platform/counter"];
    offices.chain(others.map(|it| format!("comity://{region}/{it}"))).collect()
}

fn identity(issuer: &Issuer<'_, KeyPair>, who: &str, serial: u64) -> Identity {
    let mut params = params("program", serial);
    params.subject_alt_names.push(SanType::URI(who.try_into().unwrap()));
    params.extended_key_usages = vec![Eku::ClientAuth, Eku::ServerAuth];
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let chain_pem = params.signed_by(&key, issuer).unwrap().pem();
    Identity { chain_pem, key_pem: key.serialize_pem() }
}

fn params(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(serial));
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2049, 1, 1));
    params
}
