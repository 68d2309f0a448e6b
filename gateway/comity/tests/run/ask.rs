//! `comity ask`, as it is typed wrongly: what is said, and that nothing is asked then.

use super::{deployment, free, start, stop, until};
use comity::deployment::Written;
use rustix::process::Signal;
use serde_json::Value;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

/// A licence's number, made up.
const LICENCE: &str = "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE0002.001.2";

/// Asks as CN-HK's platform about a licence of CN-GD; `more` comes last. What is printed, and the status.
fn ask(written: &Written, more: &[&str]) -> (String, Option<i32>) {
    let folder = written.folder.as_path();
    for name in ["record.txt", "consent.txt"] {
        fs::write(folder.join(name), "a.b.c~\n").unwrap();
    }
    let config = &written.regions[1].platform.config;
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    command.args(["ask", LICENCE, "--from", "CN-GD", "--for", "licence-exchange"]);
    command.args(["--record", "record.txt", "--consent", "consent.txt"]);
    command.args(["--key", "0123456789abcdef", "--wait", "1", "--config"]).arg(config);
    if !more.contains(&"--to") {
        command.args(["--to", "CN-HK"]);
    }
    let output = command.args(more).current_dir(folder).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code())
}

/// The platform's settings, changed.
fn change(written: &Written, from: &str, to: &str) {
    let config = &written.regions[1].platform.config;
    let text = fs::read_to_string(config).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    fs::write(config, text.replace(from, to)).unwrap();
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn where_the_certificate_goes_is_looked_at_before_anything_is_asked() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment(scratch.path());
    let folder = written.folder.join("folder");
    fs::create_dir(&folder).unwrap();
    fs::write(written.folder.join("there.json"), "mine").unwrap();
    let mut wrong = vec![
        (&["--out", "folder", "--force"][..], "is a folder"),
        (&["--out", "nowhere/certificate.json"], "there is no folder nowhere"),
        (&["--out", "there.json/certificate.json"], "there.json is no folder"),
        (&["--out", "there.json"], "--force"),
    ];
    let closed = written.folder.join("closed");
    fs::create_dir(&closed).unwrap();
    mode(&closed, 0o500);
    // Root may write anywhere.
    if fs::write(closed.join("try"), "").is_err() {
        wrong.push((&["--out", "closed/certificate.json"], "cannot be written"));
    }
    for (more, says) in wrong {
        let (text, status) = ask(&written, more);
        assert_eq!(status, Some(64), "{more:?}: {text}");
        assert!(text.contains(says) && text.contains("--out FILE"), "{more:?}: {text}");
    }
    assert_eq!(fs::read(written.folder.join("there.json")).unwrap(), b"mine");
    // Nobody listens there, so it was asked: what is right is not refused, and nothing is left.
    let (text, status) = ask(&written, &["--out", "folder/certificate.json"]);
    assert_eq!(status, Some(75), "{text}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn a_trust_file_that_is_none_or_is_of_another_lane_is_said_plainly() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment(scratch.path());
    fs::write(written.folder.join("text.json"), "region = \"CN-HK\"\n").unwrap();
    fs::write(written.folder.join("broken.json"), "{\"dated\": ").unwrap();
    fs::write(written.folder.join("other.json"), "{\"entry\": {}, \"committees\": []}").unwrap();
    for (more, says) in [
        (&["--trust", "text.json"][..], "text.json is no trust file: it is not JSON"),
        (&["--trust", "broken.json"], "broken.json is no trust file: it is not JSON"),
        (&["--trust", "other.json"], "other.json is no trust file: this is a certificate"),
        (&["--trust", "nothing.json"], "nothing.json: No such file"),
        (&["--to", "CN-MO"], "names no committees for CN-GD → CN-MO, only for CN-GD → CN-HK"),
    ] {
        let (text, status) = ask(&written, more);
        assert_eq!(status, Some(64), "{more:?}: {text}");
        assert!(text.contains(says) && text.contains("--trust FILE"), "{more:?}: {text}");
        assert!(!text.contains("line 1 column"), "{text}");
    }
    // That of the settings is said with its place.
    change(&written, "../../trust.json", "platform.toml");
    let (text, status) = ask(&written, &[]);
    assert_eq!((status, text.contains("C-190")), (Some(64), true), "{text}");
    let (text, status) = ask(&written, &["--trust", "trust.json"]);
    assert_eq!(status, Some(75), "the one that is given counts: {text}");
}

#[test]
fn who_asks_and_whom_is_checked_before_anything_is_asked() {
    let scratch = tempfile::tempdir().unwrap();
    for (from, to, code) in [
        ("name = \"counter\"", "name = \"bank\"", "C-150"),
        (
            "region = \"CN-HK\"\nname = \"counter\"",
            "region = \"CN-GD\"\nname = \"counter\"",
            "C-150",
        ),
        ("[gateway]\nregion = \"CN-HK\"", "[gateway]\nregion = \"CN-GD\"", "C-191"),
        ("[client]", "[clientt]", "C-104"),
        ("region = ", "region ", "C-101"),
    ] {
        let folder = scratch.path().join(code).join(to.len().to_string());
        fs::create_dir_all(&folder).unwrap();
        let written = deployment(&folder);
        change(&written, from, to);
        let (text, status) = ask(&written, &[]);
        assert_eq!(status, Some(64), "{to}: {text}");
        assert!(text.contains(code) && text.contains("Nothing was asked"), "{to}: {text}");
    }
}

#[test]
fn a_peer_that_is_somebody_else_is_said_plainly() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment(scratch.path());
    let mut gateway = start("gateway", &written.regions[1].gateway);
    let log = until(&mut gateway, "listening on");
    let text = fs::read_to_string(&written.regions[1].platform.config).unwrap();
    change(
        &written,
        "[gateway]\nregion = \"CN-HK\"\nname = \"gateway\"",
        "[gateway]\nregion = \"CN-HK\"\nname = \"gateway-2\"",
    );
    let (wrong, status) = ask(&written, &[]);
    assert_eq!(status, Some(64), "{wrong}");
    for says in ["gateway-2 was called, comity://CN-HK/gateway/gateway answered", "[gateway]"] {
        assert!(wrong.contains(says), "no {says:?} in {wrong}");
    }
    assert!(!wrong.contains("OtherError") && !wrong.contains("invalid peer"), "{wrong}");
    fs::write(&written.regions[1].platform.config, &text).unwrap();
    // At another port nobody listens.
    let port = text.split("https://127.0.0.1:").nth(1).unwrap();
    let port: String = port.chars().take_while(char::is_ascii_digit).collect();
    change(&written, &format!(":{port}"), &format!(":{}", free()));
    let (nobody, status) = ask(&written, &["--json"]);
    assert_eq!(status, Some(75), "{nobody}");
    let object: Value = serde_json::from_str(nobody.lines().next().unwrap()).unwrap();
    assert_eq!(object["answer"], "unknown");
    assert!(object["because"].as_str().unwrap().contains("nobody listens"), "{nobody}");
    assert_eq!(stop(gateway, log, Signal::TERM), Some(0));
}

/// A gateway that is not the platform's own refuses, and says what to do; `--json` has it too.
#[test]
fn what_to_do_next_is_said_with_every_refusal() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment(scratch.path());
    let mut gateway = start("gateway", &written.regions[1].gateway);
    let log = until(&mut gateway, "listening on");
    let (text, status) = ask(&written, &[]);
    assert_eq!(status, Some(64), "{text}");
    assert!(text.contains(" · who acts next: "), "{text}");
    let (json, _) = ask(&written, &["--json"]);
    let object: Value =
        serde_json::from_str(json.lines().find(|line| line.starts_with('{')).unwrap()).unwrap();
    let todo = object["next"]["do"].as_str().unwrap();
    assert!(!todo.is_empty() && text.contains(todo), "{json}\n{text}");
    assert_eq!(object["next"]["who"], "platform", "{json}");
    assert!(object["reasons"].is_array() && object.get("retry_after_s").is_some(), "{json}");
    assert_eq!(stop(gateway, log, Signal::TERM), Some(0));
}
