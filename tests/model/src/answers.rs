//! What the real member does, asked once for each (durable state, input).

use crate::keys;
use gateway_agreement::{
    DigestedBody,
    check::Checked,
    evidence::{LockCertificate, PrepareCertificate, Verified},
    member::{FromMember, Member, MemberEffect, MemberState, Proposed, Signed, Tip},
};
use gateway_types::{
    Bounded, CommitteeSize, MemberRef, Timestamp,
    message::{Ballot, Proposal, Timeout, Vote, Votes},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// A body to fight over: 0 is X, 1 is Y.
pub type Value = u8;

/// How many there are.
pub const VALUES: usize = 2;

/// A member's durable state, canonical: what it voted for lies below every view still to come, so only
/// lock and journal are left of it, and of the lock its view's rank and its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Durable {
    /// Rank of the view it is locked in (from 1) and the body; nothing if it is not locked.
    pub lock: Option<(u8, Value)>,
    /// What its journal says that it signed.
    pub signed: Option<Value>,
}

/// What got out of a member when it prepared, beside its prepare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prepared {
    /// A signature, and on what: there must be none.
    pub signature_sent: Option<Value>,
}

/// What a prepared member may become in the same view, when a prepare certificate is shown to it and it
/// may be killed between any two of its effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Settled {
    /// What is on its disk.
    pub durable: Durable,
    /// Whether its lock got out.
    pub lock_sent: bool,
    /// Whether its signature got out, and on what.
    pub signature_sent: Option<Value>,
}

/// A member as it is restored: what it is locked on, what it voted for last, and the view it is in.
#[derive(Clone, Copy, Debug)]
pub struct Past {
    /// Lock and journal.
    pub durable: Durable,
    /// Rank of the view in which it prepared last, and what.
    pub voted: Option<(u8, Value)>,
    /// The view that it wrote down.
    pub view: u8,
}

/// One question: a member in this state, in view `now`, is offered `value` with the certificate of rank
/// `certificate` (0: none).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Question {
    durable: Durable,
    now: u8,
    value: Value,
    certificate: u8,
}

/// The real member's answers.
#[derive(Debug)]
pub struct Answers {
    sizes: Vec<CommitteeSize>,
    bodies: [DigestedBody; VALUES],
    prepares: Mutex<HashMap<Question, Option<Prepared>>>,
    settles: Mutex<HashMap<Question, Arc<Vec<Settled>>>>,
}

impl Answers {
    /// For committees of these sizes.
    pub fn new(sizes: &[CommitteeSize]) -> Self {
        Self {
            sizes: sizes.to_vec(),
            bodies: [keys::body(1), keys::body(2)],
            prepares: Mutex::default(),
            settles: Mutex::default(),
        }
    }

    /// The bodies.
    pub fn bodies(&self) -> &[DigestedBody; VALUES] {
        &self.bodies
    }

    /// What becomes of it if it prepares `value` in view `now`, offered with the highest certificate there
    /// is for it or with none.
    pub fn prepares(
        &self,
        durable: Durable,
        now: u8,
        value: Value,
        certificate: u8,
    ) -> Option<Prepared> {
        [certificate, 0].iter().find_map(|certificate| {
            let question = Question { durable, now, value, certificate: *certificate };
            if let Some(known) = self.prepares.lock().unwrap().get(&question) {
                return *known;
            }
            let prepared = self.prepare(question).map(|(_, effects)| self.prepared_by(&effects));
            self.prepares.lock().unwrap().insert(question, prepared);
            prepared
        })
    }

    fn prepared_by(&self, effects: &[MemberEffect]) -> Prepared {
        Prepared { signature_sent: effects.iter().find_map(|effect| self.signature_in(effect)) }
    }

    fn signature_in(&self, effect: &MemberEffect) -> Option<Value> {
        let MemberEffect::Send(_, FromMember::Sign { head, .. }) = effect else { return None };
        let signed = self.bodies.iter().find(|body| body.body().head == *head);
        self.value_of(signed.map(DigestedBody::d))
    }

    /// All that it may become when shown the prepare certificate of this view for what it prepared, but
    /// for staying as it is.
    pub fn settles(
        &self,
        durable: Durable,
        now: u8,
        value: Value,
        certificate: u8,
    ) -> Arc<Vec<Settled>> {
        let question = Question { durable, now, value, certificate };
        if let Some(known) = self.settles.lock().unwrap().get(&question) {
            return Arc::clone(known);
        }
        let settled = Arc::new(self.settle(question));
        self.settles.lock().unwrap().insert(question, Arc::clone(&settled));
        settled
    }

    /// Whether, shown a lock certificate for `value`, it signs that and nothing else, and has written
    /// it down before.
    pub fn signs_only(&self, durable: Durable, now: u8, value: Value) -> bool {
        let mut member = self.member(durable, now);
        let certificate = LockCertificate::unverified_for_model(self.votes(value, now));
        let taken = member.handle_locked(&certificate, Timestamp(2_000));
        if taken.is_err() {
            // It lacks the body: it asks, and is given it.
            let _later = member.handle_body(self.body(value).clone(), Timestamp(2_000));
        }
        let head = self.body(value).body().head;
        let mut journal = durable.signed;
        drain(&mut member).iter().all(|effect| match effect {
            MemberEffect::Persist(state, _) => {
                journal = self.value_of(state.signed.map(|signed| signed.d));
                true
            }
            MemberEffect::Send(_, FromMember::Sign { head: signed, .. }) => {
                *signed == head && journal == Some(value)
            }
            _ => true,
        })
    }

    /// A real member, started from that durable state; it has seen no view from `now` on. It voted last
    /// for what it is locked on: a later vote leaves nothing that the rules on views and locks ask about.
    pub fn member(&self, durable: Durable, now: u8) -> Member {
        let me = MemberRef { committee: 0, member: 1 };
        self.restored(Past { durable, voted: durable.lock, view: now - 1 }, me)
    }

    /// A real member of the lane with that past.
    pub fn restored(&self, past: Past, me: MemberRef) -> Member {
        let Past { durable, voted, view } = past;
        let lock = durable.lock.map(|(rank, value)| self.prepared(value, rank));
        let signed = |value: Value| {
            let body = self.body(value);
            Signed { k: 0, d: body.d(), head: body.body().head }
        };
        let state = MemberState {
            epoch: 1,
            view: u64::from(view),
            tip: Tip::empty(),
            voted: voted.map(|(rank, value)| self.ballot(value, rank)),
            lock: lock.as_ref().map(|lock| lock.votes().clone()),
            signed: durable.signed.map(signed),
            silence: None,
        };
        let bodies = durable.lock.into_iter().chain(voted);
        let bodies: Vec<DigestedBody> = bodies.map(|(_, value)| self.body(value).clone()).collect();
        let config = keys::member_config(&self.sizes, me);
        Member::new(config, state, bodies, lock, Timestamp(1_000)).unwrap()
    }

    /// A prepare certificate for `value` of a view.
    pub fn prepared(&self, value: Value, view: u8) -> PrepareCertificate {
        PrepareCertificate::unverified_for_model(self.votes(value, view))
    }

    fn body(&self, value: Value) -> &DigestedBody {
        &self.bodies[usize::from(value)]
    }

    fn ballot(&self, value: Value, view: u8) -> Ballot {
        Ballot { epoch: 1, k: 0, v: u64::from(view), d: self.body(value).d() }
    }

    /// Votes that name nobody: who is in a quorum is counted by the search.
    fn votes(&self, value: Value, view: u8) -> Votes {
        Votes { ballot: self.ballot(value, view), votes: Bounded::<Vote, 128>::default() }
    }

    fn value_of(&self, d: Option<gateway_types::Digest>) -> Option<Value> {
        let place = self.bodies.iter().position(|body| Some(body.d()) == d)?;
        u8::try_from(place).ok()
    }

    /// A view's proposal to the member; the member and its effects, if it prepares.
    fn prepare(&self, question: Question) -> Option<(Member, Vec<MemberEffect>)> {
        let Question { durable, now, value, certificate } = question;
        let mut member = self.member(durable, now);
        let ballot = self.ballot(value, now);
        let leader = u8::try_from(u64::from(now) % u64::from(keys::LEADERS)).unwrap();
        let proposed = Proposed {
            proposal: Verified::unverified_for_model(Proposal { ballot, leader }),
            body: Some(self.body(value).clone()),
            certificate: (certificate > 0).then(|| self.prepared(value, certificate)),
            timeouts: self.timeouts(now),
            evidence: Arc::default(),
        };
        let _refused = member.handle_propose(proposed, Timestamp(2_000));
        let asked = drain(&mut member);
        let form_only = asked.iter().find_map(|effect| match effect {
            MemberEffect::CheckBody { form_only, .. } => Some(*form_only),
            _ => None,
        })?;
        // A dishonest leader times its bodies well: whatever is asked for passes.
        let base = member.tip().head();
        let checked = Checked::unverified_for_model(ballot.d, base, !form_only);
        let _refused = member.handle_body_checked(&checked, Timestamp(2_000));
        let is_prepare = |effect: &MemberEffect| matches!(effect, MemberEffect::Send(_, FromMember::Prepare(it)) if it.ballot == ballot);
        let effects = drain(&mut member);
        effects.iter().any(is_prepare).then_some((member, effects))
    }

    /// The effects of a prepare certificate, cut after each of them: what is on disk, what got out.
    fn settle(&self, question: Question) -> Vec<Settled> {
        let with = self.prepare(question);
        let without = || self.prepare(Question { certificate: 0, ..question });
        let Some((mut member, _)) = with.or_else(without) else { return Vec::new() };
        let certificate = self.prepared(question.value, question.now);
        let _refused = member.handle_prepared(&certificate, Timestamp(2_000));
        let mut it = Settled { durable: question.durable, lock_sent: false, signature_sent: None };
        let mut cuts = Vec::new();
        for effect in drain(&mut member) {
            match &effect {
                MemberEffect::Persist(state, _) => it.durable = self.durable_of(state),
                MemberEffect::Send(_, FromMember::Lock(..)) => it.lock_sent = true,
                MemberEffect::Send(_, FromMember::Sign { .. }) => {
                    it.signature_sent = self.signature_in(&effect);
                }
                _ => continue,
            }
            cuts.push(it);
        }
        worst(cuts)
    }

    fn durable_of(&self, state: &MemberState) -> Durable {
        let lock = state.lock.as_ref().and_then(|lock| {
            let rank = u8::try_from(lock.ballot.v).ok()?;
            Some((rank, self.value_of(Some(lock.ballot.d))?))
        });
        Durable { lock, signed: self.value_of(state.signed.map(|signed| signed.d)) }
    }

    /// All ask for that view: dishonest members wait as long as it takes.
    fn timeouts(&self, view: u8) -> Vec<Verified<Timeout>> {
        let quorums =
            keys::member_config(&self.sizes, MemberRef { committee: 0, member: 1 }).quorums;
        let ask = |member| {
            let (tip, lock) = (Tip::empty().head(), None);
            Timeout { epoch: 1, view: u64::from(view), k: 0, tip, lock, member }
        };
        quorums.members().map(ask).map(Verified::unverified_for_model).collect()
    }
}

/// Of outcomes with one state on disk, the one in which most got out: the adversary need not use it.
fn worst(cuts: Vec<Settled>) -> Vec<Settled> {
    let mut kept: Vec<Settled> = Vec::new();
    for cut in cuts {
        let covers = |a: &Settled, b: &Settled| {
            a.durable == b.durable
                && a.lock_sent >= b.lock_sent
                && (a.signature_sent == b.signature_sent || b.signature_sent.is_none())
        };
        kept.retain(|known| !covers(&cut, known));
        if !kept.iter().any(|known| covers(known, &cut)) {
            kept.push(cut);
        }
    }
    kept
}

fn drain(member: &mut Member) -> Vec<MemberEffect> {
    std::iter::from_fn(|| member.poll_effect()).collect()
}
