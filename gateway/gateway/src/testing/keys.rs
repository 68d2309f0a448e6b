//! Two committees of 3 of 4 with keys of a real ceremony; two leaders.

use super::{NOW, chain};
use crate::lane::engine::LaneConfig;
use gateway_agreement::check::Genesis;
use gateway_ceremony::{Proposal, Seat, at_rest::StoredKeys, prove_possession, run_local};
use gateway_cosign::{EpochKeys, MemberKeys, ProtocolKey};
use gateway_types::{
    Bounded, CommitteeSize, MemberRef, Origin, Timestamp,
    bytes::BlsSignature,
    candidate::PackRef,
    entry::{
        ClientEntry, CommitteeEntry, CommitteeKeys, Entry, Leader, PackEntry, Required, ShortText,
    },
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock},
};

pub(crate) struct Made {
    pub(crate) keys: Arc<EpochKeys>,
    pub(crate) members: BTreeMap<MemberRef, MemberKeys>,
    pub(crate) genesis: Arc<Genesis>,
    pub(crate) possession: Vec<BlsSignature>,
}

pub(crate) fn origin() -> Origin {
    "comity.test/CN-GD.CN-HK.standard".parse().unwrap()
}

/// The ceremonies are held once for all tests.
pub(crate) fn made() -> &'static Made {
    static MADE: LazyLock<Made> = LazyLock::new(make);
    &MADE
}

pub(crate) fn packs() -> [PackRef; 2] {
    super::packs::both().map(|pack| pack.reference().clone())
}

/// What the gateway at `place` is told of the lane: place 0 is Hong Kong's, which leads first.
pub(crate) fn config(place: u8) -> LaneConfig {
    let made = made();
    LaneConfig {
        keys: Arc::clone(&made.keys),
        genesis: Arc::clone(&made.genesis),
        possession: made.possession.clone(),
        me: place,
        region: region(place).parse().unwrap(),
        key: Arc::new(leader_key(place)),
    }
}

fn region(place: u8) -> &'static str {
    ["CN-HK", "CN-GD"][usize::from(place)]
}

fn leader_key(place: u8) -> ProtocolKey {
    ProtocolKey::from_seed(&[place + 60; 32])
}

fn make() -> Made {
    let mut rng = ChaCha20Rng::from_seed([9; 32]);
    let mut members = BTreeMap::new();
    let (mut committees, mut shares) = (Vec::new(), Vec::new());
    for (committee, region) in (0u8..).zip(["CN-GD", "CN-HK"]) {
        let stored: Vec<_> = (0..4).map(|_| StoredKeys::draw(&mut rng)).collect();
        let keys: Vec<MemberKeys> = stored.iter().map(StoredKeys::member_keys).collect();
        let seats = (1..).zip(&keys).map(|(number, keys)| seat(number, keys));
        let proposal = Proposal {
            deployment: origin().deployment,
            region: region.parse().unwrap(),
            epoch: 1,
            attempt: 1,
            size: CommitteeSize::of(4).unwrap(),
            members: Bounded::new(seats.collect()).unwrap(),
        };
        let proposal = proposal.verify().unwrap();
        let outcomes = run_local(&mut rng, &proposal, &keys).unwrap();
        let keys_end = Timestamp(NOW.0 + 86_400_000);
        committees.push(outcomes[0].committee_keys(&proposal, keys_end).unwrap());
        for (member, (keys, outcome)) in (1u8..).zip(stored.iter().zip(&outcomes)) {
            let keys = MemberKeys { share: Some(outcome.share.clone()), ..keys.member_keys() };
            members.insert(MemberRef { committee, member }, keys);
        }
        shares.push(outcomes);
    }
    let entry = entry(committees);
    let possession = (0u8..).zip(&shares).map(|(place, outcomes)| {
        let shares = outcomes.iter().map(|outcome| &outcome.share);
        prove_possession(&origin(), &entry, place, shares).unwrap()
    });
    let possession: Vec<_> = possession.collect();
    let keys = EpochKeys::with_possession(&origin(), &entry, &possession).unwrap();
    Made { keys: Arc::new(keys), members, genesis: Arc::new(genesis(entry)), possession }
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

fn entry(committees: Vec<CommitteeKeys>) -> Vec<u8> {
    let leader = |place: u8| Leader {
        region: region(place).parse().unwrap(),
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

fn genesis(committee: Vec<u8>) -> Genesis {
    let pack = |pack| Entry::Pack(PackEntry { pack, effective_from: Timestamp(0) }).encode();
    let [a, b] = packs();
    let pin = Entry::Client(ClientEntry::Pin(chain::pin())).encode();
    Genesis::new(vec![committee, pack(a), pack(b), pin])
}
