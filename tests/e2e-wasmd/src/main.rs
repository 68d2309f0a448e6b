//! All of Comity against four real `CometBFT` validators that run wasmd: `just e2e-wasmd`.
//!
//! ```text
//! e2e-wasmd FOLDER      FOLDER holds wasmd and its library, as tests/wasmd/build.sh leaves them
//! ```
//!
//! Starts a network of its own on ports that nobody has, puts the licence registry and example licences on its
//! chain, and plays the story. Whatever happens, Ctrl-C too, nothing that it started goes on and its folder is
//! removed; after a failure the logs stay.

mod bad_nodes;
mod conformance;
mod network;
mod registry;
mod stage;
mod wallet;

use anyhow::{Context as _, bail};
use network::Network;
use registry::Registry;
use stage::{Stage, Work};
use std::{path::PathBuf, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};
use wallet::Wallet;

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
            outcome = play(wasmd, &work) => outcome,
            outcome = asked_to_stop() => outcome,
        }
    });
    // What was running went down with the story; what it left on the disk goes now.
    drop(runtime);
    work.clean(outcome.is_ok())?;
    outcome
}

async fn play(wasmd: PathBuf, work: &Work) -> anyhow::Result<()> {
    let mut stage = Stage::begin();
    let mut network = Network::init(wasmd, work).await?;
    network.start_all(work).await?;
    let tip = network.wait_for_height(2).await?;
    stage.done(&format!("four validators of {} make blocks: height {tip}", network.chain));

    let writer = Wallet::of(&network, 0);
    let registry = Registry::create(&writer).await?;
    stage.done(&format!("registry stored and made: {}", registry.address));

    let licence = registry.issue(&writer, 1).await?;
    registry.issue(&writer, 2).await?;
    registry.set(&writer, &licence, registry::SUSPENDED).await?;
    registry.set(&writer, &licence, registry::VALID).await?;
    stage.done("two licences made; one suspended and taken back");

    conformance::run(&network, &registry, &licence).await?;
    stage.done("the adapter's suite holds on live nodes, as on recorded and on embedded ones");

    network.kill(3).await?;
    let revoked = registry.set(&writer, &licence, registry::REVOKED).await?;
    let tip = network.wait_for_height(revoked + 5).await?;
    stage.done(&format!("a validator killed, the chain goes on: height {tip}"));
    Ok(())
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
