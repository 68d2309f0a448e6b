//! What is final: the member's tip and the lane's state move on together.

use super::{Engine, effect::Dropped};
use crate::{engine::Effect, fault::Step, moment::Moment};
use gateway_agreement::{DigestedBody, Item, check::CheckError};
use gateway_cosign::{Note, SignedCheckpoint};
use gateway_types::{
    checkpoint::TreeHead,
    entry::Entry,
    link::MemberFrame,
    message::{FinalMessage, ToLeader},
};

impl Engine {
    pub(super) fn take_final(
        &mut self,
        from: u8,
        message: FinalMessage,
        now: Moment,
    ) -> Result<(), Dropped> {
        let k = message.k;
        if k != self.lane.next_k() {
            if k > self.lane.next_k() {
                self.ask_for_batches(from);
            }
            return Ok(());
        }
        let note = Note::parse(core::str::from_utf8(&message.note)?)?;
        let checkpoint = self.setup.keys.verify_note(&note)?;
        let head = checkpoint.checkpoint().head;
        let body = self.body_of(message.body, head).ok_or(Dropped::NoBody { k })?;
        if body.body().head != head || body.body().k != k {
            return Err(Dropped::OtherBody { k });
        }
        let own = self.knows_its_own(&checkpoint, k);
        self.apply_final(&checkpoint, &body, now)?;
        let body = Some(body.body().clone());
        self.log_later(&FinalMessage { k, note: message.note, body });
        own
    }

    /// The body that leads there: the one that came, or the one that was checked last.
    fn body_of(
        &self,
        came: Option<gateway_types::body::Body>,
        head: TreeHead,
    ) -> Option<DigestedBody> {
        let at_hand = self.checked.as_ref().map(|(body, _)| body);
        let at_hand = at_hand.filter(|body| body.body().head == head).cloned();
        // Hashing what came once more than needed costs less than comparing it.
        at_hand.or_else(|| came.map(DigestedBody::new))
    }

    /// Its own cosignature under a root that its journal does not know: the journal is old (A113).
    fn knows_its_own(&mut self, checkpoint: &SignedCheckpoint, k: u64) -> Result<(), Dropped> {
        let head = checkpoint.checkpoint().head;
        let of_me = checkpoint.cosigners().iter().any(|(member, _)| *member == self.setup.me);
        let signed = self.written.signed.is_some_and(|it| it.k == k && it.head == head);
        if !of_me || signed || self.member.silence().is_some() {
            return Ok(());
        }
        self.fall_silent();
        Err(Dropped::Forgotten)
    }

    fn apply_final(
        &mut self,
        checkpoint: &SignedCheckpoint,
        body: &DigestedBody,
        now: Moment,
    ) -> Result<(), Dropped> {
        let form = self.form_of(body).map_err(|refused| match refused.why {
            CheckError::Form(why) => Dropped::Form(why),
            // Only form was checked.
            CheckError::Fresh(_) => Dropped::OtherBody { k: body.body().k },
        })?;
        self.look_for_own_lists(body);
        self.member.handle_final(checkpoint, std::slice::from_ref(body))?;
        self.lane.apply_batch(form.into_batch());
        self.checked = None;
        self.refused.clear();
        self.forget_logged(body);
        let times = checkpoint.cosigners().iter().map(|(_, time_s)| *time_s);
        self.clock.handle_cosigners(times, now);
        self.read_clock(now);
        Ok(())
    }

    /// What is in the log need not be counted any more, nor another candidate of the same question: a gateway that
    /// asked late members anew sent two, and one answers.
    fn forget_logged(&mut self, body: &DigestedBody) {
        for entry in &body.body().entries {
            let candidate = match Entry::decode(&entry.bytes) {
                Ok(Entry::Recognised(it)) => it.candidate,
                Ok(Entry::Declined(it)) => it.candidate,
                _ => continue,
            };
            let digest = candidate.digest();
            for other in self.heard.settle(&candidate.request, &digest) {
                self.member.handle_logged(&Item::Candidate(other));
            }
            self.heard.apply_logged(&digest);
        }
    }

    /// Tells a leader which batch is waited for, so that it hands over those that are missing; not too often.
    pub(super) fn ask_for_batches(&mut self, leader: u8) {
        let steady = self.clock.steady();
        let lately = |at: &gateway_types::Timestamp| steady.since(*at) < super::ASK_EVERY;
        if self.asked_at.get(&leader).is_some_and(lately) {
            return;
        }
        self.asked_at.insert(leader, steady);
        let tip = self.member.tip();
        let message = ToLeader::Tip(tip.head(), tip.k);
        let frame = MemberFrame::Agree(Box::new(message));
        let to = gateway_agreement::member::To::Leader(leader);
        self.effects.push_back(Effect::Send(Step::Other, to, frame));
    }
}
