//! Carrying out effects: persist, then tell.

use super::lane::LaneLoop;
use crate::{
    engine::{Effect, Notice},
    fault::Step,
};
use gateway_agreement::member::To;
use gateway_store::{Batch, StoreError};
use gateway_types::{Causes, link::MemberFrame};
use tokio::time::{Duration, Instant};

/// How long to wait before a full disk is tried again.
const FULL_WAIT: Duration = Duration::from_secs(1);

impl LaneLoop {
    /// Carries out all that the engine asks for, in its order.
    pub(super) async fn carry_out(&mut self) -> Result<(), StoreError> {
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Persist(step, batch) => self.commit(step, batch).await?,
                Effect::Send(step, to, frame) => self.send(step, to, &frame),
                Effect::Publish(found) => {
                    let count: &mut u64 =
                        self.contradictions.entry(found.claim().kind()).or_default();
                    *count = count.saturating_add(1);
                    tracing::error!(culprit = ?found.culprit(), "evidence of dishonesty");
                }
                Effect::Note(notice) => note(&notice),
            }
        }
        Ok(())
    }

    /// Writes, or waits for room: nothing is said before it is written.
    async fn commit(&mut self, step: Step, batch: Batch) -> Result<(), StoreError> {
        self.faults.reach(step.before_commit());
        loop {
            match self.store.commit(batch.clone()).await {
                Ok(()) => break,
                Err(StoreError::Full) => {
                    if !self.disk_full {
                        tracing::error!("the disk is full: nothing is said until there is room");
                    }
                    self.disk_full = true;
                    self.show();
                    tokio::time::sleep(FULL_WAIT).await;
                }
                Err(error) => return Err(error),
            }
        }
        self.disk_full = false;
        self.faults.reach(step.after_commit());
        Ok(())
    }

    fn send(&mut self, step: Step, to: To, frame: &MemberFrame) {
        for (leader, queue) in (0u8..).zip(&mut self.queues) {
            let meant = to == To::AllLeaders || to == To::Leader(leader);
            if meant && !queue.send(frame) {
                self.dropped.entry(leader).or_insert_with(Instant::now);
            }
        }
        self.faults.reach(step.after_send());
    }
}

fn note(notice: &Notice) {
    match notice {
        Notice::Dropped { leader, why } => {
            tracing::debug!(leader, error = %Causes(why), "frame dropped")
        }
        Notice::NotJudged { candidate, why } => {
            tracing::info!(candidate = %candidate.short(), error = %Causes(why), "no verdict");
        }
        Notice::Refused(refused) => {
            tracing::info!(body = %refused.d.short(), error = %Causes(&refused.why), "not prepared");
        }
        Notice::NotPrepared(why) => tracing::debug!(error = %Causes(why), "not prepared"),
        Notice::Clock(state) if state.is_right() => tracing::info!("the clock is right again"),
        Notice::Clock(state) => tracing::error!(?state, "R-CLOCK: signing stops"),
        Notice::Silent => tracing::error!("what is stored may be old: silent"),
        Notice::Speaks => tracing::info!("it speaks again"),
        Notice::Frozen => tracing::error!("two valid headers contradict each other: frozen"),
        Notice::Chain(why) => tracing::info!(error = %Causes(why), "not taken from the chain"),
    }
}
