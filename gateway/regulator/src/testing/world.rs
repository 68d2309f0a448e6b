//! Eight engines, each on a store of its own, and two leaders, in virtual time. A member can be killed at any point.

use super::{NOW, chain, holder::Holder, lane, leader::Gateway};
use crate::{
    engine::{Effect, Engine, own_words},
    fault::Step,
    journal::{JournalEntry, Written, verify_journal},
    moment::Moment,
    restore::{load_journal, restore, stored_client},
    setup::Start,
};
use gateway_agreement::member::To;
use gateway_store::{Batch, MemoryStore, RunId, Store as _};
use gateway_types::{
    Digest, MemberRef, Timestamp,
    link::{CandidateFrame, InboxFrame, MemberFrame},
    message::ToLeader,
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// Most parcels delivered in one go: more means that something goes round in circles.
const MAX_PARCELS: usize = 100_000;

/// One member: what it keeps, and what runs on it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) engine: Option<Engine>,
    pub(crate) store: MemoryStore,
    /// All that it ever said.
    pub(crate) said: Vec<MemberFrame>,
    pub(crate) notes: Vec<String>,
    /// How far its clock is off, in milliseconds.
    pub(crate) clock_ms: i64,
    told_at: Timestamp,
}

#[derive(Debug)]
enum Parcel {
    ToLeader(u8, MemberRef, MemberFrame),
    ToMember(MemberRef, u8, InboxFrame),
}

/// The whole lane.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) nodes: BTreeMap<MemberRef, Node>,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) ledger: chain::Ledger,
    pub(crate) now: Timestamp,
    queue: VecDeque<Parcel>,
    /// Whom to kill, and where.
    pub(crate) kill: Option<(MemberRef, &'static str)>,
    /// The points that were reached, by whom.
    pub(crate) reached: BTreeSet<(MemberRef, &'static str)>,
    pub(crate) asked: u64,
}

/// Waits for what a store in memory does.
pub(crate) fn commit(store: &MemoryStore, batch: Batch) {
    let mut waits = pin!(store.commit(batch));
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = waits.as_mut().poll(&mut context) {
            return done.unwrap();
        }
    }
}

/// Starts an engine on a store.
pub(crate) fn start(me: MemberRef, store: &MemoryStore, start: Start, now: Moment) -> Engine {
    let setup = lane::setup(me);
    let client = stored_client(store, &setup).unwrap().unwrap_or_else(chain::client);
    let restored = restore(store, &setup, start, client).unwrap();
    let words = own_words(Arc::new(store.clone()), &lane::origin());
    Engine::new(setup, restored, words, now).unwrap()
}

impl World {
    /// A new lane, its batch 0 final.
    pub(crate) fn begun() -> Self {
        let mut world = Self::empty();
        world.gateways[0].work(world.now);
        world.pass(1_000);
        assert_eq!(world.next_ks(), BTreeSet::from([1]), "batch 0 is final everywhere");
        world
    }

    /// A new lane of new members, connected to both leaders.
    pub(crate) fn empty() -> Self {
        let gateways = vec![Gateway::new(0), Gateway::new(1)];
        let mut world = Self {
            nodes: BTreeMap::new(),
            gateways,
            ledger: chain::Ledger::new(),
            now: NOW,
            queue: VecDeque::new(),
            kill: None,
            reached: BTreeSet::new(),
            asked: 0,
        };
        for me in lane::keys().members() {
            let store = MemoryStore::new(RunId([me.committee * 10 + me.member; 16]));
            let node = Node {
                engine: None,
                store,
                said: Vec::new(),
                notes: Vec::new(),
                clock_ms: 0,
                told_at: NOW,
            };
            world.nodes.insert(me, node);
            world.start(me, Start::New);
        }
        world
    }

    pub(crate) fn node(&mut self, me: MemberRef) -> &mut Node {
        self.nodes.get_mut(&me).unwrap()
    }

    pub(crate) fn engine(&mut self, me: MemberRef) -> &mut Engine {
        self.node(me).engine.as_mut().unwrap()
    }

    /// Starts a member, or starts it again, and connects it.
    pub(crate) fn start(&mut self, me: MemberRef, how: Start) {
        let now = self.moment(me);
        let node = self.node(me);
        node.engine = Some(start(me, &node.store, how, now));
        self.drive(me);
        for leader in 0..2 {
            let now = self.moment(me);
            if let Some(engine) = &mut self.node(me).engine {
                engine.handle_connected(leader, now);
            }
            self.drive(me);
            let now = self.now;
            self.gateways[usize::from(leader)].connected(me, now);
            self.collect();
        }
    }

    /// As `kill -9`: what was not written is gone.
    pub(crate) fn crash(&mut self, me: MemberRef) {
        self.node(me).engine = None;
        self.queue.retain(|parcel| !matches!(parcel, Parcel::ToMember(to, ..) if *to == me));
    }

    /// By its own clock.
    pub(crate) fn moment(&self, me: MemberRef) -> Moment {
        let wall = Timestamp(self.now.0.checked_add_signed(self.nodes[&me].clock_ms).unwrap());
        Moment { wall, elapsed: self.now.since(NOW) }
    }

    /// A block is made; both gateways offer it as the next sync point.
    pub(crate) fn block(&mut self) {
        self.now.0 += 1;
        self.ledger.block(self.now);
        let ledger = self.ledger.clone();
        self.gateways.iter_mut().for_each(|gateway| gateway.offer(&ledger));
    }

    /// The candidate of a new question about that holder, whose licence has this status.
    pub(crate) fn candidate(&mut self, holder: Holder, code: u8) -> CandidateFrame {
        self.ledger.write(holder.key(), holder.issued().digest(), code);
        self.block();
        self.asked += 1;
        holder.ask(self.asked, &self.ledger, &self.gateways[0].client, self.now)
    }

    /// Asks all members, the destination's with what the holder handed over.
    pub(crate) fn send(&mut self, frame: &CandidateFrame) {
        let candidate = &frame.candidate;
        for gateway in &mut self.gateways {
            gateway.candidates.push(candidate.clone());
        }
        self.show(frame);
    }

    /// Asks the members alone: the leaders leave it out.
    pub(crate) fn show(&mut self, frame: &CandidateFrame) {
        for me in lane::keys().members() {
            self.deliver(me, 0, lane::candidate_for(me, frame));
        }
    }

    pub(crate) fn ask(&mut self, holder: Holder) -> Digest {
        let frame = self.candidate(holder, 1);
        self.send(&frame);
        frame.candidate.digest()
    }

    /// A frame goes to a member, after those that are on their way.
    pub(crate) fn deliver(&mut self, to: MemberRef, from: u8, frame: InboxFrame) {
        self.queue.push_back(Parcel::ToMember(to, from, frame));
    }

    /// Which batches the running members wait for.
    pub(crate) fn next_ks(&self) -> BTreeSet<u64> {
        let engines = self.nodes.values().filter_map(|node| node.engine.as_ref());
        engines.map(|engine| engine.view().next_k).collect()
    }

    /// Lets time pass, telling everybody who wants to be told.
    pub(crate) fn pass(&mut self, ms: u64) {
        let until = Timestamp(self.now.0 + ms);
        self.run();
        while let Some(next) = self.next_deadline().filter(|next| *next <= until) {
            self.now = next.max(self.now);
            self.tick();
            self.run();
        }
        self.now = until;
        self.tick();
        self.run();
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let nodes = self.nodes.values().filter_map(|node| {
            let engine = node.engine.as_ref()?;
            let wait = engine.poll_deadline()?.since(engine.steady());
            Some(node.told_at.saturating_add(wait.max(Duration::from_millis(1))))
        });
        nodes.chain(self.gateways.iter().filter_map(Gateway::deadline)).min()
    }

    pub(crate) fn tick(&mut self) {
        let now = self.now;
        for me in self.nodes.keys().copied().collect::<Vec<_>>() {
            let at = self.moment(me);
            let node = self.node(me);
            node.told_at = now;
            if let Some(engine) = &mut node.engine {
                engine.handle_time(at);
            }
            self.drive(me);
        }
        self.gateways.iter_mut().for_each(|gateway| gateway.tick(now));
        self.collect();
    }

    pub(crate) fn run(&mut self) {
        for _ in 0..MAX_PARCELS {
            if !self.step() {
                return;
            }
        }
        panic!("it goes round in circles");
    }

    /// Delivers one frame, or lets a little time pass; false if there was none.
    pub(crate) fn step(&mut self) -> bool {
        self.collect();
        let Some(parcel) = self.queue.pop_front() else {
            return false;
        };
        match parcel {
            Parcel::ToLeader(to, from, frame) => {
                let now = self.now;
                self.gateways[usize::from(to)].take(from, frame, now);
                self.collect();
            }
            Parcel::ToMember(to, from, frame) => {
                let at = self.moment(to);
                if let Some(engine) = &mut self.node(to).engine {
                    engine.handle_frame(from, frame, at);
                }
                self.drive(to);
            }
        }
        true
    }

    /// What gateways have to say goes on its way.
    fn collect(&mut self) {
        for place in 0..self.gateways.len() {
            for message in std::mem::take(&mut self.gateways[place].news) {
                let (now, other) = (self.now, 1 - place);
                self.gateways[other].follow(&message, now);
            }
        }
        for gateway in &mut self.gateways {
            for (to, frame) in std::mem::take(&mut gateway.out) {
                self.queue.push_back(Parcel::ToMember(to, gateway.place, frame));
            }
        }
    }

    /// Carries out a member's effects, in order; it may be killed on the way.
    pub(crate) fn drive(&mut self, me: MemberRef) {
        while let Some(effect) = self.node(me).engine.as_mut().and_then(Engine::poll_effect) {
            match effect {
                Effect::Persist(step, batch) => {
                    if self.dies(me, step.before_commit()) {
                        return;
                    }
                    commit(&self.node(me).store, batch);
                    if self.dies(me, step.after_commit()) {
                        return;
                    }
                }
                Effect::Send(step, to, frame) => self.say(me, step, to, &frame),
                Effect::Publish(found) => self.node(me).notes.push(format!("{found:?}")),
                Effect::Note(notice) => self.node(me).notes.push(format!("{notice:?}")),
            }
        }
    }

    fn say(&mut self, me: MemberRef, step: Step, to: To, frame: &MemberFrame) {
        self.node(me).said.push(frame.clone());
        for leader in 0..2 {
            if to == To::AllLeaders || to == To::Leader(leader) {
                self.queue.push_back(Parcel::ToLeader(leader, me, frame.clone()));
            }
        }
        self.dies(me, step.after_send());
    }

    fn dies(&mut self, me: MemberRef, point: &'static str) -> bool {
        self.reached.insert((me, point));
        let dies = self.kill.take_if(|kill| *kill == (me, point)).is_some();
        if dies {
            self.crash(me);
        }
        dies
    }

    pub(crate) fn journal(&self, me: MemberRef) -> Vec<JournalEntry> {
        let mut entries = Vec::new();
        load_journal(&self.nodes[&me].store, &lane::origin(), |entry| entries.push(entry)).unwrap();
        entries
    }

    /// What each member ever said does not contradict itself, and its journal has all of it.
    pub(crate) fn check_words(&self) {
        for (me, node) in &self.nodes {
            let entries = self.journal(*me);
            verify_journal(&entries).unwrap();
            check_member(*me, &node.said, &entries);
        }
    }
}

fn check_member(me: MemberRef, said: &[MemberFrame], entries: &[JournalEntry]) {
    let written: Vec<&Written> = entries.iter().map(|entry| &entry.what).collect();
    let (mut prepares, mut roots, mut words) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for frame in said {
        match frame {
            MemberFrame::Verdicts(signed) => {
                let digest = signed.digest().digest();
                let verdicts = signed.list.verdicts.clone();
                assert!(written.contains(&&Written::Verdicts(digest, verdicts)), "{me} verdicts");
                for verdict in &signed.list.verdicts {
                    let first = *words.entry(verdict.candidate).or_insert(*verdict);
                    assert_eq!(first, *verdict, "{me}: two verdicts on one candidate");
                }
            }
            MemberFrame::Agree(message) => match &**message {
                ToLeader::Prepare(it) => {
                    let ballot = it.prepare.ballot;
                    assert!(written.contains(&&Written::Prepared(ballot)), "{me} prepare");
                    let first = *prepares.entry((ballot.k, ballot.v)).or_insert(ballot.d);
                    assert_eq!(first, ballot.d, "{me}: two prepares in one view");
                }
                ToLeader::Lock(it) => {
                    assert!(written.contains(&&Written::Locked(it.lock.ballot)), "{me} lock");
                }
                ToLeader::Sign(it) => {
                    let has = |what: &&Written| matches!(what, Written::Signed(k, _, head) if (*k, *head) == (it.k, it.head));
                    assert!(written.iter().any(has), "{me} signature");
                    let first = *roots.entry(it.k).or_insert(it.head);
                    assert_eq!(first, it.head, "{me}: two roots of one batch");
                }
                _ => {}
            },
        }
    }
}
