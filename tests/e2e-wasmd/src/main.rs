//! All of Comity against four real `CometBFT` validators that run wasmd: `just e2e-wasmd`.
//!
//! ```text
//! e2e-wasmd FOLDER      FOLDER holds wasmd and its library, as tests/wasmd/build.sh leaves them
//! ```
//!
//! Starts a network of its own on ports that nobody has, puts the licence registry and example licences on its
//! chain, and plays the story. Whatever happens, Ctrl-C too, nothing that it started goes on and its folder is
//! removed; after a failure the logs stay.

mod asking;
mod bad_nodes;
mod conformance;
mod network;
mod parties;
mod registry;
mod stage;
mod story;
mod wallet;

use anyhow::{Context as _, bail};
use stage::Work;
use std::{path::PathBuf, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("e2e-wasmd: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    let wasmd: PathBuf = std::env::args_os().nth(1).context("where is wasmd?")?.into();
    let wasmd = wasmd.canonicalize().with_context(|| wasmd.display().to_string())?;
    let work = Work::make()?;
    // One thread: a node ends when the thread that started it does.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = story::play(wasmd, &work) => outcome,
            outcome = asked_to_stop() => outcome,
        }
    });
    // What was running went down with the story; what it left on the disk goes now.
    runtime.shutdown_background();
    work.clean(outcome.is_ok())?;
    outcome
}

async fn asked_to_stop() -> anyhow::Result<()> {
    let mut signals = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()]
        .map(signal)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    let [interrupt, terminate, hangup] = &mut signals[..] else { bail!("three signals") };
    tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {}, _ = hangup.recv() => {} }
    bail!("stopped by a signal")
}
