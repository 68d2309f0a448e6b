//! What the operator's machines count and measure (`OpenMetrics`). Labels name regions, lanes, committees and
//! members, never licences, questions or holders.

mod gauges;

pub(crate) use gauges::live_members;

use crate::{
    chain::ChainHandle,
    lane::FinalBatch,
    questions::{Questions, changed_at},
};
use gateway_net::Clock;
use gateway_types::{LaneId, Timestamp};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::Registry,
};
use std::sync::{Arc, Mutex, PoisonError};

/// Media type of what [`Metrics::text`] gives.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds to an answer: fine around the promised 0.3 and 0.8.
const ANSWER_S: [f64; 12] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 2.0, 5.0, 20.0, 60.0];

/// Seconds from a block with a change to its signed status: 60 are promised.
const LAG_S: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0];

/// The gateway's counters, and what is measured when it is asked for.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    recognitions: Family<Answered, Counter>,
    answer_seconds: Histogram,
    revocation_lag: Histogram,
    two_histories: Family<Lane, Counter>,
    unasked: Family<Lane, Counter>,
    batches: Family<Lane, Counter>,
    shares_bad: Family<Member, Counter>,
    gauges: gauges::Gauges,
    clock: Arc<dyn Clock>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    lane: String,
    answer: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lane {
    lane: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Member {
    member: String,
}

impl Metrics {
    /// All at zero.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let mut registry = Registry::with_prefix("comity");
        let metrics = Self {
            recognitions: Family::default(),
            answer_seconds: Histogram::new(ANSWER_S),
            revocation_lag: Histogram::new(LAG_S),
            two_histories: Family::default(),
            unasked: Family::default(),
            batches: Family::default(),
            shares_bad: Family::default(),
            gauges: gauges::Gauges::register(&mut registry),
            registry: Mutex::default(),
            clock,
        };
        let m = &metrics;
        registry.register("recognitions", "Answers", m.recognitions.clone());
        registry.register("answer_seconds", "Time to an answer", m.answer_seconds.clone());
        let lag = "From a block with a change to its signed status";
        registry.register("revocation_lag_seconds", lag, m.revocation_lag.clone());
        let two = "Two proposals, prepares or roots by one signer";
        registry.register("two_histories", two, m.two_histories.clone());
        let unasked = "Recognised for this region, and nobody asked here";
        registry.register("recognised_unasked", unasked, m.unasked.clone());
        registry.register("batches", "Batches that are final", m.batches.clone());
        let bad = "Signatures and key shares of a member that did not hold";
        registry.register("shares_bad", bad, m.shares_bad.clone());
        *metrics.registry.lock().unwrap_or_else(PoisonError::into_inner) = registry;
        metrics
    }

    /// What there is to tell, as text.
    #[must_use]
    pub fn text(&self, questions: &Questions, chains: &[ChainHandle]) -> String {
        self.gauges.measure(questions, chains, self.clock.now());
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        // Writing into memory cannot fail.
        let written = encode(&mut text, &registry);
        debug_assert!(written.is_ok(), "memory refused a write");
        text
    }

    /// A question has ended.
    pub(crate) fn ended(&self, lane: &LaneId, answer: &'static str, took: Timestamp) {
        let lane = lane.to_string();
        self.recognitions.get_or_create(&Answered { lane, answer }).inc();
        self.answer_seconds.observe(seconds(took));
    }

    /// Somebody contradicted itself.
    pub(crate) fn two_histories(&self, lane: &LaneId) {
        self.two_histories.get_or_create(&Lane { lane: lane.to_string() }).inc();
    }

    /// A member's signature or share was bad; `member` as `CN-HK/office-1`.
    pub(crate) fn share_bad(&self, member: String) {
        self.shares_bad.get_or_create(&Member { member }).inc();
    }

    /// Something was recognised that nobody asked for here (A52).
    pub(crate) fn unasked(&self, lane: &LaneId) {
        self.unasked.get_or_create(&Lane { lane: lane.to_string() }).inc();
    }

    /// A batch is final.
    pub(crate) fn final_batch(&self, lane: &LaneId, batch: &FinalBatch) {
        self.batches.get_or_create(&Lane { lane: lane.to_string() }).inc();
        if let Some(changed) = changed_at(batch) {
            self.revocation_lag
                .observe(seconds(Timestamp(self.clock.now().0.saturating_sub(changed.0))));
        }
    }
}

/// Seconds of a moment or span in milliseconds, for a gauge.
fn seconds(ms: Timestamp) -> f64 {
    // Half a millennium in milliseconds is exact in 53 bits.
    let whole = u32::try_from(ms.0 / 1000).map_or(f64::from(u32::MAX), f64::from);
    let rest = u32::try_from(ms.0 % 1000).map_or(0.0, f64::from);
    whole + rest / 1000.0
}
