#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

mod told;

use super::*;
use crate::testing::{NOW, chain::Ledger, holder::Holder, lane, leader::Gateway};
use async_trait::async_trait;
use chain_adapter::{FetchError, SourceId, Tip};
use gateway_store::{MemoryStore, RunId};
use gateway_types::{
    MemberRef, Timestamp,
    link::{MemberFrame, ShownValue},
    registry::{Change, head_path},
};
use light_client::HeaderBytes;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

/// A clock that goes with the runtime's time.
#[derive(Debug)]
struct TestClock(Instant);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        NOW.saturating_add(self.0.elapsed())
    }
}

/// Two gateways behind one lock, and the open inboxes.
#[derive(Debug)]
struct Hub {
    gateways: Vec<Gateway>,
    inboxes: BTreeMap<(u8, MemberRef), mpsc::UnboundedSender<InboxFrame>>,
    ledger: Ledger,
    headers: BTreeMap<u64, HeaderBytes>,
    clock: TestClock,
    asked: u64,
    /// Leaders that nobody reaches.
    down: [bool; 2],
}

#[derive(Clone, Debug)]
struct Shared(Arc<Mutex<Hub>>);

impl Shared {
    fn new() -> Self {
        let ledger = Ledger::new();
        let headers = BTreeMap::from([(1, ledger.header())]);
        Self(Arc::new(Mutex::new(Hub {
            gateways: vec![Gateway::new(0), Gateway::new(1)],
            inboxes: BTreeMap::new(),
            ledger,
            headers,
            clock: TestClock(Instant::now()),
            asked: 0,
            down: [false; 2],
        })))
    }

    fn hub(&self) -> MutexGuard<'_, Hub> {
        self.0.lock().unwrap()
    }
}

impl Hub {
    /// What gateways say goes to those who are connected.
    fn pass_on(&mut self) {
        let now = self.clock.now();
        for place in 0..2 {
            for message in std::mem::take(&mut self.gateways[place].news) {
                self.gateways[1 - place].follow(&message, now);
            }
        }
        for gateway in &mut self.gateways {
            for (to, frame) in std::mem::take(&mut gateway.out) {
                if let Some(inbox) = self.inboxes.get(&(gateway.place, to)) {
                    inbox.send(frame).ok();
                }
            }
        }
    }

    fn block(&mut self) {
        let now = self.clock.now().max(Timestamp(self.ledger.time.0 + 1));
        self.ledger.block(now);
        self.headers.insert(self.ledger.height, self.ledger.header());
        let ledger = self.ledger.clone();
        self.gateways.iter_mut().for_each(|gateway| gateway.offer(&ledger));
    }

    fn ask(&mut self, holder: Holder) {
        self.ledger.write(holder.key(), holder.issued().digest(), 1);
        self.block();
        self.asked += 1;
        let now = self.clock.now();
        let frame = holder.ask(self.asked, &self.ledger, &self.gateways[0].client, now);
        for gateway in &mut self.gateways {
            gateway.candidates.push(frame.candidate.clone());
        }
        for me in lane::keys().members() {
            if let Some(inbox) = self.inboxes.get(&(0, me)) {
                inbox.send(lane::candidate_for(me, &frame)).ok();
            }
        }
    }
}

#[derive(Debug)]
struct MemoryLink {
    place: u8,
    me: MemberRef,
    shared: Shared,
}

struct MemoryInbox(mpsc::UnboundedReceiver<InboxFrame>);

fn away() -> LinkError {
    LinkError::unreachable(&"away")
}

#[async_trait]
impl LeaderLink for MemoryLink {
    async fn open_inbox(&self) -> Result<Box<dyn Inbox>, LinkError> {
        let (send, receive) = mpsc::unbounded_channel();
        let mut hub = self.shared.hub();
        if hub.down[usize::from(self.place)] {
            return Err(away());
        }
        hub.inboxes.insert((self.place, self.me), send);
        let now = hub.clock.now();
        hub.gateways[usize::from(self.place)].connected(self.me, now);
        hub.pass_on();
        Ok(Box::new(MemoryInbox(receive)))
    }

    async fn post(&self, frames: &[MemberFrame]) -> Result<(), LinkError> {
        let mut hub = self.shared.hub();
        if hub.down[usize::from(self.place)] {
            return Err(away());
        }
        let now = hub.clock.now();
        for frame in frames {
            hub.gateways[usize::from(self.place)].take(self.me, frame.clone(), now);
        }
        hub.pass_on();
        Ok(())
    }
}

#[async_trait]
impl Inbox for MemoryInbox {
    async fn next(&mut self) -> Result<InboxFrame, LinkError> {
        let alive = tokio::time::sleep(Duration::from_secs(5));
        tokio::select! {
            frame = self.0.recv() => frame.ok_or_else(away),
            () = alive => Ok(InboxFrame::Alive),
        }
    }
}

#[derive(Debug)]
struct MemorySource(SourceId, Shared);

#[async_trait]
impl ChainAdapter for MemorySource {
    fn source(&self) -> &SourceId {
        &self.0
    }

    async fn fetch_tip(&self) -> Result<Tip, FetchError> {
        let hub = self.1.hub();
        Ok(Tip { height: hub.ledger.height, block_time: hub.ledger.time })
    }

    async fn fetch_header(&self, height: u64) -> Result<HeaderBytes, FetchError> {
        let hub = self.1.hub();
        let tip = hub.ledger.height;
        hub.headers.get(&height).cloned().ok_or(FetchError::Behind { tip, asked: height })
    }

    async fn fetch_value(&self, path: &[u8], height: u64) -> Result<ShownValue, FetchError> {
        let hub = self.1.hub();
        assert_eq!(path, head_path());
        let shown = hub.ledger.show_head();
        if shown.height == height { Ok(shown) } else { Err(FetchError::Pruned { asked: height }) }
    }

    async fn fetch_changes(&self, after: u64) -> Result<Vec<Change>, FetchError> {
        let after = usize::try_from(after).unwrap();
        Ok(self.1.hub().ledger.changes[after..].to_vec())
    }
}

fn parts(me: MemberRef, shared: &Shared, store: &MemoryStore) -> Parts {
    let link = |place| -> Arc<dyn LeaderLink> {
        Arc::new(MemoryLink { place, me, shared: shared.clone() })
    };
    let source = |name: &str| -> Arc<dyn ChainAdapter> {
        Arc::new(MemorySource(SourceId(name.to_owned()), shared.clone()))
    };
    let clock = TestClock(shared.hub().clock.0);
    Parts {
        clock: Arc::new(clock),
        store: Arc::new(store.clone()),
        rng: ChaCha20Rng::from_seed([me.member; 32]),
        leaders: vec![link(0), link(1)],
        sources: vec![source("one"), source("two")],
        faults: FaultPoints::default(),
        dev: false,
    }
}

/// Eight services and the gateways' ticking.
struct Lane {
    shared: Shared,
    stores: BTreeMap<MemberRef, MemoryStore>,
    running: BTreeMap<MemberRef, Regulator>,
}

impl Lane {
    async fn begun() -> Self {
        let shared = Shared::new();
        let mut lane = Self { shared, stores: BTreeMap::new(), running: BTreeMap::new() };
        for me in lane::keys().members() {
            let run = RunId([me.committee * 10 + me.member; 16]);
            lane.stores.insert(me, MemoryStore::new(run));
            lane.start(me, Start::New).await;
        }
        lane.wait(1_000).await;
        let now = lane.shared.hub().clock.now();
        lane.shared.hub().gateways[0].work(now);
        lane.shared.hub().pass_on();
        lane.wait(1_000).await;
        lane
    }

    async fn start(&mut self, me: MemberRef, start: Start) {
        let parts = parts(me, &self.shared, &self.stores[&me]);
        let regulator = Regulator::start(lane::setup(me), start, parts).await.unwrap();
        self.running.insert(me, regulator);
    }

    /// Lets time pass, with blocks and ticks.
    async fn wait(&self, ms: u64) {
        for tick in 0..ms / 50 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let mut hub = self.shared.hub();
            if tick % 20 == 19 {
                hub.block();
            }
            let now = hub.clock.now();
            hub.gateways.iter_mut().for_each(|gateway| gateway.tick(now));
            hub.pass_on();
        }
    }

    fn view(&self, me: MemberRef) -> RegulatorView {
        self.running[&me].view().borrow().clone()
    }

    fn next_k(&self) -> u64 {
        self.shared.hub().gateways[0].lane.next_k()
    }

    fn count(&self) -> u32 {
        self.shared.hub().gateways[0].lane.status_list().count()
    }
}

const ONE: MemberRef = MemberRef { committee: 0, member: 1 };

#[tokio::test(start_paused = true)]
async fn a_lane_of_services_recognises_and_survives_a_crash_and_a_leader_that_is_away() {
    let mut lane = Lane::begun().await;
    assert_eq!(lane.next_k(), 1);
    lane.shared.hub().ask(Holder(1));
    lane.wait(2_000).await;
    assert_eq!(lane.count(), 1);
    let view = lane.view(ONE);
    assert!(view.is_ready(), "{view:?}");
    assert_eq!((view.verdicts, view.next_k), (1, lane.next_k()));
    assert_eq!(view.sources.len(), 2);
    assert!(view.chain.is_some_and(|(height, _)| height > 1), "it follows by itself");
    // Killed, and another of its committee gone for good: the lane needs it back.
    lane.running.remove(&ONE);
    lane.running.remove(&MemberRef { committee: 0, member: 4 });
    lane.wait(500).await;
    lane.start(ONE, Start::Known).await;
    lane.wait(1_000).await;
    lane.shared.hub().ask(Holder(2));
    lane.wait(3_000).await;
    assert_eq!(lane.count(), 2);
    assert_eq!(lane.view(ONE).silence, None);
    // A leader that is away does not hold it up.
    lane.shared.hub().down[1] = true;
    lane.shared.hub().inboxes.retain(|(place, _), _| *place == 0);
    lane.wait(1_000).await;
    lane.shared.hub().ask(Holder(3));
    lane.wait(3_000).await;
    assert_eq!(lane.count(), 3);
    assert!(!lane.view(ONE).leaders[&1]);
    lane.shared.hub().down[1] = false;
    lane.wait(10_000).await;
    assert!(lane.view(ONE).leaders[&1]);
    let one = lane.running.remove(&ONE).unwrap();
    assert_eq!(one.stop().await, Ended::Stopped);
}

#[tokio::test(start_paused = true)]
async fn a118_a_full_disk_waits_and_a_failed_one_ends_it() {
    let mut lane = Lane::begun().await;
    let store = lane.stores[&ONE].clone();
    store.set_full(true);
    lane.shared.hub().ask(Holder(1));
    lane.wait(2_000).await;
    assert_eq!(lane.count(), 1, "the others go on");
    assert!(lane.view(ONE).disk_full);
    assert!(!lane.view(ONE).is_ready());
    store.set_full(false);
    lane.wait(3_000).await;
    assert!(lane.view(ONE).is_ready());
    assert_eq!(lane.view(ONE).next_k, lane.next_k());
    store.fail_at(1);
    lane.shared.hub().ask(Holder(2));
    lane.wait(2_000).await;
    let ended = lane.running.get_mut(&ONE).unwrap().ended().await;
    assert!(matches!(ended, Ended::Store(error) if error.is_final()));
}

#[tokio::test(start_paused = true)]
async fn a126_a_new_member_is_new_until_its_store_holds_it() {
    let shared = Shared::new();
    let store = MemoryStore::new(RunId([1; 16]));
    store.set_full(true);
    let on = |store| parts(ONE, &shared, store);
    let mut one = Regulator::start(lane::setup(ONE), Start::New, on(&store)).await.unwrap();
    let begun = one.begun().unwrap();
    let mut written = tokio::spawn(begun.written());
    let early = tokio::time::timeout(Duration::from_secs(60), &mut written).await;
    assert!(early.is_err(), "nothing is written yet");
    store.set_full(false);
    assert!(written.await.unwrap());
    assert!(store.commits() > 0);
    assert!(one.begun().is_none(), "it is told once");
    // One that ends before is not written.
    let failing = MemoryStore::new(RunId([2; 16]));
    failing.fail_at(1);
    let mut one = Regulator::start(lane::setup(ONE), Start::New, on(&failing)).await.unwrap();
    assert!(!one.begun().unwrap().written().await);
    assert!(matches!(one.ended().await, Ended::Store(_)));
}

#[tokio::test(start_paused = true)]
async fn too_few_sources_or_leaders_are_refused() {
    let shared = Shared::new();
    let store = MemoryStore::new(RunId([1; 16]));
    let start = |change: fn(&mut Parts)| {
        let mut parts = parts(ONE, &shared, &store);
        change(&mut parts);
        Regulator::start(lane::setup(ONE), Start::New, parts)
    };
    let refused = start(|parts| drop(parts.sources.pop())).await.unwrap_err();
    assert!(matches!(refused, StartError::Sources { got: 1, least: 2 }));
    let refused = start(|parts| drop(parts.leaders.pop())).await.unwrap_err();
    assert!(matches!(refused, StartError::Leaders { got: 1, wanted: 2 }));
}

#[cfg(feature = "fault-points")]
#[tokio::test(start_paused = true)]
async fn the_service_calls_the_hook_at_its_points() {
    use std::collections::BTreeSet;
    static REACHED: Mutex<BTreeSet<&str>> = Mutex::new(BTreeSet::new());
    let mut lane = Lane::begun().await;
    lane.running.remove(&ONE);
    let mut parts = parts(ONE, &lane.shared, &lane.stores[&ONE]);
    parts.faults = FaultPoints::new(|point| {
        REACHED.lock().unwrap().insert(point);
    });
    let regulator = Regulator::start(lane::setup(ONE), Start::Known, parts).await.unwrap();
    lane.running.insert(ONE, regulator);
    lane.wait(1_000).await;
    lane.shared.hub().ask(Holder(1));
    lane.wait(2_000).await;
    let reached = REACHED.lock().unwrap().clone();
    let all: BTreeSet<&str> = crate::POINTS.iter().copied().collect();
    let missing: Vec<_> = all.difference(&reached).collect();
    assert_eq!(missing, [&"regulator/timeout/after-send"]);
    assert!(reached.is_subset(&all));
}
