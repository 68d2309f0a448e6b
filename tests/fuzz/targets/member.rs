//! gateway-agreement: a member among others who are all dishonest, restarted whenever the input wants.
//!
//! Whatever comes: it prepares one body a view, locks only what it prepared, signs one root a batch and only on a
//! lock certificate for it, and tells nothing that its store does not hold.
#![no_main]

use fuzz::{
    lane::EXAMPLE,
    plant,
    votes::{ME, Step, ballot, body, locked, other, prepared, steps, timeout},
};
use gateway_agreement::{
    DigestedBody, Item, Quorums,
    check::{Checked, FormError, Refused},
    evidence::{LockCertificate, PrepareCertificate, SignedCheckpoint, Verified},
    member::{
        FromMember, MAX_MEMBER_STATE, Member, MemberConfig, MemberEffect, MemberState, Proposed,
        Signed, Tip,
    },
};
use gateway_types::{
    CommitteeSize, Digest, MemberRef, Timestamp, cbor,
    checkpoint::{Checkpoint, TreeHead},
    message::{Ballot, ToMember},
};
use libfuzzer_sys::fuzz_target;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

const LEADERS: u8 = 2;

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let [script, message] = fuzz::parts(data);
    let mut driver = Driver::new();
    for step in steps(script) {
        driver.step(&step, message);
        driver.carry_out();
    }
});

/// A member, its store, and all that it ever said.
struct Driver {
    member: Member,
    now: Timestamp,
    disk: MemberState,
    /// Written with the next write at the latest.
    later: Option<MemberState>,
    bodies: BTreeMap<Digest, DigestedBody>,
    checks: Vec<(DigestedBody, bool)>,
    /// Lock certificates that it was shown: batch and body.
    lock_certificates: BTreeSet<(u64, Digest)>,
    said: Said,
}

/// What a member must keep to, whatever it forgets.
#[derive(Default)]
struct Said {
    prepared: BTreeMap<(u64, u64), Digest>,
    signed: BTreeMap<u64, TreeHead>,
    /// The highest batch that was final for it.
    k: u64,
}

fn config() -> MemberConfig {
    let size = CommitteeSize::of(4).expect("four");
    MemberConfig {
        origin: EXAMPLE.first.origin.clone(),
        epoch: 1,
        me: ME,
        quorums: Quorums::new(vec![size, size]).expect("two committees"),
        leaders: LEADERS,
        keys_end: Timestamp(10_000_000),
    }
}

impl Driver {
    fn new() -> Self {
        let (now, disk) = (Timestamp(1_000), MemberState::new(1));
        let member = Member::new(config(), disk.clone(), [], None, now).expect("an empty store");
        Self {
            member,
            now,
            disk,
            later: None,
            bodies: BTreeMap::new(),
            checks: Vec::new(),
            lock_certificates: BTreeSet::new(),
            said: Said::default(),
        }
    }

    fn step(&mut self, step: &Step, message: &[u8]) {
        let body = self.body(step.body);
        let it = ballot(step.view, &body);
        let (now, who) = (self.now, step.who);
        // What it refuses it answers by effects.
        match step.what % 20 {
            0..=3 => self.propose(step, body),
            4 => drop(self.member.handle_prepared(&prepared(it, who), now)),
            5 | 6 => self.locked(&locked(it, who)),
            7 => drop(self.member.handle_body(body, now)),
            8 => self.member.handle_want_body(who % LEADERS, it.d),
            9 => self.finish(body),
            10 => self.now = now.saturating_add(Duration::from_millis(u64::from(who) * 97)),
            11 => self.member.handle_time(now),
            12 => self.ask(step.view, who),
            13 => self.member.handle_connected(who),
            14 => self.restart(who % 2 == 0),
            15 => self.lose_journal(),
            16 => self.member.handle_tip(&timeout(other(who), step.view, self.member.tip(), None)),
            17 => self.answer_check(who),
            18 => self.member.handle_overdue(Item::Change(it.v), now, None),
            _ => self.raw(message, who),
        }
    }

    /// One of four bodies on its tip, or one on another.
    fn body(&self, tag: u8) -> DigestedBody {
        let tip = if tag % 16 == 15 { Tip::empty() } else { self.member.tip().clone() };
        body(&tip, tag % 4)
    }

    fn propose(&mut self, step: &Step, body: DigestedBody) {
        let it = ballot(step.view, &body);
        let below = (step.what % 4 == 1).then(|| Ballot { v: step.view.saturating_sub(1), ..it });
        let asks = (2..=4).map(|member| MemberRef { committee: step.who / 8 % 2, member });
        let timeouts = asks.map(|member| timeout(member, step.view, self.member.tip(), None));
        let leader = (step.view % u64::from(LEADERS)) as u8;
        let proposal = gateway_types::message::Proposal { ballot: it, leader };
        let _refused = self.member.handle_propose(
            Proposed {
                proposal: Verified::unverified_for_model(proposal),
                body: (step.what % 4 != 2).then_some(body),
                certificate: below.map(|below| prepared(below, step.who)),
                timeouts: if step.what % 4 == 3 { Vec::new() } else { timeouts.collect() },
                evidence: Arc::default(),
            },
            self.now,
        );
    }

    fn locked(&mut self, certificate: &LockCertificate) {
        let it = certificate.ballot();
        self.lock_certificates.insert((it.k, it.d));
        let _refused = self.member.handle_locked(certificate, self.now);
    }

    fn finish(&mut self, body: DigestedBody) {
        let checkpoint =
            Checkpoint { origin: EXAMPLE.first.origin.clone(), head: body.body().head };
        let checkpoint = SignedCheckpoint::unverified_for_model(checkpoint, 1);
        let before = self.member.tip().k;
        let _refused = self.member.handle_final(&checkpoint, &[body]);
        assert!(self.member.tip().k >= before, "the tip goes back");
        self.said.k = self.said.k.max(self.member.tip().k);
    }

    fn ask(&mut self, view: u64, who: u8) {
        let tip = self.member.tip();
        let asks: Vec<_> =
            (0..=who % 4).map(|more| timeout(other(who / 4 + more), view, tip, None)).collect();
        self.member.handle_timeouts(&asks, self.now);
    }

    /// The process dies; what is stored durably comes back, and nothing else.
    fn restart(&mut self, was_written: bool) {
        if let Some(later) = self.later.take().filter(|_| was_written) {
            self.disk = later;
        }
        let stored = cbor::encode(&self.disk);
        let state: MemberState = cbor::decode(&stored, MAX_MEMBER_STATE).expect("its own state");
        let lock = state.lock.clone().map(PrepareCertificate::unverified_for_model);
        let bodies = self.bodies.values().cloned();
        self.member = Member::new(config(), state, bodies, lock, self.now).expect("its own store");
        assert_eq!(self.member.state(), self.disk, "restored otherwise");
        self.checks.clear();
    }

    /// The disk is lost as well. The others' tips come as they are: a member that heard lies from all of its
    /// committee would have no way to know.
    fn lose_journal(&mut self) {
        // Of what was final for it, the log holds everything.
        if self.member.tip().k == self.said.k {
            let tip = self.member.tip().clone();
            self.member = Member::lost(config(), tip, self.now);
            self.checks.clear();
        }
    }

    fn answer_check(&mut self, who: u8) {
        let Some((body, form_only)) = self.checks.pop() else { return };
        if who % 8 == 7 {
            let why = FormError::BatchEntry.into();
            return self.member.handle_body_refused(&Refused { d: body.d(), why });
        }
        let fresh = !form_only && who % 8 != 6;
        let checked = Checked::unverified_for_model(body.d(), body.body().base, fresh);
        let _refused = self.member.handle_body_checked(&checked, self.now);
    }

    /// A message as it was decoded, with all signatures taken for good.
    fn raw(&mut self, bytes: &[u8], who: u8) {
        let Some(message) = fuzz::same::<ToMember>(bytes) else { return };
        let now = self.now;
        match message {
            ToMember::Propose(it) => {
                let body = it.body.map(DigestedBody::new);
                let certificate = it.certificate.map(PrepareCertificate::unverified_for_model);
                let timeouts =
                    it.timeouts.iter().map(|it| Verified::unverified_for_model(it.timeout.clone()));
                let proposal = Verified::unverified_for_model(it.proposal);
                let (timeouts, evidence) = (timeouts.collect(), Arc::new(it.evidence));
                let proposed = Proposed { proposal, body, certificate, timeouts, evidence };
                let _refused = self.member.handle_propose(proposed, now);
            }
            ToMember::Prepared(it) => {
                let it = PrepareCertificate::unverified_for_model(it);
                let _refused = self.member.handle_prepared(&it, now);
            }
            ToMember::Locked(it) => self.locked(&LockCertificate::unverified_for_model(it)),
            ToMember::Final(it) => {
                it.body.into_iter().for_each(|it| self.finish(DigestedBody::new(it)))
            }
            ToMember::Timeouts(it) => {
                let it: Vec<_> = it
                    .iter()
                    .map(|it| Verified::unverified_for_model(it.timeout.clone()))
                    .collect();
                self.member.handle_timeouts(&it, now);
            }
            ToMember::WantBody(d) => self.member.handle_want_body(who % LEADERS, d),
            ToMember::Body(it) => drop(self.member.handle_body(DigestedBody::new(*it), now)),
            ToMember::AskTips(_) => self.member.handle_ask_tips(),
        }
    }

    /// Carries out what it wants done, and holds it to its word.
    fn carry_out(&mut self) {
        while let Some(effect) = self.member.poll_effect() {
            match effect {
                MemberEffect::Persist(state, body) => {
                    assert!(
                        state.view >= self.disk.view || state.silence.is_some(),
                        "a view goes down"
                    );
                    self.bodies.extend(body.map(|body| (body.d(), body)));
                    (self.disk, self.later) = (*state, None);
                }
                MemberEffect::PersistLater(state) => self.later = Some(*state),
                MemberEffect::CheckBody { body, form_only, .. } => {
                    self.checks.push((body, form_only))
                }
                MemberEffect::Send(_, message) => self.hear(message),
                MemberEffect::Publish(_) => {}
            }
        }
        assert!(cbor::encode(&self.member.state()).len() <= MAX_MEMBER_STATE);
        let _deadline = self.member.poll_deadline();
    }

    fn hear(&mut self, message: FromMember) {
        match message {
            FromMember::Prepare(it) => {
                self.is_loud();
                assert_eq!(self.disk.voted, Some(it.ballot), "told before it was written");
                assert!(self.bodies.contains_key(&it.ballot.d), "prepared without the body");
                let first =
                    *self.said.prepared.entry((it.ballot.k, it.ballot.v)).or_insert(it.ballot.d);
                assert_eq!(first, it.ballot.d, "two bodies in one view");
                assert_eq!(it.member, ME);
            }
            FromMember::Lock(it, certificate) => {
                self.is_loud();
                assert_eq!(
                    self.disk.lock.as_ref(),
                    Some(certificate.votes()),
                    "told before it was written"
                );
                assert_eq!(certificate.ballot(), it.ballot);
                let own = self.said.prepared.get(&(it.ballot.k, it.ballot.v));
                assert_eq!(own, Some(&it.ballot.d), "locked what it had not prepared");
            }
            FromMember::Sign { k, head } => self.hear_signature(k, head),
            FromMember::Timeout(it, certificate) => {
                assert_eq!(it.lock, certificate.map(|certificate| certificate.ballot()));
                assert!(self.member.silence().is_none(), "a silent member asks");
            }
            FromMember::LockedOn(it) => assert_eq!(self.disk.lock.as_ref(), Some(it.votes())),
            FromMember::Tip(..)
            | FromMember::WantBody(_)
            | FromMember::Body(_)
            | FromMember::AskTips => {}
        }
    }

    fn hear_signature(&mut self, k: u64, head: TreeHead) {
        self.is_loud();
        let Some(Signed { k: written, d, head: journal }) = self.disk.signed else {
            panic!("signed before it was written");
        };
        assert_eq!((written, journal), (k, head), "signed before it was written");
        assert!(self.lock_certificates.contains(&(k, d)), "signed without a lock certificate");
        let first = *self.said.signed.entry(k).or_insert(head);
        assert_eq!(first, head, "two roots for one size");
    }

    fn is_loud(&self) {
        assert!(self.disk.silence.is_none(), "a silent member votes");
    }
}

fn seeds() -> Vec<Vec<u8>> {
    // Propose in view 0, check, prepared, locked, final; again with a restart between any two of them.
    let straight =
        [[0, 1, 0, 0], [17, 0, 0, 0], [4, 1, 0, 0], [5, 1, 0, 0], [9, 1, 0, 0], [10, 0, 0, 99]];
    let restart = [14, 0, 0, 0];
    let with_restarts: Vec<[u8; 4]> = straight.iter().flat_map(|step| [*step, restart]).collect();
    let later = [
        [10, 0, 0, 99],
        [11, 0, 0, 0],
        [12, 0, 2, 9],
        [0, 2, 2, 1],
        [17, 0, 0, 0],
        [4, 2, 2, 1],
        [5, 2, 2, 1],
    ];
    let lost = [
        [15, 0, 0, 0],
        [16, 0, 0, 0],
        [16, 0, 0, 1],
        [16, 0, 0, 2],
        [9, 0, 0, 0],
        [9, 1, 0, 0],
        [0, 1, 0, 0],
    ];
    let script = |steps: &[[u8; 4]]| steps.concat();
    let pinned = include_str!("../../../gateway/gateway-types/tests/vectors/formats.txt");
    let messages = pinned.lines().filter_map(|line| line.strip_prefix("member-")?.split_once(' '));
    let raw = script(&[&straight[..2], &[[19, 0, 0, 0]], &straight[2..]].concat());
    let mut seeds: Vec<Vec<u8>> = messages
        .map(|(_, bytes)| fuzz::join(&[&raw, &hex::decode(bytes).expect("hexadecimal")]))
        .collect();
    seeds.push(fuzz::join(&[&script(&[&straight[..], &straight, &straight].concat()), b""]));
    seeds.push(fuzz::join(&[&script(&with_restarts), b""]));
    seeds.push(fuzz::join(&[&script(&[&straight[..3], &later, &straight].concat()), b""]));
    seeds.push(fuzz::join(&[&script(&[&straight[..], &lost].concat()), b""]));
    seeds
}
