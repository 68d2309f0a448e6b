//! What a leader collects: prepares, locks, signatures.

use super::{FromLeader, Leader, LeaderEffect, Recipients};
use crate::{
    digested::DigestedBody,
    evidence::{Equivocation, LockCertificate, PrepareCertificate, Verified},
};
use gateway_types::{
    MemberRef,
    checkpoint::Checkpoint,
    message::{Ballot, Lock, Prepare, SignMessage},
};

impl Leader {
    /// A member prepared. With a quorum's, every member is told to lock. Two different prepares of one
    /// member in one view are published, once a batch.
    pub fn handle_prepare(&mut self, prepare: Verified<Prepare>) {
        let (ballot, member) = (prepare.ballot, prepare.member);
        // One of a view that this leader has not come to would hide what the member prepared before.
        let is_ahead = self.entered.is_none_or(|entered| ballot.v > entered);
        if !self.is_next(ballot) || is_ahead {
            return;
        }
        if let Some(first) = self.prepares.get(&member) {
            let found = Equivocation::of_prepares(first, &prepare);
            if let Some(found) = found.filter(|_| self.two_prepares.insert(member)) {
                self.effects.push_back(LeaderEffect::Publish(Box::new(found)));
            }
        }
        if self.prepares.get(&member).is_none_or(|known| known.ballot.v < ballot.v) {
            self.prepares.insert(member, prepare);
        }
        self.collect_prepares(ballot, member);
    }

    /// A member locked, with the prepare certificate that made it lock. With a quorum's locks, every
    /// member is told to sign. All leaders hear all locks.
    ///
    /// Trust: the certificate is genuine, but not under the member's signature, as in
    /// [`Leader::handle_timeout`].
    pub fn handle_lock(&mut self, lock: Verified<Lock>, certificate: &PrepareCertificate) {
        let (ballot, member) = (lock.ballot, lock.member);
        if !self.is_next(ballot) {
            return;
        }
        let is_its = certificate.ballot() == ballot;
        self.note(is_its.then_some(member), Some(certificate));
        if self.locks.get(&member).is_none_or(|known| known.ballot.v < ballot.v) {
            self.locks.insert(member, lock);
        }
        self.collect_locks(ballot, member);
        self.begin_if_asked();
    }

    /// A member refuses because of its lock: this is its certificate.
    pub fn handle_locked_on(&mut self, certificate: &PrepareCertificate) {
        self.note(None, Some(certificate));
        self.begin_if_asked();
    }

    /// A member signed the checkpoint. With a quorum's signatures, they are to be combined. Its
    /// signatures on two roots of one size are published, once a batch.
    ///
    /// Trust: the caller has seen that it came from the member that it names, by the connection; what it
    /// holds may be anything: the combination checks it and names culprits.
    pub fn handle_signature(&mut self, signature: SignMessage) {
        let counts = signature.k == self.k && self.config.quorums.has(signature.member);
        if counts && !self.culprits.contains(&signature.member) {
            self.publish_two_roots(&signature);
            self.signatures.insert(signature.member, signature);
            self.combine();
        }
    }

    /// The final checkpoint was made from the signatures: goes on to the next batch.
    pub fn handle_combined(&mut self, k: u64) {
        let Some(body) = self.body_signed().filter(|body| body.body().k == k && k == self.k) else {
            return;
        };
        let head = body.body().head;
        self.effects.push_back(LeaderEffect::Final { k, body });
        self.handle_final(k.saturating_add(1), head);
    }

    /// These members' signatures or shares were bad: goes on without them.
    pub fn handle_culprits(&mut self, culprits: &[MemberRef]) {
        self.combining = false;
        for culprit in culprits {
            self.signatures.remove(culprit);
            self.culprits.insert(*culprit);
        }
        self.combine();
    }

    fn publish_two_roots(&mut self, signature: &SignMessage) {
        let member = signature.member;
        let first = self.signatures.get(&member).filter(|_| !self.two_roots.contains(&member));
        if let Some(found) = first.and_then(|first| self.check_two_roots(first, signature)) {
            self.two_roots.insert(member);
            self.effects.push_back(LeaderEffect::Publish(Box::new(found)));
        }
    }

    /// Only signatures that hold accuse anybody.
    fn check_two_roots(&self, a: &SignMessage, b: &SignMessage) -> Option<Equivocation> {
        let keys = &self.config.keys;
        let verify = |it: &SignMessage| {
            let checkpoint = Checkpoint { origin: keys.origin().clone(), head: it.head };
            keys.verify_cosignature(&checkpoint, it.member, it.time_s, &it.cosignature).ok()
        };
        if a.head == b.head { None } else { Equivocation::of_roots(&verify(a)?, &verify(b)?) }
    }

    fn collect_prepares(&mut self, ballot: Ballot, from: MemberRef) {
        let Some(open) = self.open.as_mut().filter(|open| open.ballot == ballot) else { return };
        if let Some(prepared) = open.prepared.clone() {
            return self.send(Recipients::One(from), FromLeader::Prepared(prepared));
        }
        let votes = self.prepares.values();
        let Some(it) = PrepareCertificate::collect(&self.config.keys, ballot, votes) else {
            return;
        };
        open.prepared = Some(it.clone());
        self.note(None, Some(&it));
        self.send(Recipients::All, FromLeader::Prepared(it));
    }

    fn collect_locks(&mut self, ballot: Ballot, from: MemberRef) {
        if let Some(locked) = self.locked.clone().filter(|it| it.ballot().d == ballot.d) {
            return self.send(Recipients::One(from), FromLeader::Locked(locked));
        }
        let votes = self.locks.values();
        let Some(it) = LockCertificate::collect(&self.config.keys, ballot, votes) else { return };
        self.locked = Some(it.clone());
        // Who leads that view tells it; who leads a later one tells it for one that may be dead.
        if self.config.leads(ballot.v) || self.view().is_some_and(|view| view > ballot.v) {
            self.send(Recipients::All, FromLeader::Locked(it));
        }
    }

    /// In a view that was entered by asking, with nothing proposed yet, what became known counts.
    fn begin_if_asked(&mut self) {
        if self.open.is_none() && !self.making && self.best_below_view().is_some() {
            self.begin();
        }
    }

    /// The body that the collected signatures are on, if it is at hand and they are a quorum's.
    fn body_signed(&self) -> Option<DigestedBody> {
        let is_signed = |body: &&DigestedBody| {
            let head = body.body().head;
            let on_it = self.signatures.values().filter(|signature| signature.head == head);
            self.config.quorums.is_quorum(&on_it.map(|signature| signature.member).collect())
        };
        self.bodies.values().find(is_signed).cloned()
    }

    pub(super) fn combine(&mut self) {
        let Some(body) = self.body_signed().filter(|_| !self.combining) else { return };
        let head = body.body().head;
        let on_it = self.signatures.values().filter(|signature| signature.head == head);
        let signatures = on_it.copied().collect();
        self.combining = true;
        self.effects.push_back(LeaderEffect::Combine { k: self.k, head, signatures });
    }
}
