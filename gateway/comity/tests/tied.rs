//! A program that is tied to whoever started it.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "tests")]

use comity::{
    deployment::{Plan, RegionPlan, RegulatorPlan, SourcePlan, write},
    fleet::TIED,
};
use embedded_chain::{Chain, FIRST_PIN, Genesis};
use gateway_types::{Timestamp, entry::ShortText};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Stdio},
};

/// The signal or the closed input: whichever is seen first, in so many rounds each comes first some time.
const ROUNDS: usize = 10;

fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    Timestamp(u64::try_from(since.as_millis()).unwrap())
}

/// The settings of a relayer of a deployment where nobody else runs.
fn relayer(folder: &Path) -> PathBuf {
    let chain = Chain::new(Genesis::four("gd-main".parse().unwrap(), now())).unwrap();
    let pin = chain.pin(FIRST_PIN).unwrap();
    let region = |code: &str| RegionPlan {
        region: code.parse().unwrap(),
        operator: format!("{code} Bureau"),
        gateway: ([127, 0, 0, 1], 9).into(),
        gateway_admin: None,
        relayer_admin: None,
        regulators: (1..=4)
            .map(|number| RegulatorPlan {
                name: format!("office-{number}").parse().unwrap(),
                organisation: ShortText::new(&format!("{code} Office {number}")).unwrap(),
                admin: None,
            })
            .collect(),
        pin: Some(pin.entry.clone()),
        pinned_header: Some(pin.header.to_vec()),
        sources: ["One", "Two"]
            .map(|operator| SourcePlan {
                operator: operator.to_owned(),
                endpoints: vec!["http://127.0.0.1:9".parse().unwrap()],
            })
            .to_vec(),
        platform: "counter".parse().unwrap(),
    };
    let plan = Plan {
        folder: folder.join("d"),
        deployment: "comity.test".parse().unwrap(),
        regions: vec![region("CN-GD"), region("CN-HK")],
        lanes: vec!["CN-GD.CN-HK.standard".parse().unwrap()],
        now: now(),
        seed: [4; 32],
    };
    write(&plan).unwrap().regions.remove(0).relayer
}

/// The program, once it runs, and its log: it is kept open.
fn start(config: &Path) -> (Child, BufReader<ChildStderr>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comity"));
    command.arg("relayer").arg("--config").arg(config).env(TIED, "1");
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    assert!(log.by_ref().lines().any(|line| line.unwrap().contains("running")));
    (child, log)
}

#[test]
fn a_signal_and_the_end_of_whoever_sent_it_are_one_request() {
    let scratch = tempfile::tempdir().unwrap();
    let config = relayer(scratch.path());
    for round in 0..ROUNDS {
        let (mut child, _log) = start(&config);
        let send = |signal| kill_process(Pid::from_child(&child), signal).unwrap();
        // Both are there when it goes on.
        send(Signal::STOP);
        send(Signal::TERM);
        drop(child.stdin.take());
        kill_process(Pid::from_child(&child), Signal::CONT).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "round {round}");
    }
}
