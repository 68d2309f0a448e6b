//! Carrying effects out: in order for each question, all questions at once.

use super::{Engine, Inner, ServedLane, closed::just_decided, kept};
use crate::chain::ProvenEvidence;
use gateway_core::{Effect, Logged, Outcome, Progress, RecognitionId};
use gateway_store::{Batch, StoreError};
use gateway_types::{
    Bytes, LicenceKey, Platform,
    candidate::Candidate,
    frame::sha256,
    link::{CandidateFrame, Handed},
};
use kept::{End, Stood, Why};
use std::{sync::Arc, time::Duration};

/// How long after a full disk an open question's progress is written again.
const FULL_RETRY: Duration = Duration::from_secs(1);

impl Inner {
    /// Gives the engine an input, and has what comes out carried out.
    pub(super) fn drive<T>(self: &Arc<Self>, input: impl FnOnce(&mut Engine) -> T) -> T {
        let mut state = self.state();
        let given = input(&mut state.engine);
        let mut idle = Vec::new();
        while let Some((id, effect)) = state.engine.poll_effect() {
            let Some(open) = state.open.get_mut(&id) else { continue };
            open.effects.push_back(effect);
            if !open.is_carried {
                open.is_carried = true;
                idle.push(id);
            }
        }
        drop(state);
        for id in idle {
            // Not more tasks than open questions.
            tokio::spawn(Arc::clone(self).carry(id));
        }
        given
    }

    /// Carries out what one question wants until nothing is left.
    async fn carry(self: Arc<Self>, id: RecognitionId) {
        while let Some(effect) = self.next_effect(&id) {
            self.carry_out(&id, effect).await;
        }
    }

    fn next_effect(&self, id: &RecognitionId) -> Option<Effect> {
        let mut state = self.state();
        let open = state.open.get_mut(id)?;
        let effect = open.effects.pop_front();
        open.is_carried = effect.is_some();
        effect
    }

    async fn carry_out(self: &Arc<Self>, id: &RecognitionId, effect: Effect) {
        match effect {
            Effect::FetchEvidence { key } => {
                // By itself: what ends the question must not wait for the source.
                tokio::spawn(Arc::clone(self).fetch(id.clone(), key));
            }
            Effect::Save(progress) => self.save(id, &progress).await,
            // It goes with the candidate, which the lane hands to this region's members alone.
            Effect::GiveRecord => {}
            Effect::SendCandidate(candidate) => self.send(id, *candidate).await,
            // Deleted in the same step in which the end was written down.
            Effect::ForgetRecord => {}
            Effect::Tell => self.tell(id),
        }
    }

    async fn fetch(self: Arc<Self>, id: RecognitionId, key: LicenceKey) {
        let Some((lane, of)) = self.lane_of(&id).zip(self.platform_of(&id)) else { return };
        match lane.chain.evidence(key, of).await {
            Ok(proven) => self.take_evidence(&id, &lane, &proven),
            Err(trouble) => {
                let now = self.now();
                self.drive(|engine| engine.handle_source_trouble(&id, trouble, now));
            }
        }
    }

    fn take_evidence(
        self: &Arc<Self>,
        id: &RecognitionId,
        lane: &ServedLane,
        proven: &ProvenEvidence,
    ) {
        let (now, epoch) = (self.now(), Arc::clone(lane.lane.log().keys()));
        let standing = {
            let mut state = self.state();
            let Some(open) = state.open.get_mut(id) else { return };
            open.shown = Some(proven.clone());
            self.standing_of(&open.kept.platform)
        };
        let taken = lane.judge(|rules| {
            self.drive(|engine| {
                engine.handle_evidence(id, (rules, &epoch), &proven.evidence, standing, now)
            })
        });
        if let Err(error) = taken {
            tracing::info!(%id, %error, "evidence was not used");
        }
    }

    /// Writes progress down, where it is not in the store already: *persist, then tell* asks for two writes a question.
    ///
    /// What members are asked is none of them. The question is in the store before that. A program that starts
    /// again has it judged anew, as one candidate more under the same request, whatever the first one was; of
    /// these the lane logs at most one, and what it has logged answers. So nothing is told by a candidate that a
    /// later one could take back.
    async fn save(self: &Arc<Self>, id: &RecognitionId, progress: &Progress) {
        let now = self.now();
        let batch = match progress {
            Progress::Asked(_) => None,
            Progress::Decided(logged) => self.decided(id, logged),
            Progress::Failed(failure) => self.ended(id, End::Failed(Why::from(failure), now)),
            Progress::Cancelled => self.ended(id, End::Cancelled(now)),
            // Whoever asks finds it in the lane's own log: it need not be written twice.
            Progress::Late(_) => None,
        };
        if let Some(batch) = batch {
            self.commit(id, batch).await;
        }
    }

    /// Commits what must not be lost: waits while the disk is full, and for good when it has failed.
    async fn commit(&self, id: &RecognitionId, batch: Batch) {
        self.footing.faults.reach("gateway/answer/before-commit");
        loop {
            match self.footing.store.commit(batch.clone()).await {
                Ok(()) => return self.footing.faults.reach("gateway/answer/after-commit"),
                Err(StoreError::Full) => tokio::time::sleep(FULL_RETRY).await,
                Err(error) => {
                    tracing::error!(%id, %error, "progress was not written down, so it is not told");
                    self.note_store_error(&error);
                    // Nothing after this is done in this process; the next one goes on from the store.
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    fn decided(&self, id: &RecognitionId, logged: &Logged) -> Option<Batch> {
        let (lane, seen) = (self.lane_of(id)?, self.now());
        let stood = self.state().engine.standings(id).into_iter().map(Stood::from).collect();
        let end = self.end_of(&lane, logged, stood);
        let batch = self.ended(id, end)?;
        let mut state = self.state();
        let open = state.open.get_mut(id)?;
        open.steps.proposed = Some(logged.decided_at());
        open.steps.logged = Some(seen);
        open.closed = just_decided(&lane, &open.kept, logged).map(Arc::new);
        Some(batch)
    }

    /// How a question ends by an entry of the log.
    pub(super) fn end_of(&self, lane: &ServedLane, logged: &Logged, stood: Vec<Stood>) -> End {
        let index = logged.index();
        let is_yes = matches!(logged.outcome(), Outcome::Recognised(_));
        match lane.certificate(index) {
            Ok(bytes) => End::Decided(index, sha256(&bytes), stood, is_yes),
            Err(error) => {
                tracing::error!(%error, index, "an answer without a certificate is none");
                End::Failed(Why::Internal, self.now())
            }
        }
    }

    fn ended(&self, id: &RecognitionId, end: End) -> Option<Batch> {
        let mut state = self.state();
        let open = state.open.get_mut(id)?;
        open.kept.end = end;
        Some(kept::close(id, &open.kept))
    }

    async fn send(&self, id: &RecognitionId, candidate: Candidate) {
        let Some(lane) = self.lane_of(id) else { return };
        let frame = {
            let mut state = self.state();
            let Some(open) = state.open.get_mut(id) else { return };
            let Some(shown) = open.shown.take() else { return };
            open.steps.given = Some(self.now());
            let handed = state.engine.request(id).and_then(|request| handed(&request.question));
            let header = Some(shown.header);
            CandidateFrame { candidate, shown: shown.shown, header, handed }
        };
        if lane.lane.submit(frame).await.is_err() {
            tracing::warn!(%id, "the lane has stopped: the question waits in the store");
        }
    }

    /// The end is written down: from now on it is what is seen.
    fn tell(&self, id: &RecognitionId) {
        let mut state = self.state();
        state.engine.forget(id);
        let Some(open) = state.open.remove(id) else { return };
        drop(state);
        // Whoever asks now need not read it from the store, and the log.
        if let Some(closed) = open.closed {
            self.cache().keep(id, closed);
        }
        let (stored, now) = (open.kept.stored_at, self.now());
        self.metrics.ended(&open.lane, word(&open.kept.end), now.since(stored));
        if let Some(steps) = open.steps.took(stored, now) {
            self.metrics.answered(steps);
        }
        if let End::Decided(index, ..) = &open.kept.end {
            tracing::info!(%id, index, "answered");
        }
        open.ended.notify_waiters();
    }

    fn platform_of(&self, id: &RecognitionId) -> Option<Platform> {
        Some(self.state().open.get(id)?.kept.platform.clone())
    }

    fn lane_of(&self, id: &RecognitionId) -> Option<Arc<ServedLane>> {
        let state = self.state();
        let lane = &state.open.get(id)?.lane;
        self.lanes.get(lane).cloned()
    }
}

/// What the lane hands to this region's members; nothing if it is longer than a frame takes.
fn handed(question: &gateway_core::Question) -> Option<Handed> {
    let consent = match &question.consent {
        Some(consent) => Some(Bytes::new(consent.clone().into_bytes()).ok()?),
        None => None,
    };
    let record = Bytes::new(question.record.clone().into_bytes()).ok()?;
    Some(Handed { licence: question.licence.clone(), record, consent })
}

/// The answer that a question ended with.
fn word(end: &End) -> &'static str {
    match end {
        End::Decided(.., true) => "yes",
        End::Decided(.., false) => "no",
        _ => "unknown",
    }
}
