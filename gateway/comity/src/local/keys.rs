//! Making the keys of a lane: a ceremony for each committee, its leaders' keys, the first entry.
//!
//! All on one machine, which therefore sees every share: for trying out only.

use anyhow::Context as _;
use gateway_ceremony::{
    Outcome, Proposal, Seat, VerifiedProposal, at_rest::StoredKeys, prove_possession, run_local,
};
use gateway_cosign::{MemberKeys, ProtocolKey};
use gateway_types::{
    Bounded, CommitteeSize, Jurisdiction, Origin, PublicKey, Timestamp,
    bytes::BlsSignature,
    entry::{CommitteeEntry, CommitteeKeys, Entry, Leader, Required, ShortText},
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use zeroize::Zeroizing;

/// The keys of a lane.
#[derive(Debug)]
pub struct MadeLane {
    /// The lane that they are for.
    pub origin: Origin,
    /// From when on they count no more.
    pub keys_end: Timestamp,
    /// In the entry's order.
    pub committees: Vec<MadeCommittee>,
    /// In the order in which they lead.
    pub gateways: Vec<MadeGateway>,
    /// The first `committee` entry.
    pub entry: Vec<u8>,
    /// Each committee's signature over it.
    pub possession: Vec<BlsSignature>,
}

/// One committee.
#[derive(Debug)]
pub struct MadeCommittee {
    /// What its members agreed to make keys for.
    pub proposal: VerifiedProposal,
    /// Its part of the entry.
    pub public: CommitteeKeys,
    /// In the order of the members' numbers.
    pub seats: Vec<MadeSeat>,
}

/// What a member holds.
#[derive(Debug)]
pub struct MadeSeat {
    /// Its own keys.
    pub keys: StoredKeys,
    /// Its share of the committee's key, and what it checked on the way.
    pub outcome: Outcome,
}

/// A gateway that leads. Its seed is never shown.
pub struct MadeGateway {
    /// Whose gateway it is.
    pub region: Jurisdiction,
    /// The key that its proposals are checked by.
    pub public: PublicKey,
    /// What that key is made from.
    pub seed: Zeroizing<[u8; 32]>,
}

impl std::fmt::Debug for MadeGateway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MadeGateway({}, {})", self.region, self.public)
    }
}

impl MadeGateway {
    /// A gateway's name in its region, and its folder's.
    pub const NAME: &str = "gateway";
}

/// How long a committee's keys count: 400 days, the most there is.
const KEYS_COUNT_MS: u64 = 400 * 24 * 60 * 60 * 1000;

/// What the offices of an example committee are called; further ones have numbers.
const OFFICES: [&str; 4] = [
    "Example Licensing Office",
    "Example Audit Office",
    "Example Transport Department",
    "Example Data Authority",
];

/// Makes all keys of a lane.
///
/// # Errors
///
/// If a ceremony fails: nothing was made.
pub fn make_keys(
    origin: &Origin,
    size: CommitteeSize,
    now: Timestamp,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<MadeLane> {
    let keys_end = Timestamp(now.0.saturating_add(KEYS_COUNT_MS));
    let regions = [&origin.lane.source, &origin.lane.destination];
    let mut committees = Vec::new();
    for region in regions {
        committees.push(committee(origin, region, size, keys_end, rng)?);
    }
    // By default the destination's gateway leads first, then the source's.
    let gateways = regions.map(|region| gateway(region, rng)).into_iter().rev().collect::<Vec<_>>();
    let entry = entry(origin, &committees, &gateways)?.encode();
    let possession = possession(origin, &entry, &committees)?;
    Ok(MadeLane { origin: origin.clone(), keys_end, committees, gateways, entry, possession })
}

/// One committee's ceremony.
fn committee(
    origin: &Origin,
    region: &Jurisdiction,
    size: CommitteeSize,
    keys_end: Timestamp,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<MadeCommittee> {
    let stored: Vec<StoredKeys> = size.members().map(|_| StoredKeys::draw(rng)).collect();
    let keys: Vec<MemberKeys> = stored.iter().map(StoredKeys::member_keys).collect();
    let proposal = proposal(origin, region, size, &keys)?;
    let outcomes = run_local(rng, &proposal, &keys).context("the ceremony made no keys")?;
    let public = outcomes.first().and_then(|outcome| outcome.committee_keys(&proposal, keys_end));
    let public = public.context("the ceremony made no keys")?;
    let seats = stored.into_iter().zip(outcomes).map(|(keys, outcome)| MadeSeat { keys, outcome });
    Ok(MadeCommittee { proposal, public, seats: seats.collect() })
}

fn proposal(
    origin: &Origin,
    region: &Jurisdiction,
    size: CommitteeSize,
    keys: &[MemberKeys],
) -> anyhow::Result<VerifiedProposal> {
    let seat = |(number, keys): (u8, &MemberKeys)| {
        Ok(Seat {
            name: format!("office-{number}").parse()?,
            organisation: organisation(number)?,
            protocol_key: keys.protocol.public(),
            cosigning_key: keys.cosigning.public(),
            encryption_key: keys.encryption.public(),
        })
    };
    let seats: anyhow::Result<Vec<Seat>> = (1..).zip(keys).map(seat).collect();
    let proposal = Proposal {
        deployment: origin.deployment.clone(),
        region: region.clone(),
        epoch: 1,
        attempt: 1,
        size,
        members: Bounded::new(seats?)?,
    };
    Ok(proposal.verify()?)
}

fn organisation(number: u8) -> anyhow::Result<ShortText> {
    let place = usize::from(number).saturating_sub(1);
    let name =
        OFFICES.get(place).map_or_else(|| format!("Example Office {number}"), |o| (*o).into());
    ShortText::new(&name).context("an office's name")
}

fn gateway(region: &Jurisdiction, rng: &mut ChaCha20Rng) -> MadeGateway {
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill_bytes(seed.as_mut_slice());
    MadeGateway { region: region.clone(), public: ProtocolKey::from_seed(&seed).public(), seed }
}

/// The lane's first entry.
fn entry(
    origin: &Origin,
    committees: &[MadeCommittee],
    gateways: &[MadeGateway],
) -> anyhow::Result<Entry> {
    let leader = |gateway: &MadeGateway| {
        let name = MadeGateway::NAME.parse()?;
        Ok(Leader { region: gateway.region.clone(), name, key: gateway.public })
    };
    let leaders: anyhow::Result<Vec<Leader>> = gateways.iter().map(leader).collect();
    let keys = committees.iter().map(|made| made.public.clone()).collect();
    Ok(Entry::Committee(CommitteeEntry {
        deployment: origin.deployment.clone(),
        epoch: 1,
        committees: Bounded::new(keys)?,
        leaders: Bounded::new(leaders?)?,
        required: Required::CosignaturesAndThreshold,
        protocol: 1,
        engine: ShortText::new("cedar-4.14").context("the engine's version")?,
    }))
}

/// Each committee's signature over the entry, by its threshold key.
fn possession(
    origin: &Origin,
    entry: &[u8],
    committees: &[MadeCommittee],
) -> anyhow::Result<Vec<BlsSignature>> {
    let prove = |(place, made): (u8, &MadeCommittee)| {
        let shares = made.seats.iter().map(|seat| &seat.outcome.share);
        Ok(prove_possession(origin, entry, place, shares)?)
    };
    (0u8..).zip(committees).map(prove).collect()
}
