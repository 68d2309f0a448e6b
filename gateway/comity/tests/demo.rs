//! The demonstration as a new user runs it, and what it leaves behind.
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic")]

use serde_json::Value;
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _},
    path::PathBuf,
    process::{Command, Output, Stdio},
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
    // Five seconds is less than the minute that has passed: nobody can say.
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

#[test]
fn the_log_that_it_leaves_is_whole_and_genuine() {
    let folder = folder("demo-log");
    let (text, status) = said(&comity(&folder, &["demo"]));
    assert_eq!(status, 0, "{text}");
    let verify = ["log", "verify", "comity-demo/log", "--trust", "comity-demo/trust.json"];
    let (text, status) = said(&comity(&folder, &verify));
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("14 entries"), "{text}");
}

#[test]
fn the_commands_that_it_prints_can_be_typed() {
    let folder = folder("demo typed");
    let (text, status) = said(&comity(&folder, &["demo", "--folder", "it's mine"]));
    assert_eq!(status, 0, "{text}");
    for line in ["Read next  ", "Or         "] {
        let typed = text.lines().find_map(|it| it.strip_prefix(line)).unwrap();
        let shell = Command::new("sh").args(["-c", typed]).current_dir(&folder).output().unwrap();
        assert_eq!(said(&shell).1, 0, "{typed}");
    }
}

#[test]
fn a_second_run_leaves_what_others_put_into_its_folder() {
    let folder = folder("demo-others");
    let (text, status) = said(&comity(&folder, &["demo"]));
    assert_eq!(status, 0, "{text}");
    fs::write(folder.join("comity-demo/notes.txt"), "mine").unwrap();
    let (text, status) = said(&comity(&folder, &["demo"]));
    assert_eq!(status, 0, "{text}");
    assert_eq!(fs::read(folder.join("comity-demo/notes.txt")).unwrap(), b"mine");
}

#[cfg(unix)]
#[test]
fn ctrl_c_stops_after_the_step_and_cleans_up() {
    let folder = folder("demo-interrupted");
    let mut demo = Command::new(env!("CARGO_BIN_EXE_comity"))
        .arg("demo")
        .current_dir(&folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The first line is out before the first step is done.
    let mut first = String::new();
    BufReader::new(demo.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
    let kill = Command::new("kill").args(["-INT", &demo.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let mut text = String::new();
    demo.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(130), "{text}");
    assert!(text.contains("Stopping after this step (again: at once)"), "{text}");
    assert!(text.contains("Stopped after step 1 of 10, Make two committees"), "{text}");
    assert!(!folder.join("comity-demo").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_no_answer() {
    let folder = folder("demo-full");
    for args in [&["demo"][..], &["demo", "--json"], &["--help"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ran = Command::new(env!("CARGO_BIN_EXE_comity"))
            .args(args)
            .current_dir(&folder)
            .stdout(full)
            .output()
            .unwrap();
        assert_eq!(said(&ran).1, 2, "{args:?}: {ran:?}");
    }
}

#[test]
fn a_reader_that_goes_away_changes_no_answer() {
    let folder = folder("demo-gone");
    for args in [&["demo"][..], &["--help"], &["verify", "--help"]] {
        let mut ran = Command::new(env!("CARGO_BIN_EXE_comity"))
            .args(args)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(ran.stdout.take());
        let (text, status) = said(&ran.wait_with_output().unwrap());
        assert_eq!(status, 0, "{args:?}: {text}");
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said_and_is_no_bug() {
    let folder = folder("demo-unwritable");
    fs::write(folder.join("file"), "").unwrap();
    for args in [&["demo", "--folder", "file/in"][..], &["--json", "demo", "--folder", "file"]] {
        let (text, status) = said(&comity(&folder, args));
        assert_eq!(status, 64, "{text}");
        assert!(text.contains("--folder FOLDER"), "{text}");
    }
}
