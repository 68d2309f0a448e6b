//! `comity policy check|test|explain` on the packs in the tree and on spoilt copies of them, with the real
//! program.

use crate::run::{Folder, Ran, comity, tree};
use serde_json::Value;
use std::fs;

const REGIONS: [&str; 3] = ["cn-gd", "cn-hk", "cn-mo"];

/// The example in the tree: one question, as a platform of Hong Kong asks it; its evidence is 91 s old.
fn facts() -> String {
    fs::read_to_string(tree("policies/facts.json")).unwrap()
}

/// A copy of a pack of the tree.
fn copy(region: &str) -> Folder {
    let folder = Folder::new();
    for name in ["", "cases"] {
        for entry in fs::read_dir(tree(&format!("policies/packs/{region}/{name}"))).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                let to = format!("pack/{name}/{}", entry.file_name().to_str().unwrap());
                folder.write(&to, fs::read(entry.path()).unwrap());
            }
        }
    }
    folder
}

/// A copy of Hong Kong's pack with one text replaced in one file.
fn spoilt(name: &str, from: &str, to: &str) -> Folder {
    let folder = copy("cn-hk");
    let text = fs::read_to_string(folder.path(&format!("pack/{name}"))).unwrap();
    assert!(text.contains(from), "{name} does not hold {from}");
    folder.write(&format!("pack/{name}"), text.replacen(from, to, 1));
    folder
}

fn check(folder: &Folder, more: &[&str]) -> Ran {
    comity(&[&["policy", "check", &folder.path("pack")][..], more].concat())
}

#[test]
fn the_packs_of_the_tree_are_good_and_their_cases_come_out_as_said() {
    for region in REGIONS {
        let folder = tree(&format!("policies/packs/{region}"));
        let ran = comity(&["policy", "check", &folder]).ends(0);
        let upper = region.to_uppercase();
        assert!(
            ran.lines()[0].starts_with(&format!("✓ {upper} pack 2026.11.0   22 rules")),
            "{ran:#?}"
        );
        let object = comity(&["policy", "check", &folder, "--json"]).ends(0).object();
        assert_eq!(
            (&object["outcome"], &object["problems"]),
            (&"good".into(), &Value::Array(vec![]))
        );
        assert_eq!(object["pack"]["reference"]["region"], upper);
        let ran = comity(&["policy", "test", &folder]).ends(0);
        assert_eq!(ran.lines(), ["68 cases: all as said"]);
        let object = comity(&["policy", "test", &folder, "--json"]).ends(0).object();
        assert_eq!(
            (&object["outcome"], &object["cases"], &object["as_said"]),
            (&"as_said".into(), &68.into(), &68.into())
        );
    }
}

/// Each trap of the language: what is refused, with which number, and where.
#[test]
fn a_broken_pack_is_refused_with_place_and_number() {
    for (name, from, to, code) in [
        ("licence.cedar", "resource.status == Gw", "resource.statuss == Gw", "P-003"),
        (
            "pack.toml",
            "cites = \"example: deployment rules (evidence at most 60 s old)\"\n",
            "",
            "P-020",
        ),
        (
            "asking.cedar",
            "forbid (principal, action, resource)\nunless { !context.onward };",
            "forbid (principal, action == Gw::Action::\"recognise\", resource is Gw::Issuer)\nunless { !context.onward };",
            "P-011",
        ),
    ] {
        let folder = spoilt(name, from, to);
        let ran = check(&folder, &[]).ends(1);
        assert!(ran.lines()[0].starts_with(&format!("{name}:")), "{ran:#?}");
        assert!(ran.lines()[0].contains(&format!(" error {code}  ")), "{ran:#?}");
        assert!(ran.err.contains("the pack is refused"), "{ran:#?}");
        let object = check(&folder, &["--json"]).ends(1).object();
        let problem = &object["problems"][0];
        assert_eq!(
            (&object["outcome"], &problem["code"], &problem["file"]),
            (&"refused".into(), &code.into(), &name.into())
        );
        assert!(problem["line"].as_u64().unwrap() > 0 && problem["message"].is_string());
        // Nothing else is done with a pack that is refused.
        let pack = folder.path("pack");
        comity(&["policy", "test", &pack]).ends(1);
        let facts = folder.write("facts.json", facts());
        comity(&["policy", "explain", &facts, "--pack", &pack]).ends(1);
        let object =
            comity(&["--json", "policy", "explain", &facts, "--pack", &pack]).ends(1).object();
        assert_eq!(object["outcome"], "refused");
    }
}

#[test]
fn text_that_is_no_policy_at_all_is_refused_with_its_place() {
    for (name, text) in [
        ("licence.cedar", "permit(principal, action, resource"),
        ("licence.cedar", "\u{0}\u{1}"),
        ("pack.toml", "region = "),
        ("pack.toml", ""),
        ("issuers.toml", "[[issuer]]\ncode = 3\n"),
    ] {
        let folder = copy("cn-hk");
        folder.write(&format!("pack/{name}"), text);
        let ran = check(&folder, &[]).ends(1);
        assert!(ran.out.contains(name), "{name}: {ran:#?}");
        check(&folder, &["--json"]).ends(1).object();
    }
    for missing in ["pack.toml", "issuers.toml", "permit.cedar"] {
        let folder = copy("cn-hk");
        fs::remove_file(folder.path(&format!("pack/{missing}"))).unwrap();
        let ran = check(&folder, &[]).ends(1);
        assert!(!ran.out.is_empty(), "{missing}: {ran:#?}");
    }
    // Not text.
    let folder = copy("cn-hk");
    folder.write("pack/licence.cedar", [0xff, 0xfe, 0x00]);
    let ran = check(&folder, &[]).ends(64);
    assert!(ran.err.contains("licence.cedar"), "{ran:#?}");
}

#[test]
fn a_case_that_comes_out_otherwise_is_shown_with_the_clause_that_let_it_through() {
    let folder = spoilt(
        "consent.cedar",
        "when { context has consent }\nunless { context.now <",
        "when { context has consent && context.onward }\nunless { context.now <",
    );
    let text = fs::read_to_string(folder.path("pack/permit.cedar")).unwrap();
    folder.write("pack/permit.cedar", text.replace("&& context.now < context.consent.expires", ""));
    let pack = folder.path("pack");
    let ran = comity(&["policy", "test", &pack]).ends(1);
    assert!(ran.lines()[0].starts_with("68 cases: "), "{ran:#?}");
    assert!(ran.out.contains("said deny [consent_expired], came out permit"), "{ran:#?}");
    assert!(
        ran.out.contains("CN-HK/consent-live did not apply: see its `when`, line 9"),
        "{ran:#?}"
    );
    let object = comity(&["policy", "test", &pack, "--json"]).ends(1).object();
    assert_eq!(object["outcome"], "not_as_said");
    assert!(object["failures"][0]["file"].as_str().unwrap().starts_with("cases/"));
    // No case at all is no pass.
    let folder = copy("cn-hk");
    fs::remove_dir_all(folder.path("pack/cases")).unwrap();
    let ran = comity(&["policy", "test", &folder.path("pack")]).ends(2);
    assert!(ran.out.contains("nothing was tested"), "{ran:#?}");
}

#[test]
fn explain_says_which_rule_and_the_smallest_change() {
    let folder = Folder::new();
    let packs = tree("policies/packs");
    let explain = |name: &str, facts: &str, more: &[&str]| {
        let facts = folder.write(name, facts);
        let args = ["policy", "explain", &facts, "--pack", "CN-HK", "--packs", &packs];
        comity(&[&args[..], more].concat())
    };
    let ran = explain("old.json", &facts(), &[]).ends(1);
    assert_eq!(
        ran.lines()[0],
        "DENY  licence-exchange, C1, CN-GD → CN-HK at 2026-11-21 10:31:07 +08:00"
    );
    assert!(
        ran.lines()[1].starts_with("  ✗ CN-HK/fresh-evidence   evidence is 91 s old, at most 60 s")
    );
    assert!(ran.out.contains("smallest change that permits: evidence ≤ 60 s"), "{ran:#?}");
    let object = explain("old.json", &facts(), &["--json"]).ends(1).object();
    assert_eq!(
        (&object["outcome"], &object["reasons"][0]),
        (&"deny".into(), &"policy_denied".into())
    );
    let fresh = facts().replace("91", "9");
    let ran = explain("fresh.json", &fresh, &[]).ends(0);
    assert!(
        ran.lines()[1]
            .contains("counts as hk/private-car, accepted · obligations: redact:id_number")
    );
    let ran = explain("fresh.json", &fresh, &["--lang", "zh"]).ends(0);
    assert!(ran.lines()[0].contains("小型汽车驾驶证 C1"), "{ran:#?}");
    let doctor = fresh.replace("driving-c1", "medical").replace("standard", "strict");
    let ran = explain("doctor.json", &doctor, &[]).ends(2);
    assert!(ran.lines()[0].starts_with("REVIEW  "), "a person must look: {ran:#?}");
}

#[test]
fn facts_that_are_none_are_wrong_usage_with_their_place() {
    let folder = Folder::new();
    let packs = tree("policies/packs");
    for (text, words) in [
        (
            facts().replacen("\"onward\": false", "\"onward\": false, \"onward\": true", 1),
            "duplicate field `onward`",
        ),
        (facts().replacen("\"onward\": false", "\"onwards\": false", 1), "unknown field `onwards`"),
        (facts().replacen("  \"review\": false,\n", "", 1), "missing field `review`"),
        ("[]".into(), "facts.json:1:"),
        (String::new(), "facts.json:1:"),
        ("x".repeat(70_000), "longer than 64 KiB"),
    ] {
        let facts = folder.write("facts.json", text);
        let args = ["policy", "explain", &facts, "--pack", "CN-HK", "--packs", &packs];
        let ran = comity(&args).ends(64);
        assert!(ran.err.contains(words), "{words}: {ran:#?}");
        assert_eq!(ran.out, "");
    }
    let facts = folder.write("facts.json", facts());
    for (pack, words) in [
        ("CN-MO", "CN-MO"),
        ("CN-SH", "no pack of CN-SH at"),
        ("nowhere", "A pack's folder holds pack.toml"),
    ] {
        let args = ["policy", "explain", &facts, "--pack", pack, "--packs", &packs];
        let ran = comity(&args).ends(64);
        assert!(ran.err.contains(words), "{words}: {ran:#?}");
        assert_eq!(comity(&[&["--json"][..], &args].concat()).object()["outcome"], "wrong_usage");
    }
    for command in ["check", "test"] {
        let ran = comity(&["policy", command, &folder.path("none")]).ends(64);
        assert!(
            ran.err.contains("A pack's folder holds pack.toml, issuers.toml and *.cedar"),
            "{ran:#?}"
        );
    }
}
