//! A gateway's part in a lane: it leads, collects, keeps the log, and is trusted with nothing.

mod propose;
mod settle;

pub(super) use propose::encode_propose;

use super::{node::LaneFacts, villain::Villain, wire};
use anyhow::Context as _;
use gateway_agreement::{
    DigestedBody,
    build::SyncOffer,
    evidence::Equivocation,
    leader::{Leader, LeaderConfig, LeaderEffect, Recipients},
};
use gateway_cosign::{ProtocolKey, SignedCheckpoint, Verified};
use gateway_lane::{LaneState, StatusList};
use gateway_log::Log;
use gateway_types::{
    MemberRef, Timestamp,
    body::BodyEntry,
    bytes::BlsSignature,
    candidate::Candidate,
    cbor,
    checkpoint::TreeHead,
    message::Ballot,
    verdict::{MAX_VERDICT_LIST, SignedVerdicts, VerdictList},
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use std::{sync::Arc, time::Duration};

/// Most batches sent at once to a member that is behind; it asks again.
const MAX_CATCH_UP: usize = 64;

/// A batch that is final.
#[derive(Clone, Debug)]
pub struct FinalBatch {
    /// The leader that finished it, by its place in the lane's list.
    pub leader: u8,
    /// Place of its first entry in the log.
    pub first: u64,
    /// Its body.
    pub body: DigestedBody,
    /// The checkpoint, with the note that all signed.
    pub checkpoint: SignedCheckpoint,
    /// Members whose signatures or shares were bad.
    pub culprits: Vec<MemberRef>,
    /// The lane's status list after it.
    pub list: StatusList,
}

/// One gateway, as a leader of one lane.
#[derive(Debug)]
pub struct Gateway {
    me: u8,
    key: Arc<ProtocolKey>,
    facts: Arc<LaneFacts>,
    leader: Leader,
    lane: LaneState,
    log: Log,
    possession: Vec<BlsSignature>,
    rng: ChaCha20Rng,
    candidates: Vec<Candidate>,
    lists: Vec<Verified<VerdictList>>,
    offers: Vec<SyncOffer>,
    batches: Vec<FinalBatch>,
    culprits: Vec<MemberRef>,
    combined: Option<SignedCheckpoint>,
    disk: Option<Ballot>,
    /// How it misbehaves, if it does.
    pub villain: Option<Villain>,
}

/// What a gateway gives back when it is driven.
#[derive(Debug, Default)]
pub(super) struct Led {
    pub to_members: Vec<(Recipients, Vec<u8>)>,
    pub finals: Vec<FinalBatch>,
    pub published: Vec<Equivocation>,
    pub refused: Vec<String>,
}

impl Gateway {
    /// Starts the leader at place `me` of an empty lane.
    ///
    /// `possession` are the committees' threshold signatures over the `committee` entry, for batch 0;
    /// `rng` draws salts and waits.
    ///
    /// # Errors
    ///
    /// If the lane has no such leader.
    pub fn new(
        me: u8,
        key: Arc<ProtocolKey>,
        facts: Arc<LaneFacts>,
        possession: Vec<BlsSignature>,
        rng: ChaCha20Rng,
    ) -> anyhow::Result<Self> {
        let config = LeaderConfig::new(Arc::clone(&facts.keys), me).context("no such leader")?;
        let lane = LaneState::new(facts.keys.origin().clone());
        Ok(Self {
            me,
            key,
            leader: Leader::new(config, 0, TreeHead::empty(), None),
            lane,
            facts,
            log: Log::new(),
            possession,
            rng,
            candidates: Vec::new(),
            lists: Vec::new(),
            offers: Vec::new(),
            batches: Vec::new(),
            culprits: Vec::new(),
            combined: None,
            disk: None,
            villain: None,
        })
    }

    /// The log's hashes.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The lane as it has seen it.
    #[must_use]
    pub fn lane(&self) -> &LaneState {
        &self.lane
    }

    /// What is final, the first batch first.
    #[must_use]
    pub fn batches(&self) -> &[FinalBatch] {
        &self.batches
    }

    /// An entry of the log.
    #[must_use]
    pub fn entry(&self, index: u64) -> Option<&BodyEntry> {
        let batch = self.batches.iter().rev().find(|batch| batch.first <= index)?;
        let place = usize::try_from(index.checked_sub(batch.first)?).ok()?;
        batch.body.body().entries.get(place)
    }

    /// When it must next be told the time.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.leader.poll_deadline()
    }

    /// A candidate waits for verdicts.
    pub fn wait_for(&mut self, candidate: Candidate) {
        self.candidates.push(candidate);
    }

    /// The sync points that its own light client has proven.
    pub fn offer(&mut self, offer: SyncOffer) {
        self.offers = vec![offer];
    }

    /// Takes a member's verdict list.
    ///
    /// # Errors
    ///
    /// If its signature does not hold.
    pub fn take_verdicts(&mut self, bytes: &[u8]) -> anyhow::Result<Verified<VerdictList>> {
        let signed: SignedVerdicts = cbor::decode(bytes, MAX_VERDICT_LIST)?;
        let list = self.facts.keys.verify_verdicts(signed)?;
        self.lists.push(list.clone());
        Ok(list)
    }

    /// Something waits to be logged: proposes as soon as it may.
    pub(super) fn work(&mut self, now: Timestamp) -> Led {
        self.leader.handle_work();
        self.carry_out(None, now)
    }

    /// Takes bytes from a member.
    pub(super) fn take(&mut self, from: MemberRef, bytes: &[u8], now: Timestamp) -> Led {
        let hearing = self.hearing();
        let taken = wire::to_leader(&mut self.leader, &self.facts.keys, from, bytes, hearing, now);
        self.carry_out(taken.err().as_ref(), now)
    }

    /// Tells the time.
    pub(super) fn tick(&mut self, now: Timestamp) -> Led {
        self.leader.handle_time(now);
        self.carry_out(None, now)
    }

    /// A batch that another leader finished.
    pub(super) fn follow(&mut self, batch: &FinalBatch, now: Timestamp) -> Led {
        let mut dropped = None;
        if batch.body.body().k == self.lane.next_k() {
            let (k, head) = (batch.body.body().k, batch.body.body().head);
            match self.keep(batch.clone()) {
                Ok(_) => self.leader.handle_final(k.saturating_add(1), head),
                Err(error) => dropped = Some(error),
            }
        }
        self.carry_out(dropped.as_ref(), now)
    }

    fn hearing(&mut self) -> Duration {
        let span = self.rng.next_u64() % 401;
        Duration::from_millis(span.saturating_add(300))
    }

    fn carry_out(&mut self, dropped: Option<&wire::Dropped>, now: Timestamp) -> Led {
        let mut led = Led::default();
        led.refused.extend(dropped.map(|why| format!("{why:#}")));
        while let Some(effect) = self.leader.poll_effect() {
            if let Err(error) = self.carry_out_one(effect, &mut led, now) {
                led.refused.push(format!("{error:#}"));
            }
        }
        led
    }

    fn carry_out_one(
        &mut self,
        effect: LeaderEffect,
        led: &mut Led,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        match effect {
            LeaderEffect::Persist(ballot) => self.disk = Some(ballot),
            effect @ LeaderEffect::Propose { .. } => self.propose(effect, led)?,
            LeaderEffect::Send(to, message) => {
                led.to_members.push((to, wire::from_leader(message)?));
            }
            LeaderEffect::MakeBody { limit, .. } => self.make(limit, now)?,
            LeaderEffect::Combine { k, head, signatures } => self.combine(k, head, &signatures)?,
            LeaderEffect::Final { body, .. } => self.finish(&body, led)?,
            LeaderEffect::CatchUp { member, k } => self.catch_up(member, k, led)?,
            // In one process every leader is told of every final batch at once.
            LeaderEffect::Behind { .. } => {}
            LeaderEffect::Publish(found) => led.published.push(*found),
        }
        Ok(())
    }
}
