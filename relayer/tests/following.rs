//! A relayer between a chain and a gateway that proves all it is told.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "helpers of tests may panic"
)]

use async_trait::async_trait;
use chain_adapter::{ChainAdapter, FetchError, Follower, SourceId, Sources, Tip, follower_limits};
use embedded_chain::{Chain, Genesis};
use gateway_http::admin::{Exposed, Probed as _, seconds};
use gateway_net::Clock;
use gateway_types::{
    Bytes, ChainId, Digest, LicenceKey, Timestamp,
    link::{RelayEvidence, RelayWork, ShownValue},
    registry::{ACC_0, Change, RegistryChange, change_path},
};
use light_client::{HeaderBytes, Status, SyncStart};
use light_client_cometbft::CometBft;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use relayer::{
    Admin, Ended, FollowedChain, GatewayLink, LinkError, Relayer, RelayerSettings, RelayerView,
    WorkStream,
};
use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::mpsc, time::timeout};

const START: u64 = 1_790_000_000_000;

/// From the newest block at the start on, with the runtime's time.
#[derive(Debug)]
struct ChainClock(Timestamp, tokio::time::Instant);

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({})", self.source.0)
    }
}

impl Clock for ChainClock {
    fn now(&self) -> Timestamp {
        let since = u64::try_from(self.1.elapsed().as_millis()).unwrap();
        Timestamp(self.0.0 + since)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Honest,
    /// Answers nothing.
    Silent,
    /// Shows other proofs than those that were asked for.
    Lies,
}

/// One operator's node.
struct Node {
    source: SourceId,
    chain: Arc<Mutex<Chain>>,
    manner: Mutex<Manner>,
}

impl Node {
    fn new(name: &str, chain: &Arc<Mutex<Chain>>, manner: Manner) -> Arc<Self> {
        let source = SourceId(name.to_owned());
        Arc::new(Self { source, chain: Arc::clone(chain), manner: Mutex::new(manner) })
    }

    fn ask<T>(&self, answer: impl FnOnce(&Chain, Manner) -> T) -> Result<T, FetchError> {
        let manner = *self.manner.lock().unwrap();
        if manner == Manner::Silent {
            return Err(FetchError::Unavailable { why: "silent".to_owned() });
        }
        Ok(answer(&self.chain.lock().unwrap(), manner))
    }
}

#[async_trait]
impl ChainAdapter for Node {
    fn source(&self) -> &SourceId {
        &self.source
    }

    async fn fetch_tip(&self) -> Result<Tip, FetchError> {
        self.ask(|chain, _| {
            let height = chain.tip();
            Tip { height, block_time: chain.block_time(height).unwrap() }
        })
    }

    async fn fetch_header(&self, height: u64) -> Result<HeaderBytes, FetchError> {
        let header = self.ask(|chain, _| (chain.header(height), chain.tip()))?;
        let (header, tip) = header;
        let header = header.ok_or(FetchError::Behind { tip, asked: height })?;
        Ok(Bytes::new(header).unwrap())
    }

    async fn fetch_value(&self, path: &[u8], height: u64) -> Result<ShownValue, FetchError> {
        let (shown, tip) = self.ask(|chain, manner| {
            let path = if manner == Manner::Lies { b"other" } else { path };
            (chain.prove(path, height - 1), chain.tip())
        })?;
        let (value, proof) = shown.ok_or(FetchError::Behind { tip, asked: height })?;
        let value = value.map(|value| Bytes::new(value).unwrap());
        Ok(ShownValue { height, value, proof: Bytes::new(proof).unwrap() })
    }

    async fn fetch_changes(&self, after: u64) -> Result<Vec<Change>, FetchError> {
        self.ask(|chain, _| {
            let at = chain.tip() - 1;
            let shown = |n| chain.prove(&change_path(n), at)?.0;
            let changes = (after + 1..).map_while(shown).take(256);
            changes.map(|bytes| RegistryChange::from_bytes(&bytes).unwrap().change).collect()
        })
    }
}

/// The other end: what is asked goes out by `work`, what is found comes in by `found`.
#[derive(Debug)]
struct Link {
    work: Mutex<Vec<mpsc::Receiver<RelayWork>>>,
    found: mpsc::Sender<RelayEvidence>,
}

#[async_trait]
impl GatewayLink for Link {
    fn name(&self) -> String {
        "test".to_owned()
    }

    async fn open_work(&self) -> Result<Box<dyn WorkStream>, LinkError> {
        let next = self.work.lock().unwrap().pop();
        let work = next.ok_or(LinkError::Refused { status: 503 })?;
        Ok(Box::new(Work(work)))
    }

    async fn post(&self, found: &[RelayEvidence]) -> Result<(), LinkError> {
        for evidence in found {
            self.found.send(evidence.clone()).await.unwrap();
        }
        Ok(())
    }
}

struct Work(mpsc::Receiver<RelayWork>);

#[async_trait]
impl WorkStream for Work {
    async fn next(&mut self) -> Result<RelayWork, LinkError> {
        self.0.recv().await.ok_or(LinkError::Unreachable { why: "closed".to_owned() })
    }
}

/// A gateway's view: its own light client from the pin on.
struct World {
    chain: Arc<Mutex<Chain>>,
    id: ChainId,
    gateway: Follower,
    work: Vec<mpsc::Sender<RelayWork>>,
    found: mpsc::Receiver<RelayEvidence>,
    relayer: tokio::task::JoinHandle<Ended>,
    view: RelayerView,
}

fn key(byte: u8) -> LicenceKey {
    LicenceKey(Digest([byte; 32]))
}

fn new_chain() -> Arc<Mutex<Chain>> {
    let id: ChainId = "gd-main".parse().unwrap();
    let mut chain = Chain::new(Genesis::four(id, Timestamp(START))).unwrap();
    chain.issue(&key(1), Digest([9; 32])).unwrap();
    for second in 1..6 {
        chain.produce_block(Timestamp(START + second * 1_000));
    }
    Arc::new(Mutex::new(chain))
}

/// Starts a relayer with `nodes`, and `links` connections that the gateway will take, one after another.
fn start(chain: &Arc<Mutex<Chain>>, nodes: Vec<Arc<dyn ChainAdapter>>, links: usize) -> World {
    let pin = chain.lock().unwrap().pin(2).unwrap();
    let rng = ChaCha20Rng::seed_from_u64(1);
    let sources = Arc::new(Sources::new(nodes, &BTreeSet::new(), rng.clone()).unwrap());
    let (work, receivers): (Vec<_>, Vec<_>) = (0..links).map(|_| mpsc::channel(64)).unzip();
    let (found, finds) = mpsc::channel(1024);
    let receivers = receivers.into_iter().rev().collect();
    let link: Arc<dyn GatewayLink> = Arc::new(Link { work: Mutex::new(receivers), found });
    let light_client =
        Arc::new(|| -> Box<dyn light_client::LightClient> { Box::new(CometBft::new()) });
    let followed = FollowedChain { pin: pin.entry.clone(), sources, light_client };
    let newest = chain.lock().unwrap();
    let newest = newest.block_time(newest.tip()).unwrap();
    let clock = Arc::new(ChainClock(newest, tokio::time::Instant::now()));
    let relayer =
        Relayer::new(RelayerSettings::default(), clock, vec![link], vec![followed]).unwrap();
    let view = relayer.view();
    let relayer = tokio::spawn(relayer.run(rng, std::future::pending()));
    let gateway =
        Follower::new(Box::new(CometBft::new()), &pin.entry, follower_limits(), &pin.header);
    let (id, gateway) = (pin.entry.chain, gateway.unwrap());
    World { chain: Arc::clone(chain), id, gateway, work, found: finds, relayer, view }
}

impl World {
    async fn follow(&self, changes: u64) {
        let follow = RelayWork::Follow(self.id.clone(), self.gateway.height(), changes);
        self.work[0].send(follow).await.unwrap();
    }

    async fn fetch(&self, key: LicenceKey) {
        self.work[0].send(RelayWork::Fetch(self.id.clone(), key)).await.unwrap();
    }

    /// The next evidence; headers and conflicts go to the gateway's light client on their way.
    async fn next(&mut self) -> RelayEvidence {
        let found = timeout(Duration::from_secs(60), self.found.recv()).await;
        let found = found.expect("something in time").expect("a relayer that runs");
        let now = self.now();
        match &found {
            RelayEvidence::Headers(_, headers) => {
                // Refused ones are the test's business: the height tells.
                let _taken = self.gateway.handle_headers(headers, now);
            }
            RelayEvidence::Conflict(_, a, b) => {
                let _frozen = self.gateway.handle_conflict(a.clone(), b.clone(), now);
            }
            _ => {}
        }
        found
    }

    async fn until<T>(&mut self, mut is_it: impl FnMut(&Self, RelayEvidence) -> Option<T>) -> T {
        for _ in 0..500 {
            let found = self.next().await;
            if let Some(it) = is_it(self, found) {
                return it;
            }
        }
        panic!("500 pieces of evidence, and not the one that is waited for");
    }

    async fn until_at(&mut self, height: u64) {
        self.until(|world, _| (world.gateway.height() >= height).then_some(())).await;
    }

    fn now(&self) -> Timestamp {
        let chain = self.chain.lock().unwrap();
        chain.block_time(chain.tip()).unwrap()
    }

    fn tip(&self) -> u64 {
        self.chain.lock().unwrap().tip()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.relayer.abort();
    }
}

fn nodes(chain: &Arc<Mutex<Chain>>, manners: &[Manner]) -> Vec<Arc<Node>> {
    let named = |(n, manner): (usize, &Manner)| Node::new(&format!("operator-{n}"), chain, *manner);
    manners.iter().enumerate().map(named).collect()
}

fn adapters(nodes: &[Arc<Node>]) -> Vec<Arc<dyn ChainAdapter>> {
    nodes.iter().map(|node| Arc::clone(node) as Arc<dyn ChainAdapter>).collect()
}

#[tokio::test(start_paused = true)]
async fn a_gateway_follows_the_chain_and_proves_heads_changes_and_records() {
    let chain = new_chain();
    let mut world = start(&chain, adapters(&nodes(&chain, &[Manner::Honest; 2])), 1);
    world.follow(0).await;
    world.until_at(7).await;
    let changes = world
        .until(|_, found| match found {
            RelayEvidence::Changes(_, 0, changes) => Some(changes.into_inner()),
            _ => None,
        })
        .await;
    for (asked, is_there) in [(key(1), true), (key(2), false)] {
        world.fetch(asked).await;
        let shown = world
            .until(|_, found| match found {
                RelayEvidence::Record(_, key, shown) if key == asked => Some(shown),
                _ => None,
            })
            .await;
        assert_eq!(shown.value.is_some(), is_there);
        world.gateway.prove_record(asked, &shown, world.now()).unwrap();
    }
    chain.lock().unwrap().produce_block(Timestamp(START + 9_000));
    let head = world
        .until(|_, found| match found {
            RelayEvidence::Head(_, shown) if shown.height == 8 => Some(shown),
            _ => None,
        })
        .await;
    let head = world.gateway.prove_head(&head, world.now()).unwrap();
    let start = SyncStart { n: 0, acc: ACC_0 };
    world.gateway.prove_changes(start, &changes, &head).unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_change_is_brought_with_its_proof() {
    let chain = new_chain();
    let mut world = start(&chain, adapters(&nodes(&chain, &[Manner::Honest; 2])), 1);
    world.follow(0).await;
    world.until_at(7).await;
    world.work[0].send(RelayWork::FetchChange(world.id.clone(), 1)).await.unwrap();
    let shown = world
        .until(|_, found| match found {
            RelayEvidence::Change(_, 1, shown) => Some(shown),
            _ => None,
        })
        .await;
    world.gateway.prove_change(1, &shown, world.now()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a131_silent_sources_are_unavailable_and_never_absence() {
    let chain = new_chain();
    let nodes = nodes(&chain, &[Manner::Honest; 2]);
    let mut world = start(&chain, adapters(&nodes), 1);
    world.follow(0).await;
    world.until_at(7).await;
    for node in &nodes {
        *node.manner.lock().unwrap() = Manner::Silent;
    }
    world.fetch(key(1)).await;
    world
        .until(|_, found| match found {
            RelayEvidence::Unavailable(_, Some(of)) => (of == key(1)).then_some(()),
            RelayEvidence::Record(..) => panic!("nobody showed anything"),
            _ => None,
        })
        .await;
}

#[tokio::test(start_paused = true)]
async fn a131_sources_that_are_silent_from_the_start_are_unavailable() {
    let chain = new_chain();
    let mut world = start(&chain, adapters(&nodes(&chain, &[Manner::Silent; 2])), 1);
    world.follow(0).await;
    world.fetch(key(1)).await;
    world
        .until(|_, found| matches!(found, RelayEvidence::Unavailable(_, Some(_))).then_some(()))
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_source_that_proves_nothing_is_passed_over() {
    let chain = new_chain();
    let mut world = start(&chain, adapters(&nodes(&chain, &[Manner::Lies, Manner::Honest])), 1);
    world.follow(0).await;
    world.until_at(7).await;
    world.fetch(key(1)).await;
    let shown = world
        .until(|_, found| match found {
            RelayEvidence::Record(_, _, shown) => Some(shown),
            RelayEvidence::Unavailable(_, Some(_)) => panic!("the second source has it"),
            _ => None,
        })
        .await;
    world.gateway.prove_record(key(1), &shown, world.now()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_sources_that_contradict_each_other_freeze_the_gateways_client() {
    let chain = new_chain();
    let fork = Arc::new(Mutex::new(chain.lock().unwrap().fork()));
    for (chain, time) in [(&chain, 9_000), (&fork, 9_000)] {
        chain.lock().unwrap().produce_block(Timestamp(START + time));
    }
    let nodes: Vec<Arc<dyn ChainAdapter>> =
        vec![Node::new("one", &chain, Manner::Honest), Node::new("other", &fork, Manner::Honest)];
    let mut world = start(&chain, nodes, 1);
    world.follow(0).await;
    world.until(|_, found| matches!(found, RelayEvidence::Conflict(..)).then_some(())).await;
    assert_eq!(world.gateway.status(world.now()), Status::Frozen);
}

#[tokio::test(start_paused = true)]
async fn a_first_source_of_another_chain_is_found_out_by_the_gateway() {
    let chain = new_chain();
    let other = {
        let mut genesis = Genesis::four("gd-main".parse().unwrap(), Timestamp(START));
        genesis.seed = [7; 32];
        let mut other = Chain::new(genesis).unwrap();
        for second in 1..6 {
            other.produce_block(Timestamp(START + second * 1_000));
        }
        Arc::new(Mutex::new(other))
    };
    let nodes: Vec<Arc<dyn ChainAdapter>> = vec![
        Node::new("liar", &other, Manner::Honest),
        Node::new("honest", &chain, Manner::Honest),
    ];
    let mut world = start(&chain, nodes, 1);
    for _ in 0..40 {
        // As a gateway does that could not take what came.
        world.follow(0).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        while let Ok(found) = world.found.try_recv() {
            if let RelayEvidence::Headers(_, headers) = found {
                let now = world.now();
                let _taken = world.gateway.handle_headers(&headers, now);
            }
        }
        if world.gateway.height() == world.tip() {
            return;
        }
    }
    panic!("it never got to the honest source");
}

#[tokio::test(start_paused = true)]
async fn a_link_that_breaks_is_dialled_again() {
    let chain = new_chain();
    let mut world = start(&chain, adapters(&nodes(&chain, &[Manner::Honest; 2])), 2);
    world.follow(0).await;
    world.until_at(7).await;
    drop(world.work.remove(0));
    chain.lock().unwrap().produce_block(Timestamp(START + 9_000));
    world.follow(0).await;
    world.fetch(key(1)).await;
    world.until(|_, found| matches!(found, RelayEvidence::Record(..)).then_some(())).await;
    world.follow(0).await;
    world.until_at(8).await;
}

#[tokio::test(start_paused = true)]
async fn it_tells_how_it_is_in_names_and_numbers() {
    let chain = new_chain();
    let nodes = nodes(&chain, &[Manner::Honest; 2]);
    let mut world = start(&chain, adapters(&nodes), 1);
    let clock = Arc::new(ChainClock(world.now(), tokio::time::Instant::now()));
    let exposed = Exposed::new("relayer", clock, None);
    let regions = [(world.id.clone(), "CN-GD".parse().unwrap())].into();
    let admin = Admin::new(world.view.clone(), regions, exposed);
    let code = |admin: &Admin| admin.standing().missing.first().map(|it| it.code);
    assert_eq!(code(&admin), Some("C-204"), "no gateway yet");
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(code(&admin), Some("C-210"), "the gateway has asked for nothing");
    world.follow(0).await;
    world.until_at(7).await;
    world.fetch(key(1)).await;
    world.until(|_, found| matches!(found, RelayEvidence::Record(..)).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(admin.standing().missing, []);
    let text = admin.metrics();
    let of = "{region=\"CN-GD\",chain=\"gd-main\",gateway=\"test\"}";
    let now = seconds(world.now());
    for (name, least, most) in [
        ("comity_ready".to_owned(), 1.0, 1.0),
        ("comity_gateway_link_up{gateway=\"test\"}".to_owned(), 1.0, 1.0),
        ("comity_relayer_work_dropped_total{gateway=\"test\"}".to_owned(), 0.0, 0.0),
        ("comity_relayer_posted_total{gateway=\"test\",kind=\"record\"}".to_owned(), 1.0, 1.0),
        ("comity_relayer_posted_total{gateway=\"test\",kind=\"headers\"}".to_owned(), 1.0, 9.0),
        (format!("comity_relayer_questions_waiting{of}"), 0.0, 0.0),
        (format!("comity_client_height{of}"), 7.0, 7.0),
        (format!("comity_chain_head_timestamp_seconds{of}"), now, now),
        (format!("comity_client_expiry_timestamp_seconds{of}"), now + 1.0, f64::MAX),
        (format!("comity_client_frozen{of}"), 0.0, 0.0),
        ("comity_header_sources{region=\"CN-GD\",chain=\"gd-main\"}".to_owned(), 2.0, 2.0),
        ("comity_header_sources_failing{region=\"CN-GD\",chain=\"gd-main\"}".to_owned(), 0.0, 0.0),
    ] {
        let found = text.lines().find_map(|line| line.strip_prefix(&name)?.strip_prefix(' '));
        let got: f64 = found.unwrap_or_else(|| panic!("{name} is not in\n{text}")).parse().unwrap();
        assert!((least..=most).contains(&got), "{name} is {got}");
    }
    *nodes[1].manner.lock().unwrap() = Manner::Silent;
    chain.lock().unwrap().produce_block(Timestamp(START + 9_000));
    tokio::time::sleep(Duration::from_secs(90)).await;
    let standing = admin.standing();
    assert!(standing.noted.iter().any(|it| it.code == "C-205"), "{standing:?}");
    world.work.clear();
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(code(&admin), Some("C-204"), "the gateway is gone");
}
