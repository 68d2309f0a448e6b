//! The engine with its disk: what is done when a disk is full or fails.

use crate::{OpenError, Settings, disk::Disk, error::meaning, meta, rows};
use gateway_store::{Batch, Change, Expect, Room, RunId, StoreError};
use redb::{Database, Error, StorageBackend};
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// An open store.
#[derive(Debug)]
pub(crate) struct Engine {
    run: RunId,
    settings: Settings,
    /// Asked how much room there is, where the store is a file.
    path: Option<PathBuf>,
    /// Empty for the moment in which it is opened again.
    open: RwLock<Option<Open>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct Open {
    db: Database,
    disk: Disk,
}

#[derive(Debug, Default)]
struct State {
    /// The disk refused a write for want of room, and none was taken since.
    full: bool,
    /// Why nothing works any more.
    dead: Option<StoreError>,
}

impl Engine {
    /// Opens what `backend` holds; makes it a store with the id `run` if it is empty.
    pub(crate) fn open(
        backend: Arc<dyn StorageBackend>,
        path: Option<PathBuf>,
        settings: Settings,
        run: RunId,
    ) -> Result<Self, OpenError> {
        let disk = Disk::new(backend);
        let is_new = disk.len()? == 0;
        let db = open_database(&disk, settings)?;
        if is_new {
            meta::write_new(&db, run, meta::VERSION)?;
        }
        let run = meta::read(&db)?;
        let open = RwLock::new(Some(Open { db, disk }));
        Ok(Self { run, settings, path, open, state: Mutex::default() })
    }

    pub(crate) fn run_id(&self) -> RunId {
        self.run
    }

    /// Reads from the engine.
    pub(crate) fn read<T>(
        &self,
        action: impl FnOnce(&Database) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        self.check_works()?;
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let Some(open) = open.as_ref() else {
            return Err(StoreError::Failed {
                why: "the store could not be opened again".to_owned(),
            });
        };
        action(&open.db).map_err(|error| self.die(meaning(&error, open.disk.failure().as_ref())))
    }

    /// Writes a group. All its answers are the disk's, or each batch has its own.
    pub(crate) fn write(&self, group: &[&Batch]) -> rows::Outcomes {
        match self.try_write(group) {
            Ok(outcomes) => outcomes,
            Err(error) => group.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    fn try_write(&self, group: &[&Batch]) -> Result<rows::Outcomes, StoreError> {
        self.check_works()?;
        self.check_room(group)?;
        let written = {
            let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
            let Some(open) = open.as_ref() else {
                return Err(StoreError::Failed { why: "the store is not open".to_owned() });
            };
            let written = rows::write(&open.db, group);
            match (written, open.disk.failure()) {
                (Ok(outcomes), None) => Ok(outcomes),
                (Ok(_), Some(failure)) => Err(meaning(&Error::PreviousIo, Some(&failure))),
                (Err(error), failure) => Err(meaning(&error, failure.as_ref())),
            }
        };
        match written {
            Ok(outcomes) => {
                self.state().full = false;
                Ok(outcomes)
            }
            Err(StoreError::Full) => self.recover(group),
            Err(error) => Err(self.die(error)),
        }
    }

    /// Opens the engine again after a write that found no room: the engine takes no call after one. Nothing was
    /// synced in vain, so what is on the disk decides whether the group is there.
    fn recover(&self, group: &[&Batch]) -> Result<rows::Outcomes, StoreError> {
        self.state().full = true;
        tracing::warn!("the disk is full: opening the store again");
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let Some(Open { db, disk }) = open.take() else {
            return Err(self.die(StoreError::Failed { why: "the store is not open".to_owned() }));
        };
        drop(db);
        let disk = disk.again();
        let opened = open_database(&disk, self.settings).map_err(|error| {
            self.die(StoreError::Failed { why: format!("cannot open again: {error}") })
        })?;
        let there = rows::holds(&opened, group)
            .map_err(|error| self.die(meaning(&error, disk.failure().as_ref())))?;
        *open = Some(Open { db: opened, disk });
        if there { Ok(group.iter().map(|_| Ok(())).collect()) } else { Err(StoreError::Full) }
    }

    /// Refuses a group for which there is not enough room, before the engine is asked.
    fn check_room(&self, group: &[&Batch]) -> Result<(), StoreError> {
        let Some(free) = self.free() else { return Ok(()) };
        // Each row is written with its page, and pages on the way to it are written again.
        let needed = group.iter().map(|batch| size(batch)).fold(0, u64::saturating_add);
        let needed = needed.saturating_mul(2).saturating_add(self.settings.keep_free);
        if free >= needed { Ok(()) } else { Err(StoreError::Full) }
    }

    pub(crate) fn room(&self) -> Room {
        let (free, total) = self.disk().unzip();
        let state = self.state();
        // Where nobody can say how much is free, the last write says whether there is room.
        let enough = free.map_or(!state.full, |free| free >= self.settings.new_above);
        Room { free, total, takes_new: enough && state.dead.is_none() }
    }

    fn free(&self) -> Option<u64> {
        self.disk().map(|(free, _)| free)
    }

    /// Bytes that can be written, and bytes that the disk has; nothing where nobody can say.
    fn disk(&self) -> Option<(u64, u64)> {
        let disk = rustix::fs::statvfs(self.path.as_deref()?).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        Some((bytes(disk.f_bavail), bytes(disk.f_blocks)))
    }

    fn check_works(&self) -> Result<(), StoreError> {
        self.state().dead.clone().map_or(Ok(()), Err)
    }

    /// Nothing works after a final error.
    fn die(&self, error: StoreError) -> StoreError {
        if error.is_final() {
            tracing::error!(%error, "the store stops");
            self.state().dead.get_or_insert_with(|| error.clone());
        }
        error
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open_database(disk: &Disk, settings: Settings) -> Result<Database, OpenError> {
    let opened = Database::builder()
        .set_cache_size(settings.cache_bytes)
        // Every page is verified by the engine's checksums once; after that, by what the disk remembers.
        .set_check_integrity_on_open(true)
        .create_with_backend(disk.clone());
    opened.map_err(|error| match disk.failure() {
        Some(failure) => io::Error::other(failure.to_string()).into(),
        None => error.into(),
    })
}

/// Bytes that a batch holds: no fewer than it writes.
pub(crate) fn size(batch: &Batch) -> u64 {
    let changes = batch.changes.iter().map(|(_, key, change)| {
        key.len().saturating_add(if let Change::Put(value) = change { value.len() } else { 0 })
    });
    let expects = batch.expects.iter().map(|(_, key, expect)| {
        key.len().saturating_add(if let Expect::Holds(value) = expect { value.len() } else { 0 })
    });
    let sum = changes.chain(expects).fold(0, usize::saturating_add);
    u64::try_from(sum).unwrap_or(u64::MAX)
}

/// Makes a store at `path`, whole or not at all: a cut in between leaves a file of another name.
pub(crate) fn create(path: &Path, settings: Settings, run: RunId) -> Result<(), OpenError> {
    let name: String = run.0.iter().map(|byte| format!("{byte:02x}")).collect();
    let draft = path.with_extension(name);
    let file = fs::File::options().read(true).write(true).create_new(true).open(&draft)?;
    let backend = redb::backends::FileBackend::new(file)?;
    drop(Engine::open(Arc::new(backend), None, settings, run)?);
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    match linked {
        // Somebody made one at the same time: theirs is opened.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => Ok(linked?),
    }
}
