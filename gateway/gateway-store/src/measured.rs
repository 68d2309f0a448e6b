//! A store whose writes are timed.

use crate::{Batch, Room, Row, RunId, Space, Store, StoreError};
use async_trait::async_trait;
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Told how long a durable write took, from asking for it. Short work only.
pub type Told = Arc<dyn Fn(Duration) + Send + Sync>;

/// Another store, whose durable writes are timed. It changes nothing of what is written or read.
#[derive(Clone)]
pub struct MeasuredStore {
    inner: Arc<dyn Store>,
    told: Told,
}

impl MeasuredStore {
    /// Times the commits of `inner` that succeed.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, told: Told) -> Self {
        Self { inner, told }
    }
}

impl fmt::Debug for MeasuredStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MeasuredStore").field(&self.inner).finish()
    }
}

#[async_trait]
impl Store for MeasuredStore {
    fn run_id(&self) -> RunId {
        self.inner.run_id()
    }

    fn load(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.load(space, key)
    }

    fn scan(
        &self,
        space: Space,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.inner.scan(space, prefix, after, limit)
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        let begun = Instant::now();
        self.inner.commit(batch).await?;
        (self.told)(begun.elapsed());
        Ok(())
    }

    fn room(&self) -> Room {
        self.inner.room()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        MemoryStore,
        conformance::{self, Maker},
    };
    use std::sync::Mutex;

    #[derive(Debug, Default)]
    struct Measured(u8, Option<MemoryStore>);

    impl Measured {
        fn of(store: MemoryStore) -> Arc<dyn Store> {
            Arc::new(MeasuredStore::new(Arc::new(store), Arc::new(drop)))
        }
    }

    impl Maker for Measured {
        fn make(&mut self) -> Arc<dyn Store> {
            self.0 = self.0.wrapping_add(1);
            let store = MemoryStore::new(RunId([self.0; 16]));
            self.1 = Some(store.clone());
            Self::of(store)
        }

        fn reopen(&mut self, store: Arc<dyn Store>) -> Arc<dyn Store> {
            drop(store);
            let again = self.1.as_ref().unwrap().reopened();
            self.1 = Some(again.clone());
            Self::of(again)
        }
    }

    #[tokio::test]
    async fn it_passes_the_suite() {
        conformance::run(&mut Measured::default()).await;
    }

    #[tokio::test]
    async fn writes_that_succeed_are_timed() {
        const SPACE: Space = Space("test/1");
        let memory = MemoryStore::new(RunId([1; 16]));
        let times = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&times);
        let told: Told = Arc::new(move |took| told.lock().unwrap().push(took));
        let store = MeasuredStore::new(Arc::new(memory.clone()), told);
        store.commit(Batch::new().put(SPACE, b"a", b"1")).await.unwrap();
        memory.set_full(true);
        let put = Batch::new().put(SPACE, b"b", b"2");
        assert_eq!(store.commit(put).await, Err(StoreError::Full));
        assert_eq!(times.lock().unwrap().len(), 1, "what was not written took no time");
    }
}
