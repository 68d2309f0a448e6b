//! A regulator's node: its keys, its own light client, its own packs, its part in the agreement.

use super::{
    disk::Disk,
    follower::Follower,
    packs::LanePacks,
    question::{Handed, Shown},
    villain::Spoils,
    wire,
};
use anyhow::Context as _;
use gateway_agreement::{
    DigestedBody, Quorums,
    check::{FormContext, FreshContext, Genesis, OwnHeads, check_body, check_form},
    evidence::Equivocation,
    member::{FromMember, Member, MemberConfig, MemberEffect, MemberState, To},
};
use gateway_core::{MemberView, PlatformStanding, Texts, check_candidate};
use gateway_cosign::{EpochKeys, KeyShare, MemberKeys};
use gateway_lane::LaneState;
use gateway_types::{
    Bounded, Digest, MemberRef, Timestamp,
    candidate::{Candidate, MAX_CANDIDATE},
    cbor,
    entry::ClientPin,
    verdict::{SignedVerdicts, Verdict, VerdictList},
};
use std::{collections::BTreeMap, sync::Arc};

/// All that one member keeps to itself.
#[derive(Debug)]
pub struct Secrets {
    /// Who it is in the lane.
    pub me: MemberRef,
    /// Its keys, with its share of the committee's.
    pub keys: MemberKeys,
}

impl Secrets {
    /// Its share of the committee's key.
    ///
    /// # Errors
    ///
    /// If there was no ceremony yet.
    pub fn share(&self) -> anyhow::Result<&KeyShare> {
        self.keys.share.as_ref().context("no key share: hold the ceremony first")
    }
}

/// What every node of a lane is configured with, each from its own file.
#[derive(Debug)]
pub struct LaneFacts {
    /// The epoch's keys.
    pub keys: Arc<EpochKeys>,
    /// What batch 0 must be.
    pub genesis: Genesis,
    /// The light client's pin, as in the genesis.
    pub pin: ClientPin,
    /// Both packs.
    pub packs: LanePacks,
}

/// One regulator node.
#[derive(Debug)]
pub struct Node {
    secrets: Secrets,
    pub(super) facts: Arc<LaneFacts>,
    pub(super) member: Member,
    pub(super) lane: LaneState,
    pub(super) follower: Follower,
    pub(super) heads: OwnHeads,
    verdicts: BTreeMap<Digest, Verdict>,
    disk: Disk,
    /// Switched off: it hears and says nothing.
    pub off: bool,
    /// Which signature it spoils, if it is a bad member.
    pub spoils: Option<Spoils>,
}

/// What a node gives back when it is driven.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub to_leaders: Vec<(To, Vec<u8>)>,
    pub asks_tips: bool,
    pub published: Vec<Equivocation>,
    pub refused: Vec<String>,
}

impl Node {
    /// Starts a new member of an empty lane, its light client at the pinned header.
    ///
    /// # Errors
    ///
    /// If the pin is refused, or this is not the pinned header.
    pub fn new(
        secrets: Secrets,
        facts: Arc<LaneFacts>,
        pinned_header: &[u8],
        now: Timestamp,
    ) -> anyhow::Result<Self> {
        let keys = &facts.keys;
        let config = MemberConfig {
            origin: keys.origin().clone(),
            epoch: keys.epoch(),
            me: secrets.me,
            quorums: Quorums::of(keys.entry()).context("no committees")?,
            leaders: u8::try_from(keys.leader_count())?,
            keys_end: keys.entry().keys_end().context("no committees")?,
        };
        let member = Member::new(config, MemberState::new(keys.epoch()), None, None, now)?;
        let follower = Follower::new(&facts.pin, pinned_header)?;
        let lane = LaneState::new(keys.origin().clone());
        Ok(Self {
            secrets,
            facts,
            member,
            lane,
            follower,
            heads: OwnHeads::default(),
            verdicts: BTreeMap::new(),
            disk: Disk::default(),
            off: false,
            spoils: None,
        })
    }

    /// Who it is.
    #[must_use]
    pub fn me(&self) -> MemberRef {
        self.secrets.me
    }

    /// What it has written down.
    #[must_use]
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Its own light client.
    pub fn follower(&mut self) -> &mut Follower {
        &mut self.follower
    }

    /// The lane as it has seen it.
    #[must_use]
    pub fn lane(&self) -> &LaneState {
        &self.lane
    }

    /// When it must next be told the time.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.member.poll_deadline().filter(|_| !self.off)
    }

    /// Judges a candidate as its side does, writes its verdict down, and signs a list of that one.
    ///
    /// # Errors
    ///
    /// If it has nothing to say: malformed, stale, or of another lane.
    pub fn judge(
        &mut self,
        candidate: &[u8],
        shown: &Shown,
        handed: Option<&Handed>,
        now: Timestamp,
    ) -> anyhow::Result<Vec<u8>> {
        let candidate: Candidate = cbor::decode(candidate, MAX_CANDIDATE)?;
        let digest = candidate.digest();
        let verdict = match self.verdicts.get(&digest) {
            Some(verdict) => *verdict,
            None => self.find(&candidate, shown, handed, now)?,
        };
        self.verdicts.insert(digest, verdict);
        let epoch = self.facts.keys.epoch();
        let list = VerdictList { epoch, member: self.me(), verdicts: Bounded::new(vec![verdict])? };
        let other = VerdictList { epoch, member: self.me(), verdicts: Bounded::default() };
        let signed = if self.spoils == Some(Spoils::VerdictList) { &other } else { &list };
        let signature = self.secrets.keys.protocol.sign(self.facts.keys.origin(), signed);
        Ok(cbor::encode(&SignedVerdicts { list, signature }))
    }

    fn find(
        &self,
        candidate: &Candidate,
        shown: &Shown,
        handed: Option<&Handed>,
        now: Timestamp,
    ) -> anyhow::Result<Verdict> {
        // It proves again, by its own light client, what the candidate rests on.
        let evidence = self.follower.prove(candidate.licence, shown, candidate.time())?;
        let view = match handed {
            None => MemberView::Source,
            Some(handed) => MemberView::Destination {
                texts: Texts {
                    licence: &handed.licence,
                    record: &handed.record,
                    consent: handed.consent.as_deref(),
                },
                standing: PlatformStanding::default(),
            },
        };
        let pin = self.facts.pin.id();
        let lane = self.facts.packs.lane(self.facts.keys.origin(), &pin);
        Ok(check_candidate(&lane, &view, candidate, &evidence, now)?.verdict(candidate))
    }

    /// Takes bytes from the leader at place `from`.
    pub(super) fn take(&mut self, from: u8, bytes: &[u8], now: Timestamp) -> Said {
        if self.off {
            return Said::default();
        }
        let taken = wire::to_member(&mut self.member, &self.facts.keys, from, bytes, now);
        let taken = taken.and_then(|finished| finished.map_or(Ok(()), |it| self.finish(&it)));
        self.carry_out(taken.err().as_ref(), now)
    }

    /// Tells the time.
    pub(super) fn tick(&mut self, now: Timestamp) -> Said {
        if self.off {
            return Said::default();
        }
        self.member.handle_time(now);
        self.carry_out(None, now)
    }

    /// A final checkpoint with its body: the lane's state moves on with the tip.
    fn finish(&mut self, finished: &wire::Finished) -> anyhow::Result<()> {
        let body = finished.body.as_ref().context("a final checkpoint without its body")?;
        if body.body().k != self.lane.next_k() {
            return Ok(());
        }
        let checked = check_form(&self.form(), body)?;
        self.member.handle_final(&finished.checkpoint, std::slice::from_ref(body))?;
        self.lane.apply_batch(checked.into_batch());
        Ok(())
    }

    fn form(&self) -> FormContext<'_> {
        FormContext {
            keys: &self.facts.keys,
            lane: &self.lane,
            frontier: &self.member.tip().frontier,
            genesis: &self.facts.genesis,
        }
    }

    /// Carries out effects in their order: what is persisted is persisted before anyone is told.
    fn carry_out(&mut self, dropped: Option<&wire::Dropped>, now: Timestamp) -> Said {
        let mut said = Said::default();
        said.refused.extend(dropped.map(|why| format!("{why:#}")));
        while let Some(effect) = self.member.poll_effect() {
            if let Err(error) = self.carry_out_one(effect, &mut said, now) {
                said.refused.push(format!("{error:#}"));
            }
        }
        said
    }

    fn carry_out_one(
        &mut self,
        effect: MemberEffect,
        said: &mut Said,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        match effect {
            MemberEffect::Persist(state, body) => self.disk.persist(&state, body.as_ref()),
            MemberEffect::PersistLater(state) => self.disk.persist(&state, None),
            MemberEffect::CheckBody { body, evidence, form_only } => {
                self.check(&body, &evidence, form_only, now)?;
            }
            MemberEffect::Send(_, FromMember::AskTips) => said.asks_tips = true,
            MemberEffect::Send(to, message) => {
                let bytes =
                    wire::from_member(&self.secrets, &self.facts.keys, message, self.spoils, now)?;
                said.to_leaders.push((to, bytes));
            }
            MemberEffect::Publish(found) => said.published.push(*found),
        }
        Ok(())
    }

    fn check(
        &mut self,
        body: &DigestedBody,
        evidence: &gateway_types::body::Evidence,
        form_only: bool,
        now: Timestamp,
    ) -> anyhow::Result<()> {
        let form = FormContext {
            keys: &self.facts.keys,
            lane: &self.lane,
            frontier: &self.member.tip().frontier,
            genesis: &self.facts.genesis,
        };
        let mut fresh = FreshContext {
            now,
            chain: &mut self.follower.chain,
            client: &mut self.follower.client,
            own: &mut self.heads,
        };
        match check_body(&form, &mut fresh, body, evidence, form_only) {
            Ok(checked) => Ok(self.member.handle_body_checked(&checked, now)?),
            Err(refused) => {
                self.member.handle_body_refused(&refused);
                Err(refused.into())
            }
        }
    }
}
