//! What happens in the lanes, and time, given to the questions.

use super::{Inner, Questions, ServedLane, kept};
use crate::lane::{FinalBatch, LaneEvent, member_name};
use gateway_agreement::build::Left;
use gateway_core::StoredRequest;
use gateway_types::{
    LaneId, MemberRef, Timestamp,
    candidate::Candidate,
    entry::{Entry, RecognisedEntry},
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(100);

/// At every so many looks at the clock, it is looked whether members who were away are back.
const RENEWAL_TICKS: u32 = 5;

impl Questions {
    /// Follows every lane and the clock until the lanes stop. Ends at once in a gateway without lanes.
    ///
    /// Call it once, before the lanes hear of anything: what happened before is not told.
    pub fn follow(&self) -> Vec<tokio::task::JoinHandle<()>> {
        let inner = &self.inner;
        let lanes = inner.lanes.values().map(|lane| {
            let (inner, lane) = (Arc::clone(inner), Arc::clone(lane));
            let events = lane.lane.events();
            tokio::spawn(async move { inner.follow_lane(&lane, events).await })
        });
        let clock = tokio::spawn(Arc::clone(inner).follow_clock());
        let sources = inner.lanes.values().map(|lane| {
            let (inner, lane) = (Arc::clone(inner), Arc::clone(lane));
            tokio::spawn(async move { inner.follow_source(&lane).await })
        });
        let sweep = tokio::spawn(Arc::clone(inner).sweep());
        lanes.chain(sources).chain([clock, sweep]).collect()
    }
}

impl Inner {
    async fn follow_clock(self: Arc<Self>) {
        for tick in (0..RENEWAL_TICKS).cycle() {
            let now = self.now();
            self.drive(|engine| engine.handle_time(now));
            if tick == 0 {
                self.look_for_members(now);
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Where a lane's members suffice again, those who were away are asked anew.
    fn look_for_members(self: &Arc<Self>, now: Timestamp) {
        let connected = |lane: &ServedLane| {
            let view = lane.lane.now();
            let seen = view.members.iter().filter(|(_, seen)| seen.connected);
            let members: BTreeSet<MemberRef> = seen.map(|(member, _)| *member).collect();
            view.keys.is_quorum(members.iter().copied()).then_some(members)
        };
        let lanes: Vec<_> = self.lanes.values().filter_map(|l| Some((l, connected(l)?))).collect();
        let of = |request: &StoredRequest| {
            let question = &request.question;
            let is_its =
                |lane: &LaneId| lane.source == question.from && lane.destination == question.to;
            lanes.iter().find(|(lane, _)| is_its(lane.id())).map(|(_, members)| members)
        };
        if !lanes.is_empty() {
            self.drive(|engine| engine.handle_reachable(of, now));
        }
    }

    /// What waits for a silent source asks it again as soon as its relayer brings a header, not by the clock.
    async fn follow_source(self: Arc<Self>, lane: &ServedLane) {
        let mut view = lane.chain.view();
        let mut height = view.borrow_and_update().height;
        while view.changed().await.is_ok() {
            let newest = view.borrow_and_update().height;
            if newest > std::mem::replace(&mut height, newest) {
                let now = self.now();
                let from = &lane.id().source;
                self.drive(|engine| engine.handle_source_back(from, now));
            }
        }
    }

    async fn follow_lane(self: Arc<Self>, lane: &ServedLane, mut events: Receiver<LaneEvent>) {
        loop {
            match events.recv().await {
                Ok(event) => self.take_event(lane, event),
                // Verdicts that were missed cost a view; what was logged is in the log.
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(lane = %lane.id(), missed, "events of the lane were missed");
                    self.read_log(lane);
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn take_event(self: &Arc<Self>, lane: &ServedLane, event: LaneEvent) {
        match event {
            LaneEvent::Verdicts(list) => {
                let now = self.now();
                self.drive(|engine| engine.handle_verdicts(&list, now));
            }
            LaneEvent::Final(batch) => self.take_batch(lane, &batch),
            LaneEvent::Left(candidate, left) => {
                tracing::info!(lane = %lane.id(), %candidate, ?left, "a candidate was left out");
                // Where there was no room for it, it is asked again a little later, as with old evidence.
                if matches!(left, Left::OldEvidence | Left::Full) {
                    let now = self.now();
                    self.drive(|engine| engine.handle_old_evidence(&candidate, now));
                }
            }
            LaneEvent::BadShare(member) => {
                self.metrics.share_bad(member_name(lane.lane.log().keys(), member));
            }
            LaneEvent::Equivocation(found) => {
                self.metrics.two_histories(lane.id(), found.claim().kind());
            }
            LaneEvent::Stopped => {
                tracing::warn!(lane = %lane.id(), "the lane goes on no more until a restart");
            }
        }
    }

    fn take_batch(self: &Arc<Self>, lane: &ServedLane, batch: &FinalBatch) {
        self.metrics.final_batch(lane.id(), batch);
        for (index, entry) in (batch.first..).zip(&batch.body.body().entries) {
            let Some((candidate, is_yes)) = answered(&entry.bytes) else { continue };
            if self.state().engine.waits_for(&candidate.request) {
                self.take_answer(lane, batch, index);
            } else if is_yes {
                self.watch_unasked(lane, &candidate);
            }
        }
    }

    fn take_answer(self: &Arc<Self>, lane: &ServedLane, batch: &FinalBatch, index: u64) {
        match lane.logged_in(batch, index) {
            Ok(logged) => self.drive(|engine| engine.handle_logged(&logged)),
            Err(error) => tracing::error!(lane = %lane.id(), index, %error, "not an answer"),
        }
    }

    /// Nobody asks for this region but through this store: a *yes* that nobody asked for is an alarm (A52).
    fn watch_unasked(&self, lane: &ServedLane, candidate: &Candidate) {
        if candidate.origin.lane.destination != self.region {
            return;
        }
        if let Ok(None) = self.footing.store.load(kept::KEYS, &candidate.request.0) {
            let digest = candidate.digest();
            tracing::error!(lane = %lane.id(), candidate = %digest, "recognised, and nobody asked");
            self.metrics.unasked(lane.id());
        }
    }

    /// Looks up every open question of a lane in its log.
    pub(super) fn read_log(self: &Arc<Self>, lane: &ServedLane) {
        let requests = self.state().engine.requests();
        for request in requests {
            let Ok(Some(answered)) = lane.lane.log().find_request(&request) else { continue };
            match lane.logged(answered.index) {
                Ok(logged) => self.drive(|engine| engine.handle_logged(&logged)),
                Err(error) => tracing::error!(lane = %lane.id(), %error, "not an answer"),
            }
        }
    }
}

/// The candidate that an entry answers, and whether it is a *yes*.
fn answered(bytes: &[u8]) -> Option<(Candidate, bool)> {
    match Entry::decode(bytes).ok()? {
        Entry::Recognised(RecognisedEntry { candidate, .. }) => Some((candidate, true)),
        Entry::Declined(entry) => Some((entry.candidate, false)),
        _ => None,
    }
}

/// For the metrics: block time of the sync point of a batch that holds a change of status.
pub(crate) fn changed_at(batch: &FinalBatch) -> Option<Timestamp> {
    let entries = &batch.body.body().entries;
    let decoded = |bytes: &[u8]| Entry::decode(bytes).ok();
    let holds_change =
        entries.iter().any(|entry| matches!(decoded(&entry.bytes), Some(Entry::Status(_))));
    let Some(Entry::Batch(first)) = entries.first().and_then(|entry| decoded(&entry.bytes)) else {
        return None;
    };
    first.sync.filter(|_| holds_change).map(|sync| sync.block_time)
}
