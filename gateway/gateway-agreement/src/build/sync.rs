//! How far the sync point moves.

use super::Material;
use core::time::Duration;
use gateway_types::{
    Bounded, Bytes,
    body::{Evidence, HeadProof, MAX_EVIDENCE, MAX_HEADERS},
    entry::SyncPoint,
    registry::RegistryHead,
};
use light_client::{Proven, ProvenChanges};

/// A candidate younger than this keeps the sync point from passing its evidence.
pub const KEEP_BACK: Duration = Duration::from_secs(30);

/// A sync point that the leader's light client has proven, and what shows it to members.
#[derive(Clone, Debug)]
pub struct SyncOffer {
    pub(super) point: SyncPoint,
    pub(super) evidence: Evidence,
}

impl SyncOffer {
    /// Takes a proven head; the changes since the lane's last sync point, which lead to it; its proof
    /// in the chain's encoding; and the headers since the one that the last batch named.
    ///
    /// Nothing if the changes do not lead to that head, or there are more than a batch may hold.
    #[must_use]
    pub fn new(
        head: &Proven<RegistryHead>,
        changes: &ProvenChanges,
        proof: Bytes<MAX_EVIDENCE>,
        headers: Bounded<Bytes<MAX_EVIDENCE>, MAX_HEADERS>,
    ) -> Option<Self> {
        let (at, value) = (head.at(), head.value());
        let leads_there = (changes.end().n, changes.end().acc) == (value.n, value.acc);
        let listed = changes.changes().map(|(_, change)| *change).collect();
        let proof =
            HeadProof { height: at.height.get(), value: Bytes::new(value.to_bytes()).ok()?, proof };
        let changes = Bounded::new(listed).ok()?;
        let evidence = Evidence { headers, head: Some(proof), changes, conflict: None };
        let point = SyncPoint {
            chain: at.chain.clone(),
            height: at.height.get(),
            header_hash: at.header_hash,
            block_time: at.block_time,
            n: value.n,
            acc: value.acc,
        };
        leads_there.then_some(Self { point, evidence })
    }

    /// The sync point.
    #[must_use]
    pub fn point(&self) -> &SyncPoint {
        &self.point
    }
}

/// The highest offer above the last sync point, and not above the evidence of a candidate that will
/// still wait and is younger than [`KEEP_BACK`]: its evidence would be too old for the next batch.
pub(super) fn choose<'a>(material: &Material<'a>) -> Option<&'a SyncOffer> {
    let tip = material.lane.tip()?;
    // A frozen client follows nothing more.
    if tip.client.freeze.is_some() || super::freeze_of(material).is_some() {
        return None;
    }
    let last = tip.sync.as_ref();
    let is_new = |offer: &&SyncOffer| {
        last.is_none_or(|last| offer.point.height > last.height && offer.point.n >= last.n)
    };
    let ceiling = lowest_kept_back(material);
    let under = |offer: &&SyncOffer| ceiling.is_none_or(|lowest| offer.point.height <= lowest);
    let new = || material.offers.iter().filter(is_new);
    new().filter(under).max_by_key(|offer| offer.point.height)
}

/// Those that have an outcome are in this batch, or lapse; those without wait for the next.
fn lowest_kept_back(material: &Material<'_>) -> Option<u64> {
    let outcomes = super::choose::outcomes(material);
    let waits = material.candidates.iter().zip(outcomes).filter(|(_, outcome)| outcome.is_none());
    let young = waits.filter(|(candidate, _)| material.now.since(candidate.time()) < KEEP_BACK);
    let last = material.lane.tip()?.sync.as_ref().map_or(0, |sync| sync.height);
    // Evidence below the last sync point is lost already and keeps nothing back.
    young.map(|(candidate, _)| candidate.evidence.height).filter(|height| *height >= last).min()
}
