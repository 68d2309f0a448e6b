//! A gateway that lies, for tests and the scene in which it is beaten. Compiled only with feature `villains`.

use super::{Engine, Output, lead::salt, wire};
use gateway_agreement::{DigestedBody, leader::Recipients};
use gateway_log::LeafHash;
use gateway_types::{
    Bounded, Bytes, MemberRef,
    body::{Body, BodyEntry},
    link::PeerFrame,
    message::{Ballot, FinalMessage, Proposal, ProposeMessage, ToMember},
};
use std::collections::BTreeSet;

/// How a gateway misbehaves, from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Villain {
    /// Shows one body to the members with even numbers and another to those with odd ones, both signed; to be sure
    /// that both are seen, the second to all in the end.
    TwoBodies,
    /// Shows its body to one member alone, and keeps it from the others.
    Withhold,
    /// Leads, and proposes nothing.
    Sleep,
    /// Says of what it proposes that it is final already, under the signatures of the batch before.
    ClaimsFinal,
}

impl Engine {
    /// Makes it misbehave, or stops that.
    pub fn set_villain(&mut self, villain: Option<Villain>) {
        self.villain = villain;
    }

    pub(super) fn propose_as(
        &mut self,
        villain: Villain,
        honest: &ProposeMessage,
        body: &DigestedBody,
    ) {
        match villain {
            Villain::TwoBodies => self.propose_two(honest, body),
            Villain::Withhold => {
                let one = self.connected(&Recipients::All).into_iter().take(1).collect();
                self.send_proposal(one, honest);
            }
            Villain::Sleep => {}
            Villain::ClaimsFinal => {
                let everybody = self.connected(&Recipients::All);
                self.send_proposal(everybody, honest);
                self.claim_final(body);
            }
        }
    }

    fn claim_final(&mut self, body: &DigestedBody) {
        let k = body.body().k;
        let before = k.checked_sub(1).and_then(|before| self.log.note_at(before).ok().flatten());
        let Some(note) = before.and_then(|note| Bytes::new(note.into_bytes()).ok()) else { return };
        let message = Box::new(FinalMessage { k, note, body: Some(body.body().clone()) });
        self.send_peers(&PeerFrame::Final(message.clone()));
        self.send(&Recipients::All, ToMember::Final(message));
    }

    fn propose_two(&mut self, honest: &ProposeMessage, body: &DigestedBody) {
        let Some(other) = self.other_body(body.body()) else { return };
        let ballot = Ballot { d: other.d(), ..honest.proposal.ballot };
        let proposal = Proposal { ballot, ..honest.proposal };
        let second = ProposeMessage {
            proposal,
            signature: self.config.key.sign(self.config.keys.origin(), &proposal),
            body: Some(other.body().clone()),
            ..honest.clone()
        };
        let everybody = self.connected(&Recipients::All);
        let (even, odd): (BTreeSet<MemberRef>, BTreeSet<MemberRef>) =
            everybody.iter().partition(|member| member.member % 2 == 0);
        self.send_proposal(even, honest);
        self.send_proposal(odd, &second);
        self.send_proposal(everybody, &second);
    }

    fn send_proposal(&mut self, to: BTreeSet<MemberRef>, message: &ProposeMessage) {
        let message = ToMember::Propose(Box::new(message.clone()));
        if let Some(frame) = wire::agree(message).filter(|_| !to.is_empty()) {
            self.out(Output::ToMembers(to, frame));
        }
    }

    /// Another body for the same place: the same entries under other salts.
    fn other_body(&mut self, body: &Body) -> Option<DigestedBody> {
        let mut other = body.clone();
        let rng = &mut self.rng;
        let salted = other.entries.iter().map(|entry| {
            let bytes = entry.bytes.clone();
            BodyEntry { salt: salt(rng), bytes }
        });
        other.entries = Bounded::new(salted.collect()).ok()?;
        let leaves = other.entries.iter().map(|entry| LeafHash::of(&entry.salt, &entry.bytes));
        let after = self.log.with_log(|log| log.frontier().with(leaves)).ok()?;
        other.head = after.head();
        Some(DigestedBody::new(other))
    }
}
