//! From any state: the real leader and the real honest members, to the end, in spite of [`Trouble`].

use crate::{
    answers::Value,
    keys::{self, LEADERS},
    lane::{Lane, State},
    trouble::{self, Trouble},
};
use gateway_agreement::{
    DigestedBody,
    check::{Checked, FormError},
    evidence::{Equivocation, PrepareCertificate, SignedCheckpoint, Verified},
    leader::{FromLeader, Leader, LeaderConfig, LeaderEffect, Recipients},
    member::{FromMember, Member, MemberEffect, Proposed, To},
};
use gateway_types::{
    Digest, MemberRef, Signature, Timestamp,
    bytes::BlsSignature,
    checkpoint::{Checkpoint, TreeHead},
    message::{SignMessage, Timeout},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// Two dozen turns at the longest wait: the furthest that members are apart in any state.
const LIMIT: Duration = Duration::from_secs(200);

/// Whether every honest member comes to one final checkpoint, and it is what was decided, if anything was;
/// and, unless members have asked for different views, by the honest leader's first proposal.
pub fn honest_leader_finishes(lane: &Lane, state: &State) -> bool {
    trouble::all(lane.committees().len()).iter().all(|trouble| finishes(lane, state, *trouble))
}

fn finishes(lane: &Lane, state: &State, trouble: Trouble) -> bool {
    let mut world = World::new(lane, state, trouble);
    let Some(head) = world.run() else { return false };
    let bodies = lane.answers.bodies();
    let mut decided = state.decided.iter().zip(bodies).filter(|(decided, _)| **decided);
    let in_time = !trouble.ends_in_one_view() || world.proposals == 1;
    in_time && decided.all(|(_, body)| body.body().head == head)
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
#[derive(Debug)]
struct World {
    now: Timestamp,
    members: BTreeMap<MemberRef, Member>,
    /// One honest leader; views of the other are lost.
    leader: Leader,
    me: u8,
    mail: VecDeque<Mail>,
    /// Whatever new body was made in this run is fresh; all others are too old.
    fresh: Option<Digest>,
    /// How often the honest leader has proposed.
    proposals: usize,
    /// Shown to members only when the leader has proposed.
    late: Vec<PrepareCertificate>,
    /// What dishonest members say when the first honest one asks.
    told: Vec<(Timeout, PrepareCertificate)>,
    /// The highest certificate, which dishonest members tell beside whatever honest ones signed.
    beside: Option<PrepareCertificate>,
    /// What members and leader found of others' dishonesty.
    published: Vec<Equivocation>,
}

impl World {
    fn new(lane: &Lane, state: &State, trouble: Trouble) -> Self {
        let next = Lane::now(state);
        let members = members(lane, state, trouble);
        // The view that comes next is the honest leader's; all others have no leader.
        let me = next % LEADERS;
        let config = LeaderConfig::new(Arc::clone(lane.keys()), me).unwrap();
        let leader = Leader::new(config, 0, TreeHead::empty(), None);
        let certificates: Vec<PrepareCertificate> = (0..)
            .zip(state.certificates)
            .filter(|(_, view)| *view > 0)
            .map(|(value, view): (Value, u8)| lane.answers.prepared(value, view))
            .collect();
        let (late, told) = match trouble {
            Trouble::Late => (certificates, Vec::new()),
            Trouble::Telling | Trouble::Beside => (Vec::new(), telling(lane, &certificates, next)),
            Trouble::Silent | Trouble::Apart(_) => (Vec::new(), Vec::new()),
        };
        let highest = told.first().map(|(_, highest)| highest.clone());
        let beside = highest.filter(|_| trouble == Trouble::Beside);
        let (now, mail) = (Timestamp(100_000), VecDeque::new());
        Self {
            now,
            members,
            leader,
            me,
            mail,
            fresh: None,
            proposals: 0,
            late,
            told,
            beside,
            published: Vec::new(),
        }
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
            MemberEffect::Publish(found) => self.published.push(*found),
            MemberEffect::Persist(..) | MemberEffect::PersistLater(_) => {}
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
                self.show_late();
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
            LeaderEffect::Persist(_) => self.proposals += 1,
            LeaderEffect::Publish(found) => self.published.push(*found),
            LeaderEffect::CatchUp { .. } | LeaderEffect::Behind { .. } => {}
        }
    }

    /// The dishonest leader of the view before shows its certificates now.
    fn show_late(&mut self) {
        for certificate in std::mem::take(&mut self.late) {
            for member in self.members.values_mut() {
                let _refused = member.handle_prepared(&certificate, self.now);
            }
        }
    }

    /// Dishonest members ask with the first honest one.
    fn tell(&mut self) {
        for (timeout, certificate) in std::mem::take(&mut self.told) {
            let timeout = Verified::unverified_for_model(timeout);
            let hearing = Duration::from_millis(300);
            self.leader.handle_timeout(timeout, Some(&certificate), hearing, self.now);
        }
    }

    /// They hand a timeout or a lock of an honest member on before it comes itself, with another certificate.
    fn hand_on(&mut self, message: &FromMember) {
        let Some(highest) = self.beside.clone() else { return };
        match message.clone() {
            FromMember::Timeout(it, _) => {
                let it = Verified::unverified_for_model(it);
                let hearing = Duration::from_millis(300);
                self.leader.handle_timeout(it, Some(&highest), hearing, self.now);
            }
            FromMember::Lock(it, _) => {
                self.leader.handle_lock(Verified::unverified_for_model(it), &highest);
            }
            _ => return,
        }
        self.leader.handle_locked_on(&highest);
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
        self.hand_on(&message);
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
                self.tell();
            }
            FromMember::LockedOn(certificate) => leader.handle_locked_on(&certificate),
            FromMember::Tip(_, k) => leader.handle_tip(from, k),
            FromMember::WantBody(d) => leader.handle_want_body(from, d),
            FromMember::Body(body) => leader.handle_body(body),
            FromMember::AskTips => {}
        }
    }
}

/// The honest members as they are when the view comes.
fn members(lane: &Lane, state: &State, trouble: Trouble) -> BTreeMap<MemberRef, Member> {
    let mut members = BTreeMap::new();
    for (committee, honest) in (0..).zip(&state.members) {
        for (place, durable) in honest.iter().enumerate() {
            let me = MemberRef { committee, member: u8::try_from(place).unwrap() + 1 };
            let mut member = lane.answers.restored(trouble.past(lane, state, *durable), me);
            for _ in 0..trouble.ahead(place) {
                let deadline = member.poll_deadline().unwrap();
                member.handle_time(deadline);
                while member.poll_effect().is_some() {}
            }
            members.insert(me, member);
        }
    }
    members
}

/// The dishonest member of each committee asks for the view and tells a certificate; the highest first.
fn telling(
    lane: &Lane,
    certificates: &[PrepareCertificate],
    view: u8,
) -> Vec<(Timeout, PrepareCertificate)> {
    let mut highest = certificates.to_vec();
    highest.sort_by_key(|it| std::cmp::Reverse(it.ballot().v));
    let dishonest = (0..)
        .zip(lane.committees())
        .map(|(committee, numbers)| MemberRef { committee, member: numbers.size.n() });
    let tell = |(certificate, member): (PrepareCertificate, MemberRef)| {
        let lock = Some(certificate.ballot());
        let tip = TreeHead::empty();
        (Timeout { epoch: 1, view: u64::from(view), k: 0, tip, lock, member }, certificate)
    };
    highest.into_iter().zip(dishonest.cycle()).map(tell).collect()
}

#[cfg(test)]
mod tests;
