//! The power is cut at any write or sync: what was acknowledged is there, and nothing is there in part.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "helpers of tests may panic"
)]

use gateway_store::{Batch, RunId, Space, Store};
use gateway_store_redb::{
    OpenError, RedbStore, Settings, Writing,
    simulated::{SimulatedDisk, Trouble},
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng as _, SeedableRng as _};
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;

const SETTINGS: Settings = Settings { cache_bytes: 1 << 20, keep_free: 0, new_above: 0 };
const LEFT: Space = Space("left/1");
const RIGHT: Space = Space("right/1");
const RUN: RunId = RunId([5; 16]);

/// Cuts of the same store, one after another.
const CUTS: u64 = 4;

/// Commits at the same time.
const AT_ONCE: u32 = 5;

fn open(disk: &SimulatedDisk, mut rng: ChaCha20Rng) -> Result<RedbStore, OpenError> {
    let delay = move || Duration::from_micros(u64::from(100 + rng.next_u32() % 19_900));
    RedbStore::open_with_backend(disk.clone(), SETTINGS, RUN, Writing::Inline(Box::new(delay)))
}

/// Two rows that belong together, and one that every commit writes.
fn batch(number: u32) -> Batch {
    let key = number.to_be_bytes();
    let value = vec![number.to_be_bytes()[3]; (number as usize * 977) % 9_000];
    Batch::new()
        .expect_absent(LEFT, key)
        .put(LEFT, key, value.clone())
        .put(LEFT, b"newest", key)
        .put(RIGHT, key, value)
}

/// What was acknowledged, and what may or may not be there.
#[derive(Debug, Default)]
struct Told {
    next: u32,
    acknowledged: Vec<u32>,
}

/// Commits until the power goes.
async fn run_until_cut(store: Arc<RedbStore>, told: &mut Told) {
    loop {
        let mut tasks = JoinSet::new();
        for _ in 0..AT_ONCE {
            let (store, number) = (Arc::clone(&store), told.next);
            told.next += 1;
            tasks.spawn(async move { (number, store.commit(batch(number)).await) });
        }
        let outcomes = tasks.join_all().await;
        let good = outcomes.iter().filter(|(_, outcome)| outcome.is_ok());
        told.acknowledged.extend(good.map(|(number, _)| *number));
        if let Some(error) = outcomes.iter().find_map(|(_, outcome)| outcome.as_ref().err()) {
            assert!(error.is_final(), "{error}");
            assert!(store.commit(batch(u32::MAX)).await.unwrap_err().is_final());
            return;
        }
    }
}

/// Looks for everything.
fn check(store: &RedbStore, told: &Told, seed: u64) {
    assert_eq!(store.run_id(), RUN);
    for number in 0..told.next {
        let left = store.load(LEFT, &number.to_be_bytes()).unwrap();
        let right = store.load(RIGHT, &number.to_be_bytes()).unwrap();
        assert_eq!(left, right, "seed {seed}: {number} is there in part");
        let whole = left.is_some_and(|left| left.len() == (number as usize * 977) % 9_000);
        assert!(whole || !told.acknowledged.contains(&number), "seed {seed}: {number} is lost");
    }
    let newest = store.load(LEFT, b"newest").unwrap();
    assert!(newest.is_some() || told.acknowledged.is_empty(), "seed {seed}");
}

/// One store, cut again and again. Gives how many commits were acknowledged.
async fn run_seed(seed: u64) -> usize {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let disk = SimulatedDisk::new(seed);
    let mut told = Told::default();
    let mut store = open(&disk, rng.clone()).unwrap();
    for _ in 0..CUTS {
        disk.plan(Trouble::CutAt(1 + u64::from(rng.next_u32() % 120)));
        run_until_cut(Arc::new(store), &mut told).await;
        assert!(disk.is_dead());
        disk.restore_power();
        // The next start is cut too.
        disk.plan(Trouble::CutAt(1 + u64::from(rng.next_u32() % 12)));
        if let Ok(early) = open(&disk, rng.clone()) {
            check(&early, &told, seed);
            disk.cut();
        }
        assert!(disk.is_dead());
        disk.restore_power();
        store = open(&disk, rng.clone()).unwrap();
        check(&store, &told, seed);
    }
    told.acknowledged.len()
}

#[tokio::test(start_paused = true)]
async fn a117_no_cut_at_any_write_or_sync_loses_what_was_acknowledged() {
    let mut acknowledged = 0;
    for seed in 0..240 {
        acknowledged += run_seed(seed).await;
    }
    assert!(acknowledged > 10_000, "only {acknowledged}");
}

#[tokio::test(start_paused = true)]
async fn a117_a_cut_while_a_store_is_made_leaves_no_half_of_one() {
    for step in 1..60 {
        let disk = SimulatedDisk::new(step);
        disk.plan(Trouble::CutAt(step));
        let made = open(&disk, ChaCha20Rng::seed_from_u64(step)).is_ok();
        let survived = made && !disk.is_dead();
        disk.cut();
        disk.restore_power();
        match open(&disk, ChaCha20Rng::seed_from_u64(step)) {
            Ok(store) => assert_eq!(store.run_id(), RUN),
            Err(error) => assert!(!survived, "{step}: {error}"),
        }
    }
}
