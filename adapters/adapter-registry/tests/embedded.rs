//! Every kind's adapter over a chain of our own, whose nodes behave well and badly, on a network in memory.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "helpers of tests: what they take is theirs, and a panic is a failed test"
)]

#[path = "embedded/memory.rs"]
mod memory;

use adapter_registry::{adapter, light_client};
use chain_adapter::{
    ChainAdapter, CrossCheck, FetchError, FollowError, Follower, SharedFollower, SourceId,
    SourceSettings, Sources, conformance, fetch_synced, follower_limits,
};
use embedded_chain::{Behaviour, Chain, ChainServer, FIRST_PIN, Genesis};
use gateway_net::Clock;
use gateway_types::{
    Digest, LicenceKey, SourceCode, Timestamp,
    body::CATCH_UP,
    entry::ClientPin,
    registry::{ACC_0, head_path, record_path},
};
use light_client::{LightClient, Status, SyncStart};
use memory::Memory;
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

const NOW: Timestamp = Timestamp(1_795_228_267_000);
const HELD: LicenceKey = LicenceKey(Digest([0x21; 32]));
const ABSENT: LicenceKey = LicenceKey(Digest([0x22; 32]));

/// A clock that stands still: the chain counts on by a millisecond a block.
#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// A chain with five nodes, at the ports 1 to 5, and its pin.
struct World {
    net: Arc<Memory>,
    server: ChainServer,
    pin: ClientPin,
    pinned: Vec<u8>,
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

impl World {
    async fn start(powers: &[u64]) -> Self {
        let mut genesis = Genesis::four("embedded-1".parse().unwrap(), NOW);
        genesis.powers = powers.to_vec();
        let chain = Chain::new(genesis).unwrap();
        let pin = chain.pin(FIRST_PIN).unwrap();
        let net = Arc::new(Memory::default());
        let ports = [1, 2, 3, 4, 5].map(at);
        let server =
            ChainServer::start(chain, net.clone(), &ports, Arc::new(Stopped), Duration::ZERO);
        let server = server.await.unwrap();
        Self { net, server, pin: pin.entry, pinned: pin.header.into_inner() }
    }

    fn source(&self, operator: &str, ports: &[u16]) -> Arc<dyn ChainAdapter> {
        let settings = SourceSettings {
            operator: SourceId(operator.to_owned()),
            nodes: ports.iter().map(|port| format!("http://127.0.0.1:{port}")).collect(),
            networks: vec!["127.0.0.0/8".to_owned()],
            plain: true,
            roots_pem: None,
        };
        let rng = ChaCha20Rng::seed_from_u64(1);
        adapter(&self.pin, &settings, self.net.clone(), Arc::new(Stopped), rng).unwrap()
    }

    fn follower(&self) -> Follower {
        Follower::new(client(), &self.pin, follower_limits(), &self.pinned).unwrap()
    }

    fn issue(&self) {
        self.server.with_chain(|chain| chain.issue(&HELD, Digest([7; 32]))).unwrap();
        self.blocks(2);
    }

    fn blocks(&self, count: usize) -> u64 {
        (0..count).fold(0, |_, _| self.server.produce_block())
    }

    fn behave(&self, port: u16, behaviour: Behaviour) {
        assert!(self.server.set_behaviour(usize::from(port) - 1, behaviour));
    }
}

fn client() -> Box<dyn LightClient> {
    light_client("cometbft").unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_embedded_chain_conforms() {
    let world = World::start(&[100; 4]).await;
    world.issue();
    world.server.with_chain(|chain| chain.set_status(&HELD, SourceCode::new(7).unwrap())).unwrap();
    world.blocks(20);
    world.behave(5, Behaviour::Prune { keep: 10 });
    world.behave(3, Behaviour::Silent);
    world.behave(4, Behaviour::Denies);
    let fixture = conformance::Fixture {
        adapter: world.source("one", &[1]),
        light_client: client,
        pin: world.pin.clone(),
        limits: follower_limits(),
        held: HELD,
        absent: ABSENT,
        pruned: (world.source("pruning", &[5]), 3),
        other: world.source("two", &[2]),
        silent: world.source("silent", &[3]),
        denying: world.source("denying", &[4]),
        half: world.source("half", &[9, 2]),
        now: NOW.saturating_add(Duration::from_secs(1)),
    };
    conformance::run(&fixture).await;
}

#[tokio::test(start_paused = true)]
async fn two_histories_freeze_whoever_compares() {
    let world = World::start(&[100; 4]).await;
    world.blocks(3);
    world.behave(2, Behaviour::TwoHistories);
    let tip = world.blocks(3);
    let mut follower = world.follower();
    let (first, second) = (world.source("one", &[1]), world.source("two", &[2]));
    follower.advance(&*first, NOW).await.unwrap();
    let before = follower.header_at(tip).unwrap();
    let found = follower.cross_check(&*second, NOW).await.unwrap();
    let CrossCheck::Conflict { ours, theirs } = found else { panic!("{found:?}") };
    assert_eq!(ours, before);
    assert_ne!(ours, theirs);
    assert_eq!(follower.status(NOW), Status::Frozen);
    // Whoever gets the pair freezes as well; whoever gets one header twice does not.
    let mut other = world.follower();
    other.advance(&*second, NOW).await.unwrap();
    assert!(other.handle_conflict(ours.clone(), ours.clone(), NOW).is_err());
    assert_eq!(other.status(NOW), Status::Active);
    let frozen = other.handle_conflict(ours, theirs, NOW);
    assert!(matches!(frozen, Err(FollowError::Frozen { height }) if height.get() == tip));
    assert_eq!(other.status(NOW), Status::Frozen);
    assert!(other.advance(&*first, NOW).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn each_of_many_sources_is_compared_in_its_turn() {
    let world = World::start(&[100; 4]).await;
    world.blocks(3);
    world.behave(4, Behaviour::TwoHistories);
    world.blocks(3);
    let named = [("one", 1), ("two", 2), ("three", 3), ("four", 4)];
    let list = named.map(|(name, port)| world.source(name, &[port])).to_vec();
    let sources = Sources::new(list, &BTreeSet::new(), ChaCha20Rng::from_seed([7; 32])).unwrap();
    let mut follower = world.follower();
    let (from, _) = sources.advance(&mut &mut follower, NOW).await.unwrap();
    let mut found = Vec::new();
    for _ in 0..3 {
        let (_, checked) = sources.cross_check(&mut &mut follower, &from, NOW).await.unwrap();
        found.push(matches!(checked, CrossCheck::Conflict { .. }));
    }
    assert_eq!(found, [false, false, true]);
}

#[tokio::test(start_paused = true)]
async fn where_trust_does_not_reach_the_gap_is_halved() {
    let world = World::start(&[100, 100, 100, 100, 0, 0, 0, 0]).await;
    for powers in [[0, 100, 100, 100, 100, 0, 0, 0], [0, 0, 100, 100, 100, 100, 0, 0]] {
        world.blocks(6);
        world.server.with_chain(|chain| chain.change_validators(&powers)).unwrap();
    }
    for powers in [[0, 0, 0, 100, 100, 100, 100, 0], [0, 0, 0, 0, 100, 100, 100, 100]] {
        world.blocks(6);
        world.server.with_chain(|chain| chain.change_validators(&powers)).unwrap();
    }
    let tip = world.blocks(20);
    let source = world.source("one", &[1]);
    let follower = SharedFollower::new(world.follower());
    let advanced = follower.advance(&*source, NOW).await.unwrap();
    assert_eq!(advanced.stopped, None);
    let headers = advanced.headers;
    assert_eq!(follower.with(|follower| follower.height()), tip);
    assert!((2..=20).contains(&headers.len()), "{} headers of {tip}", headers.len());
    // A member gets them in order, and needs no node.
    let mut member = world.follower();
    let last = headers.last().unwrap().clone();
    assert!(member.handle_headers(&[last], NOW).is_err(), "the tip alone is not trusted");
    assert_eq!(member.handle_headers(&headers, NOW).unwrap(), headers);
    assert_eq!(member.height(), tip);
    assert_eq!(member.headers_between(world.pin.height, tip), headers);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_hides_changes_proves_nothing_new() {
    let world = World::start(&[100; 4]).await;
    world.issue();
    let hidden = world.server.with_chain(|chain| chain.tip());
    world.server.with_chain(|chain| chain.set_status(&HELD, SourceCode::new(7).unwrap())).unwrap();
    let tip = world.blocks(3);
    world.behave(2, Behaviour::HideChanges { height: hidden });
    let (honest, liar) = (world.source("one", &[1]), world.source("two", &[2]));
    let mut follower = world.follower();
    follower.advance(&*liar, NOW).await.unwrap();
    assert_eq!(follower.height(), tip, "its headers are true");
    if let Ok(shown) = liar.fetch_value(&record_path(&HELD), tip).await {
        assert!(follower.prove_record(HELD, &shown, NOW).is_err());
    }
    let shown = honest.fetch_value(&head_path(), tip).await.unwrap();
    let head = follower.prove_head(&shown, NOW).unwrap();
    let start = SyncStart { n: 0, acc: ACC_0 };
    let hidden = liar.fetch_changes(0).await.unwrap();
    assert!(follower.prove_changes(start, &hidden, &head).is_err(), "a change is hidden");
    let all = honest.fetch_changes(0).await.unwrap();
    assert_eq!(follower.prove_changes(start, &all, &head).unwrap().end().n, 2);
    let shown = honest.fetch_value(&record_path(&HELD), tip).await.unwrap();
    let evidence = follower.prove_record(HELD, &shown, NOW).unwrap();
    assert_eq!(evidence.code(), SourceCode::new(7));
}

#[tokio::test(start_paused = true)]
async fn nodes_that_lag_prune_or_say_rubbish_make_way() {
    let world = World::start(&[100; 4]).await;
    world.issue();
    let tip = world.blocks(10);
    world.behave(1, Behaviour::Lag { blocks: 5 });
    world.behave(2, Behaviour::Prune { keep: 3 });
    world.behave(3, Behaviour::Rubbish);
    let lagging = world.source("one", &[1]);
    assert_eq!(lagging.fetch_tip().await.unwrap().height, tip - 5);
    let behind = Err(FetchError::Behind { tip: tip - 5, asked: tip });
    assert_eq!(lagging.fetch_value(&record_path(&HELD), tip).await, behind);
    let pruned = world.source("two", &[2]);
    let old = pruned.fetch_value(&record_path(&HELD), tip - 5).await;
    assert_eq!(old, Err(FetchError::Pruned { asked: tip - 5 }));
    assert_eq!(pruned.fetch_header(4).await, Err(FetchError::Pruned { asked: 4 }));
    let rubbish = world.source("three", &[3]);
    for _ in 0..8 {
        assert!(rubbish.fetch_header(tip).await.unwrap_err().blames_source());
        assert!(rubbish.fetch_value(&record_path(&ABSENT), tip).await.is_err());
    }
    let all = world.source("all", &[1, 2, 3, 4]);
    let mut follower = world.follower();
    follower.advance(&*all, NOW).await.unwrap();
    assert_eq!(follower.height(), tip);
    let shown = all.fetch_value(&record_path(&HELD), tip - 5).await.unwrap();
    assert!(shown.value.is_some());
    assert!(all.fetch_header(4).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn more_changes_than_a_batch_may_hold_are_proven_by_the_last_of_them() {
    let world = World::start(&[100; 4]).await;
    world.issue();
    let codes = [2, 1].map(|code| SourceCode::new(code).unwrap());
    for n in 0..CATCH_UP {
        world.server.with_chain(|chain| chain.set_status(&HELD, codes[n % 2])).unwrap();
        if n % 100 == 99 {
            world.blocks(1);
        }
    }
    world.blocks(2);
    let source = world.source("one", &[1]);
    let mut follower = world.follower();
    follower.advance(&*source, NOW).await.unwrap();
    let start = SyncStart { n: 0, acc: ACC_0 };
    let first = fetch_synced(&mut &mut follower, &*source, start, NOW).await.unwrap();
    let all = u64::try_from(CATCH_UP).unwrap() + 1;
    assert_eq!((first.head.value().n, first.changes.end().n), (all, all - 1));
    assert!(first.end_shown.is_some());
    let rest = fetch_synced(&mut &mut follower, &*source, first.changes.end(), NOW).await.unwrap();
    assert_eq!((rest.changes.end().n, rest.end_shown), (all, None));
}
