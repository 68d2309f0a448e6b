//! A process that writes is killed: all that it said to have written is there.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic")]

use gateway_store::{Batch, RunId, Space, Store};
use gateway_store_redb::{RedbStore, Settings};
use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
};

const SPACE: Space = Space("test/1");

/// Set for the process that is killed.
const PATH: &str = "COMITY_TEST_STORE";

/// Commits that a process acknowledges before it is killed.
const TOLD: usize = 60;

fn open(path: &Path) -> RedbStore {
    RedbStore::open(path, Settings::default(), RunId([5; 16])).unwrap()
}

#[tokio::test]
async fn a117_a_killed_process_loses_nothing_that_it_acknowledged() {
    if let Some(path) = env::var_os(PATH) {
        return write_until_killed(Path::new(&path)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut told = Vec::new();
    for _ in 0..3 {
        let from = told.len();
        told.extend(kill_a_writer(&path));
        assert!(told.len() >= from + TOLD);
        let store = open(&path);
        for key in &told {
            let held = store.load(SPACE, key.as_bytes()).unwrap();
            assert_eq!(held.as_deref(), Some(key.as_bytes()));
        }
    }
}

/// Starts this test in a process of its own, kills it in the middle, and gives what it acknowledged.
fn kill_a_writer(path: &Path) -> Vec<String> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "a117_a_killed_process_loses_nothing_that_it_acknowledged",
            "--nocapture",
        ])
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told = |line: String| line.strip_prefix("told ").map(str::to_owned);
    let mut all: Vec<String> = lines.by_ref().filter_map(told).take(TOLD).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    all.extend(lines.filter_map(told));
    all
}

async fn write_until_killed(path: &Path) {
    let store = open(path);
    let start = std::process::id();
    for number in 0_u64.. {
        let key = format!("{start}-{number:06}");
        store.commit(Batch::new().put(SPACE, key.as_str(), key.as_str())).await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "told {key}").unwrap();
        out.flush().unwrap();
    }
}
