//! What a gateway proposes: a body made from what waits, and how a villain would.

use super::{Gateway, Led};
use crate::local::{node::LaneFacts, wire};
use gateway_agreement::{
    DigestedBody,
    build::{Material, make_body, make_genesis},
    leader::{LeaderEffect, Limit, Recipients},
};
use gateway_log::LeafHash;
use gateway_types::{
    Bounded, MemberRef, Salt, Timestamp,
    body::BodyEntry,
    cbor,
    message::{Proposal, ProposeMessage, ToMember},
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use std::{collections::BTreeSet, sync::Arc};

impl Gateway {
    pub(super) fn propose(&mut self, effect: LeaderEffect, led: &mut Led) -> anyhow::Result<()> {
        let LeaderEffect::Propose { to, proposal, body, bare, certificate, timeouts, evidence } =
            effect
        else {
            return Ok(());
        };
        let timeouts: Vec<_> = timeouts.iter().map(wire::timeout_message).collect();
        let message = ProposeMessage {
            signature: self.key.sign(self.facts.keys.origin(), &proposal),
            proposal,
            body: Some(body.body().clone()),
            certificate: certificate.map(|certificate| certificate.votes().clone()),
            timeouts: Bounded::new(timeouts)?,
            evidence: (*evidence).clone(),
        };
        if let Some(villain) = self.villain.take() {
            led.to_members.extend(villain.propose(self, &message)?);
            return Ok(());
        }
        let whole: BTreeSet<MemberRef> =
            members_of(&to, &self.facts).difference(&bare).copied().collect();
        let without = ProposeMessage { body: None, ..message.clone() };
        led.to_members.push((Recipients::Some(whole), encode_propose(message)));
        led.to_members.push((Recipients::Some(bare), encode_propose(without)));
        Ok(())
    }

    /// Every member of the lane.
    pub(in crate::local) fn members(&self) -> Vec<MemberRef> {
        self.facts.keys.members().collect()
    }

    /// Another body for the same place: the same entries under other salts. For a villain.
    pub(in crate::local) fn other_body(
        &mut self,
        body: &gateway_types::body::Body,
    ) -> anyhow::Result<DigestedBody> {
        let mut other = body.clone();
        let salted = other.entries.iter().map(|entry| {
            let bytes = entry.bytes.clone();
            BodyEntry { salt: salt(&mut self.rng), bytes }
        });
        other.entries = Bounded::new(salted.collect())?;
        let leaves = other.entries.iter().map(|entry| LeafHash::of(&entry.salt, &entry.bytes));
        other.head = self.log.frontier().with(leaves)?.head();
        Ok(DigestedBody::new(other))
    }

    /// A signed proposal of another body. For a villain.
    pub(in crate::local) fn sign_proposal(&self, proposal: Proposal) -> gateway_types::Signature {
        self.key.sign(self.facts.keys.origin(), &proposal)
    }

    pub(super) fn make(&mut self, limit: Limit, now: Timestamp) -> anyhow::Result<()> {
        let frontier = self.log.frontier();
        let material = Material {
            keys: &self.facts.keys,
            lane: &self.lane,
            frontier,
            now,
            limit,
            candidates: &self.candidates,
            lists: &self.lists,
            offers: &self.offers,
            freeze: None,
        };
        let rng = &mut self.rng;
        let mut salts = std::iter::repeat_with(|| salt(rng));
        let made = if self.lane.next_k() == 0 {
            make_genesis(&material, &self.facts.genesis, &self.possession, &mut salts)
        } else {
            make_body(&material, &mut salts)
        };
        match made {
            Ok(made) => self.leader.handle_made(made.body, Arc::new(made.evidence)),
            Err(error) => {
                self.leader.handle_nothing_made();
                return Err(error.into());
            }
        }
        Ok(())
    }
}

pub(in crate::local) fn encode_propose(message: ProposeMessage) -> Vec<u8> {
    cbor::encode(&ToMember::Propose(Box::new(message)))
}

fn salt(rng: &mut ChaCha20Rng) -> Salt {
    let mut salt = [0; Salt::LEN];
    rng.fill_bytes(&mut salt);
    Salt(salt)
}

fn members_of(to: &Recipients, facts: &LaneFacts) -> BTreeSet<MemberRef> {
    match to {
        Recipients::All => facts.keys.members().collect(),
        Recipients::One(member) => BTreeSet::from([*member]),
        Recipients::Some(members) => members.clone(),
    }
}
