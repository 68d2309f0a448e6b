//! Help teaches: what the command is for, an example first, what its exit status means.

use crate::run::{comity, comity_with, tree};
use std::{collections::BTreeSet, fs, path::Path};

/// Every command that a user can type, and a line that its example holds.
const COMMANDS: [(&[&str], &str); 6] = [
    (&[], "comity demo"),
    (&["verify"], "comity verify comity-demo/certificate.json --trust comity-demo/trust.json"),
    (&["policy", "check"], "comity policy check policies/packs/cn-hk"),
    (&["policy", "test"], "comity policy test policies/packs/cn-hk"),
    (&["policy", "explain"], "comity policy explain policies/facts.json --pack CN-HK"),
    (&["log", "verify"], "comity log verify comity-demo/log --trust comity-demo/trust.json"),
];

#[test]
fn every_command_has_an_example_and_says_its_exit_statuses() {
    for (command, example) in COMMANDS {
        let ran = comity(&[command, &["--help"]].concat()).ends(0);
        assert!(ran.out.contains(example), "{command:?}: {ran:#?}");
        assert!(!ran.lines()[0].starts_with("Usage"), "the example comes first: {command:?}");
        assert!(ran.out.contains("Exit status: 0 "), "{command:?}: {ran:#?}");
        assert!(ran.out.contains("64 wrong usage"), "{command:?}: {ran:#?}");
        assert!(ran.out.contains("--json"), "{command:?}: {ran:#?}");
        assert_eq!(ran.err, "", "help is an answer: {command:?}");
    }
}

#[test]
fn groups_of_commands_list_them() {
    for (group, members) in [("policy", &["check", "test", "explain"][..]), ("log", &["verify"])] {
        let ran = comity(&[group, "--help"]).ends(0);
        assert!(ran.lines()[0].starts_with(&format!("Example:   comity {group} ")), "{ran:#?}");
        for member in members {
            assert!(ran.out.contains(&format!("  {member} ")), "{ran:#?}");
        }
    }
}

#[test]
fn wrong_usage_is_64_and_says_what_to_type() {
    for args in [&["verfy"][..], &["verify"], &["policy"], &["log"], &["policy", "chek"], &[]] {
        let ran = comity(args).ends(64);
        assert!(ran.err.contains("Usage: comity"), "{args:?}: {ran:#?}");
        assert_eq!(ran.out, "", "{args:?}");
    }
    let ran = comity(&["verfy"]).ends(64);
    assert!(ran.err.contains("'verify'"), "{ran:#?}");
}

#[test]
fn version_and_help_are_answers() {
    let ran = comity(&["--version"]).ends(0);
    assert_eq!(ran.out, format!("comity {}\n", env!("CARGO_PKG_VERSION")));
    let ran = comity_with(&[("NO_COLOR", "1")], &["help", "verify"]).ends(0);
    assert!(ran.out.contains("--trust <FILE>") && !ran.out.contains('\u{1b}'), "{ran:#?}");
}

/// Numbers of codes that stand in quotes in the sources of a folder.
fn codes_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes_in(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let is_code = |word: &&str| {
                word.split_once('-').is_some_and(|(letter, digits)| {
                    let is_number = digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit());
                    ["C", "P"].contains(&letter) && is_number
                })
            };
            found.extend(text.split('"').filter(is_code).map(str::to_owned));
        }
    }
}

#[test]
fn help_knows_every_code_that_is_printed() {
    let listed = comity(&["--json", "help", "codes"]).ends(0).object();
    let codes = listed["codes"].as_array().unwrap();
    let known: BTreeSet<String> =
        codes.iter().map(|it| it["code"].as_str().unwrap().to_owned()).collect();
    let mut printed = BTreeSet::new();
    for folder in ["gateway/comity/src", "gateway/gateway-http/src", "policies/policy-engine/src"] {
        codes_in(Path::new(&tree(folder)), &mut printed);
    }
    assert!(printed.len() > 60, "{printed:?}");
    // What tests ask for to see it refused.
    let unknown: Vec<_> =
        printed.difference(&known).filter(|code| !code.ends_with("-999")).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    for code in gateway_http::problem::ALL_CODES {
        assert!(known.contains(code.as_str()), "{code:?}");
    }
}

#[test]
fn a_code_of_the_api_is_explained_with_who_acts_next() {
    let ran = comity(&["help", "licence_not_valid"]).ends(0);
    assert!(ran.out.contains("who acts next: holder. Ask the issuer."), "{ran:#?}");
    let object = comity(&["help", "not_stored", "--json"]).ends(0).object();
    assert_eq!((&object["code"], &object["next"]["who"]), (&"not_stored".into(), &"nobody".into()));
    assert!(object["retry_after_s"].is_u64(), "{object}");
    assert!(comity(&["help", "status_stale"]).ends(0).out.contains("--status FILE"));
    assert!(comity(&["help", "p-003"]).ends(0).out.starts_with("P-003  "));
    let ran = comity(&["help", "C-999"]).ends(64);
    assert!(ran.err.contains("help codes"), "{ran:#?}");
}

#[test]
fn help_helps() {
    for args in [&["help", "--help"][..], &["help", "-h"]] {
        let ran = comity(args).ends(0);
        assert!(ran.lines()[0].starts_with("Example:   "), "{ran:#?}");
        assert!(ran.out.contains("help C-131") && ran.out.contains("Exit status: 0 "), "{ran:#?}");
    }
    assert!(comity(&["help"]).ends(0).out.contains("comity help CODE"));
}
