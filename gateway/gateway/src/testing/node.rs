//! A member, driven as a regulator's node drives it, without a disk and without judgement: it says what it is told.

use super::{chain, keys::made};
use gateway_agreement::{
    DigestedBody, Item, Quorums,
    check::{FormContext, FreshContext, OwnHeads, check_body, check_form},
    member::{FromMember, Member, MemberConfig, MemberEffect, MemberState, Proposed, To},
};
use gateway_core::MAX_CLOCK_DISTANCE;
use gateway_cosign::{EpochKeys, Note, ThresholdText};
use gateway_lane::LaneState;
use gateway_types::{
    Bounded, MemberRef, Timestamp,
    candidate::Candidate,
    checkpoint::Checkpoint,
    link::{CandidateFrame, InboxFrame, MemberFrame},
    message::{
        LockMessage, PrepareMessage, ProposeMessage, SignMessage, TimeoutMessage, ToLeader,
        ToMember,
    },
    verdict::{Reason, SignedVerdicts, Verdict, VerdictList, Word},
};
use light_client::ClientStore;
use std::sync::Arc;

/// What it says, and to whom.
pub(crate) type Said = Vec<(To, MemberFrame)>;

pub(crate) struct Node {
    pub(crate) me: MemberRef,
    member: Member,
    pub(crate) lane: LaneState,
    client: ClientStore,
    own: OwnHeads,
    /// What it says to every candidate; nothing: it is silent.
    pub(crate) word: Option<Word>,
    /// Its signature shares are of another text.
    pub(crate) spoils: bool,
    /// Whether candidates that are not logged make it ask for another view.
    pub(crate) waits: bool,
    /// What it was sent of candidates.
    pub(crate) asked: Vec<CandidateFrame>,
    /// Others' verdicts that were handed on to it.
    pub(crate) handed_on: usize,
    pub(crate) published: usize,
    pub(crate) refused: Vec<String>,
}

impl Node {
    pub(crate) fn new(me: MemberRef, now: Timestamp) -> Self {
        let keys = &made().keys;
        let config = MemberConfig {
            origin: keys.origin().clone(),
            epoch: keys.epoch(),
            me,
            quorums: Quorums::of(keys.entry()).unwrap(),
            leaders: 2,
            keys_end: keys.entry().keys_end().unwrap(),
        };
        let mut member = Member::new(config, MemberState::new(1), None, None, now).unwrap();
        (0..2).for_each(|leader| member.handle_connected(leader));
        Self {
            me,
            member,
            lane: LaneState::new(keys.origin().clone()),
            client: chain::client(),
            own: OwnHeads::default(),
            word: Some(Word::Accept),
            spoils: false,
            waits: true,
            asked: Vec::new(),
            handed_on: 0,
            published: 0,
            refused: Vec::new(),
        }
    }

    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.member.poll_deadline()
    }

    /// Repeats what it last sent: its connection to that leader is new.
    pub(crate) fn reconnect(&mut self, leader: u8, now: Timestamp) -> Said {
        self.member.handle_connected(leader);
        self.carry_out(now)
    }

    pub(crate) fn tick(&mut self, now: Timestamp) -> Said {
        self.member.handle_time(now);
        self.carry_out(now)
    }

    pub(crate) fn take(&mut self, from: u8, frame: InboxFrame, now: Timestamp) -> Said {
        let mut said = Vec::new();
        match frame {
            InboxFrame::Alive => {}
            InboxFrame::Verdicts(list) => {
                made().keys.verify_verdicts(list).unwrap();
                self.handed_on += 1;
            }
            InboxFrame::Candidate(frame) => {
                // No member gives a verdict on a candidate whose time is far from its own clock.
                if frame.candidate.time().abs_diff(now) <= MAX_CLOCK_DISTANCE {
                    said.extend(self.verdict(&[&frame.candidate]).map(|it| (To::AllLeaders, it)));
                    // The verdicts of all are on their way: from now on it must be logged.
                    let (item, until) =
                        (Item::Candidate(frame.candidate.digest()), frame.candidate.lapses_at());
                    if self.waits {
                        self.member.handle_overdue(item, now, Some(until));
                    }
                }
                self.asked.push(*frame);
            }
            InboxFrame::Agree(message) => {
                if let Err(error) = self.agree(from, *message, now) {
                    self.refused.push(error);
                }
            }
        }
        said.extend(self.carry_out(now));
        said
    }

    /// Its word on these, under one signature.
    pub(crate) fn verdict(&self, candidates: &[&Candidate]) -> Option<MemberFrame> {
        let word = self.word?;
        let reason = (word == Word::Refuse).then_some(Reason::PolicyDenied);
        let verdict = |it: &&Candidate| Verdict { candidate: it.digest(), word, reason };
        Some(self.sign_verdicts(candidates.iter().map(verdict).collect()))
    }

    pub(crate) fn sign_verdicts(&self, mut verdicts: Vec<Verdict>) -> MemberFrame {
        verdicts.sort();
        let verdicts = Bounded::new(verdicts).unwrap();
        let list = VerdictList { epoch: 1, member: self.me, verdicts };
        let signature = made().members[&self.me].protocol.sign(made().keys.origin(), &list);
        MemberFrame::Verdicts(SignedVerdicts { list, signature })
    }

    fn agree(&mut self, from: u8, message: ToMember, now: Timestamp) -> Result<(), String> {
        let keys = &made().keys;
        let member = &mut self.member;
        match message {
            ToMember::Propose(message) => {
                text(member.handle_propose(proposed(keys, *message), now))
            }
            ToMember::Prepared(it) => {
                text(member.handle_prepared(&keys.verify_votes(&it).unwrap(), now))
            }
            ToMember::Locked(it) => {
                text(member.handle_locked(&keys.verify_votes(&it).unwrap(), now))
            }
            ToMember::Final(message) => {
                let note = Note::parse(std::str::from_utf8(&message.note).unwrap()).unwrap();
                let checkpoint = keys.verify_note(&note).unwrap();
                let body = DigestedBody::new(message.body.unwrap());
                if body.body().k != self.lane.next_k() {
                    return Ok(());
                }
                let checked = check_form(&self.form(), &body).map_err(|e| e.to_string())?;
                let done = self.member.handle_final(&checkpoint, std::slice::from_ref(&body));
                self.lane.apply_batch(checked.into_batch());
                text(done)
            }
            ToMember::Timeouts(list) => {
                let verify = |m: TimeoutMessage| keys.verify(m.timeout, &m.signature).unwrap();
                let list: Vec<_> = list.into_inner().into_iter().map(verify).collect();
                list.iter().for_each(|timeout| member.handle_tip(timeout));
                member.handle_timeouts(&list, now);
                Ok(())
            }
            ToMember::WantBody(d) => {
                member.handle_want_body(from, d);
                Ok(())
            }
            ToMember::Body(body) => text(member.handle_body(DigestedBody::new(*body), now)),
            ToMember::AskTips(_) => {
                member.handle_ask_tips();
                Ok(())
            }
        }
    }

    fn form(&self) -> FormContext<'_> {
        FormContext {
            keys: &made().keys,
            lane: &self.lane,
            frontier: &self.member.tip().frontier,
            genesis: &made().genesis,
        }
    }

    fn carry_out(&mut self, now: Timestamp) -> Said {
        let mut said = Vec::new();
        while let Some(effect) = self.member.poll_effect() {
            match effect {
                MemberEffect::Persist(..) | MemberEffect::PersistLater(_) => {}
                MemberEffect::CheckBody { body, evidence, form_only } => {
                    let form = FormContext {
                        keys: &made().keys,
                        lane: &self.lane,
                        frontier: &self.member.tip().frontier,
                        genesis: &made().genesis,
                    };
                    let mut fresh = FreshContext {
                        now,
                        chain: &mut chain::Chain,
                        client: &mut self.client,
                        own: &mut self.own,
                    };
                    match check_body(&form, &mut fresh, &body, &evidence, form_only) {
                        Ok(checked) => self.member.handle_body_checked(&checked, now).unwrap(),
                        Err(refused) => {
                            self.refused.push(format!("{refused}: {}", refused.why));
                            self.member.handle_body_refused(&refused);
                        }
                    }
                }
                MemberEffect::Send(to, message) => {
                    said.push((to, MemberFrame::Agree(Box::new(self.sign(message, now)))));
                }
                MemberEffect::Publish(_) => self.published += 1,
            }
        }
        said
    }

    fn sign(&self, message: FromMember, now: Timestamp) -> ToLeader {
        let (keys, origin) = (&made().members[&self.me], made().keys.origin());
        match message {
            FromMember::Prepare(prepare) => {
                let signature = keys.protocol.sign(origin, &prepare);
                ToLeader::Prepare(PrepareMessage { prepare, signature })
            }
            FromMember::Lock(lock, certificate) => {
                let signature = keys.protocol.sign(origin, &lock);
                let certificate = certificate.votes().clone();
                ToLeader::Lock(LockMessage { lock, signature, certificate })
            }
            FromMember::Sign { k, head } => {
                let checkpoint = Checkpoint { origin: origin.clone(), head };
                let mut shared = checkpoint.clone();
                shared.head.size -= u64::from(self.spoils);
                let share = keys.share.as_ref().unwrap();
                let time_s = now.0 / 1000;
                ToLeader::Sign(SignMessage {
                    k,
                    head,
                    member: self.me,
                    time_s,
                    cosignature: keys.cosigning.cosign(&checkpoint, time_s),
                    share: share.sign(&ThresholdText::checkpoint(&shared)).unwrap(),
                })
            }
            FromMember::Timeout(timeout, certificate) => {
                let signature = keys.protocol.sign(origin, &timeout);
                let certificate = certificate.map(|it| it.votes().clone());
                ToLeader::Timeout(TimeoutMessage { timeout, signature, certificate })
            }
            FromMember::LockedOn(certificate) => ToLeader::LockedOn(certificate.votes().clone()),
            FromMember::Tip(head, k) => ToLeader::Tip(head, k),
            FromMember::WantBody(d) => ToLeader::WantBody(d),
            FromMember::Body(body) => ToLeader::Body(Box::new(body.body().clone())),
            FromMember::AskTips => ToLeader::AskTips,
        }
    }
}

fn text<T, E: std::fmt::Display>(done: Result<T, E>) -> Result<(), String> {
    done.map(drop).map_err(|error| error.to_string())
}

fn proposed(keys: &EpochKeys, message: ProposeMessage) -> Proposed {
    let verify = |m: TimeoutMessage| keys.verify(m.timeout, &m.signature).unwrap();
    let certificate = message.certificate.map(|votes| keys.verify_votes(&votes).unwrap());
    Proposed {
        proposal: keys.verify(message.proposal, &message.signature).unwrap(),
        body: message.body.map(DigestedBody::new),
        certificate,
        timeouts: message.timeouts.into_inner().into_iter().map(verify).collect(),
        evidence: Arc::new(message.evidence),
    }
}
