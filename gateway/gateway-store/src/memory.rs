//! A store in memory, for tests and the simulator.

use crate::{
    Batch, Change, Expect, Room, Row, RunId, Space, Store, StoreError, batch::MAX_SCANNED,
    check_lengths,
};
use async_trait::async_trait;
use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A store in memory: nothing survives the program. Clones are the same store.
///
/// It can be told to be full, or to fail, so that whoever uses a store can be seen to bear it.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    run: RunId,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    rows: BTreeMap<(Space, Vec<u8>), Vec<u8>>,
    full: bool,
    commits: u64,
    fails_at: Option<u64>,
    failed: bool,
}

impl MemoryStore {
    /// Holds nothing. `run` was drawn at random by the caller.
    #[must_use]
    pub fn new(run: RunId) -> Self {
        Self { run, held: Arc::default() }
    }

    /// From now on there is no room, or there is again.
    pub fn set_full(&self, full: bool) {
        self.held().full = full;
    }

    /// Fails at the `n`-th commit from now, the next being 1, and at everything after it, as a disk does whose
    /// sync failed. What that commit held is not there.
    pub fn fail_at(&self, n: u64) {
        let mut held = self.held();
        held.fails_at = Some(held.commits.saturating_add(n));
    }

    /// Makes a store that failed whole again, as a restart on another disk would: with all that was acknowledged.
    #[must_use]
    pub fn reopened(&self) -> Self {
        let rows = self.held().rows.clone();
        let held = Held { rows, ..Held::default() };
        Self { run: self.run, held: Arc::new(Mutex::new(held)) }
    }

    /// How many commits were acknowledged or refused.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.held().commits
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn check_works(&self) -> Result<(), StoreError> {
        if self.failed { Err(StoreError::Failed { why: "told to".to_owned() }) } else { Ok(()) }
    }

    /// Takes a batch whole or not at all.
    fn commit(&mut self, batch: Batch) -> Result<(), StoreError> {
        self.check_works()?;
        self.commits = self.commits.saturating_add(1);
        self.failed = self.fails_at.is_some_and(|at| self.commits >= at);
        self.check_works()?;
        for (space, key, expect) in batch.expects {
            self.check_expect(space, key, &expect)?;
        }
        if self.full {
            return Err(StoreError::Full);
        }
        for (space, key, change) in batch.changes {
            match change {
                Change::Put(value) => drop(self.rows.insert((space, key), value)),
                Change::Delete => drop(self.rows.remove(&(space, key))),
            }
        }
        Ok(())
    }

    fn check_expect(&self, space: Space, key: Vec<u8>, expect: &Expect) -> Result<(), StoreError> {
        let at = (space, key);
        let held = self.rows.get(&at);
        let as_expected = match expect {
            Expect::Absent => held.is_none(),
            Expect::Holds(value) => held == Some(value),
        };
        if as_expected { Ok(()) } else { Err(StoreError::Conflict { space: space.0, key: at.1 }) }
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn run_id(&self) -> RunId {
        self.run
    }

    fn load(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let held = self.held();
        held.check_works()?;
        Ok(held.rows.get(&(space, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        space: Space,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        let held = self.held();
        held.check_works()?;
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded((space, after.to_vec())),
            _ => Bound::Included((space, prefix.to_vec())),
        };
        Ok(held
            .rows
            .range((from, Bound::Unbounded))
            .take_while(|((of, key), _)| *of == space && key.starts_with(prefix))
            .take(limit.min(MAX_SCANNED))
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        check_lengths(&batch)?;
        // Others run here, as they do while a disk syncs.
        tokio::task::yield_now().await;
        self.held().commit(batch)
    }

    fn room(&self) -> Room {
        let full = self.held().full;
        Room { free: full.then_some(0), total: None, takes_new: !full }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::{self, Maker};

    const SPACE: Space = Space("test/1");

    #[derive(Debug, Default)]
    struct Memory {
        made: u8,
        last: Option<MemoryStore>,
    }

    impl Maker for Memory {
        fn make(&mut self) -> Arc<dyn Store> {
            self.made = self.made.wrapping_add(1);
            let store = MemoryStore::new(RunId([self.made; 16]));
            self.last = Some(store.clone());
            Arc::new(store)
        }

        fn reopen(&mut self, store: Arc<dyn Store>) -> Arc<dyn Store> {
            drop(store);
            let again = self.last.as_ref().unwrap().reopened();
            self.last = Some(again.clone());
            Arc::new(again)
        }
    }

    #[tokio::test]
    async fn it_passes_the_suite() {
        conformance::run(&mut Memory::default()).await;
    }

    #[tokio::test]
    async fn it_refuses_and_goes_on_as_a_full_disk_does() {
        let mut maker = Full(Memory::default(), Arc::default());
        let full = Arc::clone(&maker.1);
        let mut set = |on| full.lock().unwrap().as_ref().unwrap().set_full(on);
        conformance::run_full(&mut maker, &mut set).await;
    }

    /// Shares the store that was made last with whoever fills it.
    #[derive(Debug)]
    struct Full(Memory, Arc<Mutex<Option<MemoryStore>>>);

    impl Maker for Full {
        fn make(&mut self) -> Arc<dyn Store> {
            let store = self.0.make();
            *self.1.lock().unwrap() = self.0.last.clone();
            store
        }

        fn reopen(&mut self, store: Arc<dyn Store>) -> Arc<dyn Store> {
            self.0.reopen(store)
        }
    }

    #[tokio::test]
    async fn a118_after_the_commit_that_fails_nothing_works_any_more() {
        let store = MemoryStore::new(RunId([1; 16]));
        store.fail_at(2);
        store.commit(Batch::new().put(SPACE, b"a", b"1")).await.unwrap();
        for _ in 0..2 {
            let failed = store.commit(Batch::new().put(SPACE, b"b", b"2")).await.unwrap_err();
            assert!(failed.is_final());
        }
        assert!(store.load(SPACE, b"a").unwrap_err().is_final());
        let again = store.reopened();
        assert_eq!(again.load(SPACE, b"a").unwrap(), Some(b"1".to_vec()));
        assert_eq!(again.load(SPACE, b"b").unwrap(), None);
    }
}
