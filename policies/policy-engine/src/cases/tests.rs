use super::*;
use crate::testing::{Files, edited, hong_kong, load};

const FILE: &str = "cases/recognise.toml";

fn tree_cases() -> Files {
    let text = include_str!("../../../packs/cn-hk/cases/recognise.toml");
    Files::from([(FILE.to_owned(), text.to_owned())])
}

/// What fails in the cases when the pack is changed.
fn failures(pack: &Files, cases: &Files) -> Vec<(String, Failure)> {
    let report = run(&load(pack), cases).unwrap();
    report.cases.into_iter().filter_map(|case| Some((case.name, case.failure?))).collect()
}

#[test]
fn a_case_that_comes_out_otherwise_says_which_rule_and_line() {
    let when = "when { context has consent }\nunless { context.now < context.consent.expires }";
    let never = "when { context has consent && context.onward }\nunless { context.now < context.consent.expires }";
    let pack = edited(hong_kong(), "consent.cedar", when, never);
    let pack = edited(pack, "permit.cedar", "&& context.now < context.consent.expires", "");
    let all = failures(&pack, &tree_cases());
    let (_, failure) = &all[0];
    assert_eq!(all[0].0, "consent ends at this very moment");
    assert_eq!(failure.said, "deny [consent_expired]");
    assert_eq!(failure.came_out, "permit");
    assert_eq!(
        failure.because,
        "let through by CN-HK/recognise (line 4); CN-HK/consent-live did not apply: see its `when`, line 9"
    );
}

#[test]
fn a_condition_that_only_a_forbid_has_is_found() {
    let pack = edited(
        hong_kong(),
        "permit.cedar",
        "when { 0 <= context.evidence_age_s && context.evidence_age_s <= 60 }\n",
        "",
    );
    let all = failures(&pack, &tree_cases());
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(
        all[0].1.because,
        "CN-HK/recognise alone would let it through: put the condition of CN-HK/fresh-evidence into its `when`, too"
    );
}

#[test]
fn every_expectation_can_fail() {
    for (from, to) in [
        (
            "expect = \"permit\"\nform = \"accepted\"",
            "expect = \"permit\"\nform = \"accepted-by-filing\"",
        ),
        ("local_class = \"hk/private-car\"", "local_class = \"hk/tram\""),
        ("obligations = [\"redact:id_number\"]", "obligations = []"),
        ("reasons = [\"licence_expired\"]", "reasons = [\"licence_not_yet\"]"),
        ("expect = \"review\"", "expect = \"permit\""),
        (
            "reasons = [\"consent_expired\", \"consent_withdrawn\"]",
            "reasons = [\"consent_expired\"]",
        ),
        (
            "name = \"begins at this very moment\"",
            "name = \"begins at this very moment\"\nwithout = [\"consent\"]",
        ),
    ] {
        let cases = edited(tree_cases(), FILE, from, to);
        assert_eq!(failures(&hong_kong(), &cases).len(), 1, "{to}");
    }
}

#[test]
fn cases_that_cannot_be_read_are_refused_with_their_line() {
    let pack = load(&hong_kong());
    for (from, to) in [
        ("evidence_age_s = 61", "evidence_age_s = -1"),
        ("evidence_age_s = 61", "evidence_ages = 61"),
        ("reasons = [\"licence_expired\"]", "reasons = [\"licence_expird\"]"),
        ("reasons = [\"licence_expired\"]", "reasons = []"),
        ("expect = \"review\"", "expect = \"maybe\""),
        ("without = [\"consent\"]", "without = [\"consents\"]"),
        ("now = 2026-11-21T10:31:07+08:00", "now = 2026-11-21T10:31:07"),
        ("to = \"CN-HK\"", "to = \"CN-MO\""),
        ("tier = \"standard\"", "tier = \"standard\"\ntier = \"strict\""),
    ] {
        let cases = edited(tree_cases(), FILE, from, to);
        let errors = run(&pack, &cases).unwrap_err();
        assert!(errors.0.iter().all(|problem| problem.code == ProblemCode::Case), "{errors:?}");
        assert!(errors.0[0].place.line > 1, "{errors:?}");
    }
}
