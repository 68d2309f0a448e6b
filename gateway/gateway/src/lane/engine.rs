//! A gateway's part in a lane, as a state machine: what comes in, what is to be done, in which order.
//!
//! Drive it: call a `handle_*` for each thing that happens, then carry out what [`Engine::poll_output`] gives,
//! one after the other, until it gives nothing. What it gives after an [`Output::Persist`] is made only when it is
//! asked for, so that nobody reads or hears what is not written down.

mod behind;
mod config;
mod finals;
mod input;
mod lead;
mod members;
mod offers;
mod open;
mod output;
mod pace;
mod sign;
#[cfg(feature = "villains")]
mod villain;
mod wire;

pub use config::LaneConfig;
pub use input::Dropped;
pub use open::OpenError;
pub use output::Output;
#[cfg(feature = "villains")]
pub use villain::Villain;

use super::{
    log::LaneLog,
    view::{FinalBatch, LaneEvent, LaneView, MemberSeen},
    waiting::Waiting,
};
use behind::Behind;
use core::time::Duration;
use gateway_agreement::{HEARTBEAT, build::SyncOffer, leader::Leader};
use gateway_cosign::SignedCheckpoint;
use gateway_lane::CheckedBatch;
use gateway_types::{
    Bytes, Digest, MemberRef, Timestamp, body::MAX_EVIDENCE, entry::Entry, link::CandidateFrame,
    message::Ballot,
};
use light_client::Misbehaviour;
use pace::Pace;
use rand_chacha::ChaCha20Rng;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// How often what has lapsed is looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// How long before the members become impatient a heartbeat is proposed.
const HEARTBEAT_AHEAD: Duration = Duration::from_secs(1);

/// How long it waits before it tries again to make a body, where none could be made.
const MAKE_AGAIN: Duration = Duration::from_secs(1);

/// Most sync points offered at once. Of more, the lowest and the newest stay.
const MAX_OFFERS: usize = 8;

/// Most headers kept for members that connect again.
const MAX_HEADERS_KEPT: usize = 64;

/// One gateway in one lane and epoch.
#[derive(Debug)]
pub struct Engine {
    config: LaneConfig,
    log: Arc<LaneLog>,
    leader: Leader,
    rng: ChaCha20Rng,
    waiting: Waiting,
    /// This gateway's own candidates as they go to members, without headers.
    frames: BTreeMap<Digest, CandidateFrame>,
    headers: BTreeMap<u64, Bytes<MAX_EVIDENCE>>,
    /// By height; whether a licence that is recognised here changed up to there.
    offers: BTreeMap<u64, (SyncOffer, bool)>,
    /// Since when each is offered, by height.
    offered_at: BTreeMap<u64, Timestamp>,
    freeze: Option<Misbehaviour>,
    combined: Option<SignedCheckpoint>,
    /// Members whose bad signature or share was told of since the program began.
    blamed: BTreeSet<MemberRef>,
    /// What is in the store as proposed last.
    ballot: Option<Ballot>,
    members: BTreeMap<MemberRef, Seen>,
    behind: Behind,
    peers: BTreeMap<u8, bool>,
    steps: VecDeque<Step>,
    sweep_at: Timestamp,
    make_at: Option<Timestamp>,
    pace: Pace,
    /// Until when what could be logged waits for more.
    gather_until: Option<Timestamp>,
    /// The batch that was asked for because it is due.
    asked_for: Option<u64>,
    view: Option<u64>,
    /// The batch that was next when it came to lead in this view.
    entered_at: Option<u64>,
    view_changes: u64,
    equivocations: u64,
    now: Timestamp,
    #[cfg(feature = "villains")]
    villain: Option<Villain>,
    /// What a villain keeps back until it is old.
    #[cfg(feature = "villains")]
    kept_back: Option<gateway_agreement::build::Made>,
}

/// What is seen of a member on its connection.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    seen: MemberSeen,
    /// Height of the last header that it was sent on this connection.
    header: Option<u64>,
}

/// What is to be done next: outside, or here once everything before it is done.
#[derive(Debug)]
enum Step {
    Out(Output),
    /// The batch is written down: it counts from now on.
    Apply(Arc<FinalBatch>, Box<CheckedBatch>, Vec<Entry>),
}

impl Engine {
    /// The lane's log, for readers.
    #[must_use]
    pub fn log(&self) -> &Arc<LaneLog> {
        &self.log
    }

    /// The next thing to do, if any. Carry it out before asking again.
    pub fn poll_output(&mut self) -> Option<Output> {
        loop {
            match self.steps.pop_front() {
                Some(Step::Out(output)) => return Some(output),
                Some(Step::Apply(batch, checked, entries)) => {
                    self.apply(&batch, *checked, &entries);
                }
                None => {
                    let effect = self.leader.poll_effect()?;
                    self.carry_out(effect);
                }
            }
        }
    }

    /// Proposes, if something waits and it is this gateway's turn: call it after a run of inputs.
    pub fn handle_work(&mut self, now: Timestamp) {
        self.now = now;
        let retry = self.make_at.is_some_and(|at| at.ends_wait(now, MAKE_AGAIN));
        let due = self.heartbeat_at() <= now || self.has_news();
        // A leader that is asked while a batch is open makes another after it: once a batch is enough.
        let due = due && self.asked_for != Some(self.leader.k());
        self.gather_until = None;
        if self.waiting.work && !retry && !due {
            self.gather_until = self.waits_for_more();
        }
        if (self.waiting.work && self.gather_until.is_none()) || retry || due {
            self.asked_for = Some(self.leader.k());
            self.make_at = None;
            self.waiting.work = false;
            self.leader.handle_work();
        }
    }

    /// Tells the time.
    pub fn handle_time(&mut self, now: Timestamp) {
        self.now = now;
        self.leader.handle_time(now);
        self.catch_up_due();
        if self.sweep_at.ends_wait(now, SWEEP) {
            self.sweep_at = now.saturating_add(SWEEP);
            self.waiting.apply_time(now);
            let waiting = &self.waiting;
            self.frames.retain(|digest, _| waiting.has(digest));
        }
    }

    /// When [`Engine::handle_time`] must next be called.
    #[must_use]
    pub fn poll_deadline(&self) -> Timestamp {
        let own = [self.make_at, self.gather_until, self.beat(), self.behind.deadline()];
        let others = own.into_iter().chain([self.leader.poll_deadline()]);
        others.flatten().fold(self.sweep_at, Ord::min)
    }

    /// How the lane stands.
    #[must_use]
    pub fn view(&self) -> LaneView {
        self.log.with_both(|log, state| LaneView {
            origin: self.config.keys.origin().clone(),
            keys: Arc::clone(&self.config.keys),
            head: log.head(),
            k: state.next_k(),
            time: state.tip().map(|tip| tip.time),
            sync: state.sync().cloned(),
            frozen: state.tip().is_some_and(|tip| tip.client.freeze.is_some()),
            leading: self.leader.view(),
            view_changes: self.view_changes,
            members: self.members.iter().map(|(member, it)| (*member, it.seen)).collect(),
            waiting: self.waiting.len(),
            equivocations: self.equivocations,
        })
    }

    /// When the next heartbeat is due, while this gateway leads and none is on its way.
    fn beat(&self) -> Option<Timestamp> {
        self.leader.view().map(|_| self.heartbeat_at()).filter(|at| *at > self.now)
    }

    fn heartbeat_at(&self) -> Timestamp {
        let wait = HEARTBEAT.saturating_sub(HEARTBEAT_AHEAD);
        let tip = self.log.with_state(|state| state.tip().map(|tip| tip.time));
        tip.map_or(Timestamp(0), |time| time.saturating_add(wait))
    }

    /// Whether the source changed a licence that is recognised here, or its client froze.
    fn has_news(&self) -> bool {
        let logged = |tip: &gateway_lane::Tip| tip.client.freeze.is_some();
        let is_logged = self.log.with_state(|state| state.tip().is_none_or(logged));
        let changed = self.offers.values().any(|(_, changed)| *changed);
        (self.freeze.is_some() || changed) && !is_logged
    }

    fn out(&mut self, output: Output) {
        self.steps.push_back(Step::Out(output));
    }

    fn event(&mut self, event: LaneEvent) {
        self.out(Output::Event(event));
    }
}

#[cfg(test)]
mod tests;
