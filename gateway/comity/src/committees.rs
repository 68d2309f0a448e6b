//! Making the keys of a lane: a ceremony for each committee, its leaders' keys, the first entry.
//!
//! All on one machine, which therefore sees every share: for trying out only.

use anyhow::Context as _;
use gateway_ceremony::{
    Outcome, Proposal, Seat, VerifiedProposal,
    at_rest::{StoredKeys, StoredShare},
    prove_possession, run_local,
};
use gateway_cosign::{MemberKeys, ProtocolKey};
use gateway_types::{
    Bounded, CommitteeSize, Jurisdiction, Name, Origin, PublicKey, Timestamp,
    bytes::BlsSignature,
    entry::{CommitteeEntry, CommitteeKeys, Entry, Leader, Required, ShortText},
    id::Deployment,
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

impl MadeCommittee {
    /// A seat's share as it is kept.
    #[must_use]
    pub fn stored_share(&self, seat: &MadeSeat) -> StoredShare {
        StoredShare {
            committee: self.proposal.committee(),
            epoch: self.proposal.proposal().epoch,
            group_key: seat.outcome.group_key,
            transcript: seat.outcome.transcript,
            share: seat.outcome.share.clone(),
        }
    }
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
    let keys_end = keys_end(now);
    let regions = [&origin.lane.source, &origin.lane.destination];
    let offices: anyhow::Result<Vec<Office>> = size.members().map(Office::example).collect();
    let offices = offices?;
    let mut committees = Vec::new();
    for region in regions {
        committees.push(make_committee(&origin.deployment, region, &offices, keys_end, rng)?);
    }
    // By default the destination's gateway leads first, then the source's.
    let gateways =
        regions.map(|region| make_gateway(region, rng)).into_iter().rev().collect::<Vec<_>>();
    let signers: Vec<&MadeCommittee> = committees.iter().collect();
    let leaders: Vec<&MadeGateway> = gateways.iter().collect();
    let (entry, possession) = first_entry(origin, &signers, &leaders)?;
    Ok(MadeLane { origin: origin.clone(), keys_end, committees, gateways, entry, possession })
}

/// When keys made now end.
#[must_use]
pub fn keys_end(now: Timestamp) -> Timestamp {
    Timestamp(now.0.saturating_add(KEYS_COUNT_MS))
}

/// A lane's first `committee` entry, and each committee's signature over it by its threshold key.
///
/// # Errors
///
/// If there are more than an entry holds, or shares do not fit their committee.
pub fn first_entry(
    origin: &Origin,
    committees: &[&MadeCommittee],
    gateways: &[&MadeGateway],
) -> anyhow::Result<(Vec<u8>, Vec<BlsSignature>)> {
    let entry = entry(origin, committees, gateways)?.encode();
    let possession = possession(origin, &entry, committees)?;
    Ok((entry, possession))
}

/// One committee's ceremony: its keys serve in every lane of its region.
///
/// # Errors
///
/// If there are fewer than 4 offices or more than 32, or the ceremony fails: nothing was made.
pub fn make_committee(
    deployment: &Deployment,
    region: &Jurisdiction,
    offices: &[Office],
    keys_end: Timestamp,
    rng: &mut ChaCha20Rng,
) -> anyhow::Result<MadeCommittee> {
    let stored: Vec<StoredKeys> = offices.iter().map(|_| StoredKeys::draw(rng)).collect();
    let keys: Vec<MemberKeys> = stored.iter().map(StoredKeys::member_keys).collect();
    let proposal = proposal(deployment, region, offices, &keys)?;
    let outcomes = run_local(rng, &proposal, &keys).context("the ceremony made no keys")?;
    let public = outcomes.first().and_then(|outcome| outcome.committee_keys(&proposal, keys_end));
    let public = public.context("the ceremony made no keys")?;
    let seats = stored.into_iter().zip(outcomes).map(|(keys, outcome)| MadeSeat { keys, outcome });
    Ok(MadeCommittee { proposal, public, seats: seats.collect() })
}

fn proposal(
    deployment: &Deployment,
    region: &Jurisdiction,
    offices: &[Office],
    keys: &[MemberKeys],
) -> anyhow::Result<VerifiedProposal> {
    let seat = |(office, keys): (&Office, &MemberKeys)| Seat {
        name: office.name.clone(),
        organisation: office.organisation.clone(),
        protocol_key: keys.protocol.public(),
        cosigning_key: keys.cosigning.public(),
        encryption_key: keys.encryption.public(),
    };
    let seats: Vec<Seat> = offices.iter().zip(keys).map(seat).collect();
    let proposal = Proposal {
        deployment: deployment.clone(),
        region: region.clone(),
        epoch: 1,
        attempt: 1,
        size: CommitteeSize::of(u8::try_from(offices.len())?)?,
        members: Bounded::new(seats)?,
    };
    Ok(proposal.verify()?)
}

/// Who sits on a committee.
#[derive(Clone, Debug)]
pub struct Office {
    /// The node's name.
    pub name: Name,
    /// The body that runs it.
    pub organisation: ShortText,
}

impl Office {
    /// An example, by its number.
    ///
    /// # Errors
    ///
    /// None that can be: every number makes a name.
    pub fn example(number: u8) -> anyhow::Result<Self> {
        Ok(Self { name: format!("office-{number}").parse()?, organisation: organisation(number)? })
    }
}

fn organisation(number: u8) -> anyhow::Result<ShortText> {
    let place = usize::from(number).saturating_sub(1);
    let name =
        OFFICES.get(place).map_or_else(|| format!("Example Office {number}"), |o| (*o).into());
    ShortText::new(&name).context("an office's name")
}

/// A gateway's key.
#[must_use]
pub fn make_gateway(region: &Jurisdiction, rng: &mut ChaCha20Rng) -> MadeGateway {
    let mut seed = Zeroizing::new([0; 32]);
    rng.fill_bytes(seed.as_mut_slice());
    MadeGateway { region: region.clone(), public: ProtocolKey::from_seed(&seed).public(), seed }
}

/// The lane's first entry.
fn entry(
    origin: &Origin,
    committees: &[&MadeCommittee],
    gateways: &[&MadeGateway],
) -> anyhow::Result<Entry> {
    let leader = |gateway: &&MadeGateway| {
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
    committees: &[&MadeCommittee],
) -> anyhow::Result<Vec<BlsSignature>> {
    let prove = |(place, made): (u8, &&MadeCommittee)| {
        let shares = made.seats.iter().map(|seat| &seat.outcome.share);
        Ok(prove_possession(origin, entry, place, shares)?)
    };
    (0u8..).zip(committees).map(prove).collect()
}
