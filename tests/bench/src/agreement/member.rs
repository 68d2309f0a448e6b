//! A member's side: its state machine, its light client, and what its driver does.

use super::world::{MAX, World, signed};
use crate::agreement::keys::{Keys, Secrets};
use gateway_agreement::{
    DigestedBody, Quorums,
    check::{FormContext, FreshContext, Genesis, OwnHeads, check_body, check_form},
    member::{FromMember, Member, MemberConfig, MemberEffect, MemberState, Proposed, Tip},
};
use gateway_cosign::{EpochKeys, Note};
use gateway_lane::LaneState;
use gateway_log::Frontier;
use gateway_types::{
    Timestamp, cbor,
    checkpoint::Checkpoint,
    message::{FinalMessage, LockMessage, PrepareMessage, ProposeMessage, ToLeader, ToMember},
};
use light_client::ClientStore;
use light_client_cometbft::CometBft;
use std::sync::Arc;

/// The first member of the first committee.
#[derive(Debug)]
pub(super) struct MemberSide {
    keys: Arc<EpochKeys>,
    secrets: Arc<Keys>,
    genesis: Arc<Genesis>,
    member: Member,
    lane: LaneState,
    client: ClientStore,
    own: OwnHeads,
    /// Keeps the keys that it has decoded, as a node does.
    chain: CometBft,
}

impl MemberSide {
    pub(super) fn new(world: &World) -> Self {
        let keys = Arc::clone(&world.keys.public);
        let config = config(world);
        let state = MemberState::new(1);
        Self {
            keys,
            secrets: Arc::clone(&world.keys),
            genesis: Arc::new(Genesis::new(world.genesis.entries().to_vec())),
            member: Member::new(config, state, None, None, world.genesis_time()).expect("new"),
            lane: LaneState::new(world.origin.clone()),
            client: world.client(),
            own: OwnHeads::default(),
            chain: CometBft::new(),
        }
    }

    /// Goes on from there.
    pub(super) fn put_log(&mut self, world: &World, lane: LaneState, frontier: Frontier) {
        let mut state = MemberState::new(1);
        let time = lane.tip().map(|tip| tip.time);
        state.tip = Tip { k: lane.next_k(), frontier, time };
        self.member = Member::new(config(world), state, None, None, world.now()).expect("a state");
        self.lane = lane;
    }

    /// A copy that goes another way; the decoded keys go with it, until they are given back.
    pub(super) fn fork(&mut self) -> Self {
        Self {
            keys: Arc::clone(&self.keys),
            secrets: Arc::clone(&self.secrets),
            genesis: Arc::clone(&self.genesis),
            member: self.member.clone(),
            lane: self.lane.clone(),
            client: self.client.clone(),
            own: self.own.clone(),
            chain: std::mem::take(&mut self.chain),
        }
    }

    /// Takes the decoded keys back.
    pub(super) fn join(&mut self, other: Self) {
        self.chain = other.chain;
    }

    /// How many entries are final for it.
    pub(super) fn size(&self) -> u64 {
        self.member.tip().frontier.size()
    }

    /// Takes what the leader says. Gives what goes back.
    pub(super) fn take(&mut self, bytes: &[u8], now: Timestamp) -> Vec<Vec<u8>> {
        let keys = &self.keys;
        match cbor::decode(bytes, MAX).expect("a message") {
            ToMember::Propose(message) => {
                let proposed = proposed(keys, *message);
                self.member.handle_propose(proposed, now).expect("a good proposal");
            }
            ToMember::Prepared(votes) => {
                let certificate = keys.verify_votes(&votes).expect("a certificate");
                self.member.handle_prepared(&certificate, now).expect("prepared");
            }
            ToMember::Locked(votes) => {
                let certificate = keys.verify_votes(&votes).expect("a certificate");
                self.member.handle_locked(&certificate, now).expect("locked");
            }
            ToMember::Final(message) => self.finish(*message),
            other => panic!("nobody says {other:?} when all goes well"),
        }
        self.carry_out(now)
    }

    fn carry_out(&mut self, now: Timestamp) -> Vec<Vec<u8>> {
        let mut said = Vec::new();
        while let Some(effect) = self.member.poll_effect() {
            match effect {
                // Encoded as for the disk, body and all.
                MemberEffect::Persist(state, body) => {
                    _ = (cbor::encode(&*state), body.map(|body| cbor::encode(body.body())));
                }
                MemberEffect::PersistLater(state) => _ = cbor::encode(&*state),
                MemberEffect::CheckBody { body, evidence, form_only } => {
                    self.check(&body, &evidence, form_only, now);
                }
                MemberEffect::Send(_, message) => said.push(self.sign(message, now)),
                other @ MemberEffect::Publish(_) => panic!("{other:?} of honest ones"),
            }
        }
        said
    }

    fn check(
        &mut self,
        body: &DigestedBody,
        evidence: &gateway_types::body::Evidence,
        form_only: bool,
        now: Timestamp,
    ) {
        let form = FormContext {
            keys: &self.keys,
            lane: &self.lane,
            frontier: &self.member.tip().frontier,
            genesis: &self.genesis,
        };
        let mut fresh = FreshContext {
            now,
            chain: &mut self.chain,
            client: &mut self.client,
            own: &mut self.own,
        };
        let checked = check_body(&form, &mut fresh, body, evidence, form_only).expect("good");
        self.member.handle_body_checked(&checked, now).expect("still wanted");
    }

    fn sign(&self, message: FromMember, now: Timestamp) -> Vec<u8> {
        let (origin, me): (_, &Secrets) = (self.keys.origin(), &self.secrets.members[0]);
        cbor::encode(&match message {
            FromMember::Prepare(prepare) => {
                let signature = me.protocol.sign(origin, &prepare);
                ToLeader::Prepare(PrepareMessage { prepare, signature })
            }
            FromMember::Lock(lock, certificate) => {
                let signature = me.protocol.sign(origin, &lock);
                let certificate = certificate.votes().clone();
                ToLeader::Lock(LockMessage { lock, signature, certificate })
            }
            FromMember::Sign { k, head } => {
                let checkpoint = Checkpoint { origin: origin.clone(), head };
                ToLeader::Sign(signed(me, &checkpoint, k, now))
            }
            other => panic!("nobody says {other:?} when all goes well"),
        })
    }

    /// A final checkpoint with its body: the lane moves on.
    fn finish(&mut self, message: FinalMessage) {
        let text = std::str::from_utf8(&message.note).expect("text");
        let note = Note::parse(text).expect("a note");
        let checkpoint = self.keys.verify_note(&note).expect("a checkpoint");
        let body = DigestedBody::new(message.body.expect("a body"));
        let form = FormContext {
            keys: &self.keys,
            lane: &self.lane,
            frontier: &self.member.tip().frontier,
            genesis: &self.genesis,
        };
        let checked = check_form(&form, &body).expect("a good batch");
        self.member.handle_final(&checkpoint, &[body]).expect("final");
        self.lane.apply_batch(checked.into_batch());
    }
}

fn config(world: &World) -> MemberConfig {
    let keys = &world.keys.public;
    MemberConfig {
        origin: world.origin.clone(),
        epoch: 1,
        me: world.keys.members[0].me,
        quorums: Quorums::of(keys.entry()).expect("committees"),
        leaders: 2,
        keys_end: keys.entry().keys_end().expect("an end"),
    }
}

fn proposed(keys: &EpochKeys, message: ProposeMessage) -> Proposed {
    Proposed {
        proposal: keys.verify(message.proposal, &message.signature).expect("signed"),
        body: message.body.map(DigestedBody::new),
        certificate: None,
        timeouts: Vec::new(),
        evidence: Arc::new(message.evidence),
    }
}
