//! What a lane's log says so far.

use crate::{
    check::CheckedBatch, recognition::FRESH_SYNC, requests::Requests, status_list::StatusList,
};
use gateway_types::{
    Digest, Jurisdiction, LicenceKey, Origin, Timestamp,
    candidate::PackRef,
    entry::{ClientFreeze, ClientPin, CommitteeEntry, PackEntry, StatusEntry, SyncPoint},
    registry::{ACC_0, Change},
};
use std::{collections::BTreeMap, time::Duration};

/// A lane's state after its last batch.
///
/// Trust: it is as true as the batches that were applied; apply only what is final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneState {
    pub(crate) origin: Origin,
    pub(crate) log_size: u64,
    pub(crate) tip: Option<Tip>,
    pub(crate) list: StatusList,
    pub(crate) recognised: BTreeMap<LicenceKey, Vec<Recognition>>,
    pub(crate) requests: Requests,
}

/// Where a lane stands since its last batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Number of the last batch, from 0.
    pub k: u64,
    /// Its time.
    pub time: Timestamp,
    /// How far the source's registry was followed; nothing until the first sync point.
    pub sync: Option<SyncPoint>,
    /// Whether `sync` has taken in changes of after its height, because more waited than a batch may take in.
    ///
    /// Then the changes since are not all those since its height: until the next sync point of a later
    /// height nothing is recognised, and in that batch only by evidence that is not below it.
    pub caught_up: bool,
    /// The committees and leaders in force, and the epoch.
    pub committee: CommitteeEntry,
    /// The packs that were logged, in their order.
    pub packs: Vec<PackEntry>,
    /// The light client of the source chain.
    pub client: Client,
}

/// The light client that a lane's members follow the source with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Where its trust begins.
    pub pin: ClientPin,
    /// The pin's identifier, which evidence names.
    pub id: Digest,
    /// What froze it, if it is frozen.
    pub freeze: Option<ClientFreeze>,
}

/// One `recognised` entry of a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recognition {
    /// Its place in the status list.
    pub list_index: u32,
    /// Its place in the log.
    pub log_index: u64,
}

impl LaneState {
    /// That of a lane before its batch 0.
    #[must_use]
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            log_size: 0,
            tip: None,
            list: StatusList::new(),
            recognised: BTreeMap::new(),
            requests: Requests::default(),
        }
    }

    /// Which lane.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How many leaves its log has.
    #[must_use]
    pub fn log_size(&self) -> u64 {
        self.log_size
    }

    /// Where it stands; nothing before batch 0.
    #[must_use]
    pub fn tip(&self) -> Option<&Tip> {
        self.tip.as_ref()
    }

    /// Number of the next batch.
    #[must_use]
    pub fn next_k(&self) -> u64 {
        self.tip.as_ref().map_or(0, |tip| tip.k.saturating_add(1))
    }

    /// How all its recognitions stand.
    #[must_use]
    pub fn status_list(&self) -> &StatusList {
        &self.list
    }

    /// The recognitions of a licence, the first one first; none if it was never recognised here.
    #[must_use]
    pub fn recognitions(&self, licence: &LicenceKey) -> &[Recognition] {
        self.recognised.get(licence).map_or(&[], Vec::as_slice)
    }

    /// Whether a request was answered less than 48 hours before a batch of `time`.
    #[must_use]
    pub fn request_is_answered(&self, request: &Digest, time: Timestamp) -> bool {
        self.requests.answered(request, time)
    }

    /// How many requests' digests it holds.
    #[must_use]
    pub fn requests_held(&self) -> usize {
        self.requests.len()
    }

    /// The pack of `region` that is in force at `time`: of those that took effect by then, the last.
    #[must_use]
    pub fn pack_in_force(&self, region: &Jurisdiction, time: Timestamp) -> Option<&PackRef> {
        let packs = self.tip.as_ref()?.packs.iter();
        let in_force = packs.filter(|p| p.region() == region && p.effective_from <= time);
        in_force.max_by_key(|p| p.effective_from).map(|p| &p.pack)
    }

    /// How far the source was followed in the last batch; nothing while it was not followed yet.
    #[must_use]
    pub fn sync(&self) -> Option<&SyncPoint> {
        self.tip.as_ref()?.sync.as_ref()
    }

    /// Age of what is known of the source, as of `now`; nothing without a sync point.
    ///
    /// Counted from the block's time, so it is also the longest time in which a change can be unseen.
    #[must_use]
    pub fn status_age(&self, now: Timestamp) -> Option<Duration> {
        self.sync().map(|sync| now.since(sync.block_time))
    }

    /// Whether status answers must say *stale* at `now`: the source was not followed for more than
    /// [`FRESH_SYNC`], or never.
    #[must_use]
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.status_age(now).is_none_or(|age| age > FRESH_SYNC)
    }

    /// Number and running digest of the last change that the lane has seen.
    #[must_use]
    pub fn last_change(&self) -> (u64, Digest) {
        self.sync().map_or((0, ACC_0), |sync| (sync.n, sync.acc))
    }

    /// The sync point from which a catch-up goes on: it keeps all but number and running digest.
    ///
    /// The last one; before the first the pin's height and header, and time 0: unknown, so older than any.
    /// Nothing before batch 0.
    #[must_use]
    pub fn catch_up_base(&self) -> Option<SyncPoint> {
        let tip = self.tip.as_ref()?;
        let pin = &tip.client.pin;
        Some(tip.sync.clone().unwrap_or_else(|| SyncPoint {
            chain: pin.chain.clone(),
            height: pin.height,
            header_hash: pin.header_hash,
            block_time: Timestamp(0),
            n: 0,
            acc: ACC_0,
        }))
    }

    /// The `status` entries that the next batch must hold for these changes, which follow
    /// [`LaneState::last_change`] without a gap: those of licences recognised here.
    #[must_use]
    pub fn status_entries(&self, changes: &[Change]) -> Vec<StatusEntry> {
        let Some(tip) = &self.tip else { return Vec::new() };
        let first = self.last_change().0.saturating_add(1);
        let numbered = (first..).zip(changes);
        let known = numbered.filter(|(_, change)| self.recognised.contains_key(&change.key));
        let chain = &tip.client.pin.chain;
        known.map(|(n, change)| StatusEntry { chain: chain.clone(), n, change: *change }).collect()
    }

    /// Takes in a batch that is final.
    ///
    /// # Panics
    ///
    /// If `batch` was checked against another state than this one: the caller's own mistake, after
    /// which no answer of this state would be true.
    pub fn apply_batch(&mut self, batch: CheckedBatch) {
        let base = (batch.tip.k, batch.base_size, &batch.origin);
        assert!(base == (self.next_k(), self.log_size, &self.origin), "batch of another state");
        self.requests.apply(batch.requests, batch.tip.time);
        for (licence, recognition) in batch.recognised {
            self.recognised.entry(licence).or_default().push(recognition);
        }
        self.list = batch.list;
        self.log_size = batch.size;
        self.tip = Some(batch.tip);
    }
}
