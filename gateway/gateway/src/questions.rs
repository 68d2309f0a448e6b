//! Questions: stored before anything else happens, brought to an answer, answered the same for ever.
//!
//! [`Engine`] is the pure part: open questions, inputs in, effects out. [`Questions`] carries effects out, in
//! order and each question by itself, so that many share one sync of the disk.
//!
//! **Invariant:** *persist, then tell*. A question is acknowledged when it is in the store, an end is told when
//! it is; after `kill -9` at any moment the platform hears the same. What is personal is in the store and in
//! memory exactly while the question is open, and never in a log line, a metric or an error.

mod ask;
mod carry;
mod closed;
mod engine;
mod follow;
mod id;
mod kept;
mod look;
mod places;
mod restore;
mod served;
mod steps;
mod sweep;

pub use ask::{AskError, Asked, NewQuestion};
pub use closed::{Closed, Ended};
pub use engine::Engine;
pub(crate) use follow::changed_at;
pub use id::CertificateId;
pub use look::{LookError, OpenView, Seen, Shown};
pub use restore::RestoreError;
pub use served::{ProofError, ServedLane};

use crate::{footing::Footing, metrics::Metrics};
use closed::Cache;
use gateway_core::{Effect, KnownPlatforms, PlatformStanding, RecognitionId, WaitingOn};
use gateway_store::Room;
use gateway_types::{Jurisdiction, LaneId, Platform, Timestamp};
use kept::Kept;
use places::{Place, Places};
use rand_chacha::ChaCha20Rng;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};
use tokio::sync::{Notify, watch};

/// What the question side is started with.
#[derive(Debug)]
pub struct QuestionSettings {
    /// Whose gateway it is.
    pub region: Jurisdiction,
    /// Most questions that are open at once. The next one is not stored, and told so: `not_stored`. One platform has a
    /// quarter of them, and is told `rate_limited` beyond.
    pub open: usize,
    /// What its region knows of platforms.
    pub platforms: KnownPlatforms,
}

/// The question side of a gateway. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Questions {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    region: Jurisdiction,
    platforms: RwLock<KnownPlatforms>,
    lanes: BTreeMap<LaneId, Arc<ServedLane>>,
    footing: Footing,
    rng: Mutex<ChaCha20Rng>,
    state: Mutex<State>,
    places: Places,
    cache: Mutex<Cache>,
    metrics: Arc<Metrics>,
    /// Set for good once the store cannot be relied on any more (A118).
    broken: watch::Sender<bool>,
}

/// All that changes together, under one lock that is never held across a wait.
#[derive(Debug, Default)]
struct State {
    engine: Engine,
    open: BTreeMap<RecognitionId, Open>,
}

/// What is held beside the rules of an open question.
#[derive(Debug)]
struct Open {
    kept: Kept,
    lane: LaneId,
    /// Woken when it ends.
    ended: Arc<Notify>,
    /// Effects not carried out yet; at most as many as one question ever has.
    effects: VecDeque<Effect>,
    /// Whether a task carries them out now.
    is_carried: bool,
    /// What shows the candidate's evidence to members, until it was sent.
    shown: Option<crate::chain::ProvenEvidence>,
    /// How it ended, while that is being written down.
    closed: Option<Arc<Closed>>,
    /// When each step to its answer was done.
    steps: steps::Steps,
    /// Its place among those that may be open.
    _place: Option<Place>,
}

impl Questions {
    /// A question side over these lanes, with nothing open. [`Questions::restore`] comes next, then
    /// [`Questions::follow`].
    #[must_use]
    pub fn new(
        settings: QuestionSettings,
        lanes: Vec<Arc<ServedLane>>,
        footing: Footing,
        rng: ChaCha20Rng,
        metrics: Arc<Metrics>,
    ) -> Self {
        let lanes = lanes.into_iter().map(|lane| (lane.id().clone(), lane)).collect();
        let inner = Inner {
            region: settings.region,
            platforms: RwLock::new(settings.platforms),
            lanes,
            footing,
            rng: Mutex::new(rng),
            state: Mutex::default(),
            places: Places::new(settings.open),
            cache: Mutex::default(),
            metrics,
            broken: watch::Sender::new(false),
        };
        Self { inner: Arc::new(inner) }
    }

    /// The lanes, by name.
    #[must_use]
    pub fn lanes(&self) -> &BTreeMap<LaneId, Arc<ServedLane>> {
        &self.inner.lanes
    }

    /// Whose gateway this is.
    #[must_use]
    pub fn region(&self) -> &Jurisdiction {
        &self.inner.region
    }

    /// What its region knows of platforms, from now on: for candidates that are not made yet.
    pub fn know(&self, platforms: KnownPlatforms) {
        *self.inner.platforms.write().unwrap_or_else(PoisonError::into_inner) = platforms;
    }

    /// How many questions are open.
    #[must_use]
    pub fn open_count(&self) -> usize {
        self.inner.state().open.len()
    }

    /// When each open question was stored, and whom it waits for.
    #[must_use]
    pub fn waiting(&self) -> Vec<(Timestamp, WaitingOn)> {
        self.inner.state().engine.waiting().collect()
    }

    /// How much room its store has.
    #[must_use]
    pub fn room(&self) -> Room {
        self.inner.footing.store.room()
    }

    /// Whether a question can be taken and stored now.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.inner.is_broken()
            && !self.inner.is_changed()
            && self.inner.footing.store.room().takes_new
    }

    /// Whether the store cannot be relied on any more: the program must stop.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.inner.is_broken()
    }

    /// Returns when the store cannot be relied on any more, however long that takes.
    pub async fn broke(&self) {
        let mut broken = self.inner.broken.subscribe();
        // The sender lives as long as this does.
        drop(broken.wait_for(|is_broken| *is_broken).await);
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.footing.clock.now()
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_broken(&self) -> bool {
        *self.broken.borrow()
    }

    /// Whether a lane's log in the store is not the one that was signed: nothing is taken for any lane (A115).
    fn is_changed(&self) -> bool {
        self.lanes.values().any(|lane| lane.lane.log().checks().changed.is_some())
    }

    /// Notes that the store failed, if this error says so.
    fn note_store_error(&self, error: &gateway_store::StoreError) {
        if error.is_final() && !self.broken.send_replace(true) {
            tracing::error!(%error, "the store failed: nothing more is taken, restart on a good disk");
        }
    }

    /// What this region knows of a platform.
    fn standing_of(&self, platform: &Platform) -> PlatformStanding {
        self.platforms.read().unwrap_or_else(PoisonError::into_inner).standing_of(platform)
    }

    /// The lane that a question was asked in.
    fn lane_of_kept(&self, kept: &Kept) -> Option<&Arc<ServedLane>> {
        match &kept.lane {
            Some(lane) => self.lanes.get(lane),
            None => self.lane_between(&kept.from, &kept.to),
        }
    }

    /// The lane from one region to another; the first, where there are several tiers.
    fn lane_between(&self, from: &Jurisdiction, to: &Jurisdiction) -> Option<&Arc<ServedLane>> {
        self.lanes.values().find(|lane| lane.id().source == *from && lane.id().destination == *to)
    }
}

#[cfg(test)]
pub(crate) mod tests;
