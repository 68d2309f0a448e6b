//! What a leader proposes: the highest locked body it knows, or else a new one.

use super::{FromLeader, Leader, LeaderEffect, Open, Recipients, known};
use crate::{digested::DigestedBody, evidence::PrepareCertificate};
use gateway_types::{
    Digest, MemberRef,
    body::Evidence,
    message::{Ballot, Proposal},
};
use std::{collections::BTreeSet, sync::Arc};

/// Most bodies kept for one batch: what it made, and what it asked members for.
const MAX_BODIES: usize = 4;

impl Leader {
    /// Something waits to be logged. While a batch is open, it waits for the next.
    pub fn handle_work(&mut self) {
        self.work = true;
        self.begin();
    }

    /// The driver made the new body that was asked for. One for another place is dropped.
    pub fn handle_made(&mut self, body: DigestedBody, evidence: Arc<Evidence>) {
        let fits = body.body().k == self.k && body.body().base == self.head;
        if !std::mem::take(&mut self.making) || !fits || self.open.is_some() {
            return;
        }
        // A lock that became known meanwhile goes first; what was made waits for the next batch, or view.
        if self.best_below_view().is_some() || self.is_over() {
            self.work = true;
            return self.begin();
        }
        self.propose(body, None, evidence);
    }

    /// There is nothing to make a body from.
    pub fn handle_nothing_made(&mut self) {
        self.making = false;
    }

    /// A body that this leader asked the members for has come.
    pub fn handle_body(&mut self, body: DigestedBody) {
        if self.known.names(body.d()) && body.body().k == self.k {
            self.known.apply_body(body.d());
            self.keep_body(body);
            self.begin();
            self.combine();
        }
    }

    /// A member lacks a body: it is sent, with the proposal if it is the one that is open.
    pub fn handle_want_body(&mut self, member: MemberRef, d: Digest) {
        let to = Recipients::One(member);
        match (&self.open, self.bodies.get(&d)) {
            (Some(open), _) if open.ballot.d == d => {
                self.send_proposal(to.clone(), BTreeSet::new());
                let body = self.open.as_ref().map(|open| open.body.clone());
                body.into_iter().for_each(|body| self.send(to.clone(), FromLeader::Body(body)));
            }
            (_, Some(body)) => self.send(to, FromLeader::Body(body.clone())),
            _ => {}
        }
    }

    /// A member is connected (again): it is sent what is open. All messages are idempotent.
    pub fn handle_connected(&mut self, member: MemberRef) {
        let to = || Recipients::One(member);
        self.send_proposal(to(), BTreeSet::new());
        let prepared = self.open.as_ref().and_then(|open| open.prepared.clone());
        prepared.into_iter().for_each(|it| self.send(to(), FromLeader::Prepared(it)));
        let locked = self.locked.clone();
        locked.into_iter().for_each(|it| self.send(to(), FromLeader::Locked(it)));
    }

    /// Proposes in the view it leads, unless it has: the body of the highest prepare certificate that
    /// it knows, unchanged, and only if it knows none a new one.
    pub(super) fn begin(&mut self) {
        let Some(v) = self.view().filter(|_| self.open.is_none()) else { return };
        if self.is_over() {
            return;
        }
        if let Some(before) = self.proposed.filter(|it| self.is_next(*it) && it.v >= v) {
            return self.propose_again(before);
        }
        match self.best_below_view() {
            Some(best) => self.propose_locked(best),
            None if self.making => {}
            None => {
                (self.making, self.work) = (true, false);
                let (k, base, limit) = (self.k, self.head, self.limit);
                self.effects.push_back(LeaderEffect::MakeBody { k, base, limit });
            }
        }
    }

    /// Keeps a prepare certificate for the next batch, if it is the highest that `from` has told.
    pub(super) fn note(&mut self, from: Option<MemberRef>, it: Option<&PrepareCertificate>) {
        if let Some(certificate) = it.filter(|it| self.is_next(it.ballot())) {
            self.known.apply_told(from, certificate);
        }
    }

    pub(super) fn best_below_view(&self) -> Option<PrepareCertificate> {
        self.known.best_below(self.view()?)
    }

    /// Members prepared in a higher view than its own.
    fn is_over(&self) -> bool {
        self.view().is_some_and(|v| self.known.highest_view().is_some_and(|highest| highest > v))
    }

    /// Before a restart it proposed in this view: the same again, or nothing.
    fn propose_again(&mut self, before: Ballot) {
        if let Some(body) = self.bodies.get(&before.d).cloned() {
            let certificate = self.best_below_view().filter(|best| best.ballot().d == before.d);
            self.propose(body, certificate, Arc::default());
        }
    }

    fn propose_locked(&mut self, best: PrepareCertificate) {
        let d = best.ballot().d;
        match self.bodies.get(&d).cloned() {
            Some(body) => self.propose(body, Some(best), Arc::default()),
            None => {
                let asked = self.known.ask(&best);
                if !asked.is_empty() {
                    self.send(Recipients::Some(asked), FromLeader::WantBody(d));
                }
            }
        }
    }

    /// Writes down what it proposes, then tells.
    fn propose(
        &mut self,
        body: DigestedBody,
        certificate: Option<PrepareCertificate>,
        evidence: Arc<Evidence>,
    ) {
        let Some(v) = self.view() else { return };
        let ballot = Ballot { epoch: self.config.keys.epoch(), k: self.k, v, d: body.d() };
        self.proposed = Some(ballot);
        self.effects.push_back(LeaderEffect::Persist(ballot));
        let bare = certificate.as_ref().map(known::preparers).unwrap_or_default();
        self.keep_body(body.clone());
        self.open = Some(Open { ballot, body, certificate, evidence, prepared: None });
        self.send_proposal(Recipients::All, bare);
        self.combine();
    }

    fn send_proposal(&mut self, to: Recipients, bare: BTreeSet<MemberRef>) {
        let Some(open) = &self.open else { return };
        self.effects.push_back(LeaderEffect::Propose {
            to,
            proposal: Proposal { ballot: open.ballot, leader: self.config.me },
            body: open.body.clone(),
            bare,
            certificate: open.certificate.clone(),
            timeouts: self.timeouts_for(open.ballot.v),
            evidence: Arc::clone(&open.evidence),
        });
    }

    fn keep_body(&mut self, body: DigestedBody) {
        self.bodies.insert(body.d(), body);
        if self.bodies.len() > MAX_BODIES {
            let open = self.open.as_ref().map(|open| open.ballot.d);
            let closed = self.bodies.keys().copied().filter(|d| Some(*d) != open);
            let least = closed.min_by_key(|d| self.known.view_of(*d));
            least.iter().for_each(|d| drop(self.bodies.remove(d)));
        }
    }
}
