//! What the operator's machines count and measure (`OpenMetrics`). Labels name regions, lanes, committees and
//! members, never licences, questions or holders.

mod gauges;

pub(crate) use gauges::live_members;

use crate::{
    chain::ChainHandle,
    lane::FinalBatch,
    questions::{Questions, changed_at},
};
use gateway_http::{
    Tls,
    admin::{Exposed, Labels, Real, seconds},
};
use gateway_net::Clock;
use gateway_types::{LaneId, Timestamp};
use prometheus_client::metrics::{counter::Counter, family::Family, histogram::Histogram};
use std::{sync::Arc, time::Duration};

/// Seconds to an answer: fine around the promised 0.3 and 0.8.
const ANSWER_S: [f64; 12] = [0.05, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.2, 2.0, 5.0, 20.0, 60.0];

/// Seconds from a block with a change to its signed status: 60 are promised.
const LAG_S: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0];

/// A batch that was signed longer ago was caught up with: its signers' times say nothing of clocks.
const SIGNED_JUST_NOW: Duration = Duration::from_secs(600);

/// Of a lane.
type OfLane = Labels<1>;

/// What a question waits for, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The source's proof, by way of its relayer.
    Evidence,
    /// The members' verdicts, and a batch that takes it in.
    Verdicts,
    /// The rounds that make the batch final.
    Agreement,
    /// The certificate, and its digest in the store.
    Certificate,
}

impl Step {
    fn word(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Verdicts => "verdicts",
            Self::Agreement => "agreement",
            Self::Certificate => "certificate",
        }
    }
}

/// The gateway's counters, and what is measured when it is asked for.
#[derive(Debug)]
pub struct Metrics {
    exposed: Exposed,
    recognitions: Family<Labels<2>, Counter>,
    answer_seconds: Histogram,
    answer_steps: Family<Labels<1>, Histogram, fn() -> Histogram>,
    revocation_lag: Histogram,
    two_histories: Family<Labels<2>, Counter>,
    unasked: Family<OfLane, Counter>,
    batches: Family<OfLane, Counter>,
    shares_bad: Family<Labels<1>, Counter>,
    clock_offset: Family<OfLane, Real>,
    fsync: Histogram,
    gauges: gauges::Gauges,
    clock: Arc<dyn Clock>,
}

impl Metrics {
    /// All at zero. `tls` tells when the certificate ends.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, tls: Option<Arc<Tls>>) -> Self {
        let exposed = Exposed::new("gateway", Arc::clone(&clock), tls);
        let metrics = Self {
            recognitions: Family::default(),
            answer_seconds: Histogram::new(ANSWER_S),
            answer_steps: Family::new_with_constructor(|| Histogram::new(ANSWER_S)),
            revocation_lag: Histogram::new(LAG_S),
            two_histories: Family::default(),
            unasked: Family::default(),
            batches: Family::default(),
            shares_bad: Family::default(),
            clock_offset: Family::default(),
            fsync: exposed.with_store(),
            gauges: gauges::Gauges::register(&exposed),
            exposed,
            clock,
        };
        metrics.register();
        metrics
    }

    fn register(&self) {
        self.exposed.register(|registry| {
            let help = "Answers; more than 1 % unknown: /readyz says who is waited for";
            registry.register("recognitions", help, self.recognitions.clone());
            let help = "From a question to its answer: 99 % within 0.8 are promised";
            registry.register("answer_seconds", help, self.answer_seconds.clone());
            let help = "Where that time went, of those that an entry answers: the largest step is where to look";
            registry.register("answer_step_seconds", help, self.answer_steps.clone());
            let help = "From a block with a change to its signed status: 60 are promised";
            registry.register("revocation_lag_seconds", help, self.revocation_lag.clone());
            let help = "Two proposals, prepares or roots by one signer: keep everything, call the regulators";
            registry.register("two_histories", help, self.two_histories.clone());
            let help = "Recognised for this region, and nobody asked here: compare with the other gateway";
            registry.register("recognised_unasked", help, self.unasked.clone());
            let help = "Batches that became final since the start";
            registry.register("batches", help, self.batches.clone());
            let help = "Signatures and key shares of a member that did not hold: tell that member";
            registry.register("shares_bad", help, self.shares_bad.clone());
            let help = "This clock less the middle one of those who signed the last batch: from 5 on members refuse";
            registry.register("clock_offset_seconds", help, self.clock_offset.clone());
        });
    }

    /// What there is to tell, as text.
    #[must_use]
    pub fn text(&self, questions: &Questions, chains: &[ChainHandle]) -> String {
        self.gauges.measure(questions, chains, self.clock.now());
        let room = questions.room();
        self.exposed.set_room(room.free, room.total);
        self.exposed.text(questions.is_ready())
    }

    /// Where durations of durable writes go.
    pub(crate) fn fsync(&self) -> &Histogram {
        &self.fsync
    }

    /// A question has ended.
    pub(crate) fn ended(&self, lane: &LaneId, answer: &'static str, took: Duration) {
        let of = [("lane", lane.to_string()), ("answer", answer.to_owned())];
        self.recognitions.get_or_create(&of).inc();
        self.answer_seconds.observe(took.as_secs_f64());
    }

    /// An entry has answered a question, and each step to it took so long.
    pub(crate) fn answered(&self, steps: impl IntoIterator<Item = (Step, Duration)>) {
        for (step, took) in steps {
            let of = [("step", step.word().to_owned())];
            self.answer_steps.get_or_create(&of).observe(took.as_secs_f64());
        }
    }

    /// Somebody contradicted itself; `kind` says in what.
    pub(crate) fn two_histories(&self, lane: &LaneId, kind: &'static str) {
        let of = [("lane", lane.to_string()), ("kind", kind.to_owned())];
        self.two_histories.get_or_create(&of).inc();
    }

    /// A member's signature or share was bad; `member` as `CN-HK/office-1`.
    pub(crate) fn share_bad(&self, member: String) {
        self.shares_bad.get_or_create(&[("member", member)]).inc();
    }

    /// Something was recognised that nobody asked for here (A52).
    pub(crate) fn unasked(&self, lane: &LaneId) {
        self.unasked.get_or_create(&of(lane)).inc();
    }

    /// A batch is final.
    pub(crate) fn final_batch(&self, lane: &LaneId, batch: &FinalBatch) {
        let now = self.clock.now();
        self.batches.get_or_create(&of(lane)).inc();
        if let Some(changed) = changed_at(batch) {
            self.revocation_lag.observe(seconds(Timestamp(now.0.saturating_sub(changed.0))));
        }
        let signed = middle(batch.checkpoint.cosigners().iter().map(|(_, time_s)| *time_s));
        if let Some(signed) = signed.filter(|it| it.abs_diff(now) < SIGNED_JUST_NOW) {
            self.clock_offset.get_or_create(&of(lane)).set(seconds(now) - seconds(signed));
        }
    }
}

fn of(lane: &LaneId) -> OfLane {
    [("lane", lane.to_string())]
}

/// The middle one of moments in whole seconds, in the middle of its second.
fn middle(times_s: impl Iterator<Item = u64>) -> Option<Timestamp> {
    let mut times: Vec<u64> = times_s.collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2)?;
    Some(Timestamp(middle.saturating_mul(1000).saturating_add(500)))
}
