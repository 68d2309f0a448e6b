//! The store.

use crate::{
    OpenError, Settings, Writing,
    engine::{self, Engine},
    rows,
    writer::Writer,
};
use async_trait::async_trait;
use gateway_store::{Batch, Room, Row, RunId, Space, Store, StoreError, check_lengths};
use redb::{StorageBackend, backends::FileBackend};
use std::{fs, path::Path, sync::Arc};

/// A store on this machine's disk. Dropping it closes it, after what was let in is written.
#[derive(Debug)]
pub struct RedbStore {
    /// Before the engine: it is dropped first, and its thread lets go of the engine.
    writer: Writer,
    engine: Arc<Engine>,
}

impl RedbStore {
    /// Opens the store in the file `path`, or makes one with the id `new_run` if there is no such file. The
    /// caller drew `new_run` at random; a store that is there keeps its own. Every page is read and verified, so
    /// the time that this takes grows with the store.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. A file that is there but empty is not taken for a new store.
    pub fn open(path: &Path, settings: Settings, new_run: RunId) -> Result<Self, OpenError> {
        if !path.try_exists()? {
            engine::create(path, settings, new_run)?;
        }
        let file = fs::File::options().read(true).write(true).open(path)?;
        if file.metadata()?.len() == 0 {
            return Err(OpenError::NotAStore { missing: "content" });
        }
        let backend = Arc::new(FileBackend::new(file)?);
        let engine = Engine::open(backend, Some(path.to_owned()), settings, new_run)?;
        Self::start(engine, Writing::Thread)
    }

    /// Opens the store in `backend`, or makes one there if it is empty. How much room there is, nobody says.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. If it was cut off while it was first made, it is not a store and has nothing to lose.
    pub fn open_with_backend(
        backend: impl StorageBackend,
        settings: Settings,
        new_run: RunId,
        writing: Writing,
    ) -> Result<Self, OpenError> {
        Self::start(Engine::open(Arc::new(backend), None, settings, new_run)?, writing)
    }

    fn start(engine: Engine, writing: Writing) -> Result<Self, OpenError> {
        let engine = Arc::new(engine);
        let writer = match writing {
            Writing::Thread => Writer::thread(Arc::clone(&engine))?,
            Writing::Inline(delay) => Writer::inline(Arc::clone(&engine), delay),
        };
        Ok(Self { writer, engine })
    }
}

#[async_trait]
impl Store for RedbStore {
    fn run_id(&self) -> RunId {
        self.engine.run_id()
    }

    fn load(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.engine.read(|db| rows::load(db, space, key))
    }

    fn scan(
        &self,
        space: Space,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.engine.read(|db| rows::scan(db, space, prefix, after, limit))
    }

    async fn commit(&self, batch: Batch) -> Result<(), StoreError> {
        check_lengths(&batch)?;
        self.writer.commit(batch).await
    }

    fn room(&self) -> Room {
        self.engine.room()
    }
}
