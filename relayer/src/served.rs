//! One gateway that is served, and what is counted of it.

use crate::{FollowedChain, GatewayLink, chain::Chain, view::Posted};
use gateway_net::Clock;
use gateway_types::{ChainId, link::RelayEvidence};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

/// One gateway, with a light client of its own for each chain: each begins where that gateway says that it is.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) link: Arc<dyn GatewayLink>,
    pub(crate) chains: BTreeMap<ChainId, Arc<Chain>>,
    is_up: AtomicBool,
    dropped: AtomicU64,
    posted: Mutex<Posted>,
}

impl Served {
    pub(crate) fn new(
        link: Arc<dyn GatewayLink>,
        chains: &BTreeMap<ChainId, FollowedChain>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let chain = |(id, chain): (&ChainId, &FollowedChain)| {
            (id.clone(), Arc::new(Chain::new(chain.clone(), Arc::clone(clock))))
        };
        Self {
            link,
            chains: chains.iter().map(chain).collect(),
            is_up: AtomicBool::new(false),
            dropped: AtomicU64::new(0),
            posted: Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> String {
        self.link.name()
    }

    /// Whether the gateway tells what it wants.
    pub(crate) fn is_up(&self) -> bool {
        self.is_up.load(Ordering::Relaxed)
    }

    pub(crate) fn set_up(&self, is_up: bool) {
        self.is_up.store(is_up, Ordering::Relaxed);
    }

    /// Work had to be dropped.
    pub(crate) fn count_dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// The gateway has taken this.
    pub(crate) fn count_posted(&self, evidence: &RelayEvidence) {
        let mut posted = self.posted.lock().unwrap_or_else(PoisonError::into_inner);
        let count: &mut u64 = posted.entry(kind(evidence)).or_default();
        *count = count.saturating_add(1);
    }

    pub(crate) fn posted(&self) -> Posted {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Its word in the metrics.
fn kind(evidence: &RelayEvidence) -> &'static str {
    match evidence {
        RelayEvidence::Headers(..) => "headers",
        RelayEvidence::Head(..) => "head",
        RelayEvidence::Changes(..) => "changes",
        RelayEvidence::Record(..) => "record",
        RelayEvidence::Change(..) => "change",
        RelayEvidence::Unavailable(..) => "unavailable",
        RelayEvidence::Conflict(..) => "conflict",
    }
}
