//! Disks that fail, flip bits or fill up; stores that are not ours, or too new, or open already.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use gateway_store::{Batch, RunId, Space, Store, StoreError};
use gateway_store_redb::{
    OpenError, RedbStore, Settings, VERSION, Writing,
    simulated::{SimulatedDisk, Trouble},
};
use redb::{Database, TableDefinition, backends::FileBackend};
use std::{fs, path::Path};

const SPACE: Space = Space("test/1");
const RUN: RunId = RunId([5; 16]);

/// No memory at all, so that every read is one of the disk.
const SETTINGS: Settings = Settings { cache_bytes: 0, keep_free: 0, new_above: 0 };

fn open(disk: &SimulatedDisk) -> Result<RedbStore, OpenError> {
    RedbStore::open_with_backend(disk.clone(), SETTINGS, RUN, Writing::Thread)
}

async fn put(store: &RedbStore, key: u8, value: &[u8]) -> Result<(), StoreError> {
    store.commit(Batch::new().put(SPACE, [key], value)).await
}

async fn filled(disk: &SimulatedDisk) -> RedbStore {
    let store = open(disk).unwrap();
    for key in 0..40 {
        put(&store, key, &[key; 700]).await.unwrap();
    }
    store
}

#[tokio::test]
async fn a118_after_a_failed_sync_or_write_nothing_works_and_nothing_is_tried_again() {
    for n in 1..8 {
        for trouble in [Trouble::SyncFailsAt(n), Trouble::WriteFailsAt(n)] {
            let disk = SimulatedDisk::new(n);
            let store = filled(&disk).await;
            disk.plan(trouble);
            let mut error = None;
            for key in 100..120 {
                error = error.or(put(&store, key, &[key; 700]).await.err());
            }
            let error = error.unwrap();
            assert!(matches!(error, StoreError::Failed { .. }), "{trouble:?}: {error}");
            let steps = disk.steps();
            disk.clear();
            assert_eq!(put(&store, 200, b"").await.unwrap_err(), error);
            assert_eq!(store.load(SPACE, &[1]).unwrap_err(), error);
            assert_eq!(store.scan(SPACE, b"", None, 1).unwrap_err(), error);
            assert!(!store.room().takes_new);
            drop(store);
            assert_eq!(
                disk.steps(),
                steps,
                "nothing was written or synced after it, closing included"
            );
        }
    }
}

#[tokio::test]
async fn a118_a_bit_flipped_on_a_read_is_an_error_and_never_other_data() {
    let mut errors = 0;
    for n in 1..40 {
        let disk = SimulatedDisk::new(n);
        let store = filled(&disk).await;
        disk.plan(Trouble::ReadFlipsAt(n));
        for key in 0..41_u8 {
            match store.load(SPACE, &[key]) {
                Ok(held) => assert_eq!(held, (key < 40).then(|| vec![key; 700]), "read {n}"),
                Err(error) => {
                    assert!(matches!(error, StoreError::Corrupt { .. }), "{error}");
                    errors += 1;
                }
            }
        }
        assert!(store.load(SPACE, &[1]).unwrap_err().is_final(), "it stops");
    }
    assert!(errors > 39, "only {errors}");
}

#[tokio::test]
async fn a118_a_bit_flipped_while_closed_or_open_is_an_error_and_never_other_data() {
    let (mut refused, mut harmless) = (0, 0);
    for byte in (0..400_000).step_by(5003) {
        for while_open in [false, true] {
            let disk = SimulatedDisk::new(1);
            let mut store = Some(filled(&disk).await);
            if !while_open {
                store = None;
            }
            if !disk.flip(byte, 3) {
                continue;
            }
            let opened = match store {
                Some(store) => Ok(store),
                None => open(&disk),
            };
            let loaded = match opened {
                Err(OpenError::Disk(error)) => panic!("{error}"),
                Err(_) => None,
                Ok(store) => (0..41_u8)
                    .map(|key| {
                        let right = (key < 40).then(|| vec![key; 700]);
                        let held = store.load(SPACE, &[key]).ok();
                        held.inspect(|held| assert_eq!(*held, right, "byte {byte}, key {key}"))
                    })
                    .collect::<Option<Vec<_>>>(),
            };
            if loaded.is_some() { harmless += 1 } else { refused += 1 }
        }
    }
    assert!(refused > 5 && harmless > 20, "{refused} {harmless}");
}

#[tokio::test]
async fn a118_any_moment_at_which_the_disk_fills_up_leaves_commits_whole() {
    for more in (0..200_000).step_by(7_000) {
        let disk = SimulatedDisk::new(more);
        let store = filled(&disk).await;
        disk.plan(Trouble::Full(disk.size() as u64 / 2 + more));
        let mut there = Vec::new();
        for key in 100..140 {
            match put(&store, key, &[key; 9_000]).await {
                Ok(()) => there.push(key),
                Err(error) => assert_eq!(error, StoreError::Full),
            }
            assert_eq!(store.load(SPACE, &[7]).unwrap(), Some(vec![7; 700]), "reading goes on");
        }
        disk.clear();
        put(&store, 141, b"").await.unwrap();
        assert!(store.room().takes_new);
        drop(store);
        let store = open(&disk).unwrap();
        for key in 100..140 {
            let held = store.load(SPACE, &[key]).unwrap();
            assert_eq!(held, there.contains(&key).then(|| vec![key; 9_000]), "{more}");
        }
    }
}

#[tokio::test]
async fn a118_a_disk_with_less_room_than_is_kept_free_takes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let none_left = Settings { keep_free: u64::MAX / 4, new_above: u64::MAX / 2, ..SETTINGS };
    let store = RedbStore::open(&path, none_left, RUN).unwrap();
    assert_eq!(put(&store, 1, b"1").await, Err(StoreError::Full));
    assert_eq!(store.load(SPACE, &[1]).unwrap(), None);
    assert!(!store.room().takes_new && store.room().free.is_some());
    drop(store);
    let store = RedbStore::open(&path, SETTINGS, RUN).unwrap();
    put(&store, 1, b"1").await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_open_is_not_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = RedbStore::open(&path, SETTINGS, RUN).unwrap();
    let again = RedbStore::open(&path, SETTINGS, RUN).unwrap_err();
    assert!(matches!(again, OpenError::AlreadyOpen), "{again}");
    put(&store, 1, b"1").await.unwrap();
    drop(store);
    let store = RedbStore::open(&path, SETTINGS, RunId([6; 16])).unwrap();
    assert_eq!(store.run_id(), RUN, "it keeps its own");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
}

const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("comity/meta");

/// Changes what a closed store says of itself.
fn change_meta(path: &Path, name: &str, value: Option<&[u8]>) {
    let file = fs::File::options().read(true).write(true).open(path).unwrap();
    let db = Database::builder().create_with_backend(FileBackend::new(file).unwrap()).unwrap();
    let writing = db.begin_write().unwrap();
    {
        let mut meta = writing.open_table(META).unwrap();
        match value {
            Some(value) => drop(meta.insert(name, value).unwrap()),
            None => drop(meta.remove(name).unwrap()),
        }
    }
    writing.commit().unwrap();
}

fn open_changed(name: &str, value: Option<&[u8]>) -> OpenError {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    drop(RedbStore::open(&path, SETTINGS, RUN).unwrap());
    change_meta(&path, name, value);
    RedbStore::open(&path, SETTINGS, RUN).unwrap_err()
}

#[test]
fn a119_a_store_of_a_newer_version_is_refused() {
    let newer = VERSION + 1;
    match open_changed("format", Some(&newer.to_be_bytes())) {
        OpenError::Newer { found, known } => assert_eq!((found, known), (newer, VERSION)),
        other => panic!("{other}"),
    }
}

#[test]
fn a53_a_store_without_its_format_or_run_id_is_refused() {
    for (name, value) in [
        ("format", None),
        ("format", Some(&[0, 1][..])),
        ("format", Some(&[0; 4][..])),
        ("run", None),
        ("run", Some(&[1; 15][..])),
    ] {
        let error = open_changed(name, value);
        assert!(matches!(error, OpenError::NotAStore { .. }), "{name}: {error}");
    }
}

#[test]
fn a53_what_is_not_a_store_is_neither_taken_nor_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in [("empty", vec![]), ("text", b"not a store\n".repeat(999))] {
        let path = folder.path().join(name);
        fs::write(&path, &content).unwrap();
        RedbStore::open(&path, SETTINGS, RUN).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), content, "{name} is as it was");
    }
    let foreign = folder.path().join("foreign");
    let file = fs::File::options().read(true).write(true).create_new(true).open(&foreign).unwrap();
    drop(Database::builder().create_with_backend(FileBackend::new(file).unwrap()).unwrap());
    let error = RedbStore::open(&foreign, SETTINGS, RUN).unwrap_err();
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
}
