//! What a user did wrong is never called our bug.

use super::{deployment, start, until};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// What it prints, and how it ends.
fn comity(folder: &Path, args: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    command.args(args).current_dir(folder).stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code())
}

#[test]
fn a_log_filter_that_is_none_is_wrong_usage() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment(scratch.path());
    let config = written.regions[1].relayer.to_str().unwrap();
    let args = ["relayer", "--config", config, "--log-level", "a=b=c"];
    let (text, status) = comity(scratch.path(), &args);
    assert_eq!(status, Some(64), "{text}");
    assert!(text.contains("--log-level") && text.contains("info, debug"), "{text}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    let command = command.args(&args[..3]).env("COMITY_LOG", "a=b=c").stdin(Stdio::null());
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64), "{text}");
    assert!(text.contains("COMITY_LOG"), "{text}");
}

#[test]
fn a_pinned_header_that_is_none_or_another_is_found_before_the_start() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment(scratch.path());
    let config = &written.regions[1].gateway;
    let text = fs::read_to_string(config).unwrap();
    let path = text.split("header_file = \"").nth(1).unwrap().split('"').next().unwrap();
    fs::write(config.parent().unwrap().join(path), "no header").unwrap();
    let (said, status) = comity(scratch.path(), &["config", "check", config.to_str().unwrap()]);
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("C-112") && said.contains("header_file"), "{said}");
    let mut gateway = start("gateway", config);
    let _log = until(&mut gateway, "C-112");
    assert_eq!(gateway.wait().unwrap().code(), Some(64));
}

#[test]
fn a_store_that_cannot_be_there_is_found_before_the_start() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment(scratch.path());
    let config = &written.regions[1].gateway;
    let text = fs::read_to_string(config).unwrap();
    for path in ["gateway.toml", "gateway.toml/store", "/proc/version/store"] {
        fs::write(config, text.replace("path = \"store\"", &format!("path = \"{path}\""))).unwrap();
        let mut gateway = start("gateway", config);
        let _log = until(&mut gateway, "C-181");
        assert_eq!(gateway.wait().unwrap().code(), Some(64), "{path}");
    }
}

#[test]
fn an_address_of_another_machine_is_no_bug() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment(scratch.path());
    // Of a network for examples (RFC 5737): nobody's own.
    for (program, config, setting) in [
        ("gateway", &written.regions[1].gateway, "listen.address=192.0.2.1:8443"),
        ("gateway", &written.regions[1].gateway, "listen.admin=192.0.2.1:8444"),
        ("relayer", &written.regions[1].relayer, "listen.admin=192.0.2.1:8444"),
    ] {
        let args = [program, "--config", config.to_str().unwrap(), "--set", setting];
        let (text, status) = comity(scratch.path(), &args);
        assert_eq!(status, Some(64), "{setting}: {text}");
        assert!(text.contains("192.0.2.1") && text.contains("listen"), "{setting}: {text}");
    }
}

#[test]
fn a_holder_hands_over_for_lanes_that_there_are() {
    let scratch = tempfile::tempdir().unwrap();
    let platform = scratch.path().join("comity-demo/running/deployment/CN-GD/platform");
    fs::create_dir_all(&platform).unwrap();
    fs::write(platform.join("platform.toml"), "").unwrap();
    let key = ["--key", "0123456789abcdef"];
    for to in ["CN-GD", "CN-SH"] {
        let args = [&["demo", "hand-over", "--to", to][..], &key].concat();
        let (text, status) = comity(scratch.path(), &args);
        assert_eq!(status, Some(64), "{to}: {text}");
        assert!(text.contains("--to CN-HK or --to CN-MO"), "{to}: {text}");
    }
}
