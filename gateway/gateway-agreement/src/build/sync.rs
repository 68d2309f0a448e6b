//! How far the sync point moves.

use super::Material;
use crate::check::MAX_CLOCK_DIFFERENCE;
use core::time::Duration;
use gateway_lane::LaneState;
use gateway_types::{
    Bounded, Bytes, Timestamp,
    body::{CATCH_UP, ChangeProof, Evidence, HeadProof, MAX_CHANGES, MAX_EVIDENCE, MAX_HEADERS},
    entry::SyncPoint,
    registry::{Change, RegistryChange, RegistryHead},
};
use light_client::{Proven, ProvenChanges, SyncStart};

/// A candidate younger than this keeps the sync point from passing its evidence, while the last sync point's
/// block is younger than this too.
pub const KEEP_BACK: Duration = Duration::from_secs(30);

/// A sync point that the leader's light client has proven, and what shows it to members.
#[derive(Clone, Debug)]
pub struct SyncOffer {
    pub(super) point: SyncPoint,
    pub(super) evidence: Evidence,
    /// The last change of the lane that its changes follow.
    after: SyncStart,
}

impl SyncOffer {
    /// Takes a proven head; the changes since the lane's last sync point, which lead to it; its proof
    /// in the chain's encoding; and the headers since the one that the last batch named.
    ///
    /// Nothing if the changes do not lead to that head, or there are more than [`CATCH_UP`]: see
    /// [`SyncOffer::catch_up`].
    #[must_use]
    pub fn new(
        head: &Proven<RegistryHead>,
        changes: &ProvenChanges,
        proof: Bytes<MAX_EVIDENCE>,
        headers: Bounded<Bytes<MAX_EVIDENCE>, MAX_HEADERS>,
    ) -> Option<Self> {
        let (at, value) = (head.at(), head.value());
        let end = SyncStart { n: value.n, acc: value.acc };
        let listed = listed(changes, end).filter(|listed| listed.len() <= CATCH_UP)?;
        let proof =
            HeadProof { height: at.height.get(), value: Bytes::new(value.to_bytes()).ok()?, proof };
        let point = SyncPoint {
            chain: at.chain.clone(),
            height: at.height.get(),
            header_hash: at.header_hash,
            block_time: at.block_time,
            n: end.n,
            acc: end.acc,
        };
        let evidence = Evidence { headers, head: Some(proof), changes: listed, ..<_>::default() };
        Some(Self { point, evidence, after: changes.after() })
    }

    /// Where more than [`CATCH_UP`] changes wait: takes the proven change that ends the first so many of
    /// them; these changes, which lead to it; its proof in the chain's encoding; and the headers since the
    /// one that the last batch named.
    ///
    /// The sync point keeps the last one's height and time, so nothing is recognised in that batch. Nothing
    /// before batch 0, or if the changes do not lead from the lane's last one to that change, or are not
    /// exactly [`CATCH_UP`]. Source: `formats`, section 4.
    #[must_use]
    pub fn catch_up(
        lane: &LaneState,
        change: &Proven<RegistryChange>,
        changes: &ProvenChanges,
        proof: Bytes<MAX_EVIDENCE>,
        headers: Bounded<Bytes<MAX_EVIDENCE>, MAX_HEADERS>,
    ) -> Option<Self> {
        let end = SyncStart { n: *change.key(), acc: change.value().acc };
        let listed = listed(changes, end).filter(|listed| listed.len() == CATCH_UP)?;
        let point = SyncPoint { n: end.n, acc: end.acc, ..lane.catch_up_base()? };
        let value = Bytes::new(change.value().to_bytes()).ok()?;
        let proof = ChangeProof { height: change.at().height.get(), value, proof };
        let evidence = Evidence { headers, change: Some(proof), changes: listed, ..<_>::default() };
        let offer = Self { point, evidence, after: changes.after() };
        offer.follows(lane).then_some(offer)
    }

    /// The sync point.
    #[must_use]
    pub fn point(&self) -> &SyncPoint {
        &self.point
    }

    /// Whether it only catches up.
    pub(super) fn only_catches_up(&self) -> bool {
        self.evidence.change.is_some()
    }

    /// Whether its changes go on where the lane stands.
    fn follows(&self, lane: &LaneState) -> bool {
        (self.after.n, self.after.acc) == lane.last_change()
    }
}

/// The changes, if they lead to that end.
fn listed(changes: &ProvenChanges, end: SyncStart) -> Option<Bounded<Change, MAX_CHANGES>> {
    let listed = changes.changes().map(|(_, change)| *change).collect();
    (changes.end() == end).then(|| Bounded::new(listed).ok()).flatten()
}

/// The highest offer above the last sync point, or the pin, and not above what [`ceiling`] keeps back. Only
/// where no head can be offered, a catch-up.
pub(super) fn choose<'a>(material: &Material<'a>) -> Option<&'a SyncOffer> {
    let tip = material.lane.tip()?;
    // A frozen client follows nothing more.
    if tip.client.freeze.is_some() || super::freeze_of(material).is_some() {
        return None;
    }
    let offers = || material.offers.iter().filter(|offer| offer.follows(material.lane));
    // At the pin's height too the lane takes more changes for a catch-up.
    let from = material.lane.catch_up_base()?;
    let is_new = |offer: &&SyncOffer| !offer.only_catches_up() && offer.point.height > from.height;
    let heads = || offers().filter(is_new);
    if heads().next().is_none() {
        // One that was made before the last sync point moved keeps an older height.
        return offers().find(|it| it.only_catches_up() && it.point.height == from.height);
    }
    let ceiling = ceiling(material);
    let under = |offer: &&SyncOffer| ceiling.is_none_or(|lowest| offer.point.height <= lowest);
    heads().filter(under).max_by_key(|offer| offer.point.height)
}

/// The lowest evidence of a candidate that will still wait: it would be too old for the batch after a higher
/// sync point.
///
/// Nothing while the last sync point is [`KEEP_BACK`] old: whoever asks, and whatever they ask, the source
/// is followed. Nothing after a catch-up either, as evidence below the next sync point counts no more.
/// Source: design section 2.3. Trust: candidates are any gateway's.
fn ceiling(material: &Material<'_>) -> Option<u64> {
    let tip = material.lane.tip().filter(|tip| !tip.caught_up)?;
    let last = tip.sync.as_ref()?;
    if super::time_of(material).since(last.block_time) >= KEEP_BACK {
        return None;
    }
    // Those that have an outcome are in this batch, or lapse; those without wait for the next.
    let outcomes = super::choose::outcomes(material);
    let waits = material.candidates.iter().zip(outcomes).filter(|(_, outcome)| outcome.is_none());
    let young = waits.filter(|(candidate, _)| is_young(material.now, candidate.time()));
    // Evidence below the last sync point is lost already and keeps nothing back.
    young.map(|(candidate, _)| candidate.evidence.height).filter(|it| *it >= last.height).min()
}

/// Younger than [`KEEP_BACK`], and not of a time that no honest gateway's clock shows yet.
fn is_young(now: Timestamp, asked: Timestamp) -> bool {
    asked.since(now) <= MAX_CLOCK_DIFFERENCE && now.since(asked) < KEEP_BACK
}
