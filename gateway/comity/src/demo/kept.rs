//! A demonstration that goes on, and how it is stopped.

use super::{
    Shown,
    files::{Folder, FolderError, RUNNING},
    regions::DESTINATIONS,
    running::Running,
};
use crate::{
    exit::Exit,
    output::{CYAN, Output, styled},
};
use comity::fleet::ask_to_stop;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Which programs run.
const FILE: &str = "running/programs.json";

/// A program that was left running.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    name: String,
    pid: u32,
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
    let running = read(folder).iter().any(|kept| is_ours(kept, folder));
    if running { Err(FolderError::Running(folder.to_owned())) } else { Ok(()) }
}

/// Writes down what runs, and says where and how to stop it.
pub(super) fn leave(running: Running, shown: &Shown<'_>, out: &mut Output) -> anyhow::Result<()> {
    let kept: Vec<Kept> = running
        .fleet
        .programs()
        .iter()
        .map(|program| Kept { name: program.name.clone(), pid: program.pid() })
        .collect();
    shown.folder.write_bytes(FILE, &serde_json::to_vec_pretty(&kept)?)?;
    let folder = shown.folder.path("").display().to_string();
    let addresses: Vec<_> = running
        .regions
        .iter()
        .map(|it| json!({ "region": it.region, "gateway": it.gateway.to_string(), "admin": it.gateway_admin.to_string() }))
        .collect();
    out.line(format!("Left running: {} programs, logs in {folder}{RUNNING}/logs", kept.len()));
    for region in &running.regions {
        out.line(format!(
            "    {} gateway  https://{}   probes and metrics  http://{}/readyz  http://{0}/metrics",
            styled(CYAN, &region.region),
            region.gateway,
            region.gateway_admin
        ));
    }
    let to = DESTINATIONS[0];
    out.line(format!(
        "Ask it     {0} demo hand-over --to {to} --key my-first-question-1 --folder {folder}, then the command that it prints",
        shown.program
    ));
    out.line(format!("Stop it    {} demo stop --folder {folder}", shown.program));
    out.object(&json!({ "outcome": "kept", "programs": kept, "regions": addresses }));
    running.fleet.leave();
    Ok(())
}

/// Asks all programs to drain, waits, and deletes what they had.
pub(super) fn stop(args: &StopArgs, out: &mut Output) -> anyhow::Result<Exit> {
    let kept = read(&args.folder);
    if kept.is_empty() {
        return Ok(out.refuse(&format_args!(
            "no demonstration runs in {}. Start one that goes on: comity demo --keep",
            args.folder.display()
        )));
    }
    let ours: Vec<&Kept> = kept.iter().filter(|it| is_ours(it, &args.folder)).collect();
    for program in &ours {
        let _gone = ask_to_stop(program.pid);
    }
    for _ in 0..100 {
        if !ours.iter().any(|it| is_ours(it, &args.folder)) {
            break;
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "waits for other processes, in a program of one thread"
        )]
        std::thread::sleep(Duration::from_millis(100));
    }
    let left: Vec<&str> =
        ours.iter().filter(|it| is_ours(it, &args.folder)).map(|it| it.name.as_str()).collect();
    if !left.is_empty() {
        out.hint(format_args!("✗ still running after 10 s: {}", left.join(", ")));
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

fn read(folder: &Path) -> Vec<Kept> {
    let text = fs::read(folder.join(FILE)).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Whether that process is still the one that was started: numbers are given again.
fn is_ours(kept: &Kept, folder: &Path) -> bool {
    let Ok(command) = fs::read(format!("/proc/{}/cmdline", kept.pid)) else { return false };
    let command = String::from_utf8_lossy(&command);
    command.contains("demo-chain") || command.contains(&*folder.to_string_lossy())
}
