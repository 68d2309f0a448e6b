//! The suite that every store must pass. Each engine's `tests/conformance.rs` calls [`run`] and [`run_full`].
//!
//! Its checks panic at the first thing that a store does wrong.

#![expect(
    clippy::panic,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a check of the suite fails by panicking, as a test does"
)]

use crate::{Batch, MAX_KEY, MAX_VALUE, RunId, Space, Store, StoreError};
use std::{fmt::Debug, sync::Arc};
use tokio::task::JoinSet;

const SPACE: Space = Space("suite/1");
const OTHER: Space = Space("suite/2");

/// Tasks that commit at the same time.
const TASKS: u8 = 64;

/// Makes the stores that the suite is run on.
pub trait Maker: Debug {
    /// A new store, under another run id than every one before it.
    fn make(&mut self) -> Arc<dyn Store>;

    /// Closes the store that was made last, and opens it again as after a restart. `store` is the only handle.
    fn reopen(&mut self, store: Arc<dyn Store>) -> Arc<dyn Store>;
}

/// Runs every check but those of a full disk.
pub async fn run(maker: &mut dyn Maker) {
    what_is_committed_is_read_back(maker).await;
    spaces_do_not_mix(maker).await;
    scans_are_in_byte_order(maker).await;
    a_batch_is_whole_or_not_there(maker).await;
    changes_of_one_batch_are_in_order(maker).await;
    what_is_too_long_is_refused(maker).await;
    what_was_acknowledged_survives_reopening(maker).await;
    the_run_id_is_the_stores_own(maker);
    a56_of_many_that_expect_absence_one_wins(maker).await;
    a56_of_many_that_expect_a_value_one_wins(maker).await;
    many_commits_at_once_are_all_there(maker).await;
    a_commit_that_is_given_up_harms_nobody(maker).await;
}

async fn what_is_committed_is_read_back(maker: &mut dyn Maker) {
    let store = maker.make();
    assert_eq!(store.load(SPACE, b"a").unwrap(), None, "a new store is empty");
    put(&*store, b"a", b"1").await;
    assert_eq!(store.load(SPACE, b"a").unwrap(), Some(b"1".to_vec()));
    put(&*store, b"a", b"2").await;
    assert_eq!(store.load(SPACE, b"a").unwrap(), Some(b"2".to_vec()), "the newest counts");
    put(&*store, b"", b"").await;
    assert_eq!(store.load(SPACE, b"").unwrap(), Some(vec![]), "empty is not nothing");
    store.commit(Batch::new().delete(SPACE, b"a").delete(SPACE, b"never")).await.unwrap();
    assert_eq!(store.load(SPACE, b"a").unwrap(), None);
    store.commit(Batch::new()).await.expect("a batch of nothing is taken");
}

async fn spaces_do_not_mix(maker: &mut dyn Maker) {
    let store = maker.make();
    store.commit(Batch::new().put(SPACE, b"a", b"1").put(OTHER, b"a", b"2")).await.unwrap();
    assert_eq!(store.load(SPACE, b"a").unwrap(), Some(b"1".to_vec()));
    assert_eq!(store.load(OTHER, b"a").unwrap(), Some(b"2".to_vec()));
    assert_eq!(keys(&*store, b"", None, 10), [b"a".to_vec()]);
    store.commit(Batch::new().delete(SPACE, b"a")).await.unwrap();
    assert_eq!(store.load(OTHER, b"a").unwrap(), Some(b"2".to_vec()));
}

async fn scans_are_in_byte_order(maker: &mut dyn Maker) {
    let store = maker.make();
    let all: [&[u8]; 8] = [b"", b"a", b"a\0", b"a\xff", b"a\xff\xff", b"aa", b"b", b"\xff"];
    let batch = all.iter().fold(Batch::new(), |batch, key| batch.put(SPACE, *key, *key));
    store.commit(batch.put(OTHER, b"a1", b"")).await.unwrap();
    let sorted: Vec<&[u8]> = vec![b"", b"a", b"a\0", b"aa", b"a\xff", b"a\xff\xff", b"b", b"\xff"];
    assert_eq!(keys(&*store, b"", None, 99), sorted);
    assert_eq!(keys(&*store, b"a", None, 99), sorted.get(1..6).unwrap());
    assert_eq!(keys(&*store, b"a", None, 2), sorted.get(1..3).unwrap(), "the limit holds");
    assert_eq!(keys(&*store, b"a", Some(b"aa"), 99), sorted.get(4..6).unwrap());
    assert_eq!(keys(&*store, b"a", Some(b"ab"), 1), sorted.get(4..5).unwrap(), "after need not be");
    assert_eq!(keys(&*store, b"a", Some(b""), 99), sorted.get(1..6).unwrap(), "after below prefix");
    assert_eq!(keys(&*store, b"a", Some(b"b"), 99), Vec::<Vec<u8>>::new(), "after above prefix");
    assert_eq!(keys(&*store, b"c", None, 99), Vec::<Vec<u8>>::new());
    assert_eq!(keys(&*store, b"a", None, 0), Vec::<Vec<u8>>::new());
    let rows = store.scan(SPACE, b"b", None, 9).unwrap();
    assert_eq!(rows, [(b"b".to_vec(), b"b".to_vec())], "with what they hold");
}

async fn a_batch_is_whole_or_not_there(maker: &mut dyn Maker) {
    let store = maker.make();
    put(&*store, b"held", b"1").await;
    let refused = [
        Batch::new().expect_absent(SPACE, b"held"),
        Batch::new().expect(SPACE, b"held", b"2"),
        Batch::new().expect(SPACE, b"nothing", b""),
        Batch::new().expect(SPACE, b"held", b"1").expect_absent(SPACE, b"held"),
    ];
    for batch in refused {
        let batch = batch.put(SPACE, b"x", b"1").delete(SPACE, b"held");
        let error = store.commit(batch).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict { space: "suite/1", .. }), "{error}");
        assert_eq!(store.load(SPACE, b"x").unwrap(), None, "nothing of it is there");
        assert_eq!(store.load(SPACE, b"held").unwrap(), Some(b"1".to_vec()));
    }
    let good = Batch::new().expect(SPACE, b"held", b"1").expect_absent(SPACE, b"x");
    store.commit(good.put(SPACE, b"x", b"1").delete(SPACE, b"held")).await.unwrap();
    assert_eq!(store.load(SPACE, b"x").unwrap(), Some(b"1".to_vec()));
    assert_eq!(store.load(SPACE, b"held").unwrap(), None);
}

async fn changes_of_one_batch_are_in_order(maker: &mut dyn Maker) {
    let store = maker.make();
    let batch = Batch::new().put(SPACE, b"a", b"1").delete(SPACE, b"a").put(SPACE, b"b", b"1");
    store.commit(batch.put(SPACE, b"b", b"2").delete(SPACE, b"c")).await.unwrap();
    assert_eq!(store.load(SPACE, b"a").unwrap(), None);
    assert_eq!(store.load(SPACE, b"b").unwrap(), Some(b"2".to_vec()));
}

async fn what_is_too_long_is_refused(maker: &mut dyn Maker) {
    let store = maker.make();
    let (key, value) = (vec![7; MAX_KEY], vec![8; MAX_VALUE]);
    store.commit(Batch::new().put(SPACE, key.clone(), value.clone())).await.unwrap();
    assert!(store.load(SPACE, &key).unwrap() == Some(value.clone()), "the longest is taken");
    let (long_key, long_value) = ([key, vec![7]].concat(), [value, vec![8]].concat());
    for batch in [
        Batch::new().put(SPACE, long_key.clone(), b""),
        Batch::new().put(SPACE, b"a", long_value.clone()),
        Batch::new().delete(SPACE, long_key.clone()),
        Batch::new().expect_absent(SPACE, long_key),
        Batch::new().expect(SPACE, b"a", long_value),
    ] {
        let error = store.commit(batch.put(SPACE, b"x", b"1")).await.unwrap_err();
        assert!(matches!(error, StoreError::TooLong { .. }), "{error}");
        assert_eq!(store.load(SPACE, b"x").unwrap(), None);
    }
}

async fn what_was_acknowledged_survives_reopening(maker: &mut dyn Maker) {
    let mut store = maker.make();
    for round in 0..4_u8 {
        put(&*store, &[round], &[round; 3000]).await;
        store.commit(Batch::new().put(SPACE, b"all", [round])).await.unwrap();
        store = maker.reopen(store);
        for earlier in 0..=round {
            assert_eq!(store.load(SPACE, &[earlier]).unwrap(), Some(vec![earlier; 3000]));
        }
        assert_eq!(store.load(SPACE, b"all").unwrap(), Some(vec![round]));
    }
}

fn the_run_id_is_the_stores_own(maker: &mut dyn Maker) {
    let first = maker.make();
    let run: RunId = first.run_id();
    let first = maker.reopen(first);
    assert_eq!(first.run_id(), run, "the same after a restart");
    let second = maker.make();
    assert_ne!(second.run_id(), run, "a new store has another");
}

async fn a56_of_many_that_expect_absence_one_wins(maker: &mut dyn Maker) {
    let store = maker.make();
    for round in 0..8_u8 {
        let batches = (0..TASKS).map(|task| {
            Batch::new().expect_absent(SPACE, [round]).put(SPACE, [round], [task]).put(
                OTHER,
                [round, task],
                b"",
            )
        });
        let won = only_winner(&store, batches.collect()).await;
        assert_eq!(store.load(SPACE, &[round]).unwrap(), Some(vec![won]));
        let traces = store.scan(OTHER, &[round], None, 99).unwrap();
        assert_eq!(traces, [(vec![round, won], vec![])], "the losers left nothing");
    }
}

async fn a56_of_many_that_expect_a_value_one_wins(maker: &mut dyn Maker) {
    let store = maker.make();
    let mut held = vec![255];
    put(&*store, b"turn", &held).await;
    for _ in 0..8 {
        let batches = (0..TASKS).map(|task| {
            Batch::new().expect(SPACE, b"turn", held.clone()).put(SPACE, b"turn", [task, 255_u8])
        });
        let won = only_winner(&store, batches.collect()).await;
        let next = store.load(SPACE, b"turn").unwrap().expect("somebody won");
        assert_eq!(next.first(), Some(&won));
        held = [next, held].concat();
        put(&*store, b"turn", &held).await;
    }
}

/// Commits all at once; gives the place of the one that was taken.
async fn only_winner(store: &Arc<dyn Store>, batches: Vec<Batch>) -> u8 {
    let mut winners = Vec::new();
    for (place, outcome) in commit_at_once(store, batches).await {
        match outcome {
            Ok(()) => winners.push(place),
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(winners.len(), 1, "one of all wins");
    u8::try_from(*winners.first().unwrap()).unwrap()
}

async fn many_commits_at_once_are_all_there(maker: &mut dyn Maker) {
    let store = maker.make();
    let one = |task: u16| {
        let key = task.to_be_bytes();
        Batch::new().put(SPACE, key, vec![1; usize::from(task)]).put(OTHER, key, key)
    };
    for (place, outcome) in commit_at_once(&store, (0..500).map(one).collect()).await {
        outcome.unwrap_or_else(|error| panic!("{place}: {error}"));
    }
    let store = maker.reopen(store);
    for task in 0..500_u16 {
        let key = task.to_be_bytes();
        assert_eq!(store.load(SPACE, &key).unwrap(), Some(vec![1; usize::from(task)]));
        assert_eq!(store.load(OTHER, &key).unwrap(), Some(key.to_vec()));
    }
}

async fn a_commit_that_is_given_up_harms_nobody(maker: &mut dyn Maker) {
    let store = maker.make();
    for round in 0..16_u8 {
        let own = Arc::clone(&store);
        let given_up = tokio::spawn(async move {
            own.commit(Batch::new().put(SPACE, [round, 0], b"").put(SPACE, [round, 1], b"")).await
        });
        tokio::task::yield_now().await;
        given_up.abort();
        let _whatever = given_up.await;
        put(&*store, &[round, 2], b"1").await;
        let first = store.load(SPACE, &[round, 0]).unwrap();
        assert_eq!(first, store.load(SPACE, &[round, 1]).unwrap(), "whole or not there");
    }
}

async fn commit_at_once(
    store: &Arc<dyn Store>,
    batches: Vec<Batch>,
) -> Vec<(usize, Result<(), StoreError>)> {
    let mut tasks = JoinSet::new();
    for (place, batch) in batches.into_iter().enumerate() {
        let store = Arc::clone(store);
        tasks.spawn(async move { (place, store.commit(batch).await) });
    }
    tasks.join_all().await
}

/// Checks a store on a disk that fills up. `set_full` fills the disk, or makes room again.
pub async fn run_full(maker: &mut dyn Maker, set_full: &mut (dyn FnMut(bool) + Send)) {
    let store = maker.make();
    put(&*store, b"before", b"1").await;
    assert!(store.room().takes_new);
    for round in 0..3_u8 {
        set_full(true);
        for _ in 0..3 {
            let error = store.commit(large(round)).await.unwrap_err();
            assert_eq!(error, StoreError::Full);
            assert!(!error.is_final());
            assert_eq!(store.load(SPACE, &[round]).unwrap(), None, "nothing was written");
            assert_eq!(
                store.load(SPACE, b"before").unwrap(),
                Some(b"1".to_vec()),
                "reading goes on"
            );
            assert!(!store.room().takes_new);
        }
        set_full(false);
        store.commit(large(round)).await.expect("there is room again");
        assert!(store.load(SPACE, &[round]).unwrap().is_some());
        assert!(store.room().takes_new);
    }
    let store = maker.reopen(store);
    assert_eq!(keys(&*store, b"", None, 9).len(), 4);
}

/// More than fits into what an engine has in reserve.
fn large(round: u8) -> Batch {
    Batch::new().put(SPACE, [round], vec![round; 4 << 20])
}

async fn put(store: &dyn Store, key: &[u8], value: &[u8]) {
    store.commit(Batch::new().put(SPACE, key, value)).await.expect("a plain put is taken");
}

fn keys(store: &dyn Store, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Vec<Vec<u8>> {
    let rows = store.scan(SPACE, prefix, after, limit).unwrap();
    rows.into_iter().map(|(key, _)| key).collect()
}
