//! The first row of the table: `propose` comes, `prepare` goes.

use super::{FromMember, MAX_PROPOSALS, Member, MemberEffect, ProposalRefused, To, Voted};
use crate::{
    check::{Checked, Refused},
    digested::{DigestedBody, verify_root},
    evidence::{Equivocation, PrepareCertificate, Verified},
};
use gateway_types::{
    Timestamp,
    body::Evidence,
    message::{Ballot, Prepare, Proposal, Timeout},
};
use std::sync::Arc;

/// A proposal with what came beside it, signatures checked.
#[derive(Clone, Debug)]
pub struct Proposed {
    /// What the leader signed.
    pub proposal: Verified<Proposal>,
    /// The body; left out where the member holds it.
    pub body: Option<DigestedBody>,
    /// A prepare certificate for the same body from a lower view.
    pub certificate: Option<PrepareCertificate>,
    /// Who asked for this view.
    pub timeouts: Vec<Verified<Timeout>>,
    /// What a new body's freshness is judged by.
    pub evidence: Arc<Evidence>,
}

/// The first proposal of a view, and whether it is published together with another.
#[derive(Clone, Debug)]
pub(super) struct First {
    proposal: Verified<Proposal>,
    published: bool,
}

/// A proposal whose body is being checked.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    ballot: Ballot,
    leader: u8,
    certificate: Option<PrepareCertificate>,
    body: DigestedBody,
}

impl Pending {
    pub(super) fn view(&self) -> u64 {
        self.ballot.v
    }
}

impl Member {
    /// Takes a leader's proposal. If it may be prepared, its body is to be checked next
    /// ([`MemberEffect::CheckBody`]); if the member lacks the body, it asks the leader for it.
    ///
    /// # Errors
    ///
    /// [`ProposalRefused`]; an answer is among the effects where the leader can do something about it.
    pub fn handle_propose(
        &mut self,
        proposed: Proposed,
        now: Timestamp,
    ) -> Result<(), ProposalRefused> {
        self.note_asks(&proposed.timeouts, now);
        let taken = self.take_proposal(proposed, now);
        self.follow(now);
        taken
    }

    /// The body passed its check: prepares it, if nothing has changed since that forbids it.
    ///
    /// # Errors
    ///
    /// [`ProposalRefused`], as from [`Member::handle_propose`].
    pub fn handle_body_checked(
        &mut self,
        checked: &Checked,
        now: Timestamp,
    ) -> Result<(), ProposalRefused> {
        let Some(pending) = self.pending.take() else { return Ok(()) };
        let suffices = checked.is_fresh() || pending.certificate.is_some();
        if checked.d() != pending.body.d() || checked.base() != self.tip.head() || !suffices {
            self.pending = Some(pending);
            return Ok(());
        }
        self.form_checked = Some(checked.d());
        self.check_rules(pending.ballot, pending.leader, pending.certificate.as_ref(), now)?;
        self.apply_vote(pending.ballot, pending.body, now);
        Ok(())
    }

    /// The body did not pass: nothing is prepared. The member keeps it, for others may lock it.
    pub fn handle_body_refused(&mut self, refused: &Refused) {
        self.pending.take_if(|pending| pending.body.d() == refused.d);
    }

    fn take_proposal(&mut self, proposed: Proposed, now: Timestamp) -> Result<(), ProposalRefused> {
        let Proposal { ballot, leader } = *proposed.proposal;
        self.check_place(ballot, leader)?;
        let other = self.keep_proposal(proposed.proposal);
        let rules = self.check_rules(ballot, leader, proposed.certificate.as_ref(), now);
        rules.inspect_err(|refused| self.answer(leader, refused))?;
        if self.ballot_voted() == Some(ballot) {
            self.send_prepare(ballot);
            return Ok(());
        }
        if let Some(first) = other {
            return Err(ProposalRefused::SecondOfView { first });
        }
        let Some(body) = proposed.body.or_else(|| self.body_of(ballot.d)) else {
            self.send(To::Leader(leader), FromMember::WantBody(ballot.d));
            return Ok(());
        };
        self.check_body_place(ballot, &body)?;
        self.seen = Some(body.clone());
        self.ask_for_check(ballot, leader, proposed.certificate, body, proposed.evidence, now);
        Ok(())
    }

    /// Has the body checked, or prepares at once what was checked for form already and needs no more.
    fn ask_for_check(
        &mut self,
        ballot: Ballot,
        leader: u8,
        certificate: Option<PrepareCertificate>,
        body: DigestedBody,
        evidence: Arc<Evidence>,
        now: Timestamp,
    ) {
        let form_only = certificate.is_some();
        if form_only && self.form_checked == Some(ballot.d) {
            return self.apply_vote(ballot, body, now);
        }
        self.pending = Some(Pending { ballot, leader, certificate, body: body.clone() });
        self.effects.push_back(MemberEffect::CheckBody { body, evidence, form_only });
    }

    /// Whether it is the next batch of this epoch, from the leader of its view.
    fn check_place(&mut self, ballot: Ballot, leader: u8) -> Result<(), ProposalRefused> {
        if ballot.epoch != self.config.epoch {
            let epoch = self.config.epoch;
            return Err(ProposalRefused::Epoch { got: ballot.epoch, epoch });
        }
        if self.config.leader_of(ballot.v) != leader {
            return Err(ProposalRefused::NotItsView { leader, v: ballot.v });
        }
        if ballot.k != self.tip.k {
            let tip = FromMember::Tip(self.tip.head(), self.tip.k);
            self.send(To::Leader(leader), tip);
            return Err(ProposalRefused::Batch { got: ballot.k, k: self.tip.k });
        }
        Ok(())
    }

    /// The rules on view, vote and lock: a pure question to the member's state.
    fn check_rules(
        &self,
        ballot: Ballot,
        leader: u8,
        certificate: Option<&PrepareCertificate>,
        now: Timestamp,
    ) -> Result<(), ProposalRefused> {
        if self.silence.is_some() {
            return Err(ProposalRefused::Silent);
        }
        if self.is_closed(now) {
            return Err(ProposalRefused::Closed { at: self.config.keys_end });
        }
        if ballot.k != self.tip.k || self.config.leader_of(ballot.v) != leader {
            return Err(ProposalRefused::Batch { got: ballot.k, k: self.tip.k });
        }
        self.check_view(ballot.v)?;
        self.check_vote(ballot)?;
        check_certificate(ballot, certificate)?;
        self.check_lock(ballot, certificate)
    }

    fn check_view(&self, v: u64) -> Result<(), ProposalRefused> {
        if v < self.view {
            return Err(ProposalRefused::ViewOver { v, view: self.view });
        }
        let asked_by_t = || self.config.quorums.view_asked_by_t(&self.asks);
        if v > self.view && asked_by_t().is_none_or(|asked| asked < v) {
            return Err(ProposalRefused::ViewNotAsked { v, view: self.view });
        }
        Ok(())
    }

    fn check_vote(&self, ballot: Ballot) -> Result<(), ProposalRefused> {
        match self.ballot_voted() {
            Some(voted) if voted.v >= ballot.v && voted != ballot => {
                Err(ProposalRefused::Voted { voted })
            }
            _ => Ok(()),
        }
    }

    /// No lock, or a lock on d, or a certificate from above the lock and below this view.
    fn check_lock(
        &self,
        ballot: Ballot,
        certificate: Option<&PrepareCertificate>,
    ) -> Result<(), ProposalRefused> {
        let Some(lock) = self.certificate().map(PrepareCertificate::ballot) else { return Ok(()) };
        let unlocked = certificate.is_some_and(|it| it.ballot().v > lock.v);
        if lock.d == ballot.d || unlocked { Ok(()) } else { Err(ProposalRefused::Locked { lock }) }
    }

    fn check_body_place(&self, ballot: Ballot, body: &DigestedBody) -> Result<(), ProposalRefused> {
        if body.d() != ballot.d {
            return Err(ProposalRefused::OtherBody { got: body.d(), d: ballot.d });
        }
        let it = body.body();
        let place = (&it.origin, it.epoch, it.k);
        if place != (&self.config.origin, ballot.epoch, ballot.k) {
            return Err(ProposalRefused::OtherPlace);
        }
        verify_root(&self.tip.frontier, it)?;
        Ok(())
    }

    /// Writes down the vote and the body, then tells.
    fn apply_vote(&mut self, ballot: Ballot, body: DigestedBody, now: Timestamp) {
        if ballot.v > self.view {
            self.patience.apply_new_view(now);
        }
        let held = self.voted.as_ref().is_some_and(|voted| voted.ballot.d == ballot.d);
        self.view = ballot.v;
        self.voted = Some(Voted { ballot, body: body.clone() });
        self.asked_since_vote = false;
        self.persist((!held).then_some(body));
        self.send_prepare(ballot);
    }

    pub(super) fn send_prepare(&mut self, ballot: Ballot) {
        let prepare = Prepare { ballot, member: self.config.me };
        let leader = self.config.leader_of(ballot.v);
        self.send(To::Leader(leader), FromMember::Prepare(prepare));
    }

    fn answer(&mut self, leader: u8, refused: &ProposalRefused) {
        let lock = self.certificate().cloned();
        if let (ProposalRefused::Locked { .. }, Some(lock)) = (refused, lock) {
            self.send(To::Leader(leader), FromMember::LockedOn(lock));
        }
    }

    /// Keeps the first proposal of each view; the first that differs is published with it. Tells that first
    /// one.
    ///
    /// Not of a view that nobody asked for: far ones would push out the one that counts.
    fn keep_proposal(&mut self, proposal: Verified<Proposal>) -> Option<Ballot> {
        let v = proposal.ballot.v;
        if matches!(self.check_view(v), Err(ProposalRefused::ViewNotAsked { .. })) {
            return None;
        }
        if let Some(first) = self.proposals.get_mut(&v) {
            let found = Equivocation::of_proposals(&first.proposal, &proposal)?;
            if !std::mem::replace(&mut first.published, true) {
                self.effects.push_back(MemberEffect::Publish(Box::new(found)));
            }
            return Some(first.proposal.ballot);
        }
        self.proposals.insert(v, First { proposal, published: false });
        if self.proposals.len() > MAX_PROPOSALS {
            self.proposals.pop_first();
        }
        None
    }
}

/// A certificate proves something only for the same body, from a lower view.
fn check_certificate(
    ballot: Ballot,
    certificate: Option<&PrepareCertificate>,
) -> Result<(), ProposalRefused> {
    let Some(got) = certificate.map(PrepareCertificate::ballot) else { return Ok(()) };
    let fits = (got.epoch, got.k, got.d) == (ballot.epoch, ballot.k, ballot.d) && got.v < ballot.v;
    if fits { Ok(()) } else { Err(ProposalRefused::Certificate { got }) }
}
