//! The demonstration as a new user runs it, and what it leaves behind.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of a test may panic"
)]

use serde_json::Value;
use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

/// A new empty folder to run in.
fn folder(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _gone = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn comity(folder: &PathBuf, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comity")).args(args).current_dir(folder).output().unwrap()
}

/// What was printed, and the exit status.
fn said(output: &Output) -> (String, i32) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code().unwrap())
}

#[test]
fn it_comes_to_two_yes_and_one_no() {
    let folder = folder("demo-text");
    let (text, status) = said(&comity(&folder, &["demo"]));
    assert_eq!(status, 0, "{text}");
    for line in [
        "1/10 Make two committees",
        "10/10 A gateway shows two different batches",
        "accept accept accept accept   4 of 4, 3 needed   without ever seeing the record",
        "accept accept accept –        3 of 4, 3 needed",
        "✗ NOT GENUINE",
        "✗ NOT GOOD",
        "Done: 3 questions, 2 yes, 1 no, 0 unknown;",
    ] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "colours without a terminal");
}

#[test]
fn its_last_object_says_where_everything_is() {
    let folder = folder("demo-json");
    let (text, status) = said(&comity(&folder, &["demo", "--json"]));
    assert_eq!(status, 0, "{text}");
    let objects: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 11);
    let last = objects.last().unwrap();
    assert_eq!((&last["yes"], &last["no"], &last["unknown"]), (&2.into(), &1.into(), &0.into()));
    assert!(!text.contains("\\u001b"));
    let at = last["verify"].as_str().unwrap().rsplit_once("--at ").unwrap().1.to_owned();
    let verify = |more: &[&str]| {
        let file = last["certificate"].as_str().unwrap();
        let usual = ["verify", file, "--trust", last["trust"].as_str().unwrap(), "--at", &at];
        said(&comity(&folder, &[&usual, more].concat()))
    };
    let (text, status) = verify(&[]);
    assert_eq!(status, 0, "{text}");
    let (text, status) = verify(&["--status", last["status"].as_str().unwrap()]);
    assert_eq!(status, 1, "{text}");
    assert!(text.contains("revoked"), "{text}");
    // Its moment is past: a day later nobody can say.
    let (text, status) = verify(&["--fresh", "5s"]);
    assert_eq!(status, 2, "{text}");
}

#[test]
fn a_second_run_replaces_the_folder_of_the_first_and_no_other() {
    let folder = folder("demo-folders");
    let (text, status) = said(&comity(&folder, &["demo"]));
    assert_eq!(status, 0, "{text}");
    let first = fs::read(folder.join("comity-demo/trust.json")).unwrap();
    let (text, status) = said(&comity(&folder, &["demo"]));
    assert_eq!(status, 0, "{text}");
    assert_ne!(first, fs::read(folder.join("comity-demo/trust.json")).unwrap(), "no new keys");
    let own = folder.join("own");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("thesis.txt"), "mine").unwrap();
    let (text, status) = said(&comity(&folder, &["demo", "--folder", "own"]));
    assert_eq!(status, 64, "{text}");
    assert!(text.contains("--folder"), "{text}");
    assert_eq!(fs::read(own.join("thesis.txt")).unwrap(), b"mine");
}
