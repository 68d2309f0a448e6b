//! A member's side of the agreement: the table of design section 2.2, and nothing else.
//!
//! Whoever drives a [`Member`] calls a `handle_*` for each thing that happens and then carries out
//! [`Member::poll_effect`] until it gives nothing more. Effects come in the order in which they must
//! be done: what is persisted is persisted before anyone is told.
//!
//! **Invariant:** a member prepares one body a view, locks only what it prepared, signs only what a
//! lock certificate shows, one root a batch.

mod effect;
mod error;
mod propose;
mod restore;
mod settle;
mod state;
mod time;

pub use effect::{FromMember, MemberEffect, To};
pub use error::{NotTaken, ProposalRefused, RestoreError};
pub use propose::Proposed;
pub use state::{MAX_MEMBER_STATE, MemberState, Signed, Silence, Tip};

use crate::{
    digested::DigestedBody,
    evidence::{LockCertificate, PrepareCertificate},
    overdue::Overdue,
    patience::Patience,
    quorum::Quorums,
};
use gateway_types::{Digest, MemberRef, Origin, Timestamp, message::Ballot};
use propose::{First, Pending};
use std::collections::{BTreeMap, VecDeque};

/// Most proposals kept to recognise a leader that makes two for one view: those of the highest views.
const MAX_PROPOSALS: usize = 16;

/// Who the member is, and in which lane.
#[derive(Clone, Debug)]
pub struct MemberConfig {
    /// The lane.
    pub origin: Origin,
    /// The epoch.
    pub epoch: u64,
    /// Who it is.
    pub me: MemberRef,
    /// The committees' numbers.
    pub quorums: Quorums,
    /// How many leaders the lane names, at least 1.
    pub leaders: u8,
    /// From when on the epoch counts as closed.
    pub keys_end: Timestamp,
}

impl MemberConfig {
    /// Whose view that is: `leaders[v mod count]`.
    #[must_use]
    pub fn leader_of(&self, v: u64) -> u8 {
        let place = v.checked_rem(u64::from(self.leaders)).unwrap_or(0);
        u8::try_from(place).unwrap_or(0)
    }
}

/// What a member prepared, with the body.
#[derive(Clone, Debug)]
struct Voted {
    ballot: Ballot,
    body: DigestedBody,
}

/// What a member is locked by, with the body: nobody else may have it any more.
#[derive(Clone, Debug)]
struct Locked {
    certificate: PrepareCertificate,
    body: DigestedBody,
}

/// One member of one lane in one epoch.
#[derive(Clone, Debug)]
pub struct Member {
    config: MemberConfig,
    // Durable: what a `MemberState` holds.
    view: u64,
    tip: Tip,
    voted: Option<Voted>,
    lock: Option<Locked>,
    signed: Option<Signed>,
    silence: Option<Silence>,
    // Not durable: losing it costs a view at most.
    asked: Option<u64>,
    asked_since_vote: bool,
    asks: BTreeMap<MemberRef, u64>,
    tips: BTreeMap<MemberRef, u64>,
    heard: BTreeMap<MemberRef, Timestamp>,
    proposals: BTreeMap<u64, First>,
    pending: Option<Pending>,
    seen: Option<DigestedBody>,
    form_checked: Option<Digest>,
    wanted: Option<LockCertificate>,
    overdue: Overdue,
    patience: Patience,
    effects: VecDeque<MemberEffect>,
}

impl Member {
    /// Starts a member from what its store holds: its state, the bodies that it voted for and is
    /// locked on, and its lock's certificate, verified again. Call [`Member::handle_connected`] for
    /// each leader then: a member that is back repeats what it last sent.
    ///
    /// Trust: the store is the member's own. If it may be old or lost, use [`Member::lost`].
    ///
    /// # Errors
    ///
    /// [`RestoreError`]: the parts do not belong together; use [`Member::lost`].
    pub fn new(
        config: MemberConfig,
        state: MemberState,
        bodies: impl IntoIterator<Item = DigestedBody>,
        lock: Option<PrepareCertificate>,
        now: Timestamp,
    ) -> Result<Self, RestoreError> {
        let bodies: Vec<DigestedBody> = bodies.into_iter().collect();
        let (voted, lock) = restore::verify_parts(&config, &state, &bodies, lock)?;
        let mut member = Self::empty(config, state.tip, now);
        member.overdue.apply_lock(lock.is_some().then_some(now));
        (member.view, member.signed, member.silence) = (state.view, state.signed, state.silence);
        (member.voted, member.lock) = (voted, lock);
        Ok(member)
    }

    fn empty(config: MemberConfig, tip: Tip, now: Timestamp) -> Self {
        Self {
            config,
            view: 0,
            tip,
            voted: None,
            lock: None,
            signed: None,
            silence: None,
            asked: None,
            asked_since_vote: false,
            asks: BTreeMap::new(),
            tips: BTreeMap::new(),
            heard: BTreeMap::new(),
            proposals: BTreeMap::new(),
            pending: None,
            seen: None,
            form_checked: None,
            wanted: None,
            overdue: Overdue::default(),
            patience: Patience::new(now),
            effects: VecDeque::new(),
        }
    }

    /// What it keeps durably now.
    #[must_use]
    pub fn state(&self) -> MemberState {
        MemberState {
            epoch: self.config.epoch,
            view: self.view,
            tip: self.tip.clone(),
            voted: self.voted.as_ref().map(|voted| voted.ballot),
            lock: self.certificate().map(|it| it.votes().clone()),
            signed: self.signed,
            silence: self.silence,
        }
    }

    /// Its tip: what is final for it.
    #[must_use]
    pub fn tip(&self) -> &Tip {
        &self.tip
    }

    /// The highest view that it has asked for since it was started, if any.
    #[must_use]
    pub fn asked(&self) -> Option<u64> {
        self.asked
    }

    /// The next thing to do, if any.
    pub fn poll_effect(&mut self) -> Option<MemberEffect> {
        self.effects.pop_front()
    }

    fn ballot_voted(&self) -> Option<Ballot> {
        self.voted.as_ref().map(|voted| voted.ballot)
    }

    /// The prepare certificate that it is locked by.
    fn certificate(&self) -> Option<&PrepareCertificate> {
        self.lock.as_ref().map(|lock| &lock.certificate)
    }

    fn persist(&mut self, body: Option<DigestedBody>) {
        let state = Box::new(self.state());
        self.effects.push_back(MemberEffect::Persist(state, body));
    }

    fn send(&mut self, to: To, message: FromMember) {
        self.effects.push_back(MemberEffect::Send(to, message));
    }

    fn is_closed(&self, now: Timestamp) -> bool {
        now >= self.config.keys_end
    }

    /// The body of that digest, if it is at hand and leads from the tip to where it says.
    fn body_of(&self, d: Digest) -> Option<DigestedBody> {
        self.bodies().find(|body| body.d() == d).cloned()
    }

    /// The bodies at hand: what it prepared last, what it is locked on, what it was shown last.
    fn bodies(&self) -> impl Iterator<Item = &DigestedBody> {
        let voted = self.voted.as_ref().map(|voted| &voted.body);
        let locked = self.lock.as_ref().map(|lock| &lock.body);
        voted.into_iter().chain(locked).chain(&self.seen)
    }
}

#[cfg(test)]
mod tests;
