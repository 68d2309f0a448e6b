//! Founding a lane: keys by ceremony, the genesis, nodes and gateways that each hold their own.

use super::{
    gateway::Gateway,
    lane::Lane,
    node::{LaneFacts, Node, Secrets},
    packs::LanePacks,
};
use anyhow::Context as _;
use gateway_agreement::check::Genesis;
use gateway_ceremony::{Outcome, Proposal, Seat, VerifiedProposal, prove_possession, run_local};
use gateway_cosign::{EpochKeys, MemberKeys, ProtocolKey};
use gateway_types::{
    Bounded, CommitteeSize, Jurisdiction, MemberRef, Origin, PublicKey, Timestamp,
    bytes::BlsSignature,
    candidate::PackRef,
    entry::{
        ClientEntry, ClientPin, CommitteeEntry, CommitteeKeys, Entry, Leader, PackEntry, Required,
        ShortText,
    },
};
use policy_engine::Pack;
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng as _, SeedableRng as _},
};
use std::sync::Arc;

/// How long a committee's keys count: 400 days, the most there is.
const KEYS_COUNT_MS: u64 = 400 * 24 * 60 * 60 * 1000;

/// A committee whose keys were made: secrets of each member, and the public part.
#[derive(Debug)]
pub struct MadeCommittee {
    /// Its part of the `committee` entry.
    pub keys: CommitteeKeys,
    /// Its members' secrets, in the order of their numbers.
    pub members: Vec<MemberKeys>,
}

/// Makes a committee's keys by a ceremony of all its members, each its own state machine.
///
/// `offices` are the names of the organisations, one a member.
///
/// # Errors
///
/// If the ceremony fails: nothing was made.
pub fn make_committee(
    origin: &Origin,
    region: &Jurisdiction,
    size: CommitteeSize,
    offices: &[&str],
    keys_end: Timestamp,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<MadeCommittee> {
    let mut members: Vec<MemberKeys> = size.members().map(|_| draw_keys(rng)).collect();
    let proposal = proposal(origin, region, size, offices, &members)?;
    let outcomes = run_local(rng, &proposal, &members)?;
    let keys = outcomes
        .first()
        .and_then(|outcome: &Outcome| outcome.committee_keys(&proposal, keys_end))
        .context("the ceremony made no keys")?;
    for (member, outcome) in members.iter_mut().zip(outcomes) {
        member.share = Some(outcome.share);
    }
    Ok(MadeCommittee { keys, members })
}

fn draw_keys(rng: &mut ChaCha20Rng) -> MemberKeys {
    let mut draw = || {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        seed
    };
    MemberKeys::from_seeds(&draw(), &draw(), &draw())
}

fn proposal(
    origin: &Origin,
    region: &Jurisdiction,
    size: CommitteeSize,
    offices: &[&str],
    members: &[MemberKeys],
) -> anyhow::Result<VerifiedProposal> {
    let seat = |(number, (keys, office)): (usize, (&MemberKeys, &&str))| {
        Ok(Seat {
            name: format!("office-{}", number.saturating_add(1)).parse()?,
            organisation: ShortText::new(office).context("an office's name")?,
            protocol_key: keys.protocol.public(),
            cosigning_key: keys.cosigning.public(),
            encryption_key: keys.encryption.public(),
        })
    };
    let seats: Vec<Seat> =
        members.iter().zip(offices).enumerate().map(seat).collect::<anyhow::Result<_>>()?;
    let proposal = Proposal {
        deployment: origin.deployment.clone(),
        region: region.clone(),
        epoch: 1,
        attempt: 1,
        size,
        members: Bounded::new(seats)?,
    };
    Ok(proposal.verify()?)
}

/// What founds a lane.
#[derive(Debug)]
pub struct Founding {
    /// The lane.
    pub origin: Origin,
    /// Where the light clients begin.
    pub pin: ClientPin,
    /// The pinned header, as any node may give it.
    pub pinned_header: Vec<u8>,
    /// When.
    pub now: Timestamp,
    /// What all randomness is drawn from.
    pub seed: [u8; 32],
}

/// A lane that was founded, and what a relying party is given of it.
#[derive(Debug)]
pub struct Founded {
    /// The lane, its log still empty.
    pub lane: Lane,
    /// What every node was configured with.
    pub facts: Arc<LaneFacts>,
    /// The first `committee` entry.
    pub committee: Vec<u8>,
    /// The committees' proofs of possession.
    pub possession: Vec<BlsSignature>,
}

/// Founds a lane of two committees of four and two gateways.
///
/// # Errors
///
/// If a ceremony fails, or a setting is refused.
pub fn found(founding: &Founding) -> anyhow::Result<Founded> {
    let mut rng = ChaCha20Rng::from_seed(founding.seed);
    let Origin { lane, .. } = &founding.origin;
    let keys_end = Timestamp(founding.now.0.saturating_add(KEYS_COUNT_MS));
    let size = CommitteeSize::of(4)?;
    let mut committees = Vec::new();
    for region in [&lane.source, &lane.destination] {
        let made = make_committee(&founding.origin, region, size, &OFFICES, keys_end, &mut rng)?;
        committees.push(made);
    }
    let leader_keys = [draw_keys(&mut rng).protocol, draw_keys(&mut rng).protocol];
    let packs = LanePacks::load(&founding.origin)?;
    let committee = committee_entry(founding, &committees, &leader_keys)?.encode();
    let possession = possession(&founding.origin, &committee, &committees)?;
    let keys = EpochKeys::with_possession(&founding.origin, &committee, &possession)?;
    let facts = Arc::new(LaneFacts {
        keys: Arc::new(keys),
        genesis: genesis(founding, &committee, &packs),
        pin: founding.pin.clone(),
        packs,
    });
    let nodes = nodes(founding, committees, &facts)?;
    let gateways = gateways(leader_keys, &facts, &possession, &mut rng)?;
    let lane = Lane::new(nodes, gateways, founding.now);
    Ok(Founded { lane, facts, committee, possession })
}

/// The offices of an example committee.
const OFFICES: [&str; 4] = [
    "Example Licensing Office",
    "Example Audit Office",
    "Example Transport Department",
    "Example Data Authority",
];

fn committee_entry(
    founding: &Founding,
    committees: &[MadeCommittee],
    leader_keys: &[Arc<ProtocolKey>],
) -> anyhow::Result<Entry> {
    let lane = &founding.origin.lane;
    // By default the destination's gateway leads first, then the source's.
    let leader = |(region, key): (&Jurisdiction, &Arc<ProtocolKey>)| {
        Ok(Leader { region: region.clone(), name: "gateway".parse()?, key: public(key) })
    };
    let leaders: Vec<Leader> = [&lane.destination, &lane.source]
        .into_iter()
        .zip(leader_keys)
        .map(leader)
        .collect::<anyhow::Result<_>>()?;
    Ok(Entry::Committee(CommitteeEntry {
        deployment: founding.origin.deployment.clone(),
        epoch: 1,
        committees: Bounded::new(committees.iter().map(|made| made.keys.clone()).collect())?,
        leaders: Bounded::new(leaders)?,
        required: Required::CosignaturesAndThreshold,
        protocol: 1,
        engine: ShortText::new("cedar-4.14").context("the engine's version")?,
    }))
}

fn public(key: &ProtocolKey) -> PublicKey {
    key.public()
}

fn possession(
    origin: &Origin,
    entry: &[u8],
    committees: &[MadeCommittee],
) -> anyhow::Result<Vec<BlsSignature>> {
    let prove = |(place, made): (u8, &MadeCommittee)| {
        let shares = made.members.iter().filter_map(|member| member.share.as_ref());
        Ok(prove_possession(origin, entry, place, shares)?)
    };
    (0u8..).zip(committees).map(prove).collect()
}

fn genesis(founding: &Founding, committee: &[u8], packs: &LanePacks) -> Genesis {
    let pack = |pack: &Pack| {
        let reference: PackRef = pack.reference().clone();
        Entry::Pack(PackEntry { pack: reference, effective_from: pack.period().0 }).encode()
    };
    let pin = Entry::Client(ClientEntry::Pin(founding.pin.clone())).encode();
    Genesis::new(vec![committee.to_vec(), pack(&packs.source), pack(&packs.destination), pin])
}

fn nodes(
    founding: &Founding,
    committees: Vec<MadeCommittee>,
    facts: &Arc<LaneFacts>,
) -> anyhow::Result<Vec<Node>> {
    let mut nodes = Vec::new();
    for (committee, made) in (0u8..).zip(committees) {
        for (member, keys) in (1u8..).zip(made.members) {
            let secrets = Secrets { me: MemberRef { committee, member }, keys };
            let facts = Arc::clone(facts);
            nodes.push(Node::new(secrets, facts, &founding.pinned_header, founding.now)?);
        }
    }
    Ok(nodes)
}

fn gateways(
    leader_keys: [Arc<ProtocolKey>; 2],
    facts: &Arc<LaneFacts>,
    possession: &[BlsSignature],
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<Vec<Gateway>> {
    let mut gateways = Vec::new();
    for (place, key) in (0u8..).zip(leader_keys) {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let rng = ChaCha20Rng::from_seed(seed);
        gateways.push(Gateway::new(place, key, Arc::clone(facts), possession.to_vec(), rng)?);
    }
    Ok(gateways)
}
