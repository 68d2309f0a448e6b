//! That everything is measured and written in the one form. Never how long it took.

use bench::{measure::Effort, results};
use std::path::Path;

/// What must be there.
const NAMES: &[&str] = &[
    "cometbft_header_update_4",
    "cometbft_header_update_20",
    "cometbft_header_update_100",
    "cometbft_header_update_150",
    "cometbft_header_update_skipping_4",
    "cometbft_header_update_skipping_20",
    "cometbft_header_update_skipping_100",
    "cometbft_header_update_skipping_150",
    "cometbft_catch_up_16_headers_100",
    "ics23_membership",
    "policy_decision",
    "agreement_batch_1",
    "agreement_batch_500",
    "agreement_batch_4096",
    "agreement_batch_1_leader",
    "agreement_batch_500_leader",
    "agreement_batch_4096_leader",
    "agreement_batch_1_member",
    "agreement_batch_500_member",
    "agreement_batch_4096_member",
    "recognition_at_log_1e3",
    "recognition_at_log_1e5",
    "recognition_at_log_1e6",
    "certificate_verify",
    "log_append",
];

#[test]
fn every_case_is_measured_and_written() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench/results.json");
    results::write(&path, &bench::run(Effort::QUICK), false).unwrap();
    let rows = results::read(&path).unwrap();
    for name in NAMES {
        assert_eq!(rows.iter().filter(|row| row.name == *name).count(), 1, "{name}");
    }
    for row in &rows {
        assert!(row.value.is_finite() && row.value > 0.0, "{row:?}");
        assert!(!row.unit.is_empty(), "{row:?}");
        assert_eq!(row.baseline.is_some(), row.ratio.is_some(), "{row:?}");
        assert!(row.ratio.is_none_or(|ratio| ratio.is_finite() && ratio > 0.0), "{row:?}");
    }
}

#[test]
fn rows_of_another_run_stay_only_if_kept() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench/kept.json");
    let row = |name: &str, value| results::Row {
        name: name.into(),
        value,
        unit: "us".into(),
        baseline: None,
        ratio: None,
    };
    results::write(&path, &[row("a", 1.0), row("b", 1.0)], false).unwrap();
    results::write(&path, &[row("b", 2.0)], true).unwrap();
    assert_eq!(results::read(&path).unwrap(), [row("a", 1.0), row("b", 2.0)]);
    results::write(&path, &[row("c", 3.0)], false).unwrap();
    assert_eq!(results::read(&path).unwrap(), [row("c", 3.0)]);
}
