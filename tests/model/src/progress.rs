//! From any state: the real leaders and the real honest members, the dishonest ones silent, to the end.

use crate::{
    keys::{self, LEADERS},
    lane::{Lane, State},
};
use gateway_agreement::{
    DigestedBody,
    check::{Checked, FormError},
    evidence::{SignedCheckpoint, Verified},
    leader::{FromLeader, Leader, LeaderConfig, LeaderEffect, Recipients},
    member::{FromMember, Member, MemberEffect, Proposed, To},
};
use gateway_types::{
    Digest, MemberRef, Signature, Timestamp,
    bytes::BlsSignature,
    checkpoint::{Checkpoint, TreeHead},
    message::SignMessage,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Four leaders' turns at the longest wait: more than enough with an honest leader among two.
const LIMIT: Duration = Duration::from_secs(60);

/// Whether every honest member comes to one final checkpoint, and it is what was decided, if anything was.
pub fn honest_leader_finishes(lane: &Lane, state: &State) -> bool {
    let mut world = World::new(lane, state);
    let Some(head) = world.run() else { return false };
    let bodies = lane.answers.bodies();
    let decided = state.decided.iter().zip(bodies).filter(|(decided, _)| **decided);
    decided.into_iter().all(|(_, body)| body.body().head == head)
}

/// A message under way.
#[derive(Clone, Debug)]
enum Mail {
    ToMember(MemberRef, ToOne),
    ToLeader(u8, MemberRef, FromMember),
}

/// What a leader sends to one member.
#[derive(Clone, Debug)]
enum ToOne {
    Propose(Box<Proposed>),
    Said(FromLeader),
}

/// Honest members and both leaders, one of whom is dead: the worse half of the gateways.
struct World {
    now: Timestamp,
    members: BTreeMap<MemberRef, Member>,
    /// One honest leader; views of the other are lost.
    leader: Leader,
    me: u8,
    mail: VecDeque<Mail>,
    /// Whatever new body was made in this run is fresh; all others are too old.
    fresh: Option<Digest>,
}

impl World {
    fn new(lane: &Lane, state: &State) -> Self {
        let next = Lane::now(state);
        let mut members = BTreeMap::new();
        for (committee, honest) in state.members.iter().enumerate() {
            for (number, durable) in honest.iter().enumerate() {
                let committee = u8::try_from(committee).unwrap();
                let me = MemberRef { committee, member: u8::try_from(number).unwrap() + 1 };
                members.insert(me, lane.answers.member_as(*durable, next, me));
            }
        }
        // The leader of the view after next is dead, so that a time-out is always needed first.
        let me = next % LEADERS;
        let config = LeaderConfig::new(Arc::clone(lane.keys()), me).unwrap();
        let leader = Leader::new(config, 0, members.values().next().unwrap().tip().head(), None);
        let now = Timestamp(1_000);
        Self { now, members, leader, me, mail: VecDeque::new(), fresh: None }
    }

    fn run(&mut self) -> Option<TreeHead> {
        let end = self.now.saturating_add(LIMIT);
        while self.now < end {
            self.settle();
            let heads: Vec<TreeHead> = self.members.values().map(|it| it.tip().head()).collect();
            if heads.iter().all(|head| head.size > 0 && *head == heads[0]) {
                return Some(heads[0]);
            }
            self.pass_time()?;
        }
        None
    }

    /// To the next moment at which anybody must do something.
    fn pass_time(&mut self) -> Option<()> {
        let of_members = self.members.values().filter_map(Member::poll_deadline);
        self.now = of_members.chain(self.leader.poll_deadline()).min()?.max(self.now);
        let now = self.now;
        self.members.values_mut().for_each(|member| member.handle_time(now));
        self.leader.handle_time(now);
        Some(())
    }

    /// Carries out effects and delivers messages until nothing is left.
    fn settle(&mut self) {
        loop {
            self.poll();
            let Some(mail) = self.mail.pop_front() else { return };
            match mail {
                Mail::ToMember(member, message) => self.deliver_to_member(member, message),
                Mail::ToLeader(leader, from, message) if leader == self.me => {
                    self.deliver_to_leader(from, message);
                }
                Mail::ToLeader(..) => {}
            }
        }
    }

    fn poll(&mut self) {
        let names: Vec<MemberRef> = self.members.keys().copied().collect();
        for name in names {
            while let Some(effect) = self.members.get_mut(&name).unwrap().poll_effect() {
                self.carry_out_member(name, effect);
            }
        }
        while let Some(effect) = self.leader.poll_effect() {
            self.carry_out_leader(effect);
        }
    }

    fn carry_out_member(&mut self, me: MemberRef, effect: MemberEffect) {
        match effect {
            MemberEffect::CheckBody { body, form_only, .. } => self.check(me, &body, form_only),
            MemberEffect::Send(To::Leader(leader), message) => {
                self.mail.push_back(Mail::ToLeader(leader, me, message));
            }
            MemberEffect::Send(To::AllLeaders, message) => {
                let all = (0..LEADERS).map(|leader| Mail::ToLeader(leader, me, message.clone()));
                self.mail.extend(all);
            }
            MemberEffect::Persist(..)
            | MemberEffect::PersistLater(_)
            | MemberEffect::Publish(_) => {}
        }
    }

    /// Form is always good here; a body from before this run is too old to be fresh.
    fn check(&mut self, me: MemberRef, body: &DigestedBody, form_only: bool) {
        let now = self.now;
        let member = self.members.get_mut(&me).unwrap();
        if form_only || self.fresh == Some(body.d()) {
            let base = member.tip().head();
            let checked = Checked::unverified_for_model(body.d(), base, !form_only);
            let _refused = member.handle_body_checked(&checked, now);
        } else {
            let why = FormError::BatchEntry.into();
            member.handle_body_refused(&gateway_agreement::check::Refused { d: body.d(), why });
        }
    }

    fn carry_out_leader(&mut self, effect: LeaderEffect) {
        match effect {
            LeaderEffect::Propose { to, proposal, body, bare, certificate, timeouts, evidence } => {
                for member in self.recipients(&to) {
                    let proposed = Proposed {
                        proposal: Verified::unverified_for_model(proposal),
                        body: (!bare.contains(&member)).then(|| body.clone()),
                        certificate: certificate.clone(),
                        timeouts: timeouts.clone(),
                        evidence: Arc::clone(&evidence),
                    };
                    let message = ToOne::Propose(Box::new(proposed));
                    self.mail.push_back(Mail::ToMember(member, message));
                }
            }
            LeaderEffect::Send(to, message) => {
                for member in self.recipients(&to) {
                    self.mail.push_back(Mail::ToMember(member, ToOne::Said(message.clone())));
                }
            }
            LeaderEffect::MakeBody { .. } => {
                let made = keys::body(3);
                self.fresh = Some(made.d());
                self.leader.handle_made(made, Arc::default());
            }
            LeaderEffect::Combine { k, .. } => self.leader.handle_combined(k),
            LeaderEffect::Final { body, .. } => self.finish(&body),
            LeaderEffect::CatchUp { .. }
            | LeaderEffect::Behind { .. }
            | LeaderEffect::Publish(_)
            | LeaderEffect::Persist(_) => {}
        }
    }

    fn finish(&mut self, body: &DigestedBody) {
        let checkpoint = Checkpoint { origin: keys::origin(), head: body.body().head };
        let checkpoint = SignedCheckpoint::unverified_for_model(checkpoint, 1);
        for member in self.members.values_mut() {
            let _refused = member.handle_final(&checkpoint, std::slice::from_ref(body));
        }
    }

    fn recipients(&self, to: &Recipients) -> Vec<MemberRef> {
        let honest = |member: &&MemberRef| self.members.contains_key(member);
        match to {
            Recipients::All => self.members.keys().copied().collect(),
            Recipients::One(member) => [member].into_iter().filter(honest).copied().collect(),
            // A certificate of the search names nobody: its body is asked of all.
            Recipients::Some(some) if some.is_empty() => self.members.keys().copied().collect(),
            Recipients::Some(some) => some.iter().filter(honest).copied().collect(),
        }
    }

    fn deliver_to_member(&mut self, name: MemberRef, message: ToOne) {
        let (now, leader) = (self.now, self.me);
        let member = self.members.get_mut(&name).unwrap();
        // What a member refuses it answers by effects.
        match message {
            ToOne::Propose(proposed) => drop(member.handle_propose(*proposed, now)),
            ToOne::Said(FromLeader::Prepared(it)) => drop(member.handle_prepared(&it, now)),
            ToOne::Said(FromLeader::Locked(it)) => drop(member.handle_locked(&it, now)),
            ToOne::Said(FromLeader::Timeout(it)) => member.handle_timeouts(&[it], now),
            ToOne::Said(FromLeader::WantBody(d)) => member.handle_want_body(leader, d),
            ToOne::Said(FromLeader::Body(body)) => drop(member.handle_body(body, now)),
        }
    }

    fn deliver_to_leader(&mut self, from: MemberRef, message: FromMember) {
        let (now, hearing) = (self.now, Duration::from_millis(300));
        let leader = &mut self.leader;
        match message {
            FromMember::Prepare(it) => leader.handle_prepare(Verified::unverified_for_model(it)),
            FromMember::Lock(it, certificate) => {
                leader.handle_lock(Verified::unverified_for_model(it), &certificate);
            }
            FromMember::Sign { k, head } => leader.handle_signature(SignMessage {
                k,
                head,
                member: from,
                time_s: 0,
                cosignature: Signature([0; 64]),
                share: BlsSignature([0; 48]),
            }),
            FromMember::Timeout(it, certificate) => {
                let it = Verified::unverified_for_model(it);
                leader.handle_timeout(it, certificate.as_ref(), hearing, now);
            }
            FromMember::LockedOn(certificate) => leader.handle_locked_on(&certificate),
            FromMember::Tip(_, k) => leader.handle_tip(from, k),
            FromMember::WantBody(d) => leader.handle_want_body(from, d),
            FromMember::Body(body) => leader.handle_body(body),
            FromMember::AskTips => {}
        }
    }
}
