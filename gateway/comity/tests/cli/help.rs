//! Help teaches: what the command is for, an example first, what its exit status means.

use crate::run::{comity, comity_with};

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
