//! A gateway's part, as far as members see it: the real leader's rules, and a log.

use super::{chain, lane};
use gateway_agreement::{
    DigestedBody,
    build::{Material, SyncOffer, make_body, make_genesis},
    check::{FormContext, check_form},
    leader::{FromLeader, Leader, LeaderConfig, LeaderEffect, Limit, Recipients},
};
use gateway_cosign::{Verified, VerifiedCosignature};
use gateway_lane::LaneState;
use gateway_log::{Frontier, LeafHash};
use gateway_types::{
    Bounded, Bytes, MemberRef, Salt, Timestamp,
    body::{BodyEntry, Evidence},
    candidate::Candidate,
    checkpoint::{Checkpoint, TreeHead},
    link::{InboxFrame, MemberFrame},
    message::{
        FinalMessage, ProposeMessage, SignMessage, Timeout, TimeoutMessage, ToLeader, ToMember,
    },
    verdict::VerdictList,
};
use light_client::{ClientStore, Height, SyncStart, ValueProof, verify_changes, verify_membership};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// One leader.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) place: u8,
    leader: Leader,
    pub(crate) lane: LaneState,
    frontier: Frontier,
    pub(crate) client: ClientStore,
    pub(crate) candidates: Vec<Candidate>,
    lists: Vec<Verified<VerdictList>>,
    offers: Vec<SyncOffer>,
    pub(crate) finals: Vec<FinalMessage>,
    combined: Option<FinalMessage>,
    salts: u64,
    /// What goes to members.
    pub(crate) out: Vec<(MemberRef, InboxFrame)>,
    /// Final batches that the other leaders have not been told of.
    pub(crate) news: Vec<FinalMessage>,
    /// It makes no proposals, though it hears.
    pub(crate) lame: bool,
}

impl Gateway {
    pub(crate) fn new(place: u8) -> Self {
        let config = LeaderConfig::new(lane::keys(), place).unwrap();
        Self {
            place,
            leader: Leader::new(config, 0, TreeHead::empty(), None),
            lane: LaneState::new(lane::origin()),
            frontier: Frontier::empty(),
            client: chain::client(),
            candidates: Vec::new(),
            lists: Vec::new(),
            offers: Vec::new(),
            finals: Vec::new(),
            combined: None,
            salts: u64::from(place) << 32,
            out: Vec::new(),
            news: Vec::new(),
            lame: false,
        }
    }

    pub(crate) fn work(&mut self, now: Timestamp) {
        self.leader.handle_work();
        self.carry_out(now);
    }

    pub(crate) fn tick(&mut self, now: Timestamp) {
        self.leader.handle_time(now);
        self.carry_out(now);
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.leader.poll_deadline()
    }

    pub(crate) fn connected(&mut self, member: MemberRef, now: Timestamp) {
        self.leader.handle_connected(member);
        self.carry_out(now);
    }

    /// Takes in the chain's last block, and offers it as the next sync point.
    pub(crate) fn offer(&mut self, ledger: &chain::Ledger) {
        if self.client.newest().is_none_or(|it| it.height.get() < ledger.height) {
            chain::advance(&mut self.client, ledger.header(), ledger.time);
        }
        let shown = ledger.show_head();
        let value = shown.value.clone().unwrap();
        let proof = ValueProof { value: &value, proof: &shown.proof };
        let height = Height::new(shown.height).unwrap();
        let head =
            verify_membership(&chain::Chain, &self.client, height, (), proof, ledger.time).unwrap();
        let (n, acc) = self.lane.last_change();
        let changes = &ledger.changes[usize::try_from(n).unwrap()..];
        let proven = verify_changes(SyncStart { n, acc }, changes, &head).unwrap();
        let headers = Bounded::new(vec![ledger.header()]).unwrap();
        let proof = Bytes::new(shown.proof.into_inner()).unwrap();
        self.offers = SyncOffer::new(&head, &proven, proof, headers).into_iter().collect();
    }

    pub(crate) fn take(&mut self, from: MemberRef, frame: MemberFrame, now: Timestamp) {
        let keys = lane::keys();
        match frame {
            MemberFrame::Verdicts(signed) => {
                let list = keys.verify_verdicts(signed.clone()).unwrap();
                if !self.lists.contains(&list) {
                    self.lists.push(list);
                    for member in keys.members().filter(|it| *it != from) {
                        self.out.push((member, InboxFrame::Verdicts(signed.clone())));
                    }
                }
                if self.lists.len() >= 6 {
                    self.leader.handle_work();
                }
            }
            MemberFrame::Agree(message) => self.take_agreement(from, *message, now),
        }
        self.carry_out(now);
    }

    fn take_agreement(&mut self, from: MemberRef, message: ToLeader, now: Timestamp) {
        let keys = lane::keys();
        let hearing = Duration::from_millis(300);
        match message {
            ToLeader::Prepare(m) => {
                self.leader.handle_prepare(keys.verify(m.prepare, &m.signature).unwrap());
            }
            ToLeader::Lock(m) => {
                let certificate = keys.verify_votes(&m.certificate).unwrap();
                let lock = keys.verify(m.lock, &m.signature).unwrap();
                self.leader.handle_lock(lock, &certificate);
            }
            ToLeader::Sign(m) => self.leader.handle_signature(m),
            ToLeader::Timeout(m) => {
                let certificate = m.certificate.map(|votes| keys.verify_votes(&votes).unwrap());
                let timeout = keys.verify(m.timeout, &m.signature).unwrap();
                self.leader.handle_timeout(timeout, certificate.as_ref(), hearing, now);
            }
            ToLeader::LockedOn(votes) => {
                self.leader.handle_locked_on(&keys.verify_votes(&votes).unwrap());
            }
            ToLeader::Tip(_, k) => self.leader.handle_tip(from, k),
            ToLeader::Body(body) => self.leader.handle_body(DigestedBody::new(*body)),
            ToLeader::WantBody(d) => self.leader.handle_want_body(from, d),
            ToLeader::AskTips => {
                let others = keys.members().filter(|it| it.committee == from.committee);
                for member in others.filter(|it| *it != from) {
                    self.agree(member, ToMember::AskTips(from));
                }
            }
        }
    }

    pub(crate) fn agree(&mut self, to: MemberRef, message: ToMember) {
        self.out.push((to, InboxFrame::Agree(Box::new(message))));
    }

    fn send(&mut self, to: &Recipients, message: &ToMember) {
        for member in members_of(to) {
            self.agree(member, message.clone());
        }
    }

    fn carry_out(&mut self, now: Timestamp) {
        while let Some(effect) = self.leader.poll_effect() {
            match effect {
                LeaderEffect::Propose { .. } if self.lame => {}
                LeaderEffect::Propose {
                    to,
                    proposal,
                    body,
                    bare,
                    certificate,
                    timeouts,
                    evidence,
                } => {
                    let message = ProposeMessage {
                        proposal,
                        signature: lane::leader_key(self.place).sign(&lane::origin(), &proposal),
                        body: Some(body.body().clone()),
                        certificate: certificate.map(|it| it.votes().clone()),
                        timeouts: Bounded::new(timeouts.iter().map(timeout).collect()).unwrap(),
                        evidence: Evidence::clone(&evidence),
                    };
                    let without = ProposeMessage { body: None, ..message.clone() };
                    let whole = members_of(&to).difference(&bare).copied().collect();
                    let propose = |message| ToMember::Propose(Box::new(message));
                    self.send(&Recipients::Some(whole), &propose(message));
                    self.send(&Recipients::Some(bare), &propose(without));
                }
                LeaderEffect::Send(to, message) => self.send(&to, &encoded(message)),
                LeaderEffect::MakeBody { limit, .. } => self.make(limit, now),
                LeaderEffect::Combine { k, head, signatures } => {
                    self.combine(k, head, &signatures);
                }
                LeaderEffect::Final { body, .. } => self.finish(&body),
                LeaderEffect::CatchUp { member, k } => {
                    for message in self.finals.clone().into_iter().filter(|it| it.k >= k) {
                        self.agree(member, ToMember::Final(Box::new(message)));
                    }
                }
                LeaderEffect::Persist(_)
                | LeaderEffect::Behind { .. }
                | LeaderEffect::Publish(_) => {}
            }
        }
    }

    fn make(&mut self, limit: Limit, now: Timestamp) {
        let keys = lane::keys();
        let material = Material {
            keys: &keys,
            lane: &self.lane,
            frontier: &self.frontier,
            now,
            limit,
            candidates: &self.candidates,
            lists: &self.lists,
            offers: &self.offers,
            freeze: None,
        };
        let first = self.salts;
        let mut salts = (first..).map(|n| {
            let mut salt = [5; 16];
            salt[..8].copy_from_slice(&n.to_be_bytes());
            Salt(salt)
        });
        let made = if self.lane.next_k() == 0 {
            make_genesis(&material, &lane::genesis(), &lane::possession(), &mut salts)
        } else {
            make_body(&material, &mut salts)
        };
        self.salts += 5_000;
        let made = made.unwrap();
        self.leader.handle_made(made.body, Arc::new(made.evidence));
    }

    fn combine(&mut self, k: u64, head: TreeHead, signed: &[SignMessage]) {
        let keys = lane::keys();
        let checkpoint = Checkpoint { origin: lane::origin(), head };
        let (mut good, mut bad) = (Vec::<VerifiedCosignature>::new(), Vec::new());
        for it in signed {
            match keys.verify_cosignature(&checkpoint, it.member, it.time_s, &it.cosignature) {
                Ok(cosignature) => good.push(cosignature),
                Err(_) => bad.push(it.member),
            }
        }
        if !bad.is_empty() {
            return self.leader.handle_culprits(&bad);
        }
        let note = keys.finish_note(&checkpoint, &good, &[]).unwrap();
        let note = Bytes::new(note.note().to_text().into_bytes()).unwrap();
        self.combined = Some(FinalMessage { k, note, body: None });
        self.leader.handle_combined(k);
    }

    fn finish(&mut self, body: &DigestedBody) {
        let combined = self.combined.take().unwrap();
        let message = FinalMessage { body: Some(body.body().clone()), ..combined };
        self.keep(&message);
        self.send(&Recipients::All, &ToMember::Final(Box::new(message.clone())));
        self.news.push(message);
    }

    /// Another leader finished this.
    pub(crate) fn follow(&mut self, message: &FinalMessage, now: Timestamp) {
        if message.k == self.lane.next_k() {
            self.keep(message);
            let head = message.body.as_ref().unwrap().head;
            self.leader.handle_final(message.k + 1, head);
        }
        self.carry_out(now);
    }

    fn keep(&mut self, message: &FinalMessage) {
        let body = DigestedBody::new(message.body.clone().unwrap());
        let (keys, genesis) = (lane::keys(), lane::genesis());
        let form = FormContext {
            keys: &keys,
            lane: &self.lane,
            frontier: &self.frontier,
            genesis: &genesis,
        };
        let checked = check_form(&form, &body).unwrap();
        self.lane.apply_batch(checked.into_batch());
        let leaf = |entry: &BodyEntry| LeafHash::of(&entry.salt, &entry.bytes);
        self.frontier = self.frontier.with(body.body().entries.iter().map(leaf)).unwrap();
        let (lane, time) = (&self.lane, body.body().time);
        self.candidates.retain(|it| !lane.request_is_answered(&it.request, time));
        if self.candidates.is_empty() {
            self.lists.clear();
        }
        self.offers.clear();
        self.finals.push(message.clone());
    }
}

fn timeout(timeout: &Verified<Timeout>) -> TimeoutMessage {
    let signed = timeout.as_signed();
    TimeoutMessage { timeout: signed.value.clone(), signature: signed.signature, certificate: None }
}

fn encoded(message: FromLeader) -> ToMember {
    match message {
        FromLeader::Prepared(certificate) => ToMember::Prepared(certificate.votes().clone()),
        FromLeader::Locked(certificate) => ToMember::Locked(certificate.votes().clone()),
        FromLeader::Timeout(it) => ToMember::Timeouts(Bounded::new(vec![timeout(&it)]).unwrap()),
        FromLeader::WantBody(d) => ToMember::WantBody(d),
        FromLeader::Body(body) => ToMember::Body(Box::new(body.body().clone())),
    }
}

fn members_of(to: &Recipients) -> BTreeSet<MemberRef> {
    match to {
        Recipients::All => lane::keys().members().collect(),
        Recipients::One(member) => BTreeSet::from([*member]),
        Recipients::Some(members) => members.clone(),
    }
}
