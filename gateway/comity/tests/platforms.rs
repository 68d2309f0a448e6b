//! A platform that is suspended while everything runs: in a demonstration that was kept, with its real programs.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic")]

use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};
use tokio::time::{sleep, timeout};

/// The source's second example licence: the demonstration's story leaves it valid.
const LICENCE: &str = "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE0002.001.2";

/// Programs are told within this.
const PATIENCE: Duration = Duration::from_secs(30);

fn comity(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_comity")).args(args).current_dir(folder).output().unwrap()
}

/// A demonstration that runs, and is stopped whatever becomes of the test.
struct Kept(PathBuf);

impl Drop for Kept {
    fn drop(&mut self) {
        let stopped = comity(&self.0, &["demo", "stop"]);
        assert!(std::thread::panicking() || stopped.status.success(), "{stopped:?}");
    }
}

impl Kept {
    fn running(&self) -> PathBuf {
        self.0.join("comity-demo/running")
    }

    /// The destination's programs that know platforms: name, process, settings.
    fn knowing(&self) -> Vec<(String, Pid, PathBuf)> {
        let programs = fs::read(self.running().join("programs.json")).unwrap();
        let programs: serde_json::Value = serde_json::from_slice(&programs).unwrap();
        let deployment = self.running().join("deployment/CN-HK");
        let mut all = Vec::new();
        for program in programs.as_array().unwrap() {
            let name = program["name"].as_str().unwrap().to_owned();
            let pid = Pid::from_raw(i32::try_from(program["pid"].as_u64().unwrap()).unwrap());
            let Some(rest) = name.strip_prefix("CN-HK-") else { continue };
            let settings = match rest.strip_prefix("regulator-") {
                Some(number) => format!("office-{number}/regulator.toml"),
                None if rest == "gateway" => "gateway/gateway.toml".to_owned(),
                None => continue,
            };
            all.push((name, pid.unwrap(), deployment.join(settings)));
        }
        all
    }

    /// Has the gateway and all regulators of the destination know this, and waits until they say so.
    fn know(&self, platforms: &str) {
        let programs = self.knowing();
        // One regulator has been away since the story's scenes: three of four agree.
        assert!(programs.len() >= 4, "{programs:?}");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let log = |name: &str| {
            let path = self.running().join("logs").join(format!("{name}.log"));
            fs::read_to_string(path).unwrap()
        };
        for (name, pid, settings) in programs {
            let text = fs::read_to_string(&settings).unwrap();
            let (text, _) = text.split_once("\n[platforms]").unwrap_or((&text, ""));
            fs::write(&settings, format!("{text}\n[platforms]\n{platforms}\n")).unwrap();
            let taken = |log: String| log.matches("taken anew").count();
            let before = taken(log(&name));
            kill_process(pid, Signal::HUP).unwrap();
            let told = async {
                while taken(log(&name)) == before {
                    sleep(Duration::from_millis(20)).await;
                }
            };
            let in_time = runtime.block_on(async { timeout(PATIENCE, told).await });
            assert!(in_time.is_ok(), "{name}: {}", log(&name));
        }
    }

    /// Asks as the example platform of CN-HK: the exit status, and what is printed.
    fn ask(&self, key: &str) -> (Option<i32>, String) {
        let handed = comity(&self.0, &["demo", "hand-over", "--to", "CN-HK", "--key", key]);
        assert!(handed.status.success(), "{handed:?}");
        let out = format!("{key}.json");
        let asked = [
            "ask",
            LICENCE,
            "--from",
            "CN-GD",
            "--to",
            "CN-HK",
            "--for",
            "licence-exchange",
            "--record",
            "comity-demo/record.txt",
            "--consent",
            "comity-demo/consent.txt",
            "--key",
            key,
            "--config",
            "comity-demo/running/deployment/CN-HK/platform/platform.toml",
            "--wait",
            "60",
            "--out",
            &out,
        ];
        let asked = comity(&self.0, &asked);
        (asked.status.code(), String::from_utf8_lossy(&asked.stdout).into_owned())
    }
}

#[test]
fn a45_a_suspended_platform_is_declined_and_a_filed_contract_lets_more_through() {
    let scratch = tempfile::tempdir().unwrap();
    let demo = comity(scratch.path(), &["demo", "--keep"]);
    assert!(demo.status.success(), "{demo:?}");
    let demo = Kept(scratch.path().to_owned());
    demo.know("suspended = [\"counter\"]");
    let (status, said) = demo.ask("counter-8-0001-a1b2");
    assert_eq!(status, Some(1), "{said}");
    assert!(said.contains("NO  declined") && said.contains("policy_denied"), "{said}");
    demo.know("contract_filed = [\"counter\"]");
    let (status, said) = demo.ask("counter-8-0002-a1b2");
    assert_eq!(status, Some(0), "{said}");
    demo.know("");
    let (status, said) = demo.ask("counter-8-0003-a1b2");
    assert_eq!(status, Some(0), "{said}");
}
