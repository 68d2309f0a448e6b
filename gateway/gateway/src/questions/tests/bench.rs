//! A gateway's question side over a real lane: real members, a real light client, in virtual time.

use super::holder;
use crate::{
    chain::{self, ChainHandle, RelayerOutbox},
    fault::FaultPoints,
    footing::Footing,
    lane::{self, LaneHandle},
    metrics::Metrics,
    questions::{QuestionSettings, Questions, ServedLane},
    testing::{
        NOW,
        chain::{Chain, Ledger, pin, pinned_header},
        keys::{config, made, origin},
        node::{Node, Said},
        packs,
        world::one,
    },
};
use gateway_agreement::member::To;
use gateway_core::KnownPlatforms;
use gateway_net::Clock;
use gateway_store::{MemoryStore, RunId};
use gateway_types::{
    Bounded, MemberRef, Timestamp,
    link::{RelayEvidence, RelayWork},
    verdict::Word,
};
use light_client::Limits;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

/// The runtime's own time, as a wall clock.
#[derive(Debug)]
pub(crate) struct TestClock(Instant);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        NOW.saturating_add(self.0.elapsed())
    }
}

/// What outlives a gateway's process.
#[derive(Clone)]
pub(crate) struct Region {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    pub(crate) nodes: Arc<Mutex<BTreeMap<MemberRef, Node>>>,
    /// Whether the relayer fetches.
    pub(crate) fetches: Arc<Mutex<bool>>,
    /// Members whose programs do not run.
    pub(crate) away: Arc<Mutex<BTreeSet<MemberRef>>>,
}

/// A gateway's process: dropped, it is killed.
pub(crate) struct Bench {
    pub(crate) region: Region,
    pub(crate) store: MemoryStore,
    pub(crate) lane: LaneHandle,
    pub(crate) chain: ChainHandle,
    pub(crate) questions: Questions,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tasks: JoinSet<()>,
}

impl Region {
    /// A registry that holds the holder's record, and members that accept.
    pub(crate) fn new() -> Self {
        let clock = Arc::new(TestClock(Instant::now()));
        let mut ledger = Ledger::new();
        ledger.write(holder::licence_key(), holder::issued().digest(), 1);
        let node = |member| (member, Node::new(member, NOW));
        let nodes = made().keys.members().map(node).collect();
        Self {
            clock,
            ledger: Arc::new(Mutex::new(ledger)),
            nodes: Arc::new(Mutex::new(nodes)),
            fetches: Arc::new(Mutex::new(true)),
            away: Arc::default(),
        }
    }

    fn is_away(&self, member: MemberRef) -> bool {
        self.away.lock().unwrap().contains(&member)
    }

    /// From now on every member says this, or nothing.
    pub(crate) fn say(&self, word: Option<Word>) {
        self.nodes.lock().unwrap().values_mut().for_each(|node| node.word = word);
    }
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::start(Region::new(), MemoryStore::new(RunId([1; 16])), 400).await
    }

    /// Starts a gateway's process on what is in the store.
    pub(crate) async fn start(region: Region, store: MemoryStore, open: usize) -> Self {
        let clock: Arc<dyn Clock> = Arc::clone(&region.clock) as _;
        let shared: Arc<dyn gateway_store::Store> = Arc::new(store.clone());
        let faults = FaultPoints::default();
        let rng = |n| ChaCha20Rng::from_seed([n; 32]);
        let footing = Footing { store: shared, clock: Arc::clone(&clock), faults };
        let (lane, lane_task) = lane::open(config(0), footing.clone(), rng(1)).unwrap();
        let (chain, chain_task) = chain::open(
            Box::new(Chain),
            (&pin(), Limits::default()),
            &pinned_header(),
            vec![lane.clone()],
            footing.clone(),
        )
        .unwrap();
        let [source, destination] = packs::both();
        let served = ServedLane::new(
            origin(),
            (source, destination),
            pin().id(),
            lane.clone(),
            chain.clone(),
        );
        let settings = QuestionSettings {
            region: "CN-HK".parse().unwrap(),
            open,
            platforms: KnownPlatforms {
                suspended: BTreeSet::new(),
                contract_filed: [holder::platform()].into(),
            },
        };
        let metrics = Arc::new(Metrics::new(Arc::clone(&clock), None));
        let lanes = vec![Arc::new(served)];
        let seed = rng(u8::try_from(store.commits() % 200).unwrap());
        let questions = Questions::new(settings, lanes, footing, seed, Arc::clone(&metrics));
        questions.restore().await.unwrap();
        let mut tasks = JoinSet::new();
        for followed in questions.follow() {
            let abort = Abort(followed);
            tasks.spawn(async move {
                let _abort = abort;
                std::future::pending::<()>().await;
            });
        }
        tasks.spawn(async move { drop(lane_task.run().await) });
        tasks.spawn(async move { drop(chain_task.run().await) });
        for member in made().keys.members() {
            tasks.spawn(member_task(region.clone(), member, lane.clone()));
        }
        tasks.spawn(relayer(region.clone(), chain.clone()));
        Self { region, store, lane, chain, questions, metrics, tasks }
    }

    /// The process is killed, and another begins with what was acknowledged.
    pub(crate) async fn restart(self) -> Self {
        let Self { region, store, mut tasks, .. } = self;
        tasks.shutdown().await;
        Self::start(region, store.reopened(), 400).await
    }
}

struct Abort(tokio::task::JoinHandle<()>);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A member's program, ended and started again as often as the test says.
async fn member_task(region: Region, member: MemberRef, lane: LaneHandle) {
    while !lane.has_stopped() {
        if !region.is_away(member) {
            run_member(&region, member, &lane).await;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn run_member(region: &Region, member: MemberRef, lane: &LaneHandle) {
    let Ok(mut inbox) = lane.open_inbox(member).await else { return };
    let with = |act: &mut dyn FnMut(&mut Node, Timestamp) -> Said| {
        act(region.nodes.lock().unwrap().get_mut(&member).unwrap(), region.clock.now())
    };
    let mut said = with(&mut |node, now| node.reconnect(0, now));
    loop {
        for (to, frame) in std::mem::take(&mut said) {
            if !matches!(to, To::Leader(1)) && lane.take_member(member, frame).await.is_err() {
                return;
            }
        }
        said = tokio::select! {
            bytes = inbox.recv() => {
                let Some(bytes) = bytes else { return };
                let frame: gateway_types::link::InboxFrame = one(&bytes);
                with(&mut |node, now| node.take(0, frame.clone(), now))
            }
            () = sleep(Duration::from_millis(100)) => with(&mut |node, now| node.tick(now)),
        };
        if region.is_away(member) {
            return;
        }
    }
}

/// Tells of a block a second, and fetches what it is asked for, each time in a new block.
async fn relayer(region: Region, chain: ChainHandle) {
    let (to, mut work) = RelayerOutbox::new();
    chain.open_work(to).await.unwrap();
    loop {
        let asked = tokio::select! {
            bytes = work.recv() => {
                let Some(bytes) = bytes else { return };
                Some(one::<RelayWork>(&bytes))
            }
            () = sleep(Duration::from_secs(1)) => None,
        };
        let key = match asked {
            Some(RelayWork::Fetch(_, key)) => Some(key),
            Some(_) => continue,
            None => None,
        };
        let told = news(&region, key.filter(|_| *region.fetches.lock().unwrap()));
        for evidence in told {
            if chain.take_found(evidence).await.is_err() {
                return;
            }
        }
    }
}

fn news(region: &Region, key: Option<gateway_types::LicenceKey>) -> Vec<RelayEvidence> {
    let mut ledger = region.ledger.lock().unwrap();
    let now = region.clock.now();
    let chain = pin().chain;
    let time = Timestamp(now.0.max(ledger.time.0 + 1));
    ledger.block(time);
    let header = Bounded::new(vec![ledger.header()]).unwrap();
    let changes = Bounded::new(ledger.changes.clone()).unwrap();
    let mut told = vec![
        RelayEvidence::Headers(chain.clone(), header),
        RelayEvidence::Changes(chain.clone(), 0, changes),
        RelayEvidence::Head(chain.clone(), ledger.show_head()),
    ];
    told.extend(key.map(|key| RelayEvidence::Record(chain, key, ledger.show(&key))));
    told
}
