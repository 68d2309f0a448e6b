//! The whole lane in virtual time: members, two gateways' engines with their stores and light clients, a registry.

use super::{
    NOW,
    chain::{self, Chain, Ledger},
    keys::{config, made, origin, packs},
    node::{Node, Said},
};
use crate::{
    chain::engine::{ChainEngine, ChainOutput},
    lane::{
        LaneEvent,
        engine::{Engine, Output},
    },
};
use chain_adapter::Follower;
use gateway_agreement::member::To;
use gateway_http::frames;
use gateway_store::{Batch, MemoryStore, RunId, Store as _};
use gateway_types::{
    Bounded, Digest, LicenceKey, MemberRef, SourceCode, Timestamp,
    candidate::{Candidate, DecisionTerms, EvidenceRef, Form},
    facts::Facts,
    link::{CandidateFrame, Handed, InboxFrame, MemberFrame, PeerFrame, RelayEvidence, ShownValue},
};
use light_client::Limits;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// A gateway of the test lane.
pub(crate) struct Gateway {
    pub(crate) engine: Engine,
    pub(crate) chain: ChainEngine,
    pub(crate) store: MemoryStore,
    pub(crate) events: Vec<LaneEvent>,
    /// Switched off: it hears and says nothing.
    pub(crate) off: bool,
    /// Dies when it has written so many times.
    pub(crate) dies_after: Option<u64>,
}

enum Parcel {
    Member(u8, MemberRef, InboxFrame),
    Leader(u8, MemberRef, MemberFrame),
    Peer(u8, u8, PeerFrame),
}

pub(crate) struct World {
    pub(crate) now: Timestamp,
    pub(crate) nodes: BTreeMap<MemberRef, Node>,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) ledger: Ledger,
    queue: VecDeque<Parcel>,
    asked: u8,
}

impl World {
    /// All there, everybody connected, nothing logged.
    pub(crate) fn new() -> Self {
        let members = made().keys.members();
        let nodes = members.map(|member| (member, Node::new(member, NOW))).collect();
        let stores = [1, 2].map(|n| MemoryStore::new(RunId([n; 16])));
        let gateways = (0u8..).zip(stores).map(|(place, store)| Gateway::open(place, store, NOW));
        let mut world = Self {
            now: NOW,
            nodes,
            gateways: gateways.collect(),
            ledger: Ledger::new(),
            queue: VecDeque::new(),
            asked: 0,
        };
        (0..2).for_each(|place| world.connect(place));
        world
    }

    /// The same after batch 0, with the source followed.
    pub(crate) fn begun() -> Self {
        let mut world = Self::new();
        world.work();
        assert_eq!(world.gateways[0].engine.log().next_k(), 1);
        world.pass(Duration::from_secs(1));
        world.block();
        world
    }

    /// Everybody dials that gateway, and so does the other.
    pub(crate) fn connect(&mut self, place: u8) {
        let now = self.now;
        let members: Vec<_> = self.nodes.keys().copied().collect();
        for member in members {
            self.gateways[usize::from(place)].engine.handle_connected(member, now);
            let said = self.nodes.get_mut(&member).unwrap().reconnect(place, now);
            self.say(member, said);
        }
        self.gateways[usize::from(place)].engine.handle_peer_connected(1 - place, now);
        self.catch_up(place);
        self.run();
    }

    /// That gateway reads from the other what is final.
    pub(crate) fn catch_up(&mut self, place: u8) {
        let (here, there) = (usize::from(place), usize::from(1 - place));
        let Some(other) = self.gateways.get(there) else { return };
        let log = Arc::clone(other.engine.log());
        for k in self.gateways[here].engine.log().next_k()..log.next_k() {
            let message = crate::lane::decode_batch(&log.encoded(k).unwrap().unwrap()).unwrap();
            let frame = PeerFrame::Final(Box::new(message));
            self.queue.push_back(Parcel::Peer(1 - place, place, frame));
        }
    }

    /// A block is made; both relayers tell of it.
    pub(crate) fn block(&mut self) {
        self.ledger.block(self.now);
        let chain = chain::pin().chain;
        let header = Bounded::new(vec![self.ledger.header()]).unwrap();
        let headers = RelayEvidence::Headers(chain.clone(), header);
        let mut told = vec![headers];
        for (at, some) in (0u64..).zip(self.ledger.changes.chunks(256)) {
            let some = Bounded::new(some.to_vec()).unwrap();
            told.push(RelayEvidence::Changes(chain.clone(), at * 256, some));
        }
        told.push(RelayEvidence::Head(chain, self.ledger.show_head()));
        for place in 0..2 {
            told.iter()
                .for_each(|it| self.gateways[place].chain.handle_evidence(it.clone(), self.now));
            self.offer(place);
        }
        self.run();
    }

    /// What the light client of that gateway wants done is done; gives what it asks of its relayer.
    pub(crate) fn offer(&mut self, place: usize) -> Vec<gateway_types::link::RelayWork> {
        let (gateway, now) = (&mut self.gateways[place], self.now);
        let mut asked = Vec::new();
        gateway.chain.handle_time(now);
        while let Some(output) = gateway.chain.poll_output() {
            match output {
                ChainOutput::Offer(0, offer, changed) => {
                    gateway.engine.handle_offer(*offer, changed, now);
                }
                ChainOutput::Offer(..) => panic!("there is one lane"),
                ChainOutput::Freeze(freeze) => gateway.engine.handle_freeze(*freeze),
                ChainOutput::Work(work) => asked.push(work),
            }
        }
        asked
    }

    /// A candidate of a question never asked before, proven in the chain's last block.
    pub(crate) fn candidate(&mut self, licence: u8) -> Candidate {
        self.asked += 1;
        self.candidate_of(licence, Digest([100 + self.asked; 32]))
    }

    pub(crate) fn candidate_of(&self, licence: u8, request: Digest) -> Candidate {
        Candidate {
            version: 1,
            origin: origin(),
            request,
            licence: key(licence),
            record: Digest([50 + licence; 32]),
            consent: None,
            facts: self.facts(),
            packs: Bounded::new(packs().to_vec()).unwrap(),
            evidence: EvidenceRef {
                chain: chain::pin().chain,
                height: self.ledger.height,
                block_time: self.ledger.time,
                pin: chain::pin().id(),
                sequence: Some(1),
            },
            decision: DecisionTerms {
                form: Form::Accepted,
                local_class: Some("private-car".parse().unwrap()),
                obligations: Bounded::default(),
                reasons: Bounded::default(),
            },
            life_ms: 60_000,
        }
    }

    fn facts(&self) -> Facts {
        Facts {
            now: self.now,
            from: "CN-GD".parse().unwrap(),
            to: "CN-HK".parse().unwrap(),
            tier: "standard".parse().unwrap(),
            class: "driving-c1".parse().unwrap(),
            issuer: "11440000EXAMPLE11C".parse().unwrap(),
            issuer_accredited: true,
            code: Some(SourceCode::VALID),
            not_before: Timestamp(0),
            not_after: Timestamp(u64::MAX / 2),
            purpose: "licence-exchange".parse().unwrap(),
            platform: "comity://CN-HK/platform/counter".parse().unwrap(),
            platform_suspended: false,
            consent: None,
            evidence_age_s: 1,
            contract_filed: true,
            onward: false,
            review: false,
            obligations: Bounded::default(),
        }
    }

    pub(crate) fn frame(&self, candidate: Candidate) -> CandidateFrame {
        let shown: ShownValue = self.ledger.show(&candidate.licence);
        let handed = Handed {
            licence: "11440000EXAMPLE11C-1".parse().unwrap(),
            record: gateway_types::Bytes::new(b"record".to_vec()).unwrap(),
            consent: None,
        };
        CandidateFrame {
            candidate,
            shown,
            header: Some(self.ledger.header()),
            handed: Some(handed),
        }
    }

    /// That gateway's question side sends a candidate.
    pub(crate) fn submit(&mut self, place: usize, candidate: &Candidate) {
        let frame = self.frame(candidate.clone());
        self.gateways[place].engine.handle_candidate(frame, self.now);
        self.run();
    }

    /// The engines propose, if something waits, until all is quiet.
    pub(crate) fn work(&mut self) {
        for _ in 0..8 {
            for place in 0..2 {
                self.offer(place);
                self.gateways[place].engine.handle_work(self.now);
            }
            self.run();
        }
    }

    /// Time passes, a tenth of a second at a time.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now.saturating_add(time);
        while self.now < end {
            self.now = self.now.saturating_add(Duration::from_millis(100)).min(end);
            let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= self.now);
            let members = self.nodes.iter().filter(|(_, it)| due(it.deadline()));
            for member in members.map(|(member, _)| *member).collect::<Vec<_>>() {
                let said = self.nodes.get_mut(&member).unwrap().tick(self.now);
                self.say(member, said);
            }
            for place in 0..2 {
                self.gateways[place].engine.handle_time(self.now);
                self.offer(place);
                self.gateways[place].engine.handle_work(self.now);
            }
            self.run();
        }
    }

    pub(crate) fn say(&mut self, from: MemberRef, said: Said) {
        for (to, frame) in said {
            let leaders = match to {
                To::Leader(leader) => leader..leader + 1,
                To::AllLeaders => 0..2,
            };
            for to in leaders {
                self.queue.push_back(Parcel::Leader(to, from, frame.clone()));
            }
        }
    }

    /// Delivers all that is on its way.
    pub(crate) fn run(&mut self) {
        loop {
            (0..2).for_each(|place| self.carry_out(place));
            let Some(parcel) = self.queue.pop_front() else { return };
            let now = self.now;
            match parcel {
                Parcel::Member(from, to, frame) => {
                    let Some(node) = self.nodes.get_mut(&to) else { continue };
                    let said = node.take(from, frame, now);
                    self.say(to, said);
                }
                Parcel::Leader(to, from, frame) => {
                    let gateway = &mut self.gateways[usize::from(to)];
                    if !gateway.off {
                        gateway.engine.handle_member(from, frame, now).ok();
                    }
                }
                Parcel::Peer(from, to, frame) => {
                    let gateway = &mut self.gateways[usize::from(to)];
                    match frame {
                        _ if gateway.off => {}
                        PeerFrame::Alive => {}
                        PeerFrame::Final(it) => {
                            gateway.engine.handle_peer_final(from, *it).unwrap();
                        }
                        PeerFrame::Candidate(it) => {
                            gateway.engine.handle_peer_candidate(from, *it, now).unwrap();
                        }
                    }
                }
            }
        }
    }

    fn carry_out(&mut self, place: u8) {
        let gateway = &mut self.gateways[usize::from(place)];
        while let Some(output) = gateway.engine.poll_output() {
            if gateway.off {
                continue;
            }
            match output {
                Output::Persist(batch) => gateway.persist(batch),
                Output::ToMembers(to, frame) => {
                    let frame: InboxFrame = one(&frame);
                    let parcel = |to| Parcel::Member(place, to, frame.clone());
                    self.queue.extend(to.into_iter().map(parcel));
                }
                Output::ToPeer(to, frame) => {
                    self.queue.push_back(Parcel::Peer(place, to, one(&frame)));
                }
                Output::ToPeers(frame) => {
                    self.queue.push_back(Parcel::Peer(place, 1 - place, one(&frame)));
                }
                Output::Event(LaneEvent::Final(batch)) => {
                    let message = gateway
                        .engine
                        .log()
                        .encoded(batch.k)
                        .unwrap()
                        .expect("told before written");
                    let message = crate::lane::decode_batch(&message).unwrap();
                    let frame = PeerFrame::Final(Box::new(message));
                    self.queue.push_back(Parcel::Peer(place, 1 - place, frame));
                    gateway.events.push(LaneEvent::Final(batch));
                }
                Output::Event(event) => gateway.events.push(event),
                Output::Behind => {}
            }
        }
    }

    /// That gateway's process ends, and another begins with what was written.
    pub(crate) fn restart(&mut self, place: u8) {
        let store = self.gateways[usize::from(place)].store.reopened();
        self.gateways[usize::from(place)] = Gateway::open(place, store, self.now);
        self.connect(place);
    }

    /// The words of what is logged, as the gateway at `place` has it.
    pub(crate) fn kinds(&self, place: usize) -> Vec<&'static str> {
        let log = self.gateways[place].engine.log();
        let entry = |index| log.entry(index).unwrap().unwrap().entry;
        let kind = |index| gateway_types::entry::Entry::decode(&entry(index).bytes).unwrap().kind();
        (0..log.head().size).map(kind).collect()
    }

    pub(crate) fn count(&self, place: usize, kind: &str) -> usize {
        self.kinds(place).iter().filter(|it| **it == kind).count()
    }

    /// Nobody refused anything.
    pub(crate) fn assert_no_refusals(&self) {
        for node in self.nodes.values() {
            assert_eq!(node.refused, Vec::<String>::new(), "{}", node.me);
        }
    }
}

impl Gateway {
    pub(crate) fn open(place: u8, store: MemoryStore, now: Timestamp) -> Self {
        let rng = ChaCha20Rng::from_seed([place + 1; 32]);
        let engine = Engine::open(config(place), Arc::new(store.clone()), rng, now).unwrap();
        let header = chain::pinned_header();
        let follower =
            Follower::new(Box::new(Chain), &chain::pin(), Limits::default(), &header).unwrap();
        let chain = ChainEngine::new(follower, vec![Arc::clone(engine.log())]);
        let (events, off) = (Vec::new(), false);
        Self { engine, chain, store, events, off, dies_after: None }
    }

    /// Writes; or dies instead, or just after.
    fn persist(&mut self, batch: Batch) {
        if self.dies_after == Some(0) {
            self.off = true;
            return;
        }
        self.dies_after = self.dies_after.map(|left| left - 1);
        block_on(self.store.commit(batch)).unwrap();
    }
}

/// The store in memory never waits.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

pub(crate) fn key(licence: u8) -> LicenceKey {
    LicenceKey(Digest([licence; 32]))
}

pub(crate) fn one<T>(frame: &[u8]) -> T
where
    T: minicbor::Encode<()> + for<'b> minicbor::Decode<'b, ()>,
{
    let mut all = frames::decode_all(frame, 1).unwrap();
    all.remove(0)
}
