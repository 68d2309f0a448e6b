//! The tasks around an [`Engine`]: an inbox and a sender for each leader, the sources' nodes, the store.
//!
//! One task drives the engine and carries out its effects in order; each write is awaited before anything after it
//! is sent. The others only bring and take away.

mod backoff;
mod carry;
mod dial;
mod follow;
mod inbox;
mod lane;
mod link;
mod outbox;
mod queue;
mod recheck;
mod watched;

pub use dial::HttpLink;
pub use lane::Ended;
pub use link::{Inbox, LeaderLink, LinkError};
pub use watched::Watched;

use crate::{
    engine::{Engine, own_words},
    fault::FaultPoints,
    moment::Moment,
    restore::{RestoreError, restore, stored_client},
    setup::{BadSetup, Setup, Start},
    view::RegulatorView,
};
use backoff::Backoff;
use chain_adapter::{ChainAdapter, Follower};
use gateway_agreement::LogChanged;
use gateway_core::KnownPlatforms;
use gateway_cosign::EpochKeys;
use gateway_net::Clock;
use gateway_store::Store;
use gateway_types::{ChainId, link::InboxFrame};
use lane::LaneLoop;
use light_client::{ClientState, ClientStore, PinError};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::sync::Arc;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::{JoinHandle, JoinSet},
    time::{Duration, Instant},
};

/// Least sources, unless it is started for trying out.
pub const MIN_SOURCES: usize = 2;

/// Events that wait for the lane's task. When full, inboxes are not read on: the leaders' connections fill up.
const MAX_EVENTS: usize = 256;

/// How long one source may take for the pinned header.
const PIN_PATIENCE: Duration = Duration::from_secs(10);

/// What a regulator's node is given to run on.
#[derive(Debug)]
pub struct Parts {
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The member's own store.
    pub store: Arc<dyn Store>,
    /// For the jitter of waits; for nothing secret.
    pub rng: ChaCha20Rng,
    /// The way to each leader, in the lane's order.
    pub leaders: Vec<Arc<dyn LeaderLink>>,
    /// The source chain's nodes, by who runs them: at least two.
    pub sources: Vec<Arc<dyn ChainAdapter>>,
    /// Where a test may end the process.
    pub faults: FaultPoints,
    /// Started for trying out: one source is enough.
    pub dev: bool,
}

/// A running regulator's node, of one lane. Dropping it ends its tasks, as a crash would.
#[derive(Debug)]
pub struct Regulator {
    view: watch::Receiver<RegulatorView>,
    events: mpsc::Sender<Event>,
    keys: Arc<EpochKeys>,
    chain: ChainId,
    stop: Option<oneshot::Sender<()>>,
    begun: Option<Begun>,
    lane: JoinHandle<Ended>,
    #[expect(dead_code, reason = "dropped with the regulator, which ends them")]
    others: JoinSet<()>,
}

/// That its store holds a member: see [`Regulator::begun`].
#[derive(Debug)]
pub struct Begun(oneshot::Receiver<()>);

impl Begun {
    /// Waits until its first write is done, on the disk; false if it ended before.
    pub async fn written(self) -> bool {
        self.0.await.is_ok()
    }
}

/// What happens, for the lane's task.
#[derive(Debug)]
pub(crate) enum Event {
    Connected(u8),
    Disconnected(u8),
    Frame(u8, InboxFrame),
    Chain(follow::FromChain),
    /// Its copy of the log was read again.
    LogRead(Result<(), LogChanged>),
    /// That leader does not take what was posted, and it was dropped.
    NotTaken(u8),
    Release,
    Platforms(Box<KnownPlatforms>),
}

impl Regulator {
    /// Reads the store, starts the member and its tasks. It needs a source only at its first start, for the pinned
    /// header.
    ///
    /// # Errors
    ///
    /// [`StartError`]: correct what it says; for [`StartError::PinnedHeader`] try again.
    pub async fn start(setup: Setup, start: Start, parts: Parts) -> Result<Self, StartError> {
        Box::pin(Self::begin(setup, start, parts)).await
    }

    async fn begin(setup: Setup, start: Start, parts: Parts) -> Result<Self, StartError> {
        check_parts(&setup, &parts)?;
        let client = match stored_client(&*parts.store, &setup)? {
            Some(client) => client,
            None => pinned_client(&setup, &parts).await?,
        };
        let follower = Follower::decode((setup.chain)(), &client.encode())?;
        let restored = restore(&*parts.store, &setup, start, client)?;
        let began = Instant::now();
        let now = Moment { wall: parts.clock.now(), elapsed: Duration::ZERO };
        let words = own_words(Arc::clone(&parts.store), setup.keys.origin());
        let (keys, chain) = (Arc::clone(&setup.keys), setup.pin.chain.clone());
        let engine = Engine::new(setup, restored, words, now)?;
        Ok(Self::spawn((engine, follower), (keys, chain), parts, began))
    }

    fn spawn(
        (engine, follower): (Engine, Follower),
        (keys, source): (Arc<EpochKeys>, ChainId),
        mut parts: Parts,
        began: Instant,
    ) -> Self {
        let (events, received) = mpsc::channel(MAX_EVENTS);
        let (stop, stopped) = oneshot::channel();
        let (written, begun) = oneshot::channel();
        let (shown, view) = watch::channel(engine.view());
        let mut others = JoinSet::new();
        let mut queues = Vec::new();
        for (place, link) in (0u8..).zip(&parts.leaders) {
            let mut backoff = || Backoff::new(ChaCha20Rng::from_rng(&mut parts.rng));
            others.spawn(inbox::run(place, Arc::clone(link), events.clone(), backoff()));
            let (queue, frames) = queue::queue();
            let events = events.clone();
            others.spawn(outbox::run(place, Arc::clone(link), frames, events, backoff()));
            queues.push(queue);
        }
        let after = watch::channel(engine.changes_after());
        let chain = follow::Follow::new(follower, &parts, after.1);
        others.spawn(chain.run(events.clone()));
        let store = Arc::clone(&parts.store);
        others.spawn(recheck::run(store, Arc::clone(&keys), view.clone(), events.clone()));
        let lane = LaneLoop::new(engine, parts, queues, (shown, after.0), began);
        let lane = tokio::spawn(lane.run(received, written, stopped));
        let (begun, chain) = (Some(Begun(begun)), source);
        Self { view, events, keys, chain, stop: Some(stop), begun, lane, others }
    }

    /// How it stands, now and at every change.
    #[must_use]
    pub fn view(&self) -> watch::Receiver<RegulatorView> {
        self.view.clone()
    }

    /// What its operator's machines are told of it: see [`crate::Admin`].
    #[must_use]
    pub fn watched(&self) -> Watched {
        Watched::new(Arc::clone(&self.keys), self.chain.clone(), self.view(), &self.events)
    }

    /// Tells when its store holds it: only then is a new member no new one any more ([`Start::New`]). Once; nothing if
    /// it was asked for before.
    pub fn begun(&mut self) -> Option<Begun> {
        self.begun.take()
    }

    /// Persons in t nodes of its committee let those that are back go on: it speaks again.
    pub async fn release(&self) {
        // If the lane's task has ended, `ended` says so.
        drop(self.events.send(Event::Release).await);
    }

    /// What its region knows of platforms, from now on.
    pub async fn know(&self, platforms: KnownPlatforms) {
        // If the lane's task has ended, `ended` says so.
        drop(self.events.send(Event::Platforms(Box::new(platforms))).await);
    }

    /// Finishes what it is at, writes what waits, and ends.
    pub async fn stop(mut self) -> Ended {
        if let Some(stop) = self.stop.take() {
            // If its task has ended already, `ended` says so.
            stop.send(()).ok();
        }
        self.ended().await
    }

    /// Waits until it ends by itself: its store failed.
    pub async fn ended(&mut self) -> Ended {
        (&mut self.lane).await.unwrap_or(Ended::Died)
    }
}

impl Drop for Regulator {
    fn drop(&mut self) {
        self.lane.abort();
    }
}

fn check_parts(setup: &Setup, parts: &Parts) -> Result<(), StartError> {
    setup.member_config()?;
    let (got, wanted) = (parts.leaders.len(), setup.keys.leader_count());
    if got != wanted {
        return Err(StartError::Leaders { got, wanted });
    }
    let least = if parts.dev { 1 } else { MIN_SOURCES };
    let got = parts.sources.len();
    if got < least { Err(StartError::Sources { got, least }) } else { Ok(()) }
}

/// A light client at the pin, its header from whichever source gives it first: its hash decides.
async fn pinned_client(setup: &Setup, parts: &Parts) -> Result<ClientStore, StartError> {
    let state = ClientState::new(setup.pin.clone(), setup.limits).map_err(PinError::from)?;
    let mut last = StartError::PinnedHeader { why: "no source".to_owned() };
    for source in &parts.sources {
        let fetched = tokio::time::timeout(PIN_PATIENCE, source.fetch_header(setup.pin.height));
        let header = match fetched.await {
            Ok(Ok(header)) => header,
            Ok(Err(why)) => {
                last = StartError::PinnedHeader { why: why.to_string() };
                continue;
            }
            Err(_) => continue,
        };
        match ClientStore::new(&*(setup.chain)(), state.clone(), &header) {
            Ok(client) => return Ok(client),
            Err(refused) => last = refused.into(),
        }
    }
    Err(last)
}

/// Why a regulator's node does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its configuration and keys do not fit.
    #[error(transparent)]
    Setup(#[from] BadSetup),
    /// Its store is refused.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// It is given the way to another number of leaders than the lane has.
    #[error("{got} leaders are configured, the lane has {wanted}")]
    Leaders {
        /// How many are given.
        got: usize,
        /// How many the lane has.
        wanted: usize,
    },
    /// Too few sources.
    #[error("{got} sources of the chain are configured, at least {least} are asked for")]
    Sources {
        /// How many are given.
        got: usize,
        /// How many there must be.
        least: usize,
    },
    /// No source gives the pinned header: try again.
    #[error("no source gives the pinned header: {why}")]
    PinnedHeader {
        /// What the last one said.
        why: String,
    },
    /// The pin is refused, or no source gave the pinned header itself.
    #[error("the pin is refused")]
    Pin(#[from] PinError),
    /// The light client's storage cannot be read.
    #[error("the light client's storage is refused")]
    Client(#[from] light_client::StoreError),
}

#[cfg(test)]
mod tests;
