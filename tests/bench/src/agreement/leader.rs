//! The leader's side: its state machine, and what its driver does.

use super::{
    keys::Keys,
    world::{MAX, World, salt},
};
use gateway_agreement::{
    DigestedBody,
    build::{Material, SyncOffer, make_body, make_genesis},
    check::{FormContext, Genesis, check_form},
    leader::{FromLeader, Leader, LeaderConfig, LeaderEffect, Limit},
};
use gateway_cosign::{EpochKeys, SignedCheckpoint, ThresholdText, Verified, aggregate};
use gateway_lane::LaneState;
use gateway_log::{LeafHash, Log};
use gateway_types::{
    Bounded, Bytes, Timestamp,
    bytes::BlsSignature,
    candidate::Candidate,
    cbor,
    checkpoint::{Checkpoint, TreeHead},
    message::{FinalMessage, ProposeMessage, SignMessage, ToLeader, ToMember},
    verdict::{MAX_VERDICT_LIST, SignedVerdicts, VerdictList},
};
use std::sync::Arc;

/// The leader of view 0, with its copy of the log.
#[derive(Clone, Debug)]
pub(super) struct LeaderSide {
    keys: Arc<EpochKeys>,
    secrets: Arc<Keys>,
    genesis: Arc<Genesis>,
    leader: Leader,
    lane: LaneState,
    log: Log,
    offer: SyncOffer,
    candidates: Vec<Candidate>,
    lists: Vec<Verified<VerdictList>>,
    combined: Option<SignedCheckpoint>,
}

impl LeaderSide {
    pub(super) fn new(world: &World) -> Self {
        let keys = Arc::clone(&world.keys.public);
        let config = LeaderConfig::new(Arc::clone(&keys), 0).expect("a leader");
        Self {
            keys,
            secrets: Arc::clone(&world.keys),
            genesis: Arc::new(Genesis::new(world.genesis.entries().to_vec())),
            leader: Leader::new(config, 0, TreeHead::empty(), None),
            lane: LaneState::new(world.origin.clone()),
            log: Log::new(),
            offer: world.offer(),
            candidates: Vec::new(),
            lists: Vec::new(),
            combined: None,
        }
    }

    /// What is final.
    pub(super) fn take_log(&mut self) -> (LaneState, Log) {
        (self.lane.clone(), std::mem::take(&mut self.log))
    }

    /// Goes on from there.
    pub(super) fn put_log(&mut self, world: &World, lane: LaneState, log: Log) {
        let config = LeaderConfig::new(Arc::clone(&world.keys.public), 0).expect("a leader");
        self.leader = Leader::new(config, lane.next_k(), log.head(), None);
        (self.lane, self.log) = (lane, log);
    }

    /// How many entries are final.
    pub(super) fn size(&self) -> u64 {
        self.log.size()
    }

    /// Takes candidates and what members say of them.
    pub(super) fn wait_for(&mut self, candidates: &[Candidate], lists: &[Vec<u8>]) {
        self.candidates = candidates.to_vec();
        for bytes in lists {
            let signed: SignedVerdicts = cbor::decode(bytes, MAX_VERDICT_LIST).expect("a list");
            self.lists.push(self.keys.verify_verdicts(signed).expect("a good list"));
        }
    }

    /// Proposes. Gives what goes to members.
    pub(super) fn work(&mut self, now: Timestamp) -> Vec<Vec<u8>> {
        self.leader.handle_work();
        self.carry_out(now)
    }

    /// Takes what a member says.
    pub(super) fn take(&mut self, bytes: &[u8], now: Timestamp) -> Vec<Vec<u8>> {
        let keys = &self.keys;
        match cbor::decode(bytes, MAX).expect("a message") {
            ToLeader::Prepare(m) => {
                self.leader.handle_prepare(keys.verify(m.prepare, &m.signature).expect("signed"));
            }
            ToLeader::Lock(m) => {
                let certificate = keys.verify_votes(&m.certificate).expect("a certificate");
                let lock = keys.verify(m.lock, &m.signature).expect("signed");
                self.leader.handle_lock(lock, &certificate);
            }
            ToLeader::Sign(message) => self.leader.handle_signature(message),
            other => panic!("nobody says {other:?} when all goes well"),
        }
        self.carry_out(now)
    }

    fn carry_out(&mut self, now: Timestamp) -> Vec<Vec<u8>> {
        let mut said = Vec::new();
        while let Some(effect) = self.leader.poll_effect() {
            said.extend(self.carry_out_one(effect, now));
        }
        said
    }

    fn carry_out_one(&mut self, effect: LeaderEffect, now: Timestamp) -> Option<Vec<u8>> {
        match effect {
            LeaderEffect::Persist(ballot) => _ = cbor::encode(&ballot),
            LeaderEffect::MakeBody { limit, .. } => self.make(limit, now),
            LeaderEffect::Propose { proposal, body, evidence, .. } => {
                let message = ProposeMessage {
                    signature: self.secrets.leader.sign(self.keys.origin(), &proposal),
                    proposal,
                    body: Some(body.body().clone()),
                    certificate: None,
                    timeouts: Bounded::default(),
                    evidence: (*evidence).clone(),
                };
                return Some(cbor::encode(&ToMember::Propose(Box::new(message))));
            }
            LeaderEffect::Send(_, FromLeader::Prepared(it)) => {
                return Some(cbor::encode(&ToMember::Prepared(it.votes().clone())));
            }
            LeaderEffect::Send(_, FromLeader::Locked(it)) => {
                return Some(cbor::encode(&ToMember::Locked(it.votes().clone())));
            }
            LeaderEffect::Combine { k, head, signatures } => self.combine(k, head, &signatures),
            LeaderEffect::Final { body, .. } => return Some(self.finish(&body)),
            other => panic!("nothing asks for {other:?} when all goes well"),
        }
        None
    }

    fn make(&mut self, limit: Limit, now: Timestamp) {
        let offers = std::slice::from_ref(&self.offer);
        let material = Material {
            keys: &self.keys,
            lane: &self.lane,
            frontier: self.log.frontier(),
            now,
            limit,
            candidates: &self.candidates,
            lists: &self.lists,
            offers,
            freeze: None,
        };
        let mut salts = (self.log.size()..).map(salt);
        let made = if self.lane.next_k() == 0 {
            make_genesis(&material, &self.genesis, &self.secrets.possession, &mut salts)
        } else {
            make_body(&material, &mut salts)
        };
        let made = made.expect("a body");
        assert!(made.left.is_empty(), "not in the batch: {:?}", made.left.first());
        self.leader.handle_made(made.body, Arc::new(made.evidence));
    }

    fn combine(&mut self, k: u64, head: TreeHead, signed: &[SignMessage]) {
        let checkpoint = Checkpoint { origin: self.keys.origin().clone(), head };
        let text = ThresholdText::checkpoint(&checkpoint);
        let cosignatures: Vec<_> = signed
            .iter()
            .map(|it| (it.member, it.time_s, &it.cosignature))
            .map(|(who, time, it)| self.keys.verify_cosignature(&checkpoint, who, time, it))
            .map(|verified| verified.expect("a good cosignature"))
            .collect();
        let thresholds: Vec<BlsSignature> = (0u8..)
            .zip(self.keys.committees())
            .map(|(place, committee)| {
                let of_it = signed.iter().filter(|it| it.member.committee == place);
                let shares: Vec<_> = of_it.map(|it| (it.member.member, it.share)).collect();
                aggregate(committee.threshold(), &text, &shares).expect("good shares").signature
            })
            .collect();
        let note = self.keys.finish_note(&checkpoint, &cosignatures, &thresholds);
        self.combined = Some(note.expect("a checkpoint"));
        self.leader.handle_combined(k);
    }

    /// Keeps a final batch, and tells it.
    fn finish(&mut self, body: &DigestedBody) -> Vec<u8> {
        let form = FormContext {
            keys: &self.keys,
            lane: &self.lane,
            frontier: self.log.frontier(),
            genesis: &self.genesis,
        };
        let checked = check_form(&form, body).expect("a good batch");
        self.lane.apply_batch(checked.into_batch());
        for entry in &body.body().entries {
            self.log.append(LeafHash::of(&entry.salt, &entry.bytes)).expect("room");
        }
        (self.candidates, self.lists) = (Vec::new(), Vec::new());
        let note = self.combined.take().expect("combined").note().to_text().into_bytes();
        let (k, body) = (body.body().k, Some(body.body().clone()));
        let message = FinalMessage { k, note: Bytes::new(note).expect("short"), body };
        cbor::encode(&ToMember::Final(Box::new(message)))
    }
}
