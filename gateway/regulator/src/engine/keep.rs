//! What is written, in which order: the member's state with its journal, bodies, the log, marks.

use super::{Effect, Engine, Notice};
use crate::{fault::Step, journal::Written, restore::Began, spaces};
use gateway_agreement::{DigestedBody, evidence::Equivocation, member::MemberState};
use gateway_store::Batch;
use gateway_types::{Digest, Timestamp, cbor, message::FinalMessage};

/// Most pieces of evidence written down: more of the same say nothing new.
const MAX_EVIDENCE: u64 = 256;

impl Engine {
    /// Writes down that it was begun, or started again. `mark` is the store's run id, where it must be written.
    pub(super) fn begin(&mut self, began: Began, mark: Option<Vec<u8>>) {
        let at = self.clock.highest();
        let mut batch = Batch::new();
        if let Some(mark) = mark {
            batch = batch.put(spaces::MARKS, self.keys.mark(spaces::RUN), mark);
        }
        let what = match began {
            Began::New => Written::Began(true),
            Began::Lost => Written::Began(false),
            Began::Again => Written::Restored(self.member.tip().k),
        };
        batch = self.journal_into(batch, what, at);
        batch = batch.put(spaces::MEMBER, self.keys.lane(), cbor::encode(&self.written));
        batch = self.client_into(batch);
        self.effects.push_back(Effect::Persist(Step::Other, batch));
        if self.member.silence().is_some() {
            self.effects.push_back(Effect::Note(Notice::Silent));
        }
    }

    /// The state, and the body if there is one, in one write with all that waits to be written.
    pub(super) fn persist(
        &mut self,
        state: &MemberState,
        body: Option<&DigestedBody>,
        at: Timestamp,
    ) {
        let step = self.step_to(state);
        let mut batch = self.later.take().map(|(_, batch)| batch).unwrap_or_default();
        batch = self.state_into(batch, state, at);
        if let Some(body) = body.filter(|body| names(state, &body.d())) {
            let key = self.keys.digest(&body.d());
            batch = batch.put(spaces::BODIES, key, cbor::encode(body.body()));
            self.bodies.insert(body.d());
        }
        self.effects.push_back(Effect::Persist(step, batch));
    }

    /// The state, with the next write.
    pub(super) fn persist_later(&mut self, state: &MemberState, at: Timestamp) {
        self.later(|engine, batch| engine.state_into(batch, state, at));
    }

    /// The final batch, with the next write: it proves itself.
    pub(super) fn log_later(&mut self, message: &FinalMessage) {
        let key = self.keys.number(message.k);
        self.later(|_, batch| batch.put(spaces::LOG, key, cbor::encode(message)));
    }

    /// One line in the journal, now.
    pub(super) fn write_down(&mut self, what: Written, at: Timestamp) {
        let batch = self.later.take().map(|(_, batch)| batch).unwrap_or_default();
        let batch = self.journal_into(batch, what, at);
        self.effects.push_back(Effect::Persist(Step::Other, batch));
    }

    /// Keeps evidence, then publishes it.
    pub(super) fn publish(&mut self, found: Box<Equivocation>) {
        if self.evidence < MAX_EVIDENCE {
            let key = self.keys.number(self.evidence);
            let batch = Batch::new().put(spaces::EVIDENCE, key, cbor::encode(found.claim()));
            self.evidence = self.evidence.saturating_add(1);
            self.effects.push_back(Effect::Persist(Step::Other, batch));
        }
        self.effects.push_back(Effect::Publish(found));
    }

    /// Now and then: how far the clock got, and the light client.
    pub(super) fn keep_marks(&mut self, steady: Timestamp) {
        if steady.since(self.marks_at) < super::MARKS_EVERY {
            return;
        }
        self.marks_at = steady;
        self.later(Self::client_into);
    }

    /// Writes what has waited long enough.
    pub(super) fn flush_if_due(&mut self, steady: Timestamp) {
        let due = |since: &Timestamp| steady.since(*since) >= super::LATER;
        if let Some((_, batch)) = self.later.take_if(|(since, _)| due(since)) {
            self.effects.push_back(Effect::Persist(Step::Final, batch));
        }
    }

    /// Writes all that waits: before the program ends.
    pub fn flush(&mut self) {
        self.later(Self::client_into);
        if let Some((_, batch)) = self.later.take() {
            self.effects.push_back(Effect::Persist(Step::Final, batch));
        }
    }

    fn later(&mut self, add: impl FnOnce(&mut Self, Batch) -> Batch) {
        let now = self.clock.steady();
        let (since, batch) = self.later.take().unwrap_or_else(|| (now, Batch::new()));
        let batch = add(self, batch);
        self.later = Some((since, batch));
    }

    /// The whole state, what it says that is new in the journal, and the bodies that it no longer names.
    fn state_into(&mut self, mut batch: Batch, state: &MemberState, at: Timestamp) -> Batch {
        for what in self.news(state) {
            batch = self.journal_into(batch, what, at);
        }
        let gone: Vec<Digest> = self.bodies.iter().filter(|d| !names(state, d)).copied().collect();
        for d in gone {
            self.bodies.remove(&d);
            batch = batch.delete(spaces::BODIES, self.keys.digest(&d));
        }
        self.written = state.clone();
        batch.put(spaces::MEMBER, self.keys.lane(), cbor::encode(state))
    }

    /// What a state says that the last one written did not.
    fn news(&mut self, state: &MemberState) -> Vec<Written> {
        let before = self.written.clone();
        let mut news = Vec::new();
        if let Some(ballot) = state.voted.filter(|it| before.voted != Some(*it)) {
            news.push(Written::Prepared(ballot));
        }
        if let Some(lock) = state.lock.as_ref().filter(|it| before.lock.as_ref() != Some(it)) {
            news.push(Written::Locked(lock.ballot));
        }
        if let Some(signed) = state.signed.filter(|it| before.signed != Some(*it)) {
            news.push(Written::Signed(signed.k, signed.d, signed.head));
        }
        match (before.silence, state.silence) {
            (old, Some(silence)) if old != Some(silence) => {
                news.push(Written::Silent(silence.until));
                self.effects.push_back(Effect::Note(Notice::Silent));
            }
            (Some(_), None) => {
                news.push(Written::Speaks);
                self.effects.push_back(Effect::Note(Notice::Speaks));
            }
            _ => {}
        }
        news
    }

    /// Which step of the agreement leads from what was written to this state.
    fn step_to(&self, state: &MemberState) -> Step {
        if state.signed != self.written.signed {
            Step::Sign
        } else if state.lock != self.written.lock {
            Step::Lock
        } else if state.voted != self.written.voted {
            Step::Prepare
        } else {
            Step::Other
        }
    }

    /// One line of the journal, and where it ends then.
    pub(super) fn journal_into(&mut self, batch: Batch, what: Written, at: Timestamp) -> Batch {
        let (entry, end) = self.journal.append(at, what);
        self.journal = end;
        batch
            .put(spaces::JOURNAL, self.keys.number(entry.n), cbor::encode(&entry))
            .put(spaces::MARKS, self.keys.mark(spaces::END), cbor::encode(&end))
            .put(spaces::MARKS, self.keys.mark(spaces::CLOCK), self.highest())
    }

    fn client_into(&mut self, batch: Batch) -> Batch {
        batch.put(spaces::MARKS, self.keys.mark(spaces::CLOCK), self.highest()).put(
            spaces::MARKS,
            self.keys.mark(spaces::CLIENT),
            self.client.encode(),
        )
    }

    fn highest(&self) -> Vec<u8> {
        self.clock.highest().0.to_be_bytes().to_vec()
    }
}

/// Whether a state names a body: it must stay on the disk.
fn names(state: &MemberState, d: &Digest) -> bool {
    let voted = state.voted.map(|ballot| ballot.d);
    let locked = state.lock.as_ref().map(|votes| votes.ballot.d);
    voted == Some(*d) || locked == Some(*d)
}
