//! gateway-agreement: a leader among members who are all dishonest, restarted whenever the input wants.
//!
//! Whatever comes: one proposal a view, written down first, with the highest locked body that it has heard of; and
//! only signatures of a quorum, none of a culprit's, are combined.
#![no_main]

use fuzz::{
    lane::EXAMPLE,
    plant,
    votes::{Step, ballot, body, other, prepared, steps, timeout},
};
use gateway_agreement::{
    DigestedBody, Quorums,
    evidence::{PrepareCertificate, Verified},
    leader::{self, FromLeader, LONGEST_HEARING, LeaderConfig, LeaderEffect},
    member::Tip,
};
use gateway_cosign::EpochKeys;
use gateway_types::{
    Bounded, CommitteeSize, Digest, MemberRef, PublicKey, Signature, Timestamp,
    bytes::BlsSignature,
    checkpoint::TreeHead,
    entry::{Entry, Leader},
    message::{Ballot, Lock, Prepare, SignMessage, ToLeader},
};
use libfuzzer_sys::fuzz_target;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
    time::Duration,
};

/// The example's keys, with a second leader.
static KEYS: LazyLock<Arc<EpochKeys>> = LazyLock::new(|| {
    let mut entry = EXAMPLE.first.epochs[0].0.entry.clone();
    let first = entry.leaders[0].clone();
    let other =
        Leader { name: "other".parse().expect("a name"), key: PublicKey([9; 32]), ..first.clone() };
    entry.leaders = Bounded::new(vec![first, other]).expect("two");
    let bytes = Entry::Committee(entry).encode();
    Arc::new(EpochKeys::from_logged(&EXAMPLE.first.origin, &bytes).expect("a committee entry"))
});

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let [script, message] = fuzz::parts(data);
    let mut driver = Driver::new();
    for step in steps(script) {
        driver.step(&step, message);
        driver.carry_out();
    }
});

struct Driver {
    leader: leader::Leader,
    tip: Tip,
    now: Timestamp,
    /// What its store says that it proposed last.
    stored: Option<Ballot>,
    proposed: BTreeMap<(u64, u64), Digest>,
    /// The highest prepare certificate for the next batch that each told, or that came under no name.
    told: BTreeMap<Option<MemberRef>, Ballot>,
    /// Since when it asks for bodies.
    asked: BTreeMap<Digest, Timestamp>,
    culprits: BTreeSet<MemberRef>,
    /// What was proposed since the process was started.
    sent: BTreeSet<Ballot>,
    wants_body: bool,
    finished: Option<DigestedBody>,
}

impl Driver {
    fn new() -> Self {
        let tip = Tip::empty();
        let config = LeaderConfig::new(KEYS.clone(), 0).expect("the one leader");
        Self {
            leader: leader::Leader::new(config, 0, tip.head(), None),
            tip,
            now: Timestamp(1_000),
            stored: None,
            proposed: BTreeMap::new(),
            told: BTreeMap::new(),
            asked: BTreeMap::new(),
            culprits: BTreeSet::new(),
            sent: BTreeSet::new(),
            wants_body: false,
            finished: None,
        }
    }

    fn step(&mut self, step: &Step, message: &[u8]) {
        let tip = if step.body % 16 == 15 { Tip::empty() } else { self.tip.clone() };
        let body = body(&tip, step.body % 4);
        let (it, member) = (ballot(step.view, &body), other(step.who));
        match step.what % 16 {
            0 => self.leader.handle_work(),
            1 | 2 => self.made(body),
            3 | 4 => self.prepare(it, member),
            5 | 6 => self.lock(it, member, step.who),
            7 | 8 => self.sign(&body, member, step.who),
            9 => self.timeout(step, it, member),
            10 => {
                self.now = self.now.saturating_add(Duration::from_millis(u64::from(step.who) * 11))
            }
            11 => self.leader.handle_time(self.now),
            12 => self.connect(step, it, member, body),
            13 => self.restart(),
            14 => self.finish(step.who, member),
            _ => self.raw(message, member),
        }
    }

    fn made(&mut self, body: DigestedBody) {
        if self.wants_body {
            self.wants_body = false;
            self.leader.handle_made(body, Arc::default());
        }
    }

    fn prepare(&mut self, it: Ballot, member: MemberRef) {
        self.leader.handle_prepare(Verified::unverified_for_model(Prepare { ballot: it, member }));
    }

    fn lock(&mut self, it: Ballot, member: MemberRef, who: u8) {
        let lock = Verified::unverified_for_model(Lock { ballot: it, member });
        if let Some(certificate) = self.show(Some(member), it, who) {
            self.leader.handle_lock(lock, &certificate);
        }
    }

    /// A prepare certificate that the leader is about to be told.
    fn show(&mut self, from: Option<MemberRef>, it: Ballot, who: u8) -> Option<PrepareCertificate> {
        self.can_be(it).then(|| self.note(from, it))?;
        Some(prepared(it, who))
    }

    /// In the views that it leads, honest members prepared nothing but what it proposed.
    fn can_be(&self, it: Ballot) -> bool {
        it.v % 2 == 1 || self.proposed.get(&(it.k, it.v)) == Some(&it.d)
    }

    fn note(&mut self, from: Option<MemberRef>, it: Ballot) {
        let higher = self.told.get(&from).is_none_or(|known| known.v < it.v);
        if self.is_next(it) && higher {
            self.told.insert(from, it);
        }
    }

    fn is_next(&self, it: Ballot) -> bool {
        (it.epoch, it.k) == (1, self.leader.k())
    }

    fn sign(&mut self, body: &DigestedBody, member: MemberRef, who: u8) {
        self.leader.handle_signature(SignMessage {
            k: body.body().k,
            head: body.body().head,
            member,
            time_s: u64::from(who),
            cosignature: Signature([who; 64]),
            share: BlsSignature([who; 48]),
        });
    }

    fn timeout(&mut self, step: &Step, it: Ballot, member: MemberRef) {
        let below = (step.body >= 128).then(|| Ballot { v: step.view.saturating_sub(1), ..it });
        let certificate = below.and_then(|below| self.show(Some(member), below, step.who));
        let asked = timeout(
            member,
            step.view,
            &self.tip,
            certificate.as_ref().map(PrepareCertificate::ballot),
        );
        let hearing = Duration::from_millis(u64::from(step.who) * 4);
        self.leader.handle_timeout(asked, certificate.as_ref(), hearing, self.now);
    }

    fn connect(&mut self, step: &Step, it: Ballot, member: MemberRef, body: DigestedBody) {
        match step.who / 8 % 6 {
            0 => self.leader.handle_connected(member),
            1 => self.leader.handle_want_body(member, it.d),
            2 => self.leader.handle_body(body),
            3 => self.leader.handle_tip(member, step.view),
            4 => self.leader.handle_nothing_made(),
            _ => {
                if let Some(certificate) = self.show(None, it, step.who) {
                    self.leader.handle_locked_on(&certificate);
                }
            }
        }
    }

    /// The process dies: what it was shown is lost, what it wrote is not.
    fn restart(&mut self) {
        let config = LeaderConfig::new(KEYS.clone(), 0).expect("the one leader");
        self.leader = leader::Leader::new(config, self.tip.k, self.tip.head(), self.stored);
        self.forget();
    }

    fn forget(&mut self) {
        self.wants_body = false;
        self.culprits.clear();
        self.told.clear();
        self.asked.clear();
    }

    /// What was combined is final, or had a culprit; or another leader's batch is final.
    fn finish(&mut self, who: u8, member: MemberRef) {
        match (self.finished.take(), who % 4) {
            (Some(_), 0) => {
                self.culprits.insert(member);
                self.leader.handle_culprits(&[member]);
            }
            (Some(_), _) => self.leader.handle_combined(self.tip.k),
            (None, 1) => self.advance(&body(&self.tip, who / 4 % 4)),
            (None, _) => self.leader.handle_combined(u64::from(who)),
        }
    }

    fn advance(&mut self, body: &DigestedBody) {
        let it = body.body();
        let leaf = |entry: &gateway_types::body::BodyEntry| {
            gateway_log::LeafHash::of(&entry.salt, &entry.bytes)
        };
        let frontier = self.tip.frontier.with(it.entries.iter().map(leaf)).expect("room");
        self.tip = Tip { k: self.tip.k + 1, frontier, time: Some(it.time) };
        self.leader.handle_final(self.tip.k, self.tip.head());
        self.forget();
    }

    /// A message as it was decoded, with all signatures taken for good.
    fn raw(&mut self, bytes: &[u8], member: MemberRef) {
        let Some(message) = fuzz::same::<ToLeader>(bytes) else { return };
        let known = |member| KEYS.member(member).is_some();
        match message {
            ToLeader::Prepare(it) if !known(it.prepare.member) => {}
            ToLeader::Lock(it) if !known(it.lock.member) => {}
            ToLeader::Timeout(it) if !known(it.timeout.member) => {}
            ToLeader::Lock(it) if !self.can_be(it.certificate.ballot) => {}
            ToLeader::LockedOn(it) if !self.can_be(it.ballot) => {}
            ToLeader::Timeout(it)
                if it.certificate.as_ref().is_some_and(|it| !self.can_be(it.ballot)) => {}
            ToLeader::Prepare(it) => {
                self.leader.handle_prepare(Verified::unverified_for_model(it.prepare))
            }
            ToLeader::Lock(it) => {
                if self.is_next(it.lock.ballot) {
                    let (of, beside) = (it.lock.ballot, it.certificate.ballot);
                    self.note((of == beside).then_some(it.lock.member), beside);
                }
                let certificate = PrepareCertificate::unverified_for_model(it.certificate);
                self.leader.handle_lock(Verified::unverified_for_model(it.lock), &certificate);
            }
            ToLeader::Sign(it) => self.leader.handle_signature(it),
            ToLeader::Timeout(it) => {
                let member = it.timeout.member;
                let beside = it.certificate.as_ref().map(|certificate| certificate.ballot);
                let named = (beside == it.timeout.lock).then_some(member);
                beside.into_iter().for_each(|beside| self.note(named, beside));
                let certificate = it.certificate.map(PrepareCertificate::unverified_for_model);
                let timeout = Verified::unverified_for_model(it.timeout);
                self.leader.handle_timeout(timeout, certificate.as_ref(), Duration::ZERO, self.now);
            }
            ToLeader::LockedOn(it) => {
                self.note(None, it.ballot);
                self.leader.handle_locked_on(&PrepareCertificate::unverified_for_model(it));
            }
            ToLeader::Tip(_, k) => self.leader.handle_tip(member, k),
            ToLeader::Body(it) => self.leader.handle_body(DigestedBody::new(*it)),
            ToLeader::WantBody(d) => self.leader.handle_want_body(member, d),
            ToLeader::AskTips => {}
        }
    }

    /// Carries out what it wants done, and holds it to its word.
    fn carry_out(&mut self) {
        while let Some(effect) = self.leader.poll_effect() {
            match effect {
                LeaderEffect::Persist(ballot) => self.written(ballot),
                LeaderEffect::Propose { proposal, body, bare, certificate, .. } => {
                    assert_eq!(self.stored, Some(proposal.ballot), "told before it was written");
                    assert_eq!(body.d(), proposal.ballot.d);
                    assert!(bare.is_empty() || certificate.is_some());
                    let certificate = certificate.map(|certificate| certificate.ballot());
                    let fits = |it: Ballot| it.d == body.d() && it.v < proposal.ballot.v;
                    assert!(certificate.is_none_or(fits));
                    self.keeps_what_may_be_locked(proposal.ballot, certificate);
                }
                LeaderEffect::Send(_, FromLeader::WantBody(d)) => {
                    self.asked.entry(d).or_insert(self.now);
                }
                LeaderEffect::MakeBody { k, base, .. } => {
                    assert_eq!((k, base), (self.tip.k, self.tip.head()));
                    self.wants_body = true;
                }
                LeaderEffect::Combine { head, signatures, .. } => self.combine(head, &signatures),
                LeaderEffect::Final { k, body } => {
                    assert_eq!(k, self.tip.k);
                    self.advance(&body);
                }
                LeaderEffect::CatchUp { .. }
                | LeaderEffect::Behind { .. }
                | LeaderEffect::Send(..)
                | LeaderEffect::Publish(_) => {}
            }
        }
        let _deadline = self.leader.poll_deadline();
    }

    fn written(&mut self, ballot: Ballot) {
        let first = *self.proposed.entry((ballot.k, ballot.v)).or_insert(ballot.d);
        assert_eq!(first, ballot.d, "two proposals in one view");
        self.stored = Some(ballot);
    }

    /// A new proposal comes with the highest certificate that it was told, but for those whose body nobody gave it
    /// for long enough.
    fn keeps_what_may_be_locked(&mut self, it: Ballot, certificate: Option<Ballot>) {
        if !self.sent.insert(it) {
            return;
        }
        let given_up =
            |d| self.asked.get(d).is_some_and(|at| self.now >= at.saturating_add(LONGEST_HEARING));
        let below = self.told.values().filter(|told| told.v < it.v && !given_up(&told.d));
        let highest = below.map(|told| told.v).max();
        assert!(
            certificate.map(|it| it.v) >= highest,
            "another body than the one that may be locked: {it:?} with {certificate:?}, told {:?}, asked {:?} at {:?}",
            self.told,
            self.asked,
            self.now,
        );
    }

    fn combine(&mut self, head: TreeHead, signatures: &[SignMessage]) {
        let members: BTreeSet<MemberRef> = signatures.iter().map(|it| it.member).collect();
        let size = CommitteeSize::of(4).expect("four");
        let quorums = Quorums::new(vec![size, size]).expect("two committees");
        assert!(quorums.is_quorum(&members) && members.len() == signatures.len(), "not a quorum's");
        assert!(signatures.iter().all(|it| it.head == head && it.k == self.tip.k));
        assert!(members.is_disjoint(&self.culprits), "a culprit's signature is combined");
        self.finished = Some(body(&self.tip, 0));
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let all = |what: u8, body: u8, view: u8| (0..7u8).map(move |who| [what, body, view, who]);
    let mut straight = vec![[0, 0, 0, 0], [1, 1, 0, 0]];
    for what in [3, 5, 7] {
        straight.extend(all(what, 1, 0));
    }
    straight.push([14, 0, 0, 1]);
    let mut later = vec![[0, 0, 0, 0], [1, 1, 0, 0], [3, 1, 0, 0]];
    later.extend(all(9, 130, 2));
    later.extend([[10, 0, 0, 255], [11, 0, 0, 0], [12, 2, 2, 16], [13, 0, 0, 0], [12, 0, 0, 0]]);
    let script = |steps: &[[u8; 4]]| steps.concat();
    let pinned = include_str!("../../../gateway/gateway-types/tests/vectors/formats.txt");
    let messages = pinned.lines().filter_map(|line| line.strip_prefix("leader-")?.split_once(' '));
    let raw = script(&[&straight[..3], &[[15, 0, 0, 0]], &straight[3..]].concat());
    let mut seeds: Vec<Vec<u8>> = messages
        .map(|(_, bytes)| fuzz::join(&[&raw, &hex::decode(bytes).expect("hexadecimal")]))
        .collect();
    seeds.push(fuzz::join(&[&script(&[&straight[..], &straight].concat()), b""]));
    seeds.push(fuzz::join(&[&script(&later), b""]));
    seeds.push(fuzz::join(&[&script(&[&straight[..9], &later, &straight].concat()), b""]));
    seeds
}
