//! A gateway that lies, for tests and the scene in which it is beaten. Compiled only with feature `villains`.

use super::{Engine, Output, lead::salt, wire};
use gateway_agreement::{DigestedBody, build::Made, leader::Recipients};
use gateway_lane::{LaneState, StatusList};
use gateway_log::LeafHash;
use gateway_types::{
    Bounded, Bytes, Digest, MemberRef, SourceCode,
    body::{Body, BodyEntry, Evidence},
    entry::Entry,
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
    /// Leaves the sync point where it is and the source's changes out, and recognises on it all the same, however old
    /// it gets.
    OldSync,
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
            Villain::OldSync => {
                let everybody = self.connected(&Recipients::All);
                self.send_proposal(everybody, honest);
            }
        }
    }

    /// What it proposes in the place of an honest body.
    pub(super) fn make_as_villain(&self, honest: Made) -> Made {
        if self.villain != Some(Villain::OldSync) {
            return honest;
        }
        match self.with_old_sync(honest.body.body()) {
            Some(body) => Made { body, evidence: Evidence::default(), ..honest },
            None => honest,
        }
    }

    /// The same candidates on the sync point of the batch before. Nothing where there is none.
    fn with_old_sync(&self, body: &Body) -> Option<DigestedBody> {
        let entries = self.log.with_state(|lane| on_old_sync(lane, body))?;
        let salted = body.entries.iter().zip(entries).map(|(honest, entry)| {
            Some(BodyEntry { salt: honest.salt, bytes: Bytes::new(entry.encode()).ok()? })
        });
        let salted = salted.collect::<Option<Vec<_>>>()?;
        self.with_entries(Body { entries: Bounded::new(salted).ok()?, ..body.clone() })
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
        self.with_entries(other)
    }

    /// The body with the head that its entries come to.
    fn with_entries(&self, mut body: Body) -> Option<DigestedBody> {
        let leaves = body.entries.iter().map(|entry| LeafHash::of(&entry.salt, &entry.bytes));
        let after = self.log.with_log(|log| log.frontier().with(leaves)).ok()?;
        body.head = after.head();
        Some(DigestedBody::new(body))
    }
}

/// The entries of a body without what came of the source since the batch before.
fn on_old_sync(lane: &LaneState, body: &Body) -> Option<Vec<Entry>> {
    let old = lane.tip()?.sync.clone()?;
    let decoded = body.entries.iter().map(|entry| Entry::decode(&entry.bytes).ok());
    let mut entries = decoded.collect::<Option<Vec<_>>>()?;
    entries.retain(|entry| !matches!(entry, Entry::Status(_)));
    let list = list_with(lane.status_list().clone(), &entries)?;
    if let Some(Entry::Batch(batch)) = entries.first_mut() {
        (batch.sync, batch.status_list) = (Some(old), list);
    }
    Some(entries)
}

/// Digest of the status list once these are recognised.
fn list_with(mut list: StatusList, entries: &[Entry]) -> Option<Digest> {
    for entry in entries {
        if let Entry::Recognised(it) = entry {
            list.push(it.candidate.facts.code.map(SourceCode::status)?.list_value()).ok()?;
        }
    }
    Some(list.digest())
}
