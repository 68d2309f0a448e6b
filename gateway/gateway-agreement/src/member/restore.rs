//! A member that is back, and one whose journal may be old or lost.

use super::{
    FromMember, Locked, Member, MemberConfig, MemberState, RestoreError, Silence, Tip, To, Voted,
};
use crate::{
    digested::{DigestedBody, verify_root},
    evidence::{PrepareCertificate, Verified},
};
use gateway_types::{Digest, MemberRef, Timestamp, message::Timeout};
use std::collections::BTreeSet;

impl Member {
    /// Starts a member whose journal may be old or lost: restored from a backup, or on a new disk.
    /// `tip` is the best it knows. It asks t members of its own committee for their tips, and is
    /// silent until the batch two above the highest of them is final.
    #[must_use]
    pub fn lost(config: MemberConfig, tip: Tip, now: Timestamp) -> Self {
        let mut member = Self::empty(config, tip, now);
        member.begin_silence();
        member
    }

    /// A leader is connected (again): repeats to it what was last sent, also that it asked for the view that it is in:
    /// a leader that forgot it could not take along who was away then. All messages are idempotent.
    pub fn handle_connected(&mut self, leader: u8) {
        let to = To::Leader(leader);
        if self.silence.is_some_and(|silence| silence.until.is_none()) {
            self.send(to, FromMember::AskTips);
        }
        if self.silence.is_some() {
            return;
        }
        if let Some(ballot) = self.ballot_voted().filter(|b| self.config.leader_of(b.v) == leader) {
            self.send_prepare(ballot);
        }
        self.send_lock(to);
        if let Some(signed) = self.signed.filter(|signed| signed.k == self.tip.k) {
            self.send_sign(to, signed);
        }
        if let Some(asked) = self.asked.filter(|asked| *asked >= self.view) {
            self.send_timeout(to, asked);
        }
    }

    /// Another member asks for this one's tip: answered by a `timeout` for the view that it is in,
    /// which asks for nothing.
    pub fn handle_ask_tips(&mut self) {
        if self.silence.is_none() {
            self.send_timeout(To::AllLeaders, self.view);
        }
    }

    /// Takes another member's tip, from its `timeout`. With those of t of its own committee a member
    /// that lost its journal knows until when it is silent.
    pub fn handle_tip(&mut self, timeout: &Verified<Timeout>) {
        let me = self.config.me;
        let counts = timeout.epoch == self.config.epoch
            && timeout.member.committee == me.committee
            && timeout.member != me
            && self.config.quorums.has(timeout.member);
        if !counts || self.silence.is_none_or(|silence| silence.until.is_some()) {
            return;
        }
        let known = self.tips.entry(timeout.member).or_insert(timeout.k);
        *known = timeout.k.max(*known);
        let heard: BTreeSet<MemberRef> = self.tips.keys().copied().collect();
        if self.config.quorums.has_t_of(me.committee, &heard) {
            self.set_end_of_silence();
        }
    }

    /// Persons in t nodes of the committee let those that are back go on, each in its own journal:
    /// this member speaks again.
    pub fn handle_release(&mut self) {
        self.silence = None;
        self.persist(None);
    }

    /// It was shown a word of its own that its journal does not know, a verdict or a cosignature: silent, as
    /// with a vote that it does not know. Nothing changes if it is silent already.
    pub fn handle_forgotten(&mut self) {
        if self.silence.is_none() {
            self.begin_silence();
        }
    }

    /// Whether it is silent.
    #[must_use]
    pub fn silence(&self) -> Option<Silence> {
        self.silence
    }

    pub(super) fn begin_silence(&mut self) {
        self.silence = Some(Silence { until: None });
        self.tips.clear();
        self.pending = None;
        self.persist(None);
        self.send(To::AllLeaders, FromMember::AskTips);
    }

    /// Who waits for batch k has k - 1 as its last final one: two above it is k + 1.
    fn set_end_of_silence(&mut self) {
        let highest = self.tips.values().copied().max().unwrap_or(0).max(self.tip.k);
        self.silence = Some(Silence { until: Some(highest.saturating_add(1)) });
        self.persist(None);
        self.end_silence_if_over();
    }

    pub(super) fn end_silence_if_over(&mut self) {
        self.silence.take_if(|silence| silence.until.is_some_and(|until| self.tip.k > until));
    }
}

/// Whether state, bodies and certificate belong together; gives back what was voted for and locked.
pub(super) fn verify_parts(
    config: &MemberConfig,
    state: &MemberState,
    bodies: &[DigestedBody],
    lock: Option<PrepareCertificate>,
) -> Result<(Option<Voted>, Option<Locked>), RestoreError> {
    if state.epoch != config.epoch {
        return Err(RestoreError::Epoch { got: state.epoch, epoch: config.epoch });
    }
    if state.lock.as_ref() != lock.as_ref().map(PrepareCertificate::votes) {
        return Err(RestoreError::Lock);
    }
    let body_of = |d: Digest| -> Result<DigestedBody, RestoreError> {
        let body = bodies.iter().find(|body| body.d() == d).ok_or(RestoreError::Body)?;
        verify_root(&state.tip.frontier, body.body())?;
        Ok(body.clone())
    };
    let voted = state.voted.map(|ballot| body_of(ballot.d).map(|body| Voted { ballot, body }));
    let locked = lock.map(|certificate| {
        body_of(certificate.ballot().d).map(|body| Locked { certificate, body })
    });
    Ok((voted.transpose()?, locked.transpose()?))
}
