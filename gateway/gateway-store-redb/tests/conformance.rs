//! The suite of stores, on each way to run this one.

#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "helpers of tests may panic"
)]

use gateway_store::{
    RunId, Store,
    conformance::{self, Maker},
};
use gateway_store_redb::{
    RedbStore, Settings, Writing,
    simulated::{SimulatedDisk, Trouble},
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Little memory, so that pages are read again.
const SETTINGS: Settings = Settings { cache_bytes: 1 << 20, keep_free: 0, new_above: 0 };

#[derive(Debug)]
struct Files {
    folder: tempfile::TempDir,
    made: u8,
}

impl Files {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), made: 0 }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(format!("{}.redb", self.made))
    }

    fn open(&self) -> Arc<dyn Store> {
        Arc::new(RedbStore::open(&self.path(), SETTINGS, RunId([self.made; 16])).unwrap())
    }
}

impl Maker for Files {
    fn make(&mut self) -> Arc<dyn Store> {
        self.made += 1;
        self.open()
    }

    fn reopen(&mut self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        drop(store);
        self.open()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_with_a_thread_passes() {
    conformance::run(&mut Files::new()).await;
}

#[derive(Debug)]
struct Simulated {
    disk: Arc<Mutex<SimulatedDisk>>,
    made: u8,
    thread: bool,
}

impl Simulated {
    fn open(&self) -> Arc<dyn Store> {
        let disk = self.disk.lock().unwrap().clone();
        let delay = || Duration::from_millis(7);
        let writing = if self.thread { Writing::Thread } else { Writing::Inline(Box::new(delay)) };
        let run = RunId([self.made; 16]);
        Arc::new(RedbStore::open_with_backend(disk, SETTINGS, run, writing).unwrap())
    }
}

impl Maker for Simulated {
    fn make(&mut self) -> Arc<dyn Store> {
        self.made += 1;
        *self.disk.lock().unwrap() = SimulatedDisk::new(u64::from(self.made));
        self.open()
    }

    fn reopen(&mut self, store: Arc<dyn Store>) -> Arc<dyn Store> {
        drop(store);
        self.open()
    }
}

fn simulated(thread: bool) -> Simulated {
    Simulated { disk: Arc::new(Mutex::new(SimulatedDisk::new(0))), made: 0, thread }
}

#[tokio::test(start_paused = true)]
async fn a_simulated_disk_without_threads_passes() {
    conformance::run(&mut simulated(false)).await;
}

#[tokio::test]
async fn a118_a_full_disk_refuses_reads_on_and_goes_on() {
    for thread in [true, false] {
        let mut maker = simulated(thread);
        let disk = Arc::clone(&maker.disk);
        let mut set_full = |full| {
            let disk = disk.lock().unwrap();
            if full { disk.plan(Trouble::Full(disk.size() as u64)) } else { disk.clear() }
        };
        conformance::run_full(&mut maker, &mut set_full).await;
    }
}
