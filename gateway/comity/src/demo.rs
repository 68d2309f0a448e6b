//! `comity demo`: three regions on this machine, each program a process of its own.

mod bad_share;
pub(crate) mod chain;
mod clock;
mod files;
mod hand_over;
mod kept;
mod log;
mod play;
mod ports;
mod regions;
mod running;
mod scenes;
mod spinner;
mod stage;

use crate::{exit::Exit, interrupt::Interrupt, output::Output};
use comity::typed;
use files::{Folder, FolderError};
use running::Running;
use scenes::Scene;
use serde_json::json;
use stage::{Stage, Stopped};
use std::{path::PathBuf, time::Duration};

/// Shows the whole of it on this machine: three regions, one licence there and back.
///
/// Three chains, three gateways, three relayers and twelve regulators are started as processes, with the
/// configuration files that anybody would write and TLS between them. A licence is issued, asked about, proven,
/// decided, agreed, co-signed, certified, checked offline, revoked, and asked about again. Nothing leaves this
/// machine. Ctrl-C stops after the step at hand and cleans up.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity demo\n           comity demo --scene half-committee\n           comity demo --keep, then: comity demo stop",
    after_help = "Exit status: 0 all came out as it must · 1 a scene did not refuse · 2 the result could not be written · 64 wrong usage, or the folder cannot be written · 70 our bug · 75 no free ports, try again · 130 interrupted",
    args_conflicts_with_subcommands = true
)]
pub(crate) struct DemoArgs {
    #[command(subcommand)]
    command: Option<DemoCommand>,
    /// Where certificate, status, declined and trust files go. Replaced if a demo made it.
    #[arg(long, value_name = "FOLDER", default_value = "comity-demo")]
    folder: PathBuf,
    /// Leaves it running, and prints the addresses and how to stop it.
    #[arg(long)]
    keep: bool,
    /// Shows one refusal instead of the whole story.
    #[arg(long, value_name = "SCENE")]
    scene: Option<Scene>,
    /// A pause after each step, for an audience: 1s, 500ms.
    #[arg(long, value_name = "TIME", value_parser = pace, default_value = "0s")]
    pace: Duration,
}

#[derive(Debug, clap::Subcommand)]
enum DemoCommand {
    /// Stops a demonstration that was kept, and deletes what its programs had.
    Stop(kept::StopArgs),
    /// Plays the holder: writes record and consent for one question of the example platform.
    HandOver(hand_over::HandOverArgs),
}

/// What the story is told with.
#[derive(Debug)]
struct Shown<'a> {
    folder: &'a Folder,
    /// How the program is called, as it is typed.
    program: String,
}

/// Runs the demonstration.
///
/// # Errors
///
/// If something that must hold does not: that is our bug.
pub(crate) fn run(args: &DemoArgs, out: &mut Output) -> anyhow::Result<Exit> {
    match &args.command {
        Some(DemoCommand::Stop(args)) => kept::stop(args, out),
        Some(DemoCommand::HandOver(args)) => hand_over::run(args, out),
        None => show(args, out),
    }
}

fn show(args: &DemoArgs, out: &mut Output) -> anyhow::Result<Exit> {
    let folder = match kept::check(&args.folder).and_then(|()| Folder::prepare(&args.folder)) {
        Ok(folder) => folder,
        Err(refused) => return Ok(out.refuse(&refused)),
    };
    let interrupt = Interrupt::listen(&args.folder)?;
    let shown = Shown { folder: &folder, program: typed::program() };
    let played = play(args, &shown, out, interrupt);
    match played {
        Ok(running) => end(running, args, &shown, out),
        Err(error) => failed(error, args, &folder, out),
    }
}

fn play(
    args: &DemoArgs,
    shown: &Shown<'_>,
    out: &mut Output,
    interrupt: Interrupt,
) -> anyhow::Result<Running> {
    let steps = args.scene.map_or(play::STEPS, |_| Scene::STEPS);
    let mut stage = Stage::new(out, interrupt, steps, args.pace);
    stage.open(&format!(
        "Comity {} · demo · loopback only, nothing leaves this machine · Ctrl-C stops and cleans up",
        env!("CARGO_PKG_VERSION")
    ));
    match args.scene {
        None => play::tell(&mut stage, shown),
        Some(scene) => scene.play(&mut stage, shown),
    }
}

/// The story is over: what it started is stopped and deleted, or left running.
fn end(
    mut running: Running,
    args: &DemoArgs,
    shown: &Shown<'_>,
    out: &mut Output,
) -> anyhow::Result<Exit> {
    if args.keep {
        kept::leave(running, shown, out)?;
        return Ok(Exit::Yes);
    }
    running.stop();
    shown.folder.remove_running()?;
    Ok(Exit::Yes)
}

fn failed(
    error: anyhow::Error,
    args: &DemoArgs,
    folder: &Folder,
    out: &mut Output,
) -> anyhow::Result<Exit> {
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        folder.remove()?;
        return Ok(interrupted(stopped, args, out));
    }
    if error.is::<ports::Taken>() {
        let _left = folder.remove();
        out.hint(format_args!("✗ {error}"));
        out.object(&json!({ "outcome": "try_again", "because": error.to_string() }));
        return Ok(Exit::TryAgain);
    }
    match error.downcast::<FolderError>() {
        Ok(full) => {
            // The reason that is told is the first one, not that clearing up failed too.
            let _left = folder.remove();
            Ok(out.refuse(&full))
        }
        Err(bug) => Ok(our_bug(&bug.context("this is our bug"), args, folder, out)),
    }
}

/// What the programs logged stays, for whoever looks into it; none of them runs.
fn our_bug(bug: &anyhow::Error, args: &DemoArgs, folder: &Folder, out: &mut Output) -> Exit {
    out.failure(bug);
    let logs = folder.path(files::RUNNING).join("logs");
    if logs.is_dir() {
        out.hint(format_args!(
            "All programs are stopped; their logs are in {}. The next demo replaces them",
            logs.display()
        ));
    }
    if args.scene.is_some() { Exit::No } else { Exit::OurBug }
}

fn interrupted(stopped: &Stopped, args: &DemoArgs, out: &mut Output) -> Exit {
    out.hint(format_args!(
        "Stopped {stopped}. What was written to {} is removed",
        args.folder.display()
    ));
    out.object(&json!({ "outcome": "interrupted", "after_step": stopped.step }));
    Exit::Interrupted
}

impl Shown<'_> {
    /// What to type next, each as it would be typed here; a shell takes what is behind `#` as a remark.
    fn hints(&self) -> [(&'static str, String); 5] {
        let path = |name: &str| typed::path(&self.folder.path(name));
        let (program, certificate, trust) =
            (&self.program, path("certificate.json"), path("trust.json"));
        let verify = format!("{program} verify {certificate} --trust {trust}");
        let status = path("status.json");
        let log = path(files::LOG);
        [
            ("Read next", format!("{verify}   # what is proven, by whom, what is not")),
            ("Or", format!("{verify} --status {status}   # it says no: revoked since")),
            (
                "Or",
                format!("{program} log verify {log} --trust {trust}   # the whole log of the lane"),
            ),
            (
                "Try next",
                format!(
                    "{program} demo --scene lying-node   # or bad-share, two-histories, half-committee: each shows one refusal"
                ),
            ),
            (
                "Keep it",
                format!(
                    "{program} demo --keep   # leaves it running, and says how to ask it and how to stop it"
                ),
            ),
        ]
    }
}

fn pace(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: give it as 1s or 500ms");
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    match unit {
        "s" if number <= 60 => Ok(Duration::from_secs(number)),
        "ms" if number <= 60_000 => Ok(Duration::from_millis(number)),
        _ => Err(wrong()),
    }
}
