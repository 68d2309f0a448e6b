//! A leader's side: it proposes, collects, and decides nothing.
//!
//! A [`Leader`] is a gateway's part in one lane and epoch. It may die, lie or be two processes at once
//! and only cost time: members lock before they sign. What an honest one owes is said here: one
//! proposal a view, written down first; the highest locked body it can hear of, unchanged.
//!
//! Drive it as a [`crate::member::Member`]: `handle_*`, then [`Leader::poll_effect`] until nothing is
//! left.

mod collect;
mod effect;
mod known;
mod propose;
mod view;

pub use view::{LONGEST_HEARING, SHORTEST_HEARING};

pub use effect::{FromLeader, LeaderEffect, Limit, Recipients};

use crate::{
    digested::DigestedBody,
    evidence::{LockCertificate, PrepareCertificate, Verified},
    quorum::Quorums,
};
use gateway_cosign::EpochKeys;
use gateway_types::{
    Digest, MemberRef, Timestamp,
    body::Evidence,
    checkpoint::TreeHead,
    message::{Ballot, Lock, Prepare, SignMessage, Timeout},
};
use known::Known;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// Which leader it is, and of which lane and epoch.
#[derive(Clone, Debug)]
pub struct LeaderConfig {
    keys: Arc<EpochKeys>,
    quorums: Quorums,
    me: u8,
    leaders: u64,
}

impl LeaderConfig {
    /// The leader at place `me`, from 0, in the epoch's list; nothing if the list has no such place.
    #[must_use]
    pub fn new(keys: Arc<EpochKeys>, me: u8) -> Option<Self> {
        let quorums = Quorums::of(keys.entry())?;
        let leaders = u64::try_from(keys.leader_count()).ok()?;
        (u64::from(me) < leaders).then_some(Self { keys, quorums, me, leaders })
    }

    fn leads(&self, v: u64) -> bool {
        v.checked_rem(self.leaders) == Some(u64::from(self.me))
    }

    /// The highest view up to `asked` that it leads.
    fn highest_led(&self, asked: u64) -> Option<u64> {
        let past = asked.checked_rem(self.leaders)?;
        let me = u64::from(self.me);
        let back = if past >= me {
            past.checked_sub(me)
        } else {
            past.checked_add(self.leaders)?.checked_sub(me)
        };
        asked.checked_sub(back?)
    }
}

/// What it has proposed in the view it is in.
#[derive(Clone, Debug)]
struct Open {
    ballot: Ballot,
    body: DigestedBody,
    certificate: Option<PrepareCertificate>,
    evidence: Arc<Evidence>,
    prepared: Option<PrepareCertificate>,
}

/// It waits to be asked long enough, or by everybody.
#[derive(Clone, Copy, Debug)]
struct Wait {
    v: u64,
    until: Timestamp,
}

/// The highest view and batch among what it has handed on of a member, and when it last did.
#[derive(Clone, Copy, Debug)]
struct HandedOn {
    view: u64,
    k: u64,
    at: Timestamp,
}

/// One leader of one lane in one epoch.
#[derive(Clone, Debug)]
pub struct Leader {
    config: LeaderConfig,
    k: u64,
    head: TreeHead,
    /// Durable: what it proposed last.
    proposed: Option<Ballot>,
    /// The highest view that it has entered.
    entered: Option<u64>,
    /// Whether that view still works: until another leader's batch is final.
    leading: bool,
    wait: Option<Wait>,
    open: Option<Open>,
    making: bool,
    work: bool,
    limit: Limit,
    known: Known,
    locked: Option<LockCertificate>,
    timeouts: BTreeMap<MemberRef, Verified<Timeout>>,
    handed_on: BTreeMap<MemberRef, HandedOn>,
    prepares: BTreeMap<MemberRef, Verified<Prepare>>,
    locks: BTreeMap<MemberRef, Verified<Lock>>,
    signatures: BTreeMap<MemberRef, SignMessage>,
    culprits: BTreeSet<MemberRef>,
    /// Whose two prepares of one view are published, for the next batch.
    two_prepares: BTreeSet<MemberRef>,
    /// Whose signatures on two roots are published, for the next batch.
    two_roots: BTreeSet<MemberRef>,
    combining: bool,
    bodies: BTreeMap<Digest, DigestedBody>,
    effects: VecDeque<LeaderEffect>,
}

impl Leader {
    /// Starts a leader at the log's last final `head`, which waits for batch `k`, with what its store
    /// says that it proposed last.
    #[must_use]
    pub fn new(config: LeaderConfig, k: u64, head: TreeHead, proposed: Option<Ballot>) -> Self {
        let of_epoch = proposed.filter(|ballot| ballot.epoch == config.keys.epoch());
        let first = config.leads(0).then_some(0);
        Self {
            k,
            head,
            proposed: of_epoch,
            entered: of_epoch.map(|ballot| ballot.v).or(first),
            leading: of_epoch.is_some() || first.is_some(),
            config,
            wait: None,
            open: None,
            making: false,
            work: false,
            limit: Limit::FULL,
            known: Known::default(),
            locked: None,
            timeouts: BTreeMap::new(),
            handed_on: BTreeMap::new(),
            prepares: BTreeMap::new(),
            locks: BTreeMap::new(),
            signatures: BTreeMap::new(),
            culprits: BTreeSet::new(),
            two_prepares: BTreeSet::new(),
            two_roots: BTreeSet::new(),
            combining: false,
            bodies: BTreeMap::new(),
            effects: VecDeque::new(),
        }
    }

    /// The batch that comes next.
    #[must_use]
    pub fn k(&self) -> u64 {
        self.k
    }

    /// The view that it leads now, if any.
    #[must_use]
    pub fn view(&self) -> Option<u64> {
        self.entered.filter(|_| self.leading)
    }

    /// The next thing to do, if any.
    pub fn poll_effect(&mut self) -> Option<LeaderEffect> {
        self.effects.pop_front()
    }

    /// The log has moved on to `head`, and waits for batch `k`: by a final checkpoint of this leader
    /// or of another. Trust: the caller has verified the checkpoint and applied its entries.
    pub fn handle_final(&mut self, k: u64, head: TreeHead) {
        if k <= self.k {
            return;
        }
        let own = self.open.as_ref().is_some_and(|open| open.body.body().head == head);
        self.leading = self.leading && own;
        (self.k, self.head) = (k, head);
        (self.open, self.known, self.locked) = (None, Known::default(), None);
        (self.making, self.combining) = (false, false);
        self.prepares.clear();
        self.locks.clear();
        self.signatures.clear();
        self.culprits.clear();
        self.two_prepares.clear();
        self.two_roots.clear();
        self.bodies.clear();
        if own {
            self.limit = self.limit.doubled();
        }
        if self.work {
            self.begin();
        }
    }

    fn send(&mut self, to: Recipients, message: FromLeader) {
        self.effects.push_back(LeaderEffect::Send(to, message));
    }

    fn is_next(&self, ballot: Ballot) -> bool {
        (ballot.epoch, ballot.k) == (self.config.keys.epoch(), self.k)
    }
}

#[cfg(test)]
mod tests;
