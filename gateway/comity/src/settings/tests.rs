//! Settings files as people write them, right and wrong.

use super::*;
mod meaning;
mod reach;

use crate::deployment::tests::{NOW, plan};
use gateway_types::Timestamp;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Thirty-one lines, three of them wrong.
const TRANSCRIPT: &str = r#"region = "CN-HK"
name = "gateway"
deployment = "comity.gba"
operator = "HK Data Office"
listen.address = "0.0.0.0:8443"
lane = [{ name = "CN-GD.CN-HK.standard", genesis = "lanes/gd-hk.json" }]
keys = { leader_file = "keys/leader.sealed", passphrase_file = "keys/passphrase" }
packs.folder = "packs"

[chain.CN-GD]
kind = "cometbft"
id = "gd-main"
registry = "0909"
trusting_periodd = "7 days"
pin = { height = 5, hash = "0707070707070707070707070707070707070707070707070707070707070707", validators = "0808080808080808080808080808080808080808080808080808080808080808" }
source = [
  { operator = "Guangdong Data Bureau", endpoints = ["https://a.example:26657"], roots = "a.pem" },
  { operator = "Example University", endpoints = ["https://b.example:26657"], roots = "b.pem" },
]
[committee.CN-HK]
members = 4
threshold = 2
dishonest = 1
[tls]
certificate = "tls/certificate.pem"
key_file = "tls/key.pem"
authorities.CN-HK = "authorities/CN-HK.pem"
authorities.CN-GD = "authorities/CN-GD.pem"
[store]
path = "store"
password = "hunter2 hunter2"
"#;

fn given<'a>(program: Program, folder: &'a Path, text: &'a str) -> Given<'a> {
    Given { program, folder, text, over: Over::default(), dev: false, now: NOW }
}

fn codes(checked: &Checked) -> Vec<&'static str> {
    checked.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn the_transcript_comes_out_word_for_word() {
    let checked = check_text(&given(Program::Gateway, Path::new("."), TRANSCRIPT));
    let mut shown = show("gateway.toml", &checked.findings);
    shown.push(format!("{} Nothing was started.", count(&checked.findings)));
    let said = r#"gateway.toml:14:1   error C-104  `trusting_periodd` is not a setting of [chain.CN-GD]
   14 │ trusting_periodd = "7 days"
      │ ^^^^^^^^^^^^^^^^ did you mean `trusting_period`?
gateway.toml:22:13  error C-131  CN-HK: with 2 of 4, of whom 1 may be dishonest, two histories could both be signed
   22 │ threshold = 2
      │             ^ must be 3: n >= 4, f >= 1, 2t - n > f, t <= n - f   (--dev permits it, and then every answer says so)
gateway.toml:31:12  error C-140  a secret stands in the file (not repeated here): name a file instead, password_file = "secrets/pg"
3 errors, no warning. Nothing was started."#;
    assert_eq!(shown.join("\n"), said);
}

#[test]
fn a51_unsafe_numbers_are_refused_and_dev_permits_them_aloud() {
    let mut wrong = given(Program::Gateway, Path::new("."), TRANSCRIPT);
    wrong.dev = true;
    let checked = check_text(&wrong);
    let found = checked.findings.iter().find(|finding| finding.code == "C-131").unwrap();
    assert_eq!(found.severity, Severity::Warning);
    for (numbers, key, must) in [
        ("members = 3\nthreshold = 2\ndishonest = 1", "members", "must be 4 to 32"),
        ("members = 4\nthreshold = 4\ndishonest = 1", "threshold", "must be 3"),
        ("members = 4\nthreshold = 3\ndishonest = 0", "dishonest", "must be 1:"),
        ("members = 7\nthreshold = 4\ndishonest = 2", "threshold", "must be 5"),
        ("members = 7\nthreshold = 5\ndishonest = 3", "dishonest", "must be 1 to 2"),
    ] {
        let text = TRANSCRIPT.replace("members = 4\nthreshold = 2\ndishonest = 1", numbers);
        let checked = check_text(&given(Program::Gateway, Path::new("."), &text));
        let found = checked.findings.iter().find(|finding| finding.code == "C-131").unwrap();
        assert!(found.is_error() && found.advice.as_ref().unwrap().starts_with(must), "{found:?}");
        assert!(found.place.as_ref().unwrap().text.as_ref().unwrap().starts_with(key), "{found:?}");
    }
}

#[test]
fn a23_one_source_of_headers_is_refused() {
    let second = "  { operator = \"Example University\", endpoints = [\"https://b.example:26657\"], roots = \"b.pem\" },\n";
    for replaced in [String::new(), second.replace("Example University", " guangdong  DATA Bureau")]
    {
        let text = TRANSCRIPT.replace(second, &replaced);
        assert!(
            codes(&check_text(&given(Program::Gateway, Path::new("."), &text))).contains(&"C-123")
        );
    }
    assert!(
        !codes(&check_text(&given(Program::Gateway, Path::new("."), TRANSCRIPT)))
            .contains(&"C-123")
    );
}

#[test]
fn a120_no_secret_is_repeated_wherever_it_stands() {
    let secrets = [
        "store = { path = 3, password = \"hunter2\" }\n",
        "password = hunter2\n",
        "name = \"-----BEGIN PRIVATE KEY-----hunter2\"\n",
        "address = \"https://me:hunter2@node.example\"\n",
        "[store]\nDb_Password = \"hunter2\"\n",
        "[chain.CN-GD.source]\ntoken = \"hunter2\"\n",
    ];
    for text in secrets {
        let checked = check_text(&given(Program::Regulator, Path::new("."), text));
        let all = show("regulator.toml", &checked.findings).join("\n");
        let json: Vec<_> = checked.findings.iter().map(|it| it.to_json("f").to_string()).collect();
        assert!(!all.contains("hunter2") && !json.concat().contains("hunter2"), "{text}{all}");
        assert!(
            codes(&checked).iter().any(|code| ["C-140", "C-101"].contains(code)),
            "{text}{all}"
        );
        let effective: String = checked.effective.iter().map(|it| it.value.as_str()).collect();
        assert!(!effective.contains("hunter2"), "{text}{effective}");
    }
}

#[test]
fn wrong_units_and_shapes_are_told_with_what_is_right() {
    for (right, wrong, says) in [
        ("kind = \"cometbft\"", "kind = \"comet\"", "\"cometbft\""),
        ("trusting_periodd = \"7 days\"", "trusting_period = 7", "a length of time with its unit"),
        ("trusting_periodd = \"7 days\"", "trust_threshold = \"1/4\"", "a share from 1/3"),
        (
            "path = \"store\"",
            "path = \"store\"\nkeep_free = \"1 GB\"",
            "a number of bytes with its unit",
        ),
        ("packs.folder = \"packs\"", "packs = \"packs\"", "[packs]"),
        ("region = \"CN-HK\"", "region = \"cn-hk\"", "ISO 3166-2"),
    ] {
        let text = TRANSCRIPT.replace(right, wrong);
        let checked = check_text(&given(Program::Gateway, Path::new("."), &text));
        let found = checked.findings.iter().find(|finding| finding.code == "C-106").unwrap();
        assert!(found.advice.as_ref().unwrap().contains(says), "{found:?}");
    }
    let checked = check_text(&given(Program::Gateway, Path::new("."), ""));
    let missing: Vec<_> = checked.findings.iter().filter(|it| it.code == "C-105").collect();
    assert_eq!(missing.len(), 11, "{missing:?}");
}

#[test]
fn the_environment_lies_over_the_file_and_flags_over_both() {
    let mut laid = given(Program::Gateway, Path::new("."), TRANSCRIPT);
    laid.over.environment = BTreeMap::from([
        ("COMITY_LISTEN__ADDRESS".to_owned(), "127.0.0.1:1".to_owned()),
        ("COMITY_LIMITS__BURST".to_owned(), "7".to_owned()),
        ("COMITY_LOG".to_owned(), "debug".to_owned()),
        ("COMITY_TIED".to_owned(), "1".to_owned()),
        ("HOME".to_owned(), "/".to_owned()),
    ]);
    laid.over.flags = BTreeMap::from([("limits.burst".to_owned(), "9".to_owned())]);
    let checked = check_text(&laid);
    let value = |path: &str| {
        let found = checked.effective.iter().find(|it| it.path == path).unwrap();
        (found.value.clone(), found.from.clone())
    };
    let environment = From::Environment("COMITY_LISTEN__ADDRESS".to_owned());
    assert_eq!(value("listen.address"), ("\"127.0.0.1:1\"".to_owned(), environment));
    assert_eq!(value("limits.burst"), ("9".to_owned(), From::Flag));
    assert_eq!(value("limits.per_platform"), ("\"500/s\"".to_owned(), From::Default));
    assert_eq!(value("region"), ("\"CN-HK\"".to_owned(), From::File));
    assert_eq!(codes(&checked), ["C-104", "C-131", "C-140"]);
    laid.over.environment = BTreeMap::from([
        ("COMITY_LISTEN__ADRESS".to_owned(), "127.0.0.1:1".to_owned()),
        ("COMITY_STORE__PASSWORD".to_owned(), "hunter2".to_owned()),
        ("COMITY_LISTEN__ADMIN".to_owned(), "here".to_owned()),
    ]);
    let checked = check_text(&laid);
    let shown = show("gateway.toml", &checked.findings).join("\n");
    assert!(!shown.contains("hunter2"));
    for says in [
        "the variable COMITY_LISTEN__ADRESS is no setting",
        "the variable COMITY_STORE__PASSWORD would be a secret",
        "environment COMITY_LISTEN__ADMIN",
    ] {
        assert!(shown.contains(says), "{shown}");
    }
}

/// A deployment on the disk.
struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        crate::deployment::write(&plan(&folder.path().join("d"))).unwrap();
        Self { folder }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("d").join(path)
    }

    fn check(
        &self,
        program: Program,
        folder: &str,
        change: impl Fn(String) -> String,
        now: Timestamp,
    ) -> Checked {
        let folder = self.path(folder);
        let file = folder.join(format!("{}.toml", program.as_str()));
        let text = change(fs::read_to_string(file).unwrap());
        let checked = check(&Given { now, ..given(program, &folder, &text) });
        if !checked.has_errors() {
            match program {
                Program::Gateway => assert!(checked.settings::<GatewayFile>().is_some()),
                Program::Relayer => assert!(checked.settings::<RelayerFile>().is_some()),
                Program::Regulator => assert!(checked.settings::<RegulatorFile>().is_some()),
                Program::Platform => {
                    assert!(checked.settings::<platform::PlatformFile>().is_some());
                }
            }
        }
        checked
    }
}

const ALL: [(Program, &str); 5] = [
    (Program::Gateway, "CN-GD/gateway"),
    (Program::Relayer, "CN-HK/relayer"),
    (Program::Regulator, "CN-GD/office-1"),
    (Program::Regulator, "CN-MO/office-4"),
    (Program::Platform, "CN-HK/platform"),
];

#[test]
fn a_deployment_that_was_written_has_nothing_wrong() {
    let scratch = Scratch::new();
    for (program, folder) in ALL {
        let checked = scratch.check(program, folder, |text| text, NOW);
        assert!(checked.findings.is_empty(), "{folder}: {:#?}", checked.findings);
    }
    broken_settings_are_found(&scratch);
    broken_files_are_found(&scratch);
}

/// What is changed in a gateway's settings, and what is found.
fn broken_settings_are_found(scratch: &Scratch) {
    for (from, to, code) in [
        ("height = 2", "height = 6", "C-134"),
        ("\"gd-main\"", "\"gd-other\"", "C-134"),
        ("name = \"gateway\"", "name = \"gateway-2\"", "C-150"),
        ("\"comity.test\"", "\"comity.other\"", "C-161"),
        ("[[peer]]", "[[peerr]]", "C-166"),
        ("\"packs\"", "\"no-packs\"", "C-163"),
        ("tls/key.pem", "keys/leader.sealed", "C-112"),
        ("tls/key.pem", "tls/nothing.pem", "C-110"),
        ("authorities/CN-GD.pem", "tls/certificate.pem", "C-154"),
        ("authorities/CN-GD.pem", "authorities/CN-HK.pem", "C-152"),
        ("keys/leader.sealed", "keys/passphrase", "C-112"),
        ("members = 4", "members = 5", "C-132"),
        ("CN-GD.CN-MO.standard.genesis", "CN-GD.CN-HK.standard.genesis", "C-161"),
    ] {
        let checked =
            scratch.check(Program::Gateway, "CN-GD/gateway", |text| text.replace(from, to), NOW);
        assert!(codes(&checked).contains(&code), "{from} -> {to}: {:#?}", checked.findings);
    }
    let year = Timestamp(NOW.0 + 401 * 86_400_000);
    let checked = scratch.check(Program::Gateway, "CN-GD/gateway", |text| text, year);
    assert!(
        codes(&checked).contains(&"C-151") && codes(&checked).contains(&"C-168"),
        "{checked:#?}"
    );
    let regulator = |from: &'static str, to: &'static str| {
        codes(&scratch.check(
            Program::Regulator,
            "CN-GD/office-1",
            move |text| text.replace(from, to),
            NOW,
        ))
    };
    assert!(regulator("Example University", "CN-HK Data Bureau").contains(&"C-124"), "a23");
    assert!(regulator("http://127.0.0.1:26657", "http://10.0.0.1:26657").contains(&"C-126"));
    assert!(regulator("keys/share.sealed", "../office-2/keys/share.sealed").contains(&"C-171"));
}

#[cfg(unix)]
fn broken_files_are_found(scratch: &Scratch) {
    use std::os::unix::fs::PermissionsExt as _;
    let key = scratch.path("CN-HK/relayer/tls/key.pem");
    for (mode, found) in [(0o640, true), (0o604, true), (0o400, false)] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        let checked = scratch.check(Program::Relayer, "CN-HK/relayer", |text| text, NOW);
        assert_eq!(codes(&checked).contains(&"C-111"), found, "{mode:o}");
    }
    for (file, code) in [
        ("packs/cn-mo/licence.cedar", "C-163"),
        ("lanes/CN-GD.CN-MO.standard.genesis.json", "C-160"),
    ] {
        fs::write(scratch.path("CN-MO/office-4").join(file), "{}").unwrap();
        let checked = scratch.check(Program::Regulator, "CN-MO/office-4", |text| text, NOW);
        assert!(codes(&checked).contains(&code), "{file}: {:#?}", checked.findings);
    }
}

#[cfg(not(unix))]
fn broken_files_are_found(_: &Scratch) {}
