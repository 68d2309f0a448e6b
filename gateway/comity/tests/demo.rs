//! The demonstration as a new user runs it, what it leaves behind, and that it leaves no process.
//!
//! A demonstration is 21 processes, so these tests take turns.

#![cfg(target_os = "linux")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "tests: they may panic, and they wait for other processes"
)]

use comity::{plain, process};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Output, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Whoever holds it runs a demonstration.
static TURN: Mutex<()> = Mutex::new(());

fn my_turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A new empty folder to run in.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn comity(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comity")).args(args).current_dir(folder).output().unwrap()
}

/// Types a line into a shell.
fn typed(folder: &Path, line: &str) -> (String, i32) {
    said(&Command::new("sh").args(["-c", line]).current_dir(folder).output().unwrap())
}

/// What was printed, and the exit status.
fn said(output: &Output) -> (String, i32) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.code().unwrap_or(-1))
}

/// What follows `label` at the begin of each line.
fn hints<'a>(text: &'a str, label: &str) -> Vec<&'a str> {
    text.lines().filter_map(|line| line.strip_prefix(label)).map(str::trim_start).collect()
}

/// All that one demonstration started, told by the session that it began: programs let nobody look into them, and the
/// session of a process can be read by everybody.
#[derive(Clone, Copy)]
struct Session(u32);

impl Session {
    /// The processes that run in it: it is their field 6.
    fn processes(self) -> Vec<u32> {
        let numbers = fs::read_dir("/proc").unwrap().flatten();
        let numbers = numbers.filter_map(|it| it.file_name().to_str()?.parse::<u32>().ok());
        let session = self.0.to_string();
        numbers
            .filter(|pid| process::fields(*pid).is_some_and(|it| it.get(3) == Some(&session)))
            .collect()
    }

    /// Waits until so many processes run in it as `enough` says.
    fn wait_for(self, enough: impl Fn(usize) -> bool) {
        let begin = Instant::now();
        while !enough(self.processes().len()) {
            assert!(begin.elapsed() < Duration::from_secs(60), "{} run", self.processes().len());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Begins one in a session of its own. A terminal's Ctrl-C does not reach it there: what is broken off with it is ended by
/// itself, or by `demo stop`.
fn begin(folder: &Path, args: &[&str]) -> (Child, Session) {
    let mut command = Command::new("setsid");
    command.arg(env!("CARGO_BIN_EXE_comity")).args(args).current_dir(folder);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let session = Session(child.id());
    (child, session)
}

/// Plays one to its end.
fn play(folder: &Path, args: &[&str]) -> (Output, Session) {
    let (child, session) = begin(folder, args);
    (child.wait_with_output().unwrap(), session)
}

#[test]
fn it_comes_to_two_yes_and_one_no_and_what_it_prints_can_be_typed() {
    let _turn = my_turn();
    let folder = folder();
    let at = folder.path();
    let (output, session) = play(at, &["demo", "--folder", "it's mine"]);
    let (text, status) = said(&output);
    assert_eq!(status, 0, "{text}");
    for line in [
        "1/9 Start three regions",
        "9/9 Ask again",
        "of 4, 3 needed   without ever seeing the record",
        "accept accept accept –        3 of 4, 3 needed",
        "✗ NOT GENUINE",
        "✗ NOT GOOD",
        ": 3 questions, 2 yes, 1 no, 0 unknown;",
    ] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
    assert!(!text.contains('\u{1b}'), "colours without a terminal");
    let (good, status) = typed(at, hints(&text, "Read next").first().unwrap());
    assert_eq!(status, 0, "{good}");
    let other = hints(&text, "Or ");
    let [revoked, log] = other.as_slice() else { panic!("{other:?}") };
    let (no, status) = typed(at, revoked);
    assert_eq!((status, no.contains("revoked")), (1, true), "{no}");
    let (whole, status) = typed(at, log);
    assert_eq!((status, whole.contains(" entries")), (0, true), "{whole}");
    let declined = ["verify", "it's mine/declined.json", "--trust", "it's mine/trust.json"];
    assert_eq!(said(&comity(at, &declined)).1, 1);
    assert_eq!(session.processes(), [0u32; 0]);
    assert!(!at.join("it's mine/running").exists(), "keys and stores stay behind");
    again_as_json(at);
}

/// A second run replaces what the first wrote, and leaves what others put there.
fn again_as_json(at: &Path) {
    fs::write(at.join("it's mine/notes.txt"), "mine").unwrap();
    let first = fs::read(at.join("it's mine/trust.json")).unwrap();
    let output = comity(at, &["demo", "--json", "--folder", "it's mine"]);
    let (text, status) = said(&output);
    assert_eq!(status, 0, "{text}");
    assert_ne!(first, fs::read(at.join("it's mine/trust.json")).unwrap(), "no new keys");
    assert_eq!(fs::read(at.join("it's mine/notes.txt")).unwrap(), b"mine");
    let lines = String::from_utf8(output.stdout).unwrap();
    let objects: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 10, "nine steps and the result: {lines}");
    let last = objects.last().unwrap();
    assert_eq!((&last["yes"], &last["no"], &last["unknown"]), (&2.into(), &1.into(), &0.into()));
    assert_eq!(last["folder"], "it's mine");
    assert!(!text.contains("\\u001b"));
}

#[test]
fn a_kept_one_is_asked_and_stopped() {
    let _turn = my_turn();
    let folder = folder();
    let at = folder.path();
    let (output, session) = play(at, &["demo", "--keep"]);
    // Kept programs outlive a test that fails: then they are stopped here.
    let stop = Stop(at, session);
    let (text, status) = said(&output);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("Left running: 20 programs"), "{text}");
    assert_eq!(session.processes().len(), 20);
    let (refused, status) = said(&comity(at, &["demo"]));
    assert_eq!((status, refused.contains("demo stop")), (64, true), "{refused}");
    let (ask, status) = typed(at, hints(&text, "Ask it").first().unwrap());
    assert_eq!(status, 0, "{ask}");
    let (yes, status) = typed(at, ask.trim());
    assert_eq!((status, yes.contains("✓ YES")), (0, true), "{yes}");
    // The same key is the same question, and has the same answer; nothing is replaced without being told to.
    assert_eq!(typed(at, ask.trim()).1, 64);
    let (yes, status) = typed(at, &format!("{} --out again.json", ask.trim()));
    assert_eq!(status, 0, "{yes}");
    let read = |name: &str| fs::read(at.join(name)).unwrap();
    assert_eq!(read("certificate.json"), read("again.json"));
    // The one of the story was revoked.
    let first = ["demo", "hand-over", "--licence", "1", "--key", "my-second-question"];
    let (ask, status) = said(&comity(at, &first));
    assert_eq!(status, 0, "{ask}");
    let (no, status) = typed(at, &format!("{} --out no.json", ask.trim()));
    assert_eq!((status, no.contains("licence_not_valid")), (1, true), "{no}");
    assert!(no.contains(" · who acts next: holder. Ask the issuer."), "{no}");
    assert!(no.contains("  reason    "), "{no}");
    drop(stop);
    let (none, status) = said(&comity(at, &["demo", "stop"]));
    assert_eq!(status, 64, "{none}");
    for gone in ["running", "record.txt", "consent.txt"] {
        assert!(!at.join("comity-demo").join(gone).exists(), "{gone}");
    }
    assert!(at.join("comity-demo/certificate.json").exists());
}

/// Stops what was kept, from elsewhere and by the whole path.
struct Stop<'a>(&'a Path, Session);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        let folder = self.0.join("comity-demo");
        let stopped =
            comity(Path::new("/"), &["demo", "stop", "--folder", folder.to_str().unwrap()]);
        if !std::thread::panicking() {
            let (text, status) = said(&stopped);
            assert_eq!((status, text.contains("Stopped 20 programs")), (0, true), "{text}");
            assert_eq!(self.1.processes(), [0u32; 0]);
        }
    }
}

#[test]
fn half_a_committee_answers_nothing_until_it_is_whole() {
    let _turn = my_turn();
    let folder = folder();
    let (output, session) = play(folder.path(), &["demo", "--scene", "half-committee"]);
    let (text, status) = said(&output);
    assert_eq!(status, 0, "{text}");
    assert!(text.contains("CN-HK has 2 of the 3 regulators it needs"), "{text}");
    assert!(text.contains("    YES        "), "{text}");
    assert_eq!(session.processes(), [0u32; 0]);
}

#[test]
fn a70_a_key_share_of_another_ceremony_is_named_and_left_out() {
    let _turn = my_turn();
    let folder = folder();
    let (output, session) = play(folder.path(), &["demo", "--scene", "bad-share"]);
    let (text, status) = said(&output);
    assert_eq!(status, 0, "{text}");
    for line in [
        "error C-170  these are not the keys that the lane",
        "gateway: its signature or share does not hold: left out member=CN-HK/office-1",
        "comity_shares_bad_total{member=\"CN-HK/office-1\"} ",
        "    YES        ",
        "it was refused, as it should be",
    ] {
        assert!(text.contains(line), "no {line:?} in\n{text}");
    }
    let certificate =
        ["verify", "comity-demo/certificate.json", "--trust", "comity-demo/trust.json"];
    let (good, status) = said(&comity(folder.path(), &certificate));
    assert_eq!(status, 0, "{good}");
    assert_eq!(session.processes(), [0u32; 0]);
}

#[test]
fn ctrl_c_and_sigterm_stop_after_the_step_and_leave_nothing() {
    let _turn = my_turn();
    for signal in [Signal::INT, Signal::TERM] {
        break_off(folder().path(), signal);
    }
}

/// One signal while the programs start. What is to be kept is not kept either.
fn break_off(at: &Path, signal: Signal) {
    let (mut demo, session) = begin(at, &["demo", "--keep"]);
    session.wait_for(|count| count > 10);
    send(&demo, signal);
    let mut text = String::new();
    demo.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(130), "{signal:?}: {text}");
    assert!(text.contains("Stopping after this step (again: at once)"), "{text}");
    assert!(text.contains("Stopped after step 1 of 9, Start three regions"), "{text}");
    assert!(!at.join("comity-demo").exists());
    assert_eq!(session.processes(), [0u32; 0]);
}

fn send(to: &Child, signal: Signal) {
    kill_process(Pid::from_child(to), signal).unwrap();
}

#[test]
fn a_second_ctrl_c_stops_at_once_and_says_what_is_left() {
    let _turn = my_turn();
    let folder = folder();
    let (mut demo, session) = begin(folder.path(), &["demo"]);
    session.wait_for(|count| count > 10);
    let mut said = BufReader::new(demo.stderr.take().unwrap());
    send(&demo, Signal::INT);
    let mut text = String::new();
    while !text.contains("Stopping after this step") {
        assert_ne!(said.read_line(&mut text).unwrap(), 0, "{text}");
    }
    send(&demo, Signal::INT);
    said.read_to_string(&mut text).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(130), "{text}");
    assert!(text.contains("Stopped at once. Left behind: comity-demo"), "{text}");
    // Its programs end with it.
    session.wait_for(|count| count == 0);
    // What is left is in nobody's way: the next one replaces it.
    break_off(folder.path(), Signal::INT);
}

/// Where the example chain of that name takes orders: its command line says it.
fn orders_of(session: Session, chain: &str) -> Option<SocketAddr> {
    session.processes().into_iter().find_map(|pid| {
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
        let after = |name: &str| line.split('\0').skip_while(|it| *it != name).nth(1);
        (after("--chain")? == chain).then(|| after("--admin")?.parse().ok())?
    })
}

/// Tells a chain's nodes to be honest.
async fn make_honest(orders: SocketAddr) -> anyhow::Result<()> {
    for node in 0..4 {
        let body = json!({ "node": node, "behaviour": "honest" });
        plain::post(orders, "/admin/misbehave", &body).await?;
    }
    Ok(())
}

#[test]
fn a_scene_in_which_nothing_is_refused_fails_loudly() {
    let _turn = my_turn();
    let folder = folder();
    let (mut demo, session) = begin(folder.path(), &["demo", "--scene", "lying-node"]);
    // The nodes that are to lie are told, again and again, to be honest: so the question is answered.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut orders = None;
    while demo.try_wait().unwrap().is_none() {
        orders = orders.or_else(|| orders_of(session, "gd-main"));
        // It may not listen yet, or not any more: then it may have begun anew elsewhere.
        orders = orders.filter(|orders| runtime.block_on(make_honest(*orders)).is_ok());
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut text = String::new();
    demo.stderr.take().unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(1), "{text}");
    assert!(text.contains("it was answered yes, and should not be"), "{text}");
    assert!(!text.contains("as it should be."), "{text}");
    assert_eq!(session.processes(), [0u32; 0]);
}

#[test]
fn a_chain_whose_port_is_taken_is_to_be_tried_again() {
    let folder = folder();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (held, free) = (held.local_addr().unwrap().to_string(), free.to_string());
    let chain = ["demo-chain", "--chain", "gd-main", "--began", "1800000000000"];
    for more in [["--node", &held, "--admin", &free], ["--node", &free, "--admin", &held]] {
        let (text, status) = said(&comity(folder.path(), &[&chain[..], &more].concat()));
        assert_eq!((status, text.contains("is taken")), (75, true), "{text}");
    }
}

#[test]
fn nothing_outlives_one_that_is_killed() {
    let _turn = my_turn();
    // What is to be kept is kept once it is all there, and said so: not when it is killed before.
    for (args, before) in [(&["demo"][..], 10), (&["demo", "--keep"], 3), (&["demo", "--keep"], 10)]
    {
        let folder = folder();
        let (mut demo, session) = begin(folder.path(), args);
        session.wait_for(|count| count > before);
        demo.kill().unwrap();
        demo.wait().unwrap();
        session.wait_for(|count| count == 0);
    }
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let folder = folder();
    let own = folder.path().join("own");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("thesis.txt"), "mine").unwrap();
    let (text, status) = said(&comity(folder.path(), &["demo", "--folder", "own"]));
    assert_eq!((status, text.contains("--folder")), (64, true), "{text}");
    assert_eq!(fs::read(own.join("thesis.txt")).unwrap(), b"mine");
}

#[test]
fn a_folder_that_cannot_be_written_is_said_and_is_no_bug() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").unwrap();
    for args in [
        &["demo", "--folder", "file/in"][..],
        &["--json", "demo", "--folder", "file"],
        &["demo", "hand-over", "--key", "0123456789abcdef"],
        &["demo", "stop"],
    ] {
        let (text, status) = said(&comity(folder.path(), args));
        assert_eq!(status, 64, "{text}");
        assert!(text.contains("--folder FOLDER") || text.contains("demo --keep"), "{text}");
    }
}

#[test]
fn a_result_that_cannot_be_written_is_no_answer() {
    for args in [&["--help"][..], &["demo", "--help"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
        let ran = command.args(args).stdout(full).output().unwrap();
        assert_eq!(said(&ran).1, 2, "{args:?}: {ran:?}");
    }
}

#[test]
fn a_reader_that_goes_away_changes_no_answer() {
    for args in [&["demo", "--help"][..], &["--help"], &["verify", "--help"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
        let command = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut ran = command.spawn().unwrap();
        drop(ran.stdout.take());
        let (text, status) = said(&ran.wait_with_output().unwrap());
        assert_eq!(status, 0, "{args:?}: {text}");
    }
}
