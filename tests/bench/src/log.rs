//! Appending to a lane's log.

use crate::{measure::Subject, results::Case};
use gateway_log::{LeafHash, Log};
use gateway_types::Salt;
use sha2::{Digest as _, Sha256};
use std::hint::black_box;

/// Entries appended in one call.
const ENTRIES: usize = 4096;

/// Bytes of an entry: a usual `recognised` one.
const LEN: usize = 700;

const NAME: &str = "log_append";
const HASHES: &str = "log_append: hashes";

/// What is measured: hashing and appending entries, one after the other; beside it, SHA-256 of the same bytes.
#[must_use]
pub fn subjects() -> Vec<Subject<'static>> {
    let entry = vec![5; LEN];
    let again = entry.clone();
    let append = move || {
        let mut log = Log::new();
        for _ in 0..ENTRIES {
            log.append(LeafHash::of(&Salt([6; 16]), black_box(&entry))).expect("room");
        }
        black_box(log.head());
    };
    let hash = move || {
        for _ in 0..ENTRIES {
            black_box(Sha256::digest(black_box(&again)));
        }
    };
    vec![Subject::new(NAME, ENTRIES, append), Subject::new(HASHES, ENTRIES, hash)]
}

/// The row.
#[must_use]
pub fn case() -> Case {
    Case {
        name: NAME.into(),
        unit: "us per entry",
        baseline: Some((format!("SHA-256 of its {LEN} bytes, sha2 0.11"), HASHES.into())),
        target: None,
    }
}
