//! `comity gateway`, started from a deployment that was written, asked to stop, and refused where it must be.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

#[path = "run/ask.rs"]
mod ask;

#[path = "run/reload.rs"]
mod reload;

#[path = "run/told.rs"]
mod told;

#[path = "run/usage.rs"]
mod usage;

use comity::deployment::{Plan, RegionPlan, RegulatorPlan, SourcePlan, Written, write};
use embedded_chain::{Chain, FIRST_PIN, Genesis};
use gateway_types::{
    Timestamp,
    entry::{ClientPin, ShortText},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    path::Path,
    process::{Child, ChildStderr, Command, Stdio},
};

fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    Timestamp(u64::try_from(since.as_millis()).unwrap())
}

fn free() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// An example chain's first pin: nobody answers in its name here.
fn pin() -> (ClientPin, Vec<u8>) {
    let chain = Chain::new(Genesis::four("gd-main".parse().unwrap(), now())).unwrap();
    let pin = chain.pin(FIRST_PIN).unwrap();
    (pin.entry, pin.header.to_vec())
}

fn region(code: &str, pin: Option<(ClientPin, Vec<u8>)>) -> RegionPlan {
    let regulator = |number: u8| RegulatorPlan {
        name: format!("office-{number}").parse().unwrap(),
        organisation: ShortText::new(&format!("{code} Office {number}")).unwrap(),
        admin: None,
    };
    let source = |operator: String| SourcePlan {
        operator,
        endpoints: vec!["http://127.0.0.1:9".parse().unwrap()],
    };
    let (pin, pinned_header) = pin.unzip();
    RegionPlan {
        region: code.parse().unwrap(),
        operator: format!("{code} Bureau"),
        gateway: ([127, 0, 0, 1], free()).into(),
        gateway_admin: None,
        relayer_admin: None,
        regulators: (1..=4).map(regulator).collect(),
        pin,
        pinned_header,
        sources: vec![source(format!("{code} Bureau")), source("Example University".into())],
        platform: "counter".parse().unwrap(),
    }
}

fn deployment(folder: &Path) -> Written {
    let plan = Plan {
        folder: folder.join("d"),
        deployment: "comity.test".parse().unwrap(),
        regions: vec![region("CN-GD", Some(pin())), region("CN-HK", None)],
        lanes: vec!["CN-GD.CN-HK.standard".parse().unwrap()],
        now: now(),
        seed: [3; 32],
    };
    write(&plan).unwrap()
}

fn start(program: &str, config: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    command.arg(program).arg("--config").arg(config).args(["--log", "json"]);
    command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Reads its log up to a line that holds `word`.
fn until(child: &mut Child, word: &str) -> BufReader<ChildStderr> {
    let mut log = BufReader::new(child.stderr.take().unwrap());
    read_on(child, &mut log, word);
    log
}

/// Reads on up to a line that holds `word`; what was read.
fn read_on(child: &mut Child, log: &mut BufReader<ChildStderr>, word: &str) -> String {
    let mut all = String::new();
    loop {
        let from = all.len();
        if log.read_line(&mut all).unwrap() == 0 {
            panic!("ended ({:?}) without {word}: {all}", child.wait());
        }
        if all.get(from..).unwrap().contains(word) {
            return all;
        }
    }
}

fn stop(mut child: Child, mut log: BufReader<ChildStderr>, signal: Signal) -> Option<i32> {
    kill_process(Pid::from_child(&child), signal).unwrap();
    let mut rest = String::new();
    log.read_to_string(&mut rest).unwrap();
    child.wait().unwrap().code()
}

#[test]
fn a_gateway_serves_until_it_is_asked_to_stop() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment(scratch.path());
    let config = &written.regions[1].gateway;
    let mut gateway = start("gateway", config);
    let log = until(&mut gateway, "listening on");
    a120_nobody_reads_its_memory(&gateway);
    // Its store is open and its port is taken: whoever starts it again is told to wait.
    assert_eq!(start("gateway", config).wait().unwrap().code(), Some(75));
    assert_eq!(stop(gateway, log, Signal::TERM), Some(0));
    let mut again = start("gateway", config);
    let log = until(&mut again, "listening on");
    assert_eq!(stop(again, log, Signal::INT), Some(130));
    let text = fs::read_to_string(config).unwrap();
    fs::write(config, text.replace("threshold = 3", "threshold = 2")).unwrap();
    let mut refused = start("gateway", config);
    let _log = until(&mut refused, "C-131");
    assert_eq!(refused.wait().unwrap().code(), Some(64));
}

/// A process that is not dumpable belongs to root in /proc, whoever runs it, and has no core.
fn a120_nobody_reads_its_memory(child: &Child) {
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id()));
    if let Ok(limits) = limits {
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    }
}

#[test]
fn a_regulator_whose_sources_are_silent_is_to_start_later() {
    let scratch = tempfile::tempdir().unwrap();
    let written = deployment(scratch.path());
    let config = &written.regions[0].regulators[2];
    let mut regulator = start("regulator", config);
    // Nobody answers at its sources, so it has no pinned header yet: it is to be started again later.
    let _log = until(&mut regulator, "try again later");
    assert_eq!(regulator.wait().unwrap().code(), Some(75));
    assert!(config.parent().unwrap().join("keys/new").exists(), "it has not spoken yet");
}
