//! The life of one recognition at the gateway that took the question.
//!
//! ```text
//! checking ──► awaiting_verdicts ──► recognised | declined      (in the log)
//!    │  ▲          │    │
//!    ▼  │          │    └─ in_review (a person looks)
//! waiting          └──► failed (lapsed, no quorum)
//!    └─► failed                       cancelled: from anywhere before the log
//! ```
//!
//! **Invariant:** nothing here makes an answer: a *yes* or *no* is an entry that was shown to be in the log
//! that the lane's committees signed. Silence, lack of evidence and lack of time end in *unknown*.

mod ask;
mod effect;
mod renewal;
mod state;

pub use effect::{Effect, Progress};

use crate::{
    evidence::Evidence,
    failure::{EvidenceError, Failure, SourceTrouble},
    intake::asked_of,
    lane::{CANDIDATE_LIFE, Lane, PlatformStanding},
    logged::{Logged, MAX_STATUS_AGE, Outcome},
    presented::Presented,
    request::StoredRequest,
    view::{Answer, LicenceStanding, View},
};
use core::time::Duration;
use effect::Effects;
use gateway_cosign::{EpochKeys, Verified};
use gateway_types::{Digest, MemberRef, SourceCode, Status, Timestamp, verdict::VerdictList};
use state::{Asked, State};
use std::collections::BTreeSet;

/// How long a silent source is waited for.
pub const SOURCE_PATIENCE: Duration = Duration::from_secs(30);

/// How long after a failed try the source is asked again.
pub const SOURCE_RETRY: Duration = Duration::from_secs(2);

/// How long after a candidate's life its entry is waited for, if the verdicts came in time.
pub const BATCH_PATIENCE: Duration = Duration::from_secs(60);

/// One question, from storing to answer. Driven by `handle_*`, read by `poll_*` and [`Recognition::view`].
#[derive(Debug)]
pub struct Recognition {
    request: StoredRequest,
    digest: Digest,
    /// What the holder shows; gone as soon as the question is no longer open.
    presented: Option<Presented>,
    state: State,
    effects: Effects,
    /// Whether a candidate of it could not be logged for its evidence.
    was_old: bool,
}

impl Recognition {
    /// Begins with a question that was stored, and what [`crate::check_request`] found.
    #[must_use]
    pub fn new(request: StoredRequest, presented: Presented, now: Timestamp) -> Self {
        let mut effects = Effects::default();
        effects.push(Effect::FetchEvidence { key: presented.key() });
        let digest = request.digest();
        let state = State::Checking { since: now };
        Self { request, digest, presented: Some(presented), state, effects, was_old: false }
    }

    /// The question.
    #[must_use]
    pub fn request(&self) -> &StoredRequest {
        &self.request
    }

    /// The next thing to carry out, in order: persist, then tell. `None` until something is handled again.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop()
    }

    /// When [`Recognition::handle_time`] must be called at the latest; `None` once nothing is open.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        let own = self.state.deadline()?;
        Some(self.request.question.answer_by.map_or(own, |by| by.min(own)))
    }

    /// Takes what the relayer fetched and this gateway's light client proved; makes the candidate.
    ///
    /// # Errors
    ///
    /// [`EvidenceError`]: it was not used. What is wrong with the evidence alone is fetched again.
    pub fn handle_evidence(
        &mut self,
        lane: &Lane<'_>,
        epoch: &EpochKeys,
        evidence: &Evidence,
        standing: PlatformStanding,
        now: Timestamp,
    ) -> Result<(), EvidenceError> {
        if !self.state.wants_evidence() {
            return Err(EvidenceError::NotAwaited);
        }
        let presented = self.presented.take().ok_or(EvidenceError::NotAwaited)?;
        ask::handle_evidence(self, presented, lane, epoch, (evidence, standing), now)
    }

    /// Takes the relayer's word that the source gives no evidence.
    pub fn handle_source_trouble(&mut self, trouble: SourceTrouble, now: Timestamp) {
        let retry_at = now.saturating_add(SOURCE_RETRY);
        if let Some(renewal) = self.state.renewal() {
            // Members have a candidate that was proven: it may still be answered.
            if renewal.is_fetching() {
                renewal.apply_failed(trouble.may_pass().then_some(retry_at));
            }
            return;
        }
        let Some(since) = self.state.checking_since() else { return };
        if trouble.may_pass() {
            self.state = State::Waiting { since, retry_at };
        } else {
            self.fail(Failure::Source(trouble));
        }
        self.handle_time(now);
    }

    /// Takes a member's signed verdicts.
    pub fn handle_verdicts(&mut self, list: &Verified<VerdictList>, now: Timestamp) {
        if let State::AwaitingVerdicts(asked) = &mut self.state
            && now < asked.made.candidate.lapses_at()
        {
            asked.apply_verdicts(list, now);
        }
        self.handle_time(now);
    }

    /// From when on [`Recognition::handle_reachable`] may have members asked anew; `None` while they need not be.
    #[must_use]
    pub fn poll_renewal(&self) -> Option<Timestamp> {
        self.presented.as_ref()?;
        self.state.asked().and_then(Asked::renewed_from)
    }

    /// Who of the lane's members is connected at `now`. Where they suffice, and verdicts have been missing for long,
    /// newer evidence is fetched for a new candidate of the same question: no member judges one more than five
    /// seconds old, so those who come back could say nothing on the first. True if that begins now.
    ///
    /// The request stays the same, so at most one of its candidates is ever logged, and that one answers. Waits
    /// between two renewals double: not more than four in a candidate's life. The question ends when it would have.
    pub fn handle_reachable(&mut self, reachable: &BTreeSet<MemberRef>, now: Timestamp) -> bool {
        let suffice = |asked: &Asked| asked.tally.could_be_accepted_by(reachable);
        let is_due = self.poll_renewal().is_some_and(|from| from <= now);
        if !is_due || !self.state.asked().is_some_and(suffice) {
            return false;
        }
        let key = self.presented.as_ref().map(Presented::key);
        if let (Some(key), Some(renewal)) = (key, self.state.renewal()) {
            renewal.apply_begun();
            self.effects.push(Effect::FetchEvidence { key });
        }
        true
    }

    /// Takes the leader's word that this candidate cannot be logged with the evidence that it has: newer evidence
    /// is fetched, at once for the first time, then after [`SOURCE_RETRY`], while the question is younger than
    /// [`CANDIDATE_LIFE`]. Whichever candidate is logged answers.
    pub fn handle_old_evidence(&mut self, candidate: &Digest, now: Timestamp) {
        let is_asked =
            self.state.asked().is_some_and(|asked| asked.tally.candidate() == *candidate);
        if is_asked && now.since(self.request.stored_at) < CANDIDATE_LIFE {
            let wait = if self.was_old { SOURCE_RETRY } else { Duration::ZERO };
            self.was_old = true;
            self.state = State::Waiting { since: now, retry_at: now.saturating_add(wait) };
        }
        self.handle_time(now);
    }

    /// Whether it waits for a source that gave no evidence.
    #[must_use]
    pub fn waits_for_source(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// The source was heard again: it is asked at once.
    pub fn handle_source_back(&mut self, now: Timestamp) {
        if let State::Waiting { retry_at, .. } = &mut self.state {
            *retry_at = now.min(*retry_at);
            self.handle_time(now);
        }
    }

    /// Takes an entry that was shown to be in the log. Others' entries change nothing.
    ///
    /// It is the answer only while the question is open; later it is kept, and the answer stays *unknown*.
    pub fn handle_logged(&mut self, logged: &Logged) {
        if logged.candidate().request != self.digest {
            return;
        }
        if !self.is_about_this_question(logged) {
            return self.fail(Failure::KeyReused);
        }
        match &mut self.state {
            State::Failed { late, .. } | State::Cancelled { late } if late.is_none() => {
                *late = Some(Box::new(logged.clone()));
                self.effects.push(Effect::Save(Progress::Late(Box::new(logged.clone()))));
            }
            State::Decided { .. } | State::Failed { .. } | State::Cancelled { .. } => {}
            _ => {
                let logged = Box::new(logged.clone());
                let standings = self.state.standings();
                let state = State::Decided { logged: logged.clone(), standings };
                self.close(state, Progress::Decided(logged));
            }
        }
    }

    /// Takes the question back. True if it was still undecided.
    pub fn handle_cancel(&mut self) -> bool {
        let is_open = self.state.is_open();
        if is_open {
            self.close(State::Cancelled { late: None }, Progress::Cancelled);
        }
        is_open
    }

    /// Looks at the clock: asks the source again, lets lapse what nobody answered.
    pub fn handle_time(&mut self, now: Timestamp) {
        if !self.state.is_open() {
            return;
        }
        if self.request.question.answer_by.is_some_and(|by| by <= now) {
            return self.fail(Failure::DeadlinePassed);
        }
        if let Some(failure) = self.state.failure_at(now) {
            return self.fail(failure);
        }
        if let (State::Waiting { since, retry_at }, Some(presented)) =
            (&self.state, &self.presented)
            && *retry_at <= now
        {
            self.effects.push(Effect::FetchEvidence { key: presented.key() });
            self.state = State::Checking { since: *since };
        }
    }

    /// What the platform sees at `now`. `standing` is how the licence stands by the lane's newest batch, if known.
    #[must_use]
    pub fn view(&self, now: Timestamp, standing: Option<LicenceStanding>) -> View<'_> {
        View {
            answer: self.answer(now, standing),
            state: self.state.word(),
            candidate: self.state.candidate(),
            verdicts: self.state.standings(),
            logged: self.state.logged(),
            failure: self.state.failure(),
            waiting_on: self.state.waiting_on(),
        }
    }

    fn answer(&self, now: Timestamp, standing: Option<LicenceStanding>) -> Answer {
        let State::Decided { logged, .. } = &self.state else { return Answer::Unknown };
        answer_of(logged, now, standing)
    }

    /// Whether an entry under this request's digest is about what was asked here.
    fn is_about_this_question(&self, logged: &Logged) -> bool {
        let candidate = logged.candidate();
        let same_licence =
            self.state.key(self.presented.as_ref()).is_none_or(|key| key == candidate.licence);
        same_licence
            && candidate.facts.purpose == self.request.question.purpose
            && candidate.facts.platform == self.request.platform
            && candidate.origin.lane.source == self.request.question.from
            && candidate.origin.lane.destination == self.request.question.to
    }

    fn fail(&mut self, failure: Failure) {
        if self.state.is_open() {
            let state = State::Failed { failure: failure.clone(), late: None };
            self.close(state, Progress::Failed(failure));
        }
    }

    /// Ends the question: written down first, then the record is forgotten, then the platform is told.
    fn close(&mut self, state: State, progress: Progress) {
        self.state = state;
        self.presented = None;
        self.effects.push(Effect::Save(progress));
        self.effects.push(Effect::ForgetRecord);
        self.effects.push(Effect::Tell);
    }
}

/// The answer at `now` to a question that this entry decided, while it was open.
///
/// `standing` is how the licence stands by the lane's newest batch, if known. A *no* stays; a *yes* lasts while
/// the licence does, and while the source's news is at most [`MAX_STATUS_AGE`] old (design section 2.3).
#[must_use]
pub fn answer_of(logged: &Logged, now: Timestamp, standing: Option<LicenceStanding>) -> Answer {
    let code = logged.candidate().facts.code;
    let status = code.map_or(Status::Other, SourceCode::status);
    let at_decision = logged.sync().map(|sync| LicenceStanding { status, as_of: sync.block_time });
    match (logged.outcome(), newest(at_decision, standing)) {
        (Outcome::Declined(_), _) => Answer::No,
        (Outcome::Recognised(entry), _) if entry.candidate.facts.not_after <= now => Answer::No,
        (_, Some(known)) if known.status != Status::Valid => Answer::No,
        (_, Some(known)) if now.since(known.as_of) <= MAX_STATUS_AGE => Answer::Yes,
        _ => Answer::Unknown,
    }
}

/// Of what is known of a licence's status, the newest.
fn newest(a: Option<LicenceStanding>, b: Option<LicenceStanding>) -> Option<LicenceStanding> {
    a.into_iter().chain(b).max_by_key(|standing| standing.as_of)
}

#[cfg(test)]
mod tests;
