//! What is measured at the moment at which it is asked for.

use super::{Lane, seconds};
use crate::{chain::ChainHandle, lane::LaneView, questions::Questions};
use gateway_core::WaitingOn;
use gateway_types::Timestamp;
use light_client::Status;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge},
    registry::Registry,
};
use std::{sync::atomic::AtomicU64, time::Duration};

/// A member counts as live if it said something this recently.
const LIVE: Duration = Duration::from_secs(60);

type Real = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Who {
    who: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Chain {
    chain: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Committee {
    lane: String,
    committee: String,
}

#[derive(Debug, Default)]
pub(super) struct Gauges {
    waiting: Family<Who, Gauge>,
    oldest: Real,
    head: Family<Chain, Real>,
    frozen: Family<Chain, Gauge>,
    relayers: Family<Chain, Gauge>,
    live: Family<Committee, Gauge>,
    needed: Family<Committee, Gauge>,
    checkpoint: Family<Lane, Real>,
    sync_age: Family<Lane, Real>,
    view_changes: Family<Lane, Gauge>,
    free: Real,
    ready: Gauge,
}

impl Gauges {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let g = Self::default();
        registry.register("requests_waiting", "Open questions, on whom", g.waiting.clone());
        registry.register("oldest_waiting_seconds", "Age of the oldest", g.oldest.clone());
        registry.register("chain_head_timestamp_seconds", "Newest proven header", g.head.clone());
        registry.register("client_frozen", "Contradictory blocks were seen", g.frozen.clone());
        registry.register("relayers", "Relayers that are connected", g.relayers.clone());
        registry.register("committee_live", "Members seen in 60 s", g.live.clone());
        registry.register("committee_needed", "Members that must agree", g.needed.clone());
        registry.register("checkpoint_timestamp_seconds", "Last signed", g.checkpoint.clone());
        registry.register("sync_point_age_seconds", "Age of the source's news", g.sync_age.clone());
        registry.register("view_changes", "Leader changed, since start", g.view_changes.clone());
        registry.register("store_free_bytes", "Room in the store", g.free.clone());
        registry.register("ready", "Whether a question can be taken and stored", g.ready.clone());
        g
    }

    pub(super) fn measure(&self, questions: &Questions, chains: &[ChainHandle], now: Timestamp) {
        self.measure_waiting(questions, now);
        for chain in chains {
            self.measure_chain(chain);
        }
        for lane in questions.lanes().values() {
            self.measure_lane(&lane.lane.now(), now);
        }
        self.ready.set(i64::from(questions.is_ready()));
        if let Some(free) = questions.room().free {
            self.free.set(u32::try_from(free >> 20).map_or(f64::MAX, f64::from) * 1_048_576.0);
        }
    }

    fn measure_waiting(&self, questions: &Questions, now: Timestamp) {
        let waiting = questions.waiting();
        for who in ["source", "regulators", "batch"] {
            let count = waiting.iter().filter(|(_, on)| word(on) == who).count();
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.waiting.get_or_create(&Who { who }).set(count);
        }
        let oldest = waiting.iter().map(|(since, _)| *since).min();
        let age = oldest.map_or(0, |since| now.0.saturating_sub(since.0));
        self.oldest.set(seconds(Timestamp(age)));
    }

    fn measure_chain(&self, chain: &ChainHandle) {
        let view = chain.now();
        let label = Chain { chain: view.chain.to_string() };
        self.head.get_or_create(&label).set(seconds(view.block_time));
        self.frozen.get_or_create(&label).set(i64::from(view.status == Status::Frozen));
        let relayers = i64::try_from(view.relayers).unwrap_or(i64::MAX);
        self.relayers.get_or_create(&label).set(relayers);
    }

    fn measure_lane(&self, view: &LaneView, now: Timestamp) {
        let lane = Lane { lane: view.origin.lane.to_string() };
        if let Some(time) = view.time {
            self.checkpoint.get_or_create(&lane).set(seconds(time));
        }
        if let Some(age) = view.status_age(now) {
            self.sync_age.get_or_create(&lane).set(age.as_secs_f64());
        }
        let changes = i64::try_from(view.view_changes).unwrap_or(i64::MAX);
        self.view_changes.get_or_create(&lane).set(changes);
        for (place, committee) in (0u8..).zip(view.keys.committees()) {
            let region = view.keys.entry().committees.get(usize::from(place));
            let Some(region) = region.map(|keys| keys.region.to_string()) else { continue };
            let label = Committee { lane: lane.lane.clone(), committee: region };
            let live = live_members(view, place, now);
            self.live.get_or_create(&label).set(i64::try_from(live).unwrap_or(i64::MAX));
            self.needed.get_or_create(&label).set(i64::from(committee.size().t()));
        }
    }
}

/// How many of a committee were heard within [`LIVE`].
pub(crate) fn live_members(view: &LaneView, committee: u8, now: Timestamp) -> usize {
    let of_it = view.members.iter().filter(|(member, _)| member.committee == committee);
    of_it.filter(|(_, seen)| seen.last.is_some_and(|last| now.since(last) <= LIVE)).count()
}

fn word(on: &WaitingOn) -> &'static str {
    match on {
        WaitingOn::Source { .. } => "source",
        WaitingOn::Regulators { .. } => "regulators",
        WaitingOn::Batch { .. } => "batch",
    }
}
