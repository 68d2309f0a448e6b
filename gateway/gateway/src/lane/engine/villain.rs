//! A gateway that lies, for tests and the scene in which it is beaten. Compiled only with feature `villains`.

use super::{Engine, Output, lead::salt, wire};
use gateway_agreement::{DigestedBody, build::Made, leader::Recipients};
use gateway_lane::{FRESH_SYNC, LaneState, StatusList};
use gateway_log::LeafHash;
use gateway_types::{
    Bounded, Bytes, Digest, MemberRef, SourceCode, Timestamp,
    body::{Body, BodyEntry},
    entry::{BatchEntry, Entry},
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
    /// Keeps what it would recognise back until the sync point is too old, and proposes it then as of now.
    OldSync,
    /// Names the newest sync point, and leaves out of the log what of its changes is due there.
    HidesChanges,
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
            Villain::OldSync if is_fresh(body.body()) => {}
            Villain::OldSync | Villain::HidesChanges => {
                let everybody = self.connected(&Recipients::All);
                self.send_proposal(everybody, honest);
            }
        }
    }

    /// What it proposes in the place of an honest body.
    pub(super) fn make_as_villain(&mut self, honest: Made) -> Made {
        match self.villain {
            Some(Villain::OldSync) => self.old_or_kept_back(honest),
            // The evidence is left as it is: who compares it with the entries sees what is missing.
            Some(Villain::HidesChanges) => self.other(&honest, without_changes).unwrap_or(honest),
            _ => honest,
        }
    }

    /// What it kept back for this batch, as of now; or the honest one, to be kept back.
    fn old_or_kept_back(&mut self, honest: Made) -> Made {
        let k = honest.body.body().k;
        if let Some(kept) = self.kept_back.as_ref().filter(|kept| kept.body.body().k == k) {
            return self.other(kept, as_of_now).unwrap_or(honest);
        }
        self.kept_back = Some(honest.clone());
        honest
    }

    /// The same with other entries in it. Nothing where there are none.
    fn other(&self, made: &Made, change: Change) -> Option<Made> {
        let body = made.body.body();
        let decoded = body.entries.iter().map(|entry| Entry::decode(&entry.bytes).ok());
        let entries = decoded.collect::<Option<Vec<_>>>()?;
        let entries = self.log.with_state(|lane| change(lane, entries, self.now))?;
        let time = batch_of(&entries)?.time;
        let salted = body.entries.iter().zip(entries).map(|(honest, entry)| {
            Some(BodyEntry { salt: honest.salt, bytes: Bytes::new(entry.encode()).ok()? })
        });
        let entries = Bounded::new(salted.collect::<Option<Vec<_>>>()?).ok()?;
        let body = self.with_entries(Body { entries, time, ..body.clone() })?;
        Some(Made { body, ..made.clone() })
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

/// Makes other entries of honest ones, at a time.
type Change = fn(&LaneState, Vec<Entry>, Timestamp) -> Option<Vec<Entry>>;

/// The same entries in a batch of now.
fn as_of_now(_: &LaneState, mut entries: Vec<Entry>, now: Timestamp) -> Option<Vec<Entry>> {
    let Some(Entry::Batch(batch)) = entries.first_mut() else { return None };
    batch.time = now;
    Some(entries)
}

/// The entries without the source's changes. Nothing where there are none to hide.
fn without_changes(lane: &LaneState, all: Vec<Entry>, _: Timestamp) -> Option<Vec<Entry>> {
    let is_change = |entry: &Entry| matches!(entry, Entry::Status(_));
    if !all.iter().any(is_change) {
        return None;
    }
    let mut entries: Vec<Entry> = all.into_iter().filter(|entry| !is_change(entry)).collect();
    let list = list_with(lane.status_list().clone(), &entries)?;
    let Some(Entry::Batch(batch)) = entries.first_mut() else { return None };
    batch.status_list = list;
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

fn batch_of(entries: &[Entry]) -> Option<&BatchEntry> {
    entries.first().and_then(|entry| match entry {
        Entry::Batch(batch) => Some(batch),
        _ => None,
    })
}

/// Whether it recognises something on a sync point that counts.
fn is_fresh(body: &Body) -> bool {
    let decoded = body.entries.iter().filter_map(|entry| Entry::decode(&entry.bytes).ok());
    let entries: Vec<Entry> = decoded.collect();
    let recognises = entries.iter().any(|entry| matches!(entry, Entry::Recognised(_)));
    let sync = batch_of(&entries).and_then(|batch| batch.sync.as_ref());
    recognises && sync.is_some_and(|sync| body.time.since(sync.block_time) <= FRESH_SYNC)
}
