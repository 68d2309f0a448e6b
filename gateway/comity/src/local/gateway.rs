//! A gateway's part in a lane: it leads, collects, keeps the log, and is trusted with nothing.

use super::{node::LaneFacts, villain::Villain, wire};
use anyhow::Context as _;
use gateway_agreement::{
    DigestedBody,
    build::{Material, SyncOffer, make_body, make_genesis},
    check::{FormContext, check_form},
    evidence::Equivocation,
    leader::{Leader, LeaderConfig, LeaderEffect, Limit, Recipients},
};
use gateway_cosign::{
    AggregateError, ProtocolKey, SignedCheckpoint, ThresholdText, Verified, VerifiedCosignature,
    aggregate,
};
use gateway_lane::{LaneState, StatusList};
use gateway_log::{LeafHash, Log};
use gateway_types::{
    Bounded, MemberRef, Salt, Timestamp,
    body::BodyEntry,
    bytes::BlsSignature,
    candidate::Candidate,
    cbor,
    checkpoint::{Checkpoint, TreeHead},
    message::{Ballot, Proposal, ProposeMessage, SignMessage, ToMember},
    verdict::{MAX_VERDICT_LIST, SignedVerdicts, VerdictList},
};
use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

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

    fn propose(&mut self, effect: LeaderEffect, led: &mut Led) -> anyhow::Result<()> {
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
    pub(super) fn members(&self) -> Vec<MemberRef> {
        self.facts.keys.members().collect()
    }

    /// Another body for the same place: the same entries under other salts. For a villain.
    pub(super) fn other_body(
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
    pub(super) fn sign_proposal(&self, proposal: Proposal) -> gateway_types::Signature {
        self.key.sign(self.facts.keys.origin(), &proposal)
    }

    fn make(&mut self, limit: Limit, now: Timestamp) -> anyhow::Result<()> {
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

    /// Combines first and verifies the result; on failure the culprits are named and left out.
    fn combine(&mut self, k: u64, head: TreeHead, signed: &[SignMessage]) -> anyhow::Result<()> {
        let keys = Arc::clone(&self.facts.keys);
        let checkpoint = Checkpoint { origin: keys.origin().clone(), head };
        let text = ThresholdText::checkpoint(&checkpoint);
        let mut bad = Vec::new();
        let mut cosignatures: Vec<VerifiedCosignature> = Vec::new();
        for it in signed {
            match keys.verify_cosignature(&checkpoint, it.member, it.time_s, &it.cosignature) {
                Ok(cosignature) => cosignatures.push(cosignature),
                Err(_) => bad.push(it.member),
            }
        }
        let mut thresholds = Vec::new();
        for (committee, set) in (0u8..).zip(keys.committees()) {
            let of_it = signed.iter().filter(|it| it.member.committee == committee);
            let shares: Vec<_> = of_it.map(|it| (it.member.member, it.share)).collect();
            let member = |member| MemberRef { committee, member };
            match aggregate(set.threshold(), &text, &shares) {
                Ok(aggregated) => {
                    thresholds.push(aggregated.signature);
                    self.culprits.extend(aggregated.culprits.iter().map(|c| member(c.member)));
                }
                Err(error) => bad.extend(culprits_of(&error).into_iter().map(member)),
            }
        }
        if bad.is_empty() {
            let checkpoint = keys.finish_note(&checkpoint, &cosignatures, &thresholds)?;
            self.combined = Some(checkpoint);
            self.leader.handle_combined(k);
        } else {
            self.culprits.extend(&bad);
            self.leader.handle_culprits(&bad);
        }
        Ok(())
    }

    fn finish(&mut self, body: &DigestedBody, led: &mut Led) -> anyhow::Result<()> {
        let checkpoint = self.combined.take().context("nothing was combined")?;
        let culprits: BTreeSet<MemberRef> =
            std::mem::take(&mut self.culprits).into_iter().collect();
        let first = self.log.head().size;
        let batch = FinalBatch {
            leader: self.me,
            first,
            body: body.clone(),
            checkpoint,
            culprits: culprits.into_iter().collect(),
            list: self.lane.status_list().clone(),
        };
        let batch = self.keep(batch)?;
        led.to_members.push((Recipients::All, wire::final_message(&batch)?));
        led.finals.push(batch);
        Ok(())
    }

    /// Keeps a final batch: log, state, and what waited for it.
    fn keep(&mut self, mut batch: FinalBatch) -> anyhow::Result<FinalBatch> {
        let frontier = self.log.frontier();
        let form = FormContext {
            keys: &self.facts.keys,
            lane: &self.lane,
            frontier,
            genesis: &self.facts.genesis,
        };
        let checked = check_form(&form, &batch.body)?;
        self.lane.apply_batch(checked.into_batch());
        for entry in &batch.body.body().entries {
            self.log.append(LeafHash::of(&entry.salt, &entry.bytes))?;
        }
        batch.list = self.lane.status_list().clone();
        let time = batch.body.body().time;
        let lane = &self.lane;
        self.candidates
            .retain(|it| !lane.request_is_answered(&it.request, time) && it.lapses_at() > time);
        let waiting: BTreeSet<_> = self.candidates.iter().map(Candidate::digest).collect();
        self.lists.retain(|list| list.verdicts.iter().any(|v| waiting.contains(&v.candidate)));
        self.offers.clear();
        self.batches.push(batch.clone());
        Ok(batch)
    }

    /// Sends a member that is behind what came since.
    fn catch_up(&mut self, member: MemberRef, k: u64, led: &mut Led) -> anyhow::Result<()> {
        let missing = self.batches.iter().filter(|batch| batch.body.body().k >= k);
        for batch in missing.take(MAX_CATCH_UP) {
            led.to_members.push((Recipients::One(member), wire::final_message(batch)?));
        }
        Ok(())
    }
}

pub(super) fn encode_propose(message: ProposeMessage) -> Vec<u8> {
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

/// Whose shares made a combination fail.
fn culprits_of(error: &AggregateError) -> Vec<u8> {
    match error {
        AggregateError::UnknownMember { member } | AggregateError::Twice { member } => {
            vec![*member]
        }
        AggregateError::Share(culprit) => vec![culprit.member],
        AggregateError::TooFew { culprits, .. } => culprits.iter().map(|c| c.member).collect(),
        AggregateError::KeysDisagree => Vec::new(),
    }
}
