//! The screens of `comity policy`, line by line, on the packs in the tree and on changed copies of them.

use super::{
    check::good_lines,
    explain::lines,
    folder::{Files, Read, Unusable, parse_facts, read},
    layout::problem_lines,
    test::report_lines,
    *,
};
use anstream::adapter::strip_str;
use gateway_types::facts::Facts;
use policy_engine::{
    cases,
    explain::{Language, explain},
};
use std::path::Path;

fn tree(region: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/packs").join(region)
}

/// Hong Kong's pack with texts replaced: (file, what, by what).
fn edited(edits: &[(&str, &str, &str)]) -> Read {
    let mut files: Files = read(&tree("cn-hk")).unwrap().files;
    for (name, from, to) in edits {
        let text = files.get_mut(*name).unwrap();
        assert!(text.contains(from), "{name} does not hold {from}");
        *text = text.replace(from, to);
    }
    Read::of(files)
}

fn plain(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| strip_str(line).to_string()).collect()
}

const FACTS: &str = include_str!("../../../../policies/facts.json");

fn facts(text: &str) -> Facts {
    parse_facts(Path::new("facts.json"), text).unwrap()
}

fn explained(text: &str, language: Language) -> Vec<String> {
    let pack = read(&tree("cn-hk")).unwrap().pack.unwrap();
    let explanation = explain(&pack, &facts(text), language).unwrap();
    plain(&lines(&pack, &explanation, language))
}

#[test]
fn check_shows_place_line_and_what_to_type() {
    let read = edited(&[
        (
            "licence.cedar",
            "resource.status == Gw::Status::\"valid\"",
            "resource.statuss == Gw::Status::\"valid\"",
        ),
        (
            "asking.cedar",
            "\"CN-HK/no-onward\") @deny(\"policy_denied\")\nforbid (principal, action, resource)",
            "\"CN-HK/no-onward\") @deny(\"policy_denied\")\nforbid (principal, action == Gw::Action::\"recognise\", resource is Gw::Issuer)",
        ),
        ("pack.toml", "cites = \"example: deployment rules (evidence at most 60 s old)\"\n", ""),
    ]);
    let line =
        read.files["pack.toml"].lines().position(|l| l.contains("CN-HK/fresh-evidence")).unwrap()
            + 1;
    let expected = format!(
        "\
asking.cedar:19:1   error P-011  rule CN-HK/no-onward can never apply: its resource is an Issuer, `recognise` is asked of a Licence        fix: resource is Gw::Licence
licence.cedar:10:19 error P-003  `statuss` is not an attribute of Licence
   10 │ unless {{ resource.statuss == Gw::Status::\"valid\" }};
      │                   ^^^^^^^ did you mean `status`?            Left alone, this rule would be skipped and a revoked licence could pass.
pack.toml:{line}:1     error P-020  rule CN-HK/fresh-evidence cites no source        fix: cites = \"…\" (law, section) and text.zh, text.en"
    );
    let shown = plain(&problem_lines(&read.pack.unwrap_err()));
    assert_eq!(shown.join("\n"), expected);
}

#[test]
fn check_says_what_a_good_pack_is() {
    let pack = read(&tree("cn-gd")).unwrap().pack.unwrap();
    let shown = plain(&good_lines(&pack));
    assert_eq!(
        shown[0],
        "✓ CN-GD pack 2026.11.0   22 rules · 4 classes issued · 6 accepted · 2 issuers"
    );
    assert!(shown[1].contains(&pack.reference().digest.short()), "{shown:?}");
    assert!(
        shown[1]
            .ends_with("in force from 2026-01-01 00:00:00 +08:00 to 2028-01-01 00:00:00 +08:00")
    );
}

#[test]
fn test_counts_and_points_to_the_clause() {
    let read = edited(&[
        (
            "consent.cedar",
            "when { context has consent }\nunless { context.now <",
            "when { context has consent && context.onward }\nunless { context.now <",
        ),
        ("permit.cedar", "&& context.now < context.consent.expires", ""),
    ]);
    let report = cases::run(&read.pack.unwrap(), &read.files).unwrap();
    let shown = plain(&report_lines(&report));
    let (all, not) = (report.cases.len(), report.cases.len() - report.as_said());
    assert!(not >= 2);
    assert_eq!(shown[0], format!("{all} cases: {} as said, {not} not", all - not));
    assert_eq!(shown.len(), not + 1);
    assert!(
        shown[1].ends_with("said deny [consent_expired], came out permit      let through by CN-HK/disclose (line 18); CN-HK/consent-live did not apply: see its `when`, line 9"),
        "{}", shown[1]
    );
    let whole = read_and_run("cn-hk");
    assert_eq!(whole, ["68 cases: all as said"]);
}

fn read_and_run(region: &str) -> Vec<String> {
    let read = read(&tree(region)).unwrap();
    plain(&report_lines(&cases::run(&read.pack.unwrap(), &read.files).unwrap()))
}

#[test]
fn explain_names_the_rule_and_the_smallest_change() {
    let shown = explained(FACTS, Language::English);
    assert_eq!(shown[0], "DENY  licence-exchange, C1, CN-GD → CN-HK at 2026-11-21 10:31:07 +08:00");
    assert_eq!(
        shown[1],
        "  ✗ CN-HK/fresh-evidence   evidence is 91 s old, at most 60 s        cites example: deployment rules (evidence at most 60 s old)        would pass if asked again with a newer header"
    );
    let rest = shown[2..].join("\n");
    assert!(rest.contains("✓ CN-HK/class-equivalent   "), "{rest}");
    assert!(rest.contains("– CN-HK/manual-review not concerned"), "{rest}");
    assert!(rest.ends_with("smallest change that permits: evidence ≤ 60 s"), "{rest}");
    assert!(rest.lines().all(|line| line.chars().count() <= 121), "{rest}");
}

#[test]
fn explain_says_how_a_permitted_one_counts() {
    let shown = explained(&FACTS.replace("91", "9"), Language::Chinese);
    assert!(shown[0].starts_with("PERMIT  licence-exchange, 小型汽车驾驶证 C1"), "{shown:?}");
    assert_eq!(shown[1], "  counts as hk/private-car, accepted · obligations: redact:id_number");
    assert!(!shown.join(" ").contains("smallest change"));
}

#[test]
fn a96_facts_with_a_key_twice_or_unknown_are_refused() {
    let refused = |from: &str, to: &str| {
        assert!(FACTS.contains(from));
        match parse_facts(Path::new("facts.json"), &FACTS.replacen(from, to, 1)) {
            Err(error @ Unusable::Facts { .. }) => error.to_string(),
            other => panic!("{to}: {other:?}"),
        }
    };
    let twice = refused("\"onward\": false", "\"onward\": false, \"onward\": true");
    assert!(
        twice.starts_with("facts.json:23:") && twice.contains("duplicate field `onward`"),
        "{twice}"
    );
    // At any depth, and in escapes that mean the same letters.
    refused("\"withdrawn\": false", "\"withdrawn\": true, \"withdrawn\": false");
    refused("\"withdrawn\": false", "\"withdrawn\": true, \"\\u0077ithdrawn\": false");
    refused("\"onward\": false", "\"onward\": false, \"quorum\": 2");
    refused("\"evidence_age_s\": 91", "\"evidence_age_s\": -1");
    refused("\"evidence_age_s\": 91", "\"evidence_age_s\": 18446744073709551616");
    refused("\"evidence_age_s\": 91", "\"evidence_age_s\": 9.1e1");
    refused("\"to\": \"CN-HK\"", "\"to\": \"cn-hk\"");
    refused("\"obligations\": []\n}", "\"obligations\": []\n} {}");
}

#[test]
fn what_cannot_be_read_is_wrong_usage() {
    let mut out = Output::new(false);
    let check = |folder: &Path| PolicyCommand::Check(CheckArgs { folder: folder.into() });
    assert_eq!(run(&check(Path::new("no-such-folder")), &mut out).unwrap(), Exit::WrongUsage);
    assert_eq!(
        run(&check(Path::new(env!("CARGO_MANIFEST_DIR"))), &mut out).unwrap(),
        Exit::WrongUsage
    );
    assert_eq!(run(&check(&tree("cn-hk")), &mut out).unwrap(), Exit::Yes);
}
