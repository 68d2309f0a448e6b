//! How a relayer stands: for probes, for metrics, for tests.

use crate::served::Served;
use chain_adapter::{Follower, Sources};
use gateway_net::Clock;
use gateway_types::{ChainId, Timestamp};
use light_client::Status;
use std::{collections::BTreeMap, sync::Arc};

/// How much of each kind of evidence a gateway has taken.
pub(crate) type Posted = BTreeMap<&'static str, u64>;

/// Tells how a relayer stands, at any time. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RelayerView {
    clock: Arc<dyn Clock>,
    gateways: Vec<Arc<Served>>,
    sources: BTreeMap<ChainId, Arc<Sources>>,
}

/// How it stands with one gateway.
#[derive(Clone, Debug)]
pub struct LinkView {
    /// Where the gateway is dialled.
    pub name: String,
    /// Whether the gateway tells what it wants.
    pub is_up: bool,
    /// Pieces of work that were dropped for want of room: the gateway asks again.
    pub dropped: u64,
    /// How much of each kind of evidence it has taken: `headers`, `head`, `changes`, `record`, `change`,
    /// `unavailable`, `conflict`.
    pub posted: BTreeMap<&'static str, u64>,
    /// How it stands with each chain.
    pub chains: BTreeMap<ChainId, ChainView>,
}

/// How one chain is followed for one gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainView {
    /// The light client; nothing before it has a beginning.
    pub client: Option<ClientView>,
    /// Whether the gateway has asked for the chain.
    pub is_wanted: bool,
    /// How many of its questions are not answered yet.
    pub waiting: usize,
}

/// How a light client stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientView {
    /// Height of the newest verified header.
    pub height: u64,
    /// Time of that block.
    pub block_time: Timestamp,
    /// From then on it proves nothing more, unless a header comes before.
    pub expires: Timestamp,
    /// Whether it proves anything.
    pub status: Status,
}

/// How the sources of one chain answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourcesView {
    /// How many there are.
    pub all: usize,
    /// How many answered sensibly within a minute.
    pub answering: usize,
    /// How many are left alone because they failed.
    pub failing: usize,
}

impl ClientView {
    pub(crate) fn of(own: &Follower, now: Timestamp) -> Self {
        let block_time = own.block_time();
        let expires = block_time.saturating_add(own.client().client().trusting_period());
        Self { height: own.height(), block_time, expires, status: own.status(now) }
    }
}

impl RelayerView {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        gateways: Vec<Arc<Served>>,
        sources: BTreeMap<ChainId, Arc<Sources>>,
    ) -> Self {
        Self { clock, gateways, sources }
    }

    /// How it stands with each gateway, now.
    #[must_use]
    pub fn links(&self) -> Vec<LinkView> {
        let now = self.clock.now();
        let link = |served: &Arc<Served>| LinkView {
            name: served.name(),
            is_up: served.is_up(),
            dropped: served.dropped(),
            posted: served.posted(),
            chains: served.chains.iter().map(|(id, chain)| (id.clone(), chain.view(now))).collect(),
        };
        self.gateways.iter().map(link).collect()
    }

    /// How the sources of each chain answer, now.
    #[must_use]
    pub fn sources(&self) -> BTreeMap<ChainId, SourcesView> {
        let now = self.clock.now();
        let view = |(id, sources): (&ChainId, &Arc<Sources>)| {
            let health = sources.health();
            let answering = health.iter().filter(|(_, it)| it.is_reachable(now)).count();
            let failing = health.iter().filter(|(_, it)| it.failures() > 0).count();
            (id.clone(), SourcesView { all: health.len(), answering, failing })
        };
        self.sources.iter().map(view).collect()
    }
}
