//! What is measured at the moment at which it is asked for.

use crate::{
    chain::ChainHandle,
    lane::{LaneView, member_name},
    questions::{Questions, ServedLane},
};
use gateway_core::WaitingOn;
use gateway_http::admin::{Exposed, Labels, Real, seconds, set_count, whole};
use gateway_types::{ChainId, Timestamp};
use light_client::Status;
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge};
use std::{collections::BTreeMap, time::Duration};

/// A member counts as live if it said something this recently.
const LIVE: Duration = Duration::from_secs(60);

type OfLane = Labels<1>;

/// Its region and its identifier.
type OfChain = Labels<2>;

#[derive(Debug, Default)]
pub(super) struct Gauges {
    waiting: Family<Labels<1>, Gauge>,
    oldest: Real,
    head: Family<OfChain, Real>,
    height: Family<OfChain, Gauge>,
    expiry: Family<OfChain, Real>,
    frozen: Family<OfChain, Gauge>,
    relayers: Family<OfChain, Gauge>,
    live: Family<Labels<2>, Gauge>,
    needed: Family<Labels<2>, Gauge>,
    seen: Family<Labels<2>, Real>,
    connected: Family<Labels<2>, Gauge>,
    checkpoint: Family<OfLane, Real>,
    sync_age: Family<OfLane, Real>,
    view_changes: Family<OfLane, Counter>,
    epoch_end: Family<OfLane, Real>,
    candidates: Family<OfLane, Gauge>,
    queue: Family<Labels<2>, Gauge>,
    evidence: Family<OfLane, Gauge>,
    peers_lied: Family<OfLane, Counter>,
    log_checks: Family<Labels<2>, Counter>,
    log_checked: Family<OfLane, Real>,
}

impl Gauges {
    pub(super) fn register(exposed: &Exposed) -> Self {
        let g = Self::default();
        g.register_chains(exposed);
        g.register_committees(exposed);
        g.register_lanes(exposed);
        g
    }

    fn register_chains(&self, exposed: &Exposed) {
        exposed.register(|registry| {
            let help = "Open questions, by whom they wait for";
            registry.register("requests_waiting", help, self.waiting.clone());
            let help = "Age of the oldest open question: over 120, ring who is named";
            registry.register("oldest_waiting_seconds", help, self.oldest.clone());
            let help =
                "Block time of the newest proven header: 60 s behind now, nothing is recognised";
            registry.register("chain_head_timestamp_seconds", help, self.head.clone());
            let help = "Height of the newest proven header";
            registry.register("client_height", help, self.height.clone());
            let help =
                "When the light client trusts nothing any more, unless a header comes before";
            registry.register("client_expiry_timestamp_seconds", help, self.expiry.clone());
            let help = "1 if two valid headers contradict each other: call the regulators";
            registry.register("client_frozen", help, self.frozen.clone());
            let help = "Relayers that are connected: with none nothing new is learnt";
            registry.register("relayers", help, self.relayers.clone());
        });
    }

    fn register_committees(&self, exposed: &Exposed) {
        exposed.register(|registry| {
            let help =
                "Members heard within 60 s: at the number needed, one more failure stops the lane";
            registry.register("committee_live", help, self.live.clone());
            let help = "Members that must agree";
            registry.register("committee_needed", help, self.needed.clone());
            let help = "When a member was heard last: ring the one that is missing";
            registry.register("member_seen_timestamp_seconds", help, self.seen.clone());
            let help =
                "1 while the member has its inbox open; connected and not seen: it is silent";
            registry.register("member_connected", help, self.connected.clone());
        });
    }

    fn register_lanes(&self, exposed: &Exposed) {
        exposed.register(|registry| {
            let help = "Time of the last signed batch; one comes every 30 s at rest";
            registry.register("checkpoint_timestamp_seconds", help, self.checkpoint.clone());
            let help = "Age of the source's news in the last batch: from 60 s on nothing is recognised";
            registry.register("sync_point_age_seconds", help, self.sync_age.clone());
            let help = "How often the leader changed: more than 3 in 10 minutes is a network or a gateway in trouble";
            registry.register("view_changes", help, self.view_changes.clone());
            let help = "When the epoch's keys end: hold the ceremony a month before";
            registry.register("epoch_end_timestamp_seconds", help, self.epoch_end.clone());
            let help = "Candidates that wait for verdicts or a batch";
            registry.register("candidates_waiting", help, self.candidates.clone());
            let help = "Inputs that wait for a lane's or a chain's task: what only grows will be late";
            registry.register("queue_length", help, self.queue.clone());
            let help = "Pieces of evidence of dishonesty in the store";
            registry.register("evidence_kept", help, self.evidence.clone());
            let help = "How often another gateway was left alone because it said final what was not";
            registry.register("peers_that_lied", help, self.peers_lied.clone());
            let help = "How often the log in the store was read again, and found good or changed; changed: nothing more is taken";
            registry.register("log_checks", help, self.log_checks.clone());
            let help = "When the log in the store was found good last: every hour";
            registry.register("log_checked_timestamp_seconds", help, self.log_checked.clone());
        });
    }

    pub(super) fn measure(&self, questions: &Questions, chains: &[ChainHandle], now: Timestamp) {
        self.measure_waiting(questions, now);
        let regions = regions(questions);
        for chain in chains {
            self.measure_chain(chain, &regions);
        }
        for lane in questions.lanes().values() {
            let view = lane.lane.now();
            self.measure_lane(&view, now);
            self.measure_members(&view, now);
            self.measure_log(lane);
        }
    }

    fn measure_waiting(&self, questions: &Questions, now: Timestamp) {
        let waiting = questions.waiting();
        for who in ["source", "regulators", "batch"] {
            let count = waiting.iter().filter(|(_, on)| word(on) == who).count();
            self.waiting.get_or_create(&[("who", who.to_owned())]).set(whole(count));
        }
        let oldest = waiting.iter().map(|(since, _)| *since).min();
        let age = oldest.map_or(0, |since| now.0.saturating_sub(since.0));
        self.oldest.set(seconds(Timestamp(age)));
    }

    fn measure_chain(&self, chain: &ChainHandle, regions: &BTreeMap<ChainId, String>) {
        let view = chain.now();
        let region = regions.get(&view.chain).cloned().unwrap_or_default();
        let of = [("region", region), ("chain", view.chain.to_string())];
        self.head.get_or_create(&of).set(seconds(view.block_time));
        self.height.get_or_create(&of).set(whole(view.height));
        self.expiry.get_or_create(&of).set(seconds(view.expires));
        self.frozen.get_or_create(&of).set(i64::from(view.status == Status::Frozen));
        self.relayers.get_or_create(&of).set(whole(view.relayers));
        let queue = [("queue", "chain".to_owned()), ("of", view.chain.to_string())];
        self.queue.get_or_create(&queue).set(whole(chain.inputs_waiting()));
    }

    fn measure_lane(&self, view: &LaneView, now: Timestamp) {
        let lane = of(view);
        if let Some(time) = view.time {
            self.checkpoint.get_or_create(&lane).set(seconds(time));
        }
        if let Some(age) = view.status_age(now) {
            self.sync_age.get_or_create(&lane).set(age.as_secs_f64());
        }
        set_count(&self.view_changes.get_or_create(&lane), view.view_changes);
        if let Some(end) = view.keys.entry().keys_end() {
            self.epoch_end.get_or_create(&lane).set(seconds(end));
        }
        self.candidates.get_or_create(&lane).set(whole(view.waiting));
        self.evidence.get_or_create(&lane).set(whole(view.equivocations));
    }

    fn measure_members(&self, view: &LaneView, now: Timestamp) {
        let with = |name, value: String| [("lane", view.origin.lane.to_string()), (name, value)];
        for (place, committee) in (0u8..).zip(view.keys.committees()) {
            let of = with("committee", committee.name().region.to_string());
            self.live.get_or_create(&of).set(whole(live_members(view, place, now)));
            self.needed.get_or_create(&of).set(i64::from(committee.size().t()));
        }
        for (member, seen) in &view.members {
            let of = with("member", member_name(&view.keys, *member));
            self.connected.get_or_create(&of).set(i64::from(seen.connected));
            if let Some(last) = seen.last {
                self.seen.get_or_create(&of).set(seconds(last));
            }
        }
    }

    fn measure_log(&self, served: &ServedLane) {
        let (lane, checks) = (served.id().to_string(), served.lane.log().checks());
        let with = |result: &str| [("lane", lane.clone()), ("result", result.to_owned())];
        set_count(&self.log_checks.get_or_create(&with("good")), checks.good);
        let changed = u64::from(checks.changed.is_some());
        set_count(&self.log_checks.get_or_create(&with("changed")), changed);
        if let Some(last) = checks.last_good {
            self.log_checked.get_or_create(&[("lane", lane.clone())]).set(seconds(last));
        }
        let queue = [("queue", "lane".to_owned()), ("of", lane.clone())];
        self.queue.get_or_create(&queue).set(whole(served.lane.inputs_waiting()));
        set_count(&self.peers_lied.get_or_create(&[("lane", lane)]), served.lane.peers_that_lied());
    }
}

fn of(view: &LaneView) -> OfLane {
    [("lane", view.origin.lane.to_string())]
}

/// Whose chain each is: the source of the lanes that follow it.
fn regions(questions: &Questions) -> BTreeMap<ChainId, String> {
    let of = |lane: &ServedLane| (lane.chain.now().chain.clone(), lane.id().source.to_string());
    questions.lanes().values().map(|lane| of(lane)).collect()
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
