//! A member's part in the agreement: what comes from leaders, and what its rules ask for.

use super::{
    Engine,
    effect::{Dropped, Effect, Notice},
};
use crate::{fault::Step, journal::Written, moment::Moment, spaces};
use gateway_agreement::{
    DigestedBody,
    check::{
        CheckError, Checked, FormChecked, FormContext, FreshContext, FreshError, Refused,
        check_form, check_fresh,
    },
    evidence::Verified,
    member::{FromMember, MemberEffect, Proposed, To},
};
use gateway_store::Batch;
use gateway_types::{
    Digest, Timestamp,
    body::Evidence,
    message::{Ballot, ProposeMessage, Timeout, TimeoutMessage, ToMember},
};
use std::sync::Arc;

/// Most effects of the member's carried out in one go: far more than one message can cause.
const MAX_EFFECTS: usize = 10_000;

/// The form of a body, or why it is refused; its word on lists of our own comes with it.
type Form = Result<FormChecked, Refused>;

impl Engine {
    pub(super) fn take_agreement(
        &mut self,
        from: u8,
        message: ToMember,
        now: Moment,
    ) -> Result<(), Dropped> {
        let (keys, steady) = (Arc::clone(&self.setup.keys), self.clock.steady());
        match message {
            ToMember::Propose(message) => self.take_proposal(from, *message, now)?,
            ToMember::Prepared(votes) => {
                self.member.handle_prepared(&keys.verify_votes(&votes)?, steady)?;
            }
            ToMember::Locked(votes) => {
                self.member.handle_locked(&keys.verify_votes(&votes)?, steady)?;
            }
            ToMember::Final(message) => self.take_final(from, *message, now)?,
            ToMember::Timeouts(list) => self.take_timeouts(list.into_inner(), steady)?,
            ToMember::WantBody(d) => self.member.handle_want_body(from, d),
            ToMember::Body(body) => self.member.handle_body(DigestedBody::new(*body), steady)?,
            ToMember::AskTips(_) => self.member.handle_ask_tips(),
        }
        Ok(())
    }

    fn take_timeouts(
        &mut self,
        list: Vec<TimeoutMessage>,
        steady: Timestamp,
    ) -> Result<(), Dropped> {
        let verified = self.verify_timeouts(list)?;
        verified.iter().for_each(|timeout| self.member.handle_tip(timeout));
        self.member.handle_timeouts(&verified, steady);
        Ok(())
    }

    fn verify_timeouts(
        &self,
        list: Vec<TimeoutMessage>,
    ) -> Result<Vec<Verified<Timeout>>, Dropped> {
        let keys = &self.setup.keys;
        let verified = list.into_iter().map(|m| keys.verify(m.timeout, &m.signature));
        Ok(verified.collect::<Result<_, _>>()?)
    }

    fn take_proposal(
        &mut self,
        from: u8,
        message: ProposeMessage,
        now: Moment,
    ) -> Result<(), Dropped> {
        let (ballot, certified) = (message.proposal.ballot, message.certificate.is_some());
        if let Some(times) = self.refused.too_often(ballot, certified) {
            return Err(Dropped::RefusedBefore { times });
        }
        let proposed = self.verify_proposal(message)?;
        if proposed.proposal.leader == from && !certified {
            let time = proposed.body.as_ref().map(|body| body.body().time);
            self.see_time(from, time, now);
        }
        self.proposed = Some(ballot);
        Ok(self.member.handle_propose(proposed, self.clock.steady())?)
    }

    fn verify_proposal(&self, message: ProposeMessage) -> Result<Proposed, Dropped> {
        let keys = &self.setup.keys;
        Ok(Proposed {
            proposal: keys.verify(message.proposal, &message.signature)?,
            body: message.body.map(DigestedBody::new),
            certificate: message.certificate.map(|votes| keys.verify_votes(&votes)).transpose()?,
            timeouts: self.verify_timeouts(message.timeouts.into_inner())?,
            evidence: Arc::new(message.evidence),
        })
    }

    /// A leader gave something this time just now.
    pub(super) fn see_time(&mut self, leader: u8, time: Option<Timestamp>, now: Moment) {
        if let Some(time) = time {
            self.clock.handle_leader_time(leader, time, now);
            self.read_clock(now);
        }
    }

    /// Carries out what the member's rules ask for, until they ask for nothing more.
    pub(super) fn settle(&mut self, now: Moment) {
        for _ in 0..MAX_EFFECTS {
            let Some(effect) = self.member.poll_effect() else { return };
            match effect {
                MemberEffect::Persist(state, body) => {
                    self.persist(&state, body.as_ref(), now.wall);
                }
                MemberEffect::PersistLater(state) => self.persist_later(&state, now.wall),
                MemberEffect::CheckBody { body, evidence, form_only } => {
                    self.check_body(&body, &evidence, form_only, now);
                }
                MemberEffect::Send(to, message) => self.say(to, message, now),
                MemberEffect::Publish(found) => self.publish(found),
            }
        }
    }

    /// Answers what the member's rules ask about a body, and counts refusals.
    fn check_body(
        &mut self,
        body: &DigestedBody,
        evidence: &Evidence,
        form_only: bool,
        now: Moment,
    ) {
        let ballot = self.proposed.take();
        match self.judge_body(body, evidence, form_only, now) {
            Ok(checked) => {
                let taken = self.member.handle_body_checked(&checked, self.clock.steady());
                if let Err(why) = taken {
                    self.effects.push_back(Effect::Note(Notice::NotPrepared(why)));
                }
            }
            Err(refused) => {
                self.count_refusal(ballot, form_only);
                self.member.handle_body_refused(&refused);
                self.effects.push_back(Effect::Note(Notice::Refused(Box::new(refused))));
            }
        }
    }

    fn count_refusal(&mut self, ballot: Option<Ballot>, certified: bool) {
        if let Some(ballot) = ballot {
            self.refused.apply(ballot, certified);
        }
    }

    fn judge_body(
        &mut self,
        body: &DigestedBody,
        evidence: &Evidence,
        form_only: bool,
        now: Moment,
    ) -> Result<Checked, Refused> {
        let refused = |why: CheckError| Refused { d: body.d(), why };
        let form = self.form_of(body)?;
        self.look_for_own_lists(body);
        let checked = if form_only {
            Ok(*form.checked())
        } else if self.clock.state().is_right() {
            self.check_fresh(&form, body, evidence, now).map_err(|why| refused(why.into()))
        } else {
            let clock = FreshError::Clock { time: body.body().time, now: now.wall };
            Err(refused(clock.into()))
        };
        // Good or not for this member now, others may lock it: its form need not be checked again.
        self.checked = Some((body.clone(), form));
        checked
    }

    /// The body's form, checked once for each tip.
    pub(super) fn form_of(&mut self, body: &DigestedBody) -> Form {
        let base = self.member.tip().head();
        let same = |(it, form): &mut (DigestedBody, FormChecked)| {
            it.d() == body.d() && form.checked().base() == base
        };
        if let Some((_, form)) = self.checked.take_if(same) {
            return Ok(form);
        }
        check_form(&self.form(), body).map_err(|why| Refused { d: body.d(), why: why.into() })
    }

    fn form(&self) -> FormContext<'_> {
        FormContext {
            keys: &self.setup.keys,
            lane: &self.lane,
            frontier: &self.member.tip().frontier,
            genesis: &self.setup.genesis,
        }
    }

    fn check_fresh(
        &mut self,
        form: &FormChecked,
        body: &DigestedBody,
        evidence: &Evidence,
        now: Moment,
    ) -> Result<Checked, FreshError> {
        let context = FormContext {
            keys: &self.setup.keys,
            lane: &self.lane,
            frontier: &self.member.tip().frontier,
            genesis: &self.setup.genesis,
        };
        let mut fresh = FreshContext {
            now: now.wall,
            chain: &mut *self.chain,
            client: &mut self.client,
            own: &mut self.heads,
        };
        check_fresh(&context, &mut fresh, form, body, evidence)
    }

    /// A list in its own name that its journal does not know: the journal is old (A113).
    pub(super) fn look_for_own_lists(&mut self, body: &DigestedBody) {
        let mine = body.body().verdicts.iter().filter(|it| it.list.member == self.setup.me);
        let unknown: Vec<Digest> =
            mine.map(|it| it.digest().digest()).filter(|it| !self.own.signed(it)).collect();
        unknown.into_iter().for_each(|list| self.shown_unknown(list));
    }

    /// It was shown a verdict list of its own that its journal does not know: written down, so that each list
    /// silences it once.
    pub(super) fn shown_unknown(&mut self, list: Digest) {
        self.own.apply_shown(list);
        let at = self.clock.highest();
        let key = self.keys.digest(&list);
        let batch = Batch::new().put(spaces::LISTS, key, Vec::new());
        let batch = self.journal_into(batch, Written::ShownUnknown(list), at);
        self.effects.push_back(Effect::Persist(Step::Other, batch));
        self.fall_silent();
    }

    /// It was shown a word of its own that its journal does not know: the journal is old.
    pub(super) fn fall_silent(&mut self) {
        self.intake.clear();
        self.member.handle_forgotten();
    }

    /// Asks its committee for tips again, as long as too few have come.
    pub(super) fn ask_for_tips(&mut self, steady: Timestamp) {
        let due = |at: &Timestamp| steady.since(*at) >= super::ASK_EVERY;
        if self.asked_at.get(&u8::MAX).is_none_or(due) {
            self.asked_at.insert(u8::MAX, steady);
            let now = Moment { wall: steady, elapsed: core::time::Duration::ZERO };
            self.say(To::AllLeaders, FromMember::AskTips, now);
        }
    }
}
