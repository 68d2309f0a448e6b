//! CPU time of the rules, as ratios in one run.

pub mod chain;
pub mod cometbft;
pub mod machine;
pub mod measure;
pub mod peers;
pub mod results;

use measure::{Effort, Subject};
use results::{Case, Row};
use std::path::{Path, PathBuf};

/// Measures everything; the rows are in the order of [`cases`].
#[must_use]
pub fn run(effort: Effort) -> Vec<Row> {
    let chains = cometbft::chains();
    let mut subjects: Vec<Subject<'_>> = cometbft::subjects(&chains);
    let medians = measure::measure(&mut subjects, effort);
    cases().iter().map(|case| case.row(&medians)).collect()
}

/// Every case that [`run`] measures.
#[must_use]
pub fn cases() -> Vec<Case> {
    cometbft::cases()
}

/// Where results go: `target/bench` of this workspace.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench")
}
