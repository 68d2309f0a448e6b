//! The leader's making of a new body from what waits.
//!
//! Candidates with a quorum of verdicts become `recognised`, those that can have none `declined`, the
//! source's changes `status`; the rest goes on waiting. Nothing is decided here: members check all of it
//! again ([`crate::check`]).

mod choose;
mod entries;
mod lists;
mod sync;

pub use choose::Left;
pub use sync::{KEEP_BACK, SyncOffer};

use crate::{digested::DigestedBody, leader::Limit};
use choose::Chosen;
use gateway_cosign::{EpochKeys, Verified};
use gateway_lane::{LaneError, LaneState};
use gateway_log::{Frontier, LeafHash, LogFull};
use gateway_types::{
    Bounded, Bytes, Digest, Salt, Timestamp,
    body::{Body, BodyEntry, Evidence},
    bounded::TooMany,
    bytes::BlsSignature,
    candidate::Candidate,
    checkpoint::TreeHead,
    entry::{ClientFreeze, Entry},
    verdict::{SignedVerdicts, VerdictList},
};
use light_client::Misbehaviour;

/// What a body is made from.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// The epoch's keys.
    pub keys: &'a EpochKeys,
    /// The lane's state at the tip.
    pub lane: &'a LaneState,
    /// The tip's hashes.
    pub frontier: &'a Frontier,
    /// The leader's clock.
    pub now: Timestamp,
    /// How large the body may be: from `MakeBody`.
    pub limit: Limit,
    /// All that wait, those without a quorum too, in the order in which they came.
    pub candidates: &'a [Candidate],
    /// The verdict lists that came, in the order in which they came.
    pub lists: &'a [Verified<VerdictList>],
    /// How far the source can be shown to be followed, heights rising; none if chain or relayers are
    /// silent.
    pub offers: &'a [SyncOffer],
    /// What froze the leader's own client, if it is not logged yet.
    pub freeze: Option<&'a Misbehaviour>,
}

/// A new body and what goes beside it.
#[derive(Clone, Debug)]
pub struct Made {
    /// The body.
    pub body: DigestedBody,
    /// What its freshness is judged by.
    pub evidence: Evidence,
    /// The candidates with a verdict's outcome that are not in it, and why.
    pub left: Vec<(Digest, Left)>,
}

/// Makes the next body, its sync point moved as far as it may. With nothing waiting it is a heartbeat.
///
/// `salts` gives one 16-byte salt an entry, drawn by the caller at random.
///
/// # Errors
///
/// [`MakeError`]: nothing can be made now.
pub fn make_body(
    material: &Material<'_>,
    salts: &mut impl Iterator<Item = Salt>,
) -> Result<Made, MakeError> {
    let offer = sync::choose(material);
    let mut chosen = Chosen::of(material, offer);
    let entries = loop {
        let entries = entries::of(material, offer, &chosen);
        match material.lane.status_list_after(&entries) {
            Ok(list) => break entries::with_list(entries, list.digest()),
            Err(LaneError::Entry { at, error }) => {
                // What the lane refuses does not keep the rest from being logged.
                if !chosen.drop_entry(at, entries::fixed(&entries), error.clone()) {
                    return Err(LaneError::Entry { at, error }.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
    };
    let evidence = entries::evidence(material, offer);
    let lists = chosen.lists(material);
    let body = assemble(material, &entries, lists, Vec::new(), salts)?;
    Ok(Made { body, evidence, left: chosen.left })
}

/// Makes batch 0 from the genesis file's entries and the committees' proofs of possession.
///
/// # Errors
///
/// [`MakeError`]: the genesis file cannot begin this lane.
pub fn make_genesis(
    material: &Material<'_>,
    genesis: &crate::check::Genesis,
    possession: &[BlsSignature],
    salts: &mut impl Iterator<Item = Salt>,
) -> Result<Made, MakeError> {
    let decoded: Result<Vec<Entry>, _> =
        genesis.entries().iter().map(|bytes| Entry::decode(bytes)).collect();
    let first = entries::batch(material, None);
    let entries: Vec<Entry> = std::iter::once(first).chain(decoded?).collect();
    let list = material.lane.status_list_after(&entries)?;
    let entries = entries::with_list(entries, list.digest());
    let body = assemble(material, &entries, Vec::new(), possession.to_vec(), salts)?;
    Ok(Made { body, evidence: Evidence::default(), left: Vec::new() })
}

fn assemble(
    material: &Material<'_>,
    entries: &[Entry],
    verdicts: Vec<SignedVerdicts>,
    possession: Vec<BlsSignature>,
    salts: &mut impl Iterator<Item = Salt>,
) -> Result<DigestedBody, MakeError> {
    let salted = |entry: &Entry| {
        let salt = salts.next().ok_or(MakeError::Salts)?;
        Ok(BodyEntry { salt, bytes: Bytes::new(entry.encode())? })
    };
    let salted: Vec<BodyEntry> = entries.iter().map(salted).collect::<Result<_, MakeError>>()?;
    let leaves = salted.iter().map(|entry| LeafHash::of(&entry.salt, &entry.bytes));
    let after = material.frontier.with(leaves)?;
    let base = TreeHead { size: material.frontier.size(), root: material.frontier.root() };
    Ok(DigestedBody::new(Body {
        origin: material.lane.origin().clone(),
        epoch: material.keys.epoch(),
        k: material.lane.next_k(),
        base,
        time: time_of(material),
        entries: Bounded::new(salted)?,
        verdicts: Bounded::new(verdicts)?,
        possession: Bounded::new(possession)?,
        head: TreeHead { size: after.size(), root: after.root() },
    }))
}

/// Now, or the first moment after the last batch.
fn time_of(material: &Material<'_>) -> Timestamp {
    let tip = material.lane.tip().map(|tip| Timestamp(tip.time.0.saturating_add(1)));
    tip.map_or(material.now, |after| after.max(material.now))
}

/// The freeze that is to be logged, if it has an entry and is not logged yet.
fn freeze_of(material: &Material<'_>) -> Option<ClientFreeze> {
    let client = &material.lane.tip()?.client;
    let unlogged = material.freeze.filter(|_| client.freeze.is_none())?;
    unlogged.freeze_entry(client.pin.chain.clone(), client.id)
}

/// Why no body can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// The caller gave fewer salts than there are entries.
    #[error("fewer salts than entries")]
    Salts,
    /// More of something than a body may hold.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// The log is full.
    #[error(transparent)]
    Full(#[from] LogFull),
    /// The genesis file's entries are none.
    #[error(transparent)]
    Decode(#[from] gateway_types::cbor::DecodeError),
    /// The lane takes no such batch.
    #[error(transparent)]
    Lane(#[from] LaneError),
}

#[cfg(test)]
mod tests;
