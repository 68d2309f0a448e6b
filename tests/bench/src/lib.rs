//! CPU time of the rules, as ratios in one run.

pub mod agreement;
pub mod certificates;
pub mod chain;
pub mod cometbft;
pub mod log;
pub mod machine;
pub mod measure;
pub mod membership;
pub mod peers;
pub mod policy;
pub mod programs;
pub mod results;
pub mod yardstick;

use measure::{Effort, Subject};
use results::{Case, Row};
use std::path::{Path, PathBuf};

/// Measures everything; the rows are in the order of [`cases`].
#[must_use]
pub fn run(effort: Effort) -> Vec<Row> {
    let chains = cometbft::chains();
    let shown = membership::record();
    let question = policy::Question::new();
    let batches = agreement::batches();
    let grown = agreement::grown::lanes(effort);
    let reader = certificates::Reader::new();
    let mut subjects: Vec<Subject<'_>> = cometbft::subjects(&chains);
    subjects.extend(membership::subjects(&shown));
    subjects.extend(policy::subjects(&question));
    subjects.extend(agreement::subjects(&batches));
    subjects.extend(agreement::grown::subjects(&grown));
    subjects.extend(certificates::subjects(&reader));
    subjects.extend(log::subjects());
    subjects.extend(yardstick::subjects());
    let medians = measure::measure(&mut subjects, effort);
    cases().iter().map(|case| case.row(&medians)).collect()
}

/// Every case that [`run`] measures.
#[must_use]
pub fn cases() -> Vec<Case> {
    let mut cases = cometbft::cases();
    cases.extend([membership::case(), policy::case()]);
    cases.extend(agreement::cases());
    cases.extend(agreement::grown::cases());
    cases.extend([certificates::case(), log::case(), yardstick::case()]);
    cases
}

/// Where results go: `target/bench` of this workspace.
#[must_use]
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench")
}
