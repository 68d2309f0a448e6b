//! What of a running member is told to its operator's machines.

use super::Event;
use crate::view::RegulatorView;
use gateway_cosign::EpochKeys;
use gateway_types::{ChainId, Timestamp};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// One member of one lane, as its operator's machines see it. It keeps nothing running.
#[derive(Clone, Debug)]
pub struct Watched {
    keys: Arc<EpochKeys>,
    chain: ChainId,
    view: watch::Receiver<RegulatorView>,
    events: mpsc::WeakSender<Event>,
}

impl Watched {
    pub(super) fn new(
        keys: Arc<EpochKeys>,
        chain: ChainId,
        view: watch::Receiver<RegulatorView>,
        events: &mpsc::Sender<Event>,
    ) -> Self {
        Self { keys, chain, view, events: events.downgrade() }
    }

    /// How it stands now.
    pub(crate) fn now(&self) -> RegulatorView {
        self.view.borrow().clone()
    }

    /// Whether its task runs.
    pub(crate) fn runs(&self) -> bool {
        self.view.has_changed().is_ok()
    }

    /// Events that wait for its task.
    pub(crate) fn events_waiting(&self) -> usize {
        let waiting = |it: mpsc::Sender<_>| it.max_capacity().saturating_sub(it.capacity());
        self.events.upgrade().map_or(0, waiting)
    }

    /// Its lane.
    pub(crate) fn lane(&self) -> String {
        self.keys.origin().lane.to_string()
    }

    /// The region whose licences the lane is about.
    pub(crate) fn region(&self) -> String {
        self.keys.origin().lane.source.to_string()
    }

    /// The chain that it follows.
    pub(crate) fn chain(&self) -> &ChainId {
        &self.chain
    }

    /// What it is called: `CN-HK/office-1`.
    pub(crate) fn me(&self) -> String {
        let me = self.now().me;
        let committee = self.keys.entry().committees.get(usize::from(me.committee));
        let place = usize::from(me.member).checked_sub(1);
        let named = committee
            .and_then(|it| Some(format!("{}/{}", it.region, it.members.get(place?)?.name)));
        named.unwrap_or_else(|| me.to_string())
    }

    /// What the leader at that place is called.
    pub(crate) fn leader(&self, place: u8) -> String {
        let leader = self.keys.entry().leaders.get(usize::from(place));
        leader.map_or_else(|| place.to_string(), |it| format!("{}/{}", it.region, it.name))
    }

    /// When the epoch's keys end.
    pub(crate) fn epoch_end(&self) -> Option<Timestamp> {
        self.keys.entry().keys_end()
    }
}
