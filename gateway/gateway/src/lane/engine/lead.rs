//! Carrying out what the leader's rules want.

use super::{Engine, MAKE_AGAIN, Output, wire};
use crate::lane::{keep, view::LaneEvent};
use gateway_agreement::{
    build::{Left, Made, Material, make_body, make_genesis},
    evidence::Equivocation,
    leader::{LeaderEffect, Limit, Recipients},
};
use gateway_store::Batch;
use gateway_types::{
    Bounded, MemberRef, Salt,
    body::Evidence,
    cbor,
    frame::sha256,
    message::{Ballot, ProposeMessage, ToMember},
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use std::{collections::BTreeSet, sync::Arc};

/// Most evidence of dishonesty kept in a lane. More says nothing new.
const MAX_EQUIVOCATIONS: u64 = 10_000;

impl Engine {
    pub(super) fn carry_out(&mut self, effect: LeaderEffect) {
        self.note_view();
        match effect {
            LeaderEffect::Persist(ballot) => self.persist_ballot(ballot),
            effect @ LeaderEffect::Propose { .. } => self.propose(effect),
            LeaderEffect::Send(to, message) => self.send(&to, wire::from_leader(message)),
            LeaderEffect::MakeBody { limit, .. } => self.make(limit),
            LeaderEffect::Combine { k, head, signatures } => self.combine(k, head, &signatures),
            LeaderEffect::Final { k, body } => self.finish(k, body),
            LeaderEffect::CatchUp { member, k } => {
                self.behind.take_wish(member, k);
                self.catch_up_due();
            }
            LeaderEffect::Behind { k } => {
                tracing::info!(k, "members are ahead: asking the other gateways");
                self.out(Output::Behind);
            }
            LeaderEffect::Publish(found) => self.publish(*found),
        }
    }

    /// Sends a part of the agreement.
    pub(super) fn send(&mut self, to: &Recipients, message: ToMember) {
        let to = self.connected(to);
        if to.is_empty() {
            return;
        }
        if let Some(frame) = wire::agree(message) {
            self.out(Output::ToMembers(to, frame));
        }
    }

    /// Writes down what it proposes. If another process with this store did so meanwhile, the write fails.
    fn persist_ballot(&mut self, ballot: Ballot) {
        let lane = &self.config.keys.origin().lane;
        let batch = keep::ballot(lane, &ballot);
        let key = keep::prefix(lane);
        let batch = match self.ballot {
            Some(before) => batch.expect(keep::BALLOTS, key, cbor::encode(&before)),
            None => batch.expect_absent(keep::BALLOTS, key),
        };
        self.ballot = Some(ballot);
        self.out(Output::Persist(batch));
    }

    fn propose(&mut self, effect: LeaderEffect) {
        let LeaderEffect::Propose { to, proposal, body, bare, certificate, timeouts, evidence } =
            effect
        else {
            return;
        };
        self.pace.apply_proposed(self.now);
        let timeouts: Vec<_> = timeouts.iter().map(wire::timeout_message).collect();
        let message = ProposeMessage {
            signature: self.config.key.sign(self.config.keys.origin(), &proposal),
            proposal,
            body: Some(body.body().clone()),
            certificate: certificate.map(|certificate| certificate.votes().clone()),
            timeouts: Bounded::new(timeouts).unwrap_or_default(),
            evidence: (*evidence).clone(),
        };
        #[cfg(feature = "villains")]
        if let Some(villain) = self.villain {
            return self.propose_as(villain, &message, &body);
        }
        let to = self.connected(&to);
        let (bare, whole): (BTreeSet<MemberRef>, BTreeSet<MemberRef>) =
            to.into_iter().partition(|member| bare.contains(member));
        let without = ProposeMessage { body: None, ..message.clone() };
        self.send(&Recipients::Some(whole), ToMember::Propose(Box::new(message)));
        self.send(&Recipients::Some(bare), ToMember::Propose(Box::new(without)));
    }

    fn make(&mut self, limit: Limit) {
        let ready = self.waiting.ready(limit.entries, self.synced_height(), self.now);
        self.pace.apply_made();
        let offers = self.settled_offers();
        let (config, rng, now) = (&self.config, &mut self.rng, self.now);
        let freeze = self.freeze.as_ref();
        let mut salts = std::iter::repeat_with(|| salt(rng));
        let made = self.log.with_both(|log, lane| {
            let material = Material {
                keys: &config.keys,
                lane,
                frontier: log.frontier(),
                now,
                limit,
                candidates: &ready.candidates,
                lists: &ready.lists,
                offers: &offers,
                freeze,
            };
            if lane.next_k() == 0 {
                make_genesis(&material, &config.genesis, &config.possession, &mut salts)
            } else {
                make_body(&material, &mut salts)
            }
        });
        match made {
            Ok(made) => {
                let is_worth_it = self.is_worth_it(&made);
                #[cfg(feature = "villains")]
                let (is_worth_it, made) =
                    (is_worth_it || self.villain.is_some(), self.make_as_villain(made));
                self.tell_left(made.left);
                if is_worth_it {
                    self.leader.handle_made(made.body, Arc::new(made.evidence));
                } else {
                    self.make_later(self.has_news() || self.waiting.due() > 0);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "no body can be made now");
                self.make_later(true);
            }
        }
    }

    /// Nothing is proposed: it is tried again by itself, or when something comes or is due.
    fn make_later(&mut self, by_itself: bool) {
        self.make_at = by_itself.then(|| self.now.saturating_add(MAKE_AGAIN));
        if !by_itself {
            self.asked_for = None;
        }
        self.leader.handle_nothing_made();
    }

    /// A body of nothing but its `batch` entry, which leaves the sync point where it is, is worth the committees' work
    /// as a heartbeat, for members that asked for this view because they wait for something, or because a body twice as
    /// large comes after it. It is not where nothing that waited can be logged now.
    fn is_worth_it(&self, made: &Made) -> bool {
        let body = made.body.body();
        let says_something = body.entries.len() > 1 || made.evidence != Evidence::default();
        let is_asked_for = self.entered_at == Some(body.k);
        let lacked_room = made.left.iter().any(|(_, why)| *why == Left::Full);
        says_something || is_asked_for || lacked_room || self.heartbeat_at() <= self.now
    }

    /// What cannot be logged as it is: the question side asks again, or gives up.
    fn tell_left(&mut self, left: Vec<(gateway_types::Digest, Left)>) {
        for (digest, why) in left {
            match why {
                // In the next batch: it begins when this one is final.
                Left::Full => {}
                Left::NoFreshSync => self.waiting.apply_held(&digest),
                Left::OldEvidence | Left::Refused(_) => {
                    if self.waiting.apply_left(&digest) {
                        tracing::info!(candidate = %digest, ?why, "a candidate cannot be logged");
                        self.event(LaneEvent::Left(digest, why));
                    }
                }
            }
        }
    }

    fn publish(&mut self, found: Equivocation) {
        tracing::warn!(culprit = %found.culprit(), "two signed things contradict each other");
        let claim = cbor::encode(found.claim());
        if self.equivocations < MAX_EQUIVOCATIONS {
            let key = keep::by_digest(&self.config.keys.origin().lane, &sha256(&claim));
            self.equivocations = self.equivocations.saturating_add(1);
            self.out(Output::Persist(Batch::new().put(keep::EQUIVOCATIONS, key, claim)));
        }
        self.event(LaneEvent::Equivocation(Arc::new(found)));
    }

    fn note_view(&mut self) {
        let view = self.leader.view();
        if view.is_some() && view != self.view {
            self.view = view;
            self.entered_at = Some(self.leader.k());
            self.view_changes = self.view_changes.saturating_add(1);
        }
    }
}

pub(super) fn salt(rng: &mut ChaCha20Rng) -> Salt {
    let mut salt = [0; Salt::LEN];
    rng.fill_bytes(&mut salt);
    Salt(salt)
}
