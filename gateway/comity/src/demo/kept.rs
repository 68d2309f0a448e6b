//! A demonstration that goes on, and how it is stopped.

use super::{
    Shown,
    clock::Since,
    files::{Folder, FolderError, RUNNING},
    play::issue,
    regions::{DESTINATIONS, Region},
    running::Running,
};
use crate::{
    exit::Exit,
    output::{CYAN, Output, styled},
};
use anyhow::Context as _;
use comity::{
    fleet::{Program, ask_to_stop},
    process, typed,
};
use gateway::settings::DRAIN;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Which programs run.
const FILE: &str = "running/programs.json";

/// Programs that were asked to stop get this long: what a gateway takes at most to drain, and a little.
const STOP: Duration = DRAIN.saturating_add(Duration::from_secs(5));

/// The example licence that is issued when it is kept: the story's own is revoked at the end.
pub(super) const NUMBER: u32 = 2;

/// A program that was left running.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    name: String,
    pid: u32,
    /// When the process began, as the system counts: numbers of processes are given again.
    began: Option<u64>,
}

/// Stops a demonstration that was kept.
#[derive(Debug, clap::Args)]
pub(crate) struct StopArgs {
    /// The folder that the demonstration was given.
    #[arg(long, value_name = "FOLDER", default_value = "comity-demo")]
    folder: PathBuf,
}

/// A folder with programs that still run is not ours to replace.
pub(super) fn check(folder: &Path) -> Result<(), FolderError> {
    let running = read(folder).iter().any(Kept::still_runs);
    if running { Err(FolderError::Running(folder.to_owned())) } else { Ok(()) }
}

/// Writes down what runs, so that `demo stop` finds it, lets it go on without us, and says where and how to stop it.
///
/// Until then everything ends with us, however we end.
pub(super) fn leave(
    mut running: Running,
    shown: &Shown<'_>,
    out: &mut Output,
) -> anyhow::Result<()> {
    issue::quietly(&mut running, NUMBER)?;
    let Running { fleet, regions, .. } = running;
    let kept: Vec<Kept> = fleet.programs().iter().map(Kept::from).collect();
    fs::write(shown.folder.path(FILE), serde_json::to_vec_pretty(&kept)?)?;
    fleet.leave().context("a program does not go on")?;
    say(&kept, &regions, shown, out);
    Ok(())
}

fn say(kept: &[Kept], regions: &[Region], shown: &Shown<'_>, out: &mut Output) {
    let folder = typed::path(shown.folder.itself());
    let logs = shown.folder.path(RUNNING).join("logs");
    let count = kept.len();
    out.line(format!("Left running: {count} programs, logs in {}", logs.display()));
    for region in regions {
        out.line(format!(
            "    {} gateway  https://{}   probes and metrics  http://{at}/readyz  http://{at}/metrics",
            styled(CYAN, &region.region),
            region.gateway,
            at = region.gateway_admin
        ));
    }
    let (to, program) = (DESTINATIONS[0], &shown.program);
    let hand_over =
        format!("{program} demo hand-over --to {to} --key my-first-question-1 --folder {folder}");
    let stop = format!("{program} demo stop --folder {folder}");
    out.line(format!("Ask it     {hand_over}   # then the command that it prints"));
    out.line(format!("Stop it    {stop}"));
    let address = |it: &Region| {
        json!({
            "region": it.region,
            "gateway": it.gateway.to_string(),
            "admin": it.gateway_admin.to_string(),
        })
    };
    out.object(&json!({
        "outcome": "kept",
        "programs": kept,
        "regions": regions.iter().map(address).collect::<Vec<_>>(),
        "ask": hand_over,
        "stop": stop,
    }));
}

/// Asks all programs to drain, waits, and deletes what they had.
pub(super) fn stop(args: &StopArgs, out: &mut Output) -> anyhow::Result<Exit> {
    let kept = read(&args.folder);
    if kept.is_empty() {
        return Ok(out.refuse(&format_args!(
            "no demonstration runs in {}. Start one that goes on: {} demo --keep",
            args.folder.display(),
            typed::program()
        )));
    }
    let ours: Vec<&Kept> = kept.iter().filter(|it| it.still_runs()).collect();
    for program in &ours {
        let _gone = ask_to_stop(program.pid);
    }
    let left = wait(&ours);
    if !left.is_empty() {
        let list = left.join(", ");
        out.hint(format_args!("✗ still running after {} s: {list}", STOP.as_secs()));
        return Ok(Exit::TryAgain);
    }
    Folder::existing(&args.folder).remove_running()?;
    out.line(format!(
        "Stopped {} programs. Certificates stay in {}",
        ours.len(),
        args.folder.display()
    ));
    out.object(&json!({ "outcome": "stopped", "programs": ours.len() }));
    Ok(Exit::Yes)
}

/// Waits until they have ended, and says who has not in time.
fn wait<'a>(programs: &[&'a Kept]) -> Vec<&'a str> {
    let since = Since::now();
    while since.elapsed() < STOP && programs.iter().any(|it| it.still_runs()) {
        #[expect(
            clippy::disallowed_methods,
            reason = "waits for other processes, in a program of one thread"
        )]
        std::thread::sleep(Duration::from_millis(100));
    }
    programs.iter().filter(|it| it.still_runs()).map(|it| it.name.as_str()).collect()
}

fn read(folder: &Path) -> Vec<Kept> {
    let text = fs::read(folder.join(FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

impl From<&Program> for Kept {
    fn from(program: &Program) -> Self {
        Self { name: program.name.clone(), pid: program.pid(), began: began(program.pid()) }
    }
}

impl Kept {
    /// Whether that process is still the one that was started.
    fn still_runs(&self) -> bool {
        let now = began(self.pid);
        now.is_some() && now == self.began
    }
}

/// When a process began, in ticks since the machine started, its field 22; nothing if it has ended.
fn began(pid: u32) -> Option<u64> {
    process::fields(pid)?.get(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_number_and_begin() {
        let pid = std::process::id();
        let us = Kept { name: "us".to_owned(), pid, began: began(pid) };
        assert!(us.still_runs());
        // Another that was given the same number later.
        let other = Kept { began: us.began.map(|ticks| ticks - 1), ..us };
        assert!(!other.still_runs());
        let unknown = Kept { began: None, ..other };
        assert!(!unknown.still_runs());
    }

    #[test]
    fn one_that_has_ended_has_no_begin() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        assert_eq!(began(pid), None);
    }
}
