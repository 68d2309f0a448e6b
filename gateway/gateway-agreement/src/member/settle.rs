//! The other rows of the table: lock, sign, and what is final.

use super::{FromMember, Locked, Member, MemberEffect, NotTaken, Signed, Tip, To};
use crate::{
    digested::{DigestedBody, verify_root},
    evidence::{LockCertificate, PrepareCertificate, SignedCheckpoint},
    overdue::Item,
};
use gateway_types::{
    Digest, MemberRef, Timestamp,
    checkpoint::TreeHead,
    entry::{ClientEntry, Entry},
    message::{Ballot, Lock, Votes},
};

impl Member {
    /// Takes a prepare certificate: locks, if it prepared exactly this and has not asked for a higher
    /// view since. The same again is answered again.
    ///
    /// # Errors
    ///
    /// [`NotTaken`]: nothing changed, or the member fell silent ([`NotTaken::Forgotten`]).
    pub fn handle_prepared(
        &mut self,
        certificate: &PrepareCertificate,
        now: Timestamp,
    ) -> Result<(), NotTaken> {
        let ballot = certificate.ballot();
        let known = self.ballot_voted().is_some_and(|voted| covers(voted, ballot));
        self.check_settling(certificate.votes(), known, now)?;
        if self.certificate().is_some_and(|lock| lock.ballot() == ballot) {
            self.send_lock(To::AllLeaders);
            return Ok(());
        }
        let Some(voted) = self.voted.as_ref().filter(|voted| voted.ballot == ballot) else {
            return Err(NotTaken::NotVoted { voted: self.ballot_voted() });
        };
        if let Some(asked) = self.asked.filter(|_| self.asked_since_vote) {
            return Err(NotTaken::Asked { asked });
        }
        let body = voted.body.clone();
        self.lock = Some(Locked { certificate: certificate.clone(), body });
        self.overdue.apply_lock(Some(now));
        self.persist(None);
        self.send_lock(To::AllLeaders);
        Ok(())
    }

    /// Takes a lock certificate, of any view: writes *I sign d* into the journal, then signs. If it
    /// lacks the body it asks for it, and signs when it has come ([`Member::handle_body`]).
    ///
    /// # Errors
    ///
    /// [`NotTaken`]: nothing was signed.
    pub fn handle_locked(
        &mut self,
        certificate: &LockCertificate,
        now: Timestamp,
    ) -> Result<(), NotTaken> {
        let ballot = certificate.ballot();
        let lock = self.certificate().map(PrepareCertificate::ballot);
        self.check_settling(certificate.votes(), lock.is_some_and(|l| covers(l, ballot)), now)?;
        if let Some(signed) = self.signed.filter(|signed| signed.k == ballot.k) {
            return self.sign_again(signed, ballot.d);
        }
        let Some(body) = self.body_of(ballot.d) else {
            self.wanted = Some(certificate.clone());
            self.send(To::AllLeaders, FromMember::WantBody(ballot.d));
            return Err(NotTaken::BodyMissing { d: ballot.d });
        };
        verify_root(&self.tip.frontier, body.body())?;
        self.apply_signed(Signed { k: ballot.k, d: ballot.d, head: body.body().head });
        Ok(())
    }

    /// Takes a body that was asked for after a lock certificate, and signs.
    ///
    /// # Errors
    ///
    /// [`NotTaken`], as from [`Member::handle_locked`]; a body that was not asked for is dropped.
    pub fn handle_body(&mut self, body: DigestedBody, now: Timestamp) -> Result<(), NotTaken> {
        match self.wanted.take_if(|wanted| wanted.ballot().d == body.d()) {
            Some(certificate) => {
                self.seen = Some(body);
                self.handle_locked(&certificate, now)
            }
            None => Ok(()),
        }
    }

    /// A leader asks for a body: sent if it is at hand. So nobody can withhold what is locked.
    pub fn handle_want_body(&mut self, leader: u8, d: Digest) {
        if let Some(body) = self.body_of(d) {
            self.send(To::Leader(leader), FromMember::Body(body));
        }
    }

    /// Takes a final checkpoint and moves the tip to it. `bodies` lead there from the tip, one a
    /// batch; none are needed if the member holds the one body. The entries themselves are the proof
    /// that it extends the tip.
    ///
    /// # Errors
    ///
    /// [`NotTaken::Checkpoint`] if the bodies lead elsewhere: fetch those after batch `tip().k`;
    /// [`NotTaken::OtherRoot`] if this member signed another root there: two histories, alarm.
    pub fn handle_final(
        &mut self,
        checkpoint: &SignedCheckpoint,
        bodies: &[DigestedBody],
    ) -> Result<(), NotTaken> {
        let head = checkpoint.checkpoint().head;
        if head.size <= self.tip.head().size {
            return Ok(());
        }
        let at_hand: Vec<DigestedBody> = match bodies {
            [] => self.body_leading_to(head).into_iter().collect(),
            some => some.to_vec(),
        };
        let tip = self.tip_after(&at_hand)?;
        if tip.head() != head {
            return Err(NotTaken::Checkpoint { got: head, computed: tip.head() });
        }
        self.apply_final(tip, &at_hand);
        Ok(())
    }

    /// What each certificate must be before it is looked at: of this epoch and batch, for a member
    /// that may speak. `known`: whether the journal explains this member's own vote in it.
    fn check_settling(
        &mut self,
        votes: &Votes,
        known: bool,
        now: Timestamp,
    ) -> Result<(), NotTaken> {
        let Ballot { epoch, k, .. } = votes.ballot;
        votes.votes.iter().for_each(|vote| self.handle_heard(vote.member, now));
        if self.silence.is_some() {
            return Err(NotTaken::Silent);
        }
        let of_me = votes.votes.iter().any(|vote| vote.member == self.config.me);
        if epoch == self.config.epoch && k >= self.tip.k && of_me && !known {
            return Err(self.fall_silent());
        }
        if epoch != self.config.epoch || k != self.tip.k {
            return Err(NotTaken::Place { got: votes.ballot, k: self.tip.k });
        }
        if self.is_closed(now) {
            return Err(NotTaken::Closed { at: self.config.keys_end });
        }
        Ok(())
    }

    fn fall_silent(&mut self) -> NotTaken {
        let member: MemberRef = self.config.me;
        self.begin_silence();
        NotTaken::Forgotten { member }
    }

    fn sign_again(&mut self, signed: Signed, d: Digest) -> Result<(), NotTaken> {
        if signed.d != d {
            return Err(NotTaken::OtherRoot { k: signed.k });
        }
        self.send_sign(To::AllLeaders, signed);
        Ok(())
    }

    /// Writes the journal, then tells.
    fn apply_signed(&mut self, signed: Signed) {
        self.signed = Some(signed);
        self.persist(None);
        self.send_sign(To::AllLeaders, signed);
    }

    pub(super) fn send_sign(&mut self, to: To, signed: Signed) {
        self.send(to, FromMember::Sign { k: signed.k, head: signed.head });
    }

    pub(super) fn send_lock(&mut self, to: To) {
        if let Some(certificate) = self.certificate().cloned() {
            let lock = Lock { ballot: certificate.ballot(), member: self.config.me };
            self.send(to, FromMember::Lock(lock, certificate));
        }
    }

    fn body_leading_to(&self, head: TreeHead) -> Option<DigestedBody> {
        self.bodies().find(|body| body.body().head == head).cloned()
    }

    fn tip_after(&self, bodies: &[DigestedBody]) -> Result<Tip, NotTaken> {
        bodies.iter().try_fold(self.tip.clone(), |tip, body| {
            let it = body.body();
            let signed = self.signed.filter(|signed| signed.k == it.k);
            if signed.is_some_and(|signed| signed.head != it.head) {
                return Err(NotTaken::OtherRoot { k: it.k });
            }
            let frontier = verify_root(&tip.frontier, it)?;
            Ok(Tip { k: tip.k.saturating_add(1), frontier, time: Some(it.time) })
        })
    }

    fn apply_final(&mut self, tip: Tip, bodies: &[DigestedBody]) {
        self.tip = tip;
        (self.voted, self.lock, self.pending) = (None, None, None);
        (self.seen, self.wanted, self.form_checked) = (None, None, None);
        self.asked_since_vote = false;
        self.proposals.clear();
        self.overdue.apply_lock(None);
        bodies.iter().for_each(|body| self.apply_logged(body));
        self.patience.apply_progress();
        self.end_silence_if_over();
        let state = Box::new(self.state());
        self.effects.push_back(MemberEffect::PersistLater(state));
    }

    /// What is in the log is no longer overdue.
    fn apply_logged(&mut self, body: &DigestedBody) {
        for entry in &body.body().entries {
            let item = Entry::decode(&entry.bytes).ok().and_then(|entry| item_of(&entry));
            item.iter().for_each(|item| self.overdue.apply_logged(item));
        }
    }
}

/// Whether having voted `own` explains a vote for `other`: it is that vote, or a later one.
fn covers(own: Ballot, other: Ballot) -> bool {
    (own.epoch, own.k) == (other.epoch, other.k)
        && (own.v > other.v || (own.v == other.v && own.d == other.d))
}

fn item_of(entry: &Entry) -> Option<Item> {
    match entry {
        Entry::Recognised(it) => Some(Item::Candidate(it.candidate.digest())),
        Entry::Declined(it) => Some(Item::Candidate(it.candidate.digest())),
        Entry::Status(it) => Some(Item::Change(it.n)),
        Entry::Client(ClientEntry::Freeze(it)) => Some(Item::Freeze(it.pin)),
        _ => None,
    }
}
