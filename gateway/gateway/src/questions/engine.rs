//! All open questions at once: the pure part. Inputs in, effects out, in order.

use super::OpenView;
use gateway_core::{
    Effect, Evidence, EvidenceError, Lane, Logged, PlatformStanding, Presented, Recognition,
    RecognitionId, SourceTrouble, StoredRequest,
};
use gateway_cosign::{EpochKeys, Verified};
use gateway_types::{Digest, Jurisdiction, MemberRef, Timestamp, verdict::VerdictList};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Open questions, found by name, request, candidate and deadline. Each input costs O(log n) a question
/// that it is about.
///
/// A question stays here until [`Engine::forget`]: its end is not told before it is written down.
/// Nothing here reads a clock or waits. It is as large as its caller lets it become.
#[derive(Debug, Default)]
pub struct Engine {
    held: BTreeMap<RecognitionId, Held>,
    by_request: BTreeMap<Digest, RecognitionId>,
    by_candidate: BTreeMap<Digest, RecognitionId>,
    deadlines: BTreeSet<(Timestamp, RecognitionId)>,
    /// From when on members may be asked anew.
    renewals: BTreeSet<(Timestamp, RecognitionId)>,
    /// Those that wait for a source.
    unsourced: BTreeSet<RecognitionId>,
    outbox: VecDeque<(RecognitionId, Effect)>,
}

#[derive(Debug)]
struct Held {
    recognition: Recognition,
    request: Digest,
    candidate: Option<Digest>,
    deadline: Option<Timestamp>,
    renewal: Option<Timestamp>,
}

/// Most questions for which members are asked anew in one look: those who were away have work enough then. The others
/// follow with the next looks.
const RENEWED_AT_ONCE: usize = 128;

impl Engine {
    /// How many questions are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes a question that is written down. The same one twice is taken once.
    pub fn begin(&mut self, request: StoredRequest, presented: Presented, now: Timestamp) {
        let id = request.id.clone();
        if self.held.contains_key(&id) {
            return;
        }
        let digest = request.digest();
        let recognition = Recognition::new(request, presented, now);
        let held =
            Held { recognition, request: digest, candidate: None, deadline: None, renewal: None };
        self.by_request.insert(digest, id.clone());
        self.held.insert(id.clone(), held);
        self.settle(&id);
    }

    /// Takes what was proven for a question.
    ///
    /// # Errors
    ///
    /// As [`Recognition::handle_evidence`]; [`EvidenceError::NotAwaited`] for one that is not here.
    pub fn handle_evidence(
        &mut self,
        id: &RecognitionId,
        (lane, epoch): (&Lane<'_>, &EpochKeys),
        evidence: &Evidence,
        standing: PlatformStanding,
        now: Timestamp,
    ) -> Result<(), EvidenceError> {
        let held = self.held.get_mut(id).ok_or(EvidenceError::NotAwaited)?;
        let taken = held.recognition.handle_evidence(lane, epoch, evidence, standing, now);
        self.settle(id);
        taken
    }

    /// Takes the word that the source gives no evidence for a question.
    pub fn handle_source_trouble(
        &mut self,
        id: &RecognitionId,
        trouble: SourceTrouble,
        now: Timestamp,
    ) {
        self.with(id, |recognition| recognition.handle_source_trouble(trouble, now));
    }

    /// The source in `from` was heard again: questions that wait for it ask it at once.
    pub fn handle_source_back(&mut self, from: &Jurisdiction, now: Timestamp) {
        for id in self.unsourced.clone() {
            let of_it = |held: &Held| held.recognition.request().question.from == *from;
            if self.held.get(&id).is_some_and(of_it) {
                self.with(&id, |recognition| recognition.handle_source_back(now));
            }
        }
    }

    /// Takes a member's signed verdicts: those on candidates of questions here.
    pub fn handle_verdicts(&mut self, list: &Verified<VerdictList>, now: Timestamp) {
        for verdict in &list.value().verdicts {
            if let Some(id) = self.by_candidate.get(&verdict.candidate).cloned() {
                self.with(&id, |recognition| recognition.handle_verdicts(list, now));
            }
        }
    }

    /// Takes the leader's word that a candidate cannot be logged with the evidence that it has.
    pub fn handle_old_evidence(&mut self, candidate: &Digest, now: Timestamp) {
        if let Some(id) = self.by_candidate.get(candidate).cloned() {
            self.with(&id, |recognition| recognition.handle_old_evidence(candidate, now));
        }
    }

    /// Whether a question with this request digest is here and open.
    #[must_use]
    pub fn waits_for(&self, request: &Digest) -> bool {
        self.by_request.contains_key(request)
    }

    /// Takes an entry that was shown to be in the log.
    pub fn handle_logged(&mut self, logged: &Logged) {
        if let Some(id) = self.by_request.get(&logged.candidate().request).cloned() {
            self.with(&id, |recognition| recognition.handle_logged(logged));
        }
    }

    /// Looks at the clock.
    pub fn handle_time(&mut self, now: Timestamp) {
        while let Some((_, id)) = self.deadlines.first().filter(|(at, _)| *at <= now).cloned() {
            let before = self.held.get(&id).and_then(|held| held.deadline);
            self.with(&id, |recognition| recognition.handle_time(now));
            // A deadline that stays would be looked at for ever.
            if self.held.get(&id).is_none_or(|held| held.deadline == before) {
                self.deadlines.retain(|(_, waiting)| *waiting != id);
            }
        }
    }

    /// Has members asked anew about questions that lack verdicts for long, where enough of them are connected again.
    /// `reachable` gives who of a question's lane is, or nothing where they are too few.
    pub fn handle_reachable<'a>(
        &mut self,
        reachable: impl Fn(&StoredRequest) -> Option<&'a BTreeSet<MemberRef>>,
        now: Timestamp,
    ) {
        let due = self.renewals.iter().take_while(|(from, _)| *from <= now);
        let due: Vec<RecognitionId> = due.map(|(_, id)| id.clone()).collect();
        let mut renewed = 0_usize;
        for id in due {
            let Some(held) = self.held.get_mut(&id) else { continue };
            let Some(members) = reachable(held.recognition.request()) else { continue };
            if held.recognition.handle_reachable(members, now) {
                renewed = renewed.saturating_add(1);
                self.settle(&id);
            }
            if renewed >= RENEWED_AT_ONCE {
                return;
            }
        }
    }

    /// The next thing to carry out; what one question wants comes in order.
    pub fn poll_effect(&mut self) -> Option<(RecognitionId, Effect)> {
        self.outbox.pop_front()
    }

    /// When [`Engine::handle_time`] must be called at the latest.
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// The request digests of all questions that are open.
    #[must_use]
    pub fn requests(&self) -> Vec<Digest> {
        self.by_request.keys().copied().collect()
    }

    /// The question as it was stored, while it is here.
    #[must_use]
    pub fn request(&self, id: &RecognitionId) -> Option<&StoredRequest> {
        self.held.get(id).map(|held| held.recognition.request())
    }

    /// What the platform sees of an open question; `Ending` for one whose end is being written down.
    #[must_use]
    pub fn view(&self, id: &RecognitionId, now: Timestamp) -> Option<OpenView> {
        let held = self.held.get(id)?;
        if held.recognition.poll_deadline().is_none() {
            return Some(OpenView::Ending);
        }
        let view = held.recognition.view(now, None);
        Some(OpenView::Open {
            state: view.state,
            verdicts: view.verdicts,
            waiting_on: view.waiting_on,
        })
    }

    /// How the committees stood, for a question that is here.
    #[must_use]
    pub fn standings(&self, id: &RecognitionId) -> Vec<gateway_core::Standing> {
        let held = self.held.get(id);
        // Standings do not depend on the time.
        held.map(|held| held.recognition.view(Timestamp(0), None).verdicts).unwrap_or_default()
    }

    /// When each open question was stored, and whom it waits for.
    pub fn waiting(&self) -> impl Iterator<Item = (Timestamp, gateway_core::WaitingOn)> + '_ {
        self.held.values().filter_map(|held| {
            let on = held.recognition.view(Timestamp(0), None).waiting_on?;
            Some((held.recognition.request().stored_at, on))
        })
    }

    /// Lets a question go: its end is written down and told.
    pub fn forget(&mut self, id: &RecognitionId) {
        let Some(held) = self.held.remove(id) else { return };
        self.by_request.remove(&held.request);
        if let Some(candidate) = held.candidate {
            self.by_candidate.remove(&candidate);
        }
        self.unsourced.remove(id);
        let Held { mut deadline, mut renewal, .. } = held;
        move_to(&mut self.deadlines, id, &mut deadline, None);
        move_to(&mut self.renewals, id, &mut renewal, None);
    }

    fn with(&mut self, id: &RecognitionId, act: impl FnOnce(&mut Recognition)) {
        if let Some(held) = self.held.get_mut(id) {
            act(&mut held.recognition);
            self.settle(id);
        }
    }

    /// After an input: effects out, indexes as the question now stands.
    fn settle(&mut self, id: &RecognitionId) {
        let Some(held) = self.held.get_mut(id) else { return };
        while let Some(effect) = held.recognition.poll_effect() {
            if let Effect::SendCandidate(candidate) = &effect {
                let digest = candidate.digest();
                if let Some(before) = held.candidate.replace(digest) {
                    self.by_candidate.remove(&before);
                }
                self.by_candidate.insert(digest, id.clone());
            }
            self.outbox.push_back((id.clone(), effect));
        }
        if held.recognition.waits_for_source() {
            self.unsourced.insert(id.clone());
        } else {
            self.unsourced.remove(id);
        }
        let (deadline, renewal) =
            (held.recognition.poll_deadline(), held.recognition.poll_renewal());
        move_to(&mut self.deadlines, id, &mut held.deadline, deadline);
        move_to(&mut self.renewals, id, &mut held.renewal, renewal);
    }
}

/// Moves a question in an index by time.
fn move_to(
    index: &mut BTreeSet<(Timestamp, RecognitionId)>,
    id: &RecognitionId,
    known: &mut Option<Timestamp>,
    new: Option<Timestamp>,
) {
    if *known == new {
        return;
    }
    if let Some(before) = std::mem::replace(known, new) {
        index.remove(&(before, id.clone()));
    }
    index.extend(new.map(|at| (at, id.clone())));
}
