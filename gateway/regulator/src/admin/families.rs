//! The metrics of a member.

use crate::{service::Watched, view::RegulatorView};
use gateway_http::admin::{Exposed, Labels, Real, seconds, set_count, whole};
use gateway_types::Timestamp;
use prometheus_client::metrics::{counter::Counter, family::Family, gauge::Gauge};

/// Of a lane.
type OfLane = Labels<1>;

/// Of a lane's source chain.
type OfChain = Labels<2>;

#[derive(Debug, Default)]
pub(super) struct Families {
    silent: Family<Labels<2>, Gauge>,
    connected: Family<Labels<2>, Gauge>,
    queued: Family<Labels<2>, Gauge>,
    clock_offset: Family<OfLane, Real>,
    clock_right: Family<OfLane, Gauge>,
    clock_stops: Family<OfLane, Counter>,
    sources: Family<OfLane, Gauge>,
    source_up: Family<Labels<2>, Gauge>,
    conflicts: Family<OfLane, Counter>,
    head: Family<OfChain, Real>,
    height: Family<OfChain, Gauge>,
    expiry: Family<OfChain, Real>,
    frozen: Family<OfChain, Gauge>,
    checkpoint: Family<OfLane, Real>,
    sync_age: Family<OfLane, Real>,
    batches: Family<OfLane, Counter>,
    verdicts: Family<OfLane, Counter>,
    two_histories: Family<Labels<2>, Counter>,
    evidence: Family<OfLane, Gauge>,
    journal: Family<OfLane, Gauge>,
    epoch_end: Family<OfLane, Real>,
    log_checks: Family<Labels<2>, Counter>,
    log_checked: Family<OfLane, Real>,
}

impl Families {
    pub(super) fn register(exposed: &Exposed) -> Self {
        let f = Self::default();
        f.register_member(exposed);
        f.register_chain(exposed);
        f.register_lane(exposed);
        f
    }

    fn register_member(&self, exposed: &Exposed) {
        exposed.register(|registry| {
            let help =
                "1 while it says nothing, because what it keeps may be old: it counts as missing";
            registry.register("member_silent", help, self.silent.clone());
            let help = "1 while the gateway's inbox is open: with none the member is not heard";
            registry.register("leader_connected", help, self.connected.clone());
            let help = "What waits: events for the member's task, frames for each gateway";
            registry.register("queue_length", help, self.queued.clone());
            let help = "Its clock less that of the gateway heard last: from 5 on it signs nothing";
            registry.register("clock_offset_seconds", help, self.clock_offset.clone());
            let help = "1 while the clock may be relied on; at 0 it signs nothing";
            registry.register("clock_right", help, self.clock_right.clone());
            let help = "How often the clock was found wrong since the start";
            registry.register("clock_stops", help, self.clock_stops.clone());
            let help = "Verdicts given since the start";
            registry.register("verdicts", help, self.verdicts.clone());
            let help = "Entries of its journal";
            registry.register("journal_entries", help, self.journal.clone());
        });
    }

    fn register_chain(&self, exposed: &Exposed) {
        exposed.register(|registry| {
            let help = "Sources that answered as the others did when last asked: with fewer than 2 a lie is not found out";
            registry.register("header_sources", help, self.sources.clone());
            let help = "1 if this source answered, and as the others did, when last asked";
            registry.register("header_source_up", help, self.source_up.clone());
            let help = "How often two sources showed headers that contradict each other";
            registry.register("header_source_conflicts", help, self.conflicts.clone());
            let help = "Block time of its newest verified header: 60 s behind now, nothing is recognised";
            registry.register("chain_head_timestamp_seconds", help, self.head.clone());
            let help = "Height of its newest verified header";
            registry.register("client_height", help, self.height.clone());
            let help = "When its light client trusts nothing any more, unless a header comes before";
            registry.register("client_expiry_timestamp_seconds", help, self.expiry.clone());
            let help = "1 if two valid headers contradict each other: nothing is recognised from there";
            registry.register("client_frozen", help, self.frozen.clone());
        });
    }

    fn register_lane(&self, exposed: &Exposed) {
        exposed.register(|registry| {
            let help = "Time of the last batch that is final; one comes every 30 s at rest";
            registry.register("checkpoint_timestamp_seconds", help, self.checkpoint.clone());
            let help = "Age of the source's news in the last batch: from 60 s on nothing is recognised";
            registry.register("sync_point_age_seconds", help, self.sync_age.clone());
            let help = "Batches of its copy of the log";
            registry.register("batches", help, self.batches.clone());
            let help = "Two proposals, prepares or roots by one signer: keep everything, call the others";
            registry.register("two_histories", help, self.two_histories.clone());
            let help = "Pieces of evidence of dishonesty that it keeps";
            registry.register("evidence_kept", help, self.evidence.clone());
            let help = "When the epoch's keys end: hold the ceremony a month before";
            registry.register("epoch_end_timestamp_seconds", help, self.epoch_end.clone());
            let help = "How often its copy of the log was read again, and found good or changed; changed: it signs nothing";
            registry.register("log_checks", help, self.log_checks.clone());
            let help = "When its copy of the log was found good last: every hour";
            registry.register("log_checked_timestamp_seconds", help, self.log_checked.clone());
        });
    }

    /// Sets what there is to tell of one lane.
    pub(super) fn measure(&self, watched: &Watched, now: Timestamp) {
        let (view, lane) = (watched.now(), watched.lane());
        self.measure_member(watched, &view, &lane);
        self.measure_chain(watched, &view);
        self.measure_lane(&view, &lane, now);
        if let Some(end) = watched.epoch_end() {
            self.epoch_end.get_or_create(&of(lane)).set(seconds(end));
        }
    }

    fn measure_member(&self, watched: &Watched, view: &RegulatorView, lane: &str) {
        let of_lane = of(lane.to_owned());
        let with = |name, value: String| [("lane", lane.to_owned()), (name, value)];
        let is_silent = i64::from(view.silence.is_some());
        self.silent.get_or_create(&with("member", watched.me())).set(is_silent);
        for (place, connected) in &view.leaders {
            let leader = with("gateway", watched.leader(*place));
            self.connected.get_or_create(&leader).set(i64::from(*connected));
        }
        for (place, queued) in &view.queued {
            let queue = with("queue", watched.leader(*place));
            self.queued.get_or_create(&queue).set(whole(*queued));
        }
        let events = whole(watched.events_waiting());
        self.queued.get_or_create(&with("queue", "events".to_owned())).set(events);
        if let Some(offset) = view.clock_offset_ms {
            self.clock_offset.get_or_create(&of_lane).set(offset_seconds(offset));
        }
        self.clock_right.get_or_create(&of_lane).set(i64::from(view.clock.is_right()));
        set_count(&self.clock_stops.get_or_create(&of_lane), view.clock_stops);
        set_count(&self.verdicts.get_or_create(&of_lane), view.verdicts);
        self.journal.get_or_create(&of_lane).set(whole(view.journal.0));
    }

    fn measure_chain(&self, watched: &Watched, view: &RegulatorView) {
        let region = [("region", watched.region())];
        let of_chain = [("region", watched.region()), ("chain", watched.chain().to_string())];
        let answering = view.sources.values().filter(|answers| **answers).count();
        self.sources.get_or_create(&region).set(whole(answering));
        for (source, answers) in &view.sources {
            let source = [("region", watched.region()), ("source", source.clone())];
            self.source_up.get_or_create(&source).set(i64::from(*answers));
        }
        set_count(&self.conflicts.get_or_create(&region), view.source_conflicts);
        if let Some((height, time)) = view.chain {
            self.height.get_or_create(&of_chain).set(whole(height));
            self.head.get_or_create(&of_chain).set(seconds(time));
        }
        if let Some(expires) = view.expires {
            self.expiry.get_or_create(&of_chain).set(seconds(expires));
        }
        self.frozen.get_or_create(&of_chain).set(i64::from(view.frozen));
    }

    fn measure_lane(&self, view: &RegulatorView, lane: &str, now: Timestamp) {
        let of_lane = of(lane.to_owned());
        let with = |name, value: &str| [("lane", lane.to_owned()), (name, value.to_owned())];
        if let Some(time) = view.tip_time {
            self.checkpoint.get_or_create(&of_lane).set(seconds(time));
        }
        if let Some(synced) = view.last_sync {
            self.sync_age.get_or_create(&of_lane).set(now.since(synced).as_secs_f64());
        }
        set_count(&self.batches.get_or_create(&of_lane), view.next_k);
        for kind in ["proposals", "prepares", "roots"] {
            let found = view.contradictions.get(kind).copied().unwrap_or_default();
            set_count(&self.two_histories.get_or_create(&with("kind", kind)), found);
        }
        self.evidence.get_or_create(&of_lane).set(whole(view.evidence));
        set_count(&self.log_checks.get_or_create(&with("result", "good")), view.log.good);
        let changed = u64::from(view.log.changed.is_some());
        set_count(&self.log_checks.get_or_create(&with("result", "changed")), changed);
        if let Some(last) = view.log.last_good {
            self.log_checked.get_or_create(&of_lane).set(seconds(last));
        }
    }
}

fn of(lane: String) -> OfLane {
    [("lane", lane)]
}

/// Seconds of a span in milliseconds, either way.
fn offset_seconds(ms: i64) -> f64 {
    let span = seconds(Timestamp(ms.unsigned_abs()));
    if ms < 0 { -span } else { span }
}
