//! One chain, as it is followed for one gateway.

use crate::{
    plan::Plan,
    view::{ChainView, ClientView},
};
use chain_adapter::{
    FollowError, Follower, SOURCE_TIMEOUT, SharedFollower, Sources, follower_limits,
};
use gateway_net::Clock;
use gateway_types::{
    ChainId, Timestamp,
    entry::ClientPin,
    link::{RelayEvidence, RelayWork},
};
use light_client::{HeaderBytes, LightClient, Status};
use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::time::timeout;

/// Makes light clients of one kind of chain.
pub type LightClientMaker = Arc<dyn Fn() -> Box<dyn LightClient> + Send + Sync>;

/// One chain to be followed.
#[derive(Clone)]
pub struct FollowedChain {
    /// The lane's pin: the chain, its registry and how headers are trusted. Where to begin, the gateway says.
    pub pin: ClientPin,
    /// Where headers and values come from.
    pub sources: Arc<Sources>,
    /// Makes its light client.
    pub light_client: LightClientMaker,
}

impl fmt::Debug for FollowedChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowedChain").field("chain", &self.pin.chain).finish_non_exhaustive()
    }
}

/// A chain with the light client that checks what sources show. It begins at the gateway's height with whatever
/// header a source shows for it: the gateway, which has the true one, takes nothing that does not follow from it.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) followed: FollowedChain,
    pub(crate) clock: Arc<dyn Clock>,
    follower: Mutex<Option<SharedFollower>>,
    /// Whether the gateway has asked for it.
    is_wanted: AtomicBool,
    waiting: AtomicUsize,
}

impl Chain {
    pub(crate) fn new(followed: FollowedChain, clock: Arc<dyn Clock>) -> Self {
        let follower = Mutex::default();
        let (is_wanted, waiting) = (AtomicBool::new(false), AtomicUsize::new(0));
        Self { followed, clock, follower, is_wanted, waiting }
    }

    /// Gives work to its plan; gives whether it was taken.
    pub(crate) fn hear(&self, plan: &mut Plan, work: &RelayWork) -> bool {
        self.is_wanted.fetch_or(matches!(work, RelayWork::Follow(..)), Ordering::Relaxed);
        plan.handle_work(work)
    }

    /// So many of the gateway's questions are not answered yet.
    pub(crate) fn set_waiting(&self, count: usize) {
        self.waiting.store(count, Ordering::Relaxed);
    }

    /// How it stands, as of `now`.
    pub(crate) fn view(&self, now: Timestamp) -> ChainView {
        let client = self.follower().map(|follower| follower.with(|own| ClientView::of(own, now)));
        let is_wanted = self.is_wanted.load(Ordering::Relaxed);
        ChainView { client, is_wanted, waiting: self.waiting.load(Ordering::Relaxed) }
    }

    pub(crate) fn id(&self) -> &ChainId {
        &self.followed.pin.chain
    }

    pub(crate) fn sources(&self) -> &Sources {
        &self.followed.sources
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn follower(&self) -> Option<SharedFollower> {
        self.follower.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest verified height, if the light client is of use.
    pub(crate) fn newest(&self) -> Option<u64> {
        let now = self.now();
        let follower = self.follower()?;
        follower.with(|own| (own.status(now) != Status::Expired).then(|| own.height()))
    }

    /// The two headers that contradict each other, if it has met any.
    pub(crate) fn conflict(&self) -> Option<RelayEvidence> {
        let frozen = self.follower()?.with(|own| own.client().client().frozen().cloned())?;
        let (a, b) = frozen.headers();
        Some(RelayEvidence::Conflict(self.id().clone(), a.clone(), b.clone()))
    }

    /// Begins a light client at `height`, with the header that one source shows.
    pub(crate) async fn anchor(&self, height: u64, source: usize) -> Option<u64> {
        let count = self.sources().iter().count();
        let source = self.sources().iter().nth(source.checked_rem(count)?)?;
        let header = timeout(SOURCE_TIMEOUT, source.fetch_header(height)).await.ok()?;
        let begun = header.map_err(FollowError::from).ok().and_then(|header| self.begin(&header));
        let Some(follower) = begun.filter(|follower| follower.height() == height) else {
            tracing::warn!(chain = %self.id(), height, source = source.source().0, "no beginning here");
            return None;
        };
        *self.follower.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(SharedFollower::new(follower));
        Some(height)
    }

    fn begin(&self, header: &HeaderBytes) -> Option<Follower> {
        let light_client = (self.followed.light_client)();
        let state = light_client.decode_header(header).ok()?.state;
        let pin = ClientPin {
            height: state.height.get(),
            header_hash: state.header_hash,
            validators_hash: state.next_validators_hash,
            ..self.followed.pin.clone()
        };
        Follower::new(light_client, &pin, follower_limits(), header).ok()
    }
}
