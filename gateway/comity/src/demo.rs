//! `comity demo`: the whole of it on this machine, in one process, over no network.

mod clock;
mod files;
mod stage;
mod story;
mod world;

use crate::{exit::Exit, interrupt::Interrupt, output::Output};
use files::{Folder, FolderError};
use serde_json::json;
use stage::Stopped;
use std::path::PathBuf;

/// Shows the whole of it on this machine, in one process, over no network.
///
/// Two committees of regulators make their keys; a licence is proven from blocks that a real chain made,
/// decided, agreed, co-signed and certified; the certificate is checked offline; the licence is revoked and
/// asked for again. Every rule is the real code. Files are left in `comity-demo`. Ctrl-C stops after the
/// step at hand and removes them.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity demo",
    after_help = "Exit status: 0 all came out as it must · 2 the result could not be written · 64 wrong usage, or the folder cannot be written · 70 our bug · 130 interrupted"
)]
pub(crate) struct DemoArgs {
    /// Where certificate, status, declined and trust files go, and the log. Replaced if a demo made it.
    #[arg(long, value_name = "FOLDER", default_value = "comity-demo")]
    folder: PathBuf,
}

/// Runs the demonstration.
///
/// # Errors
///
/// If something that must hold does not: that is our bug.
pub(crate) fn run(args: &DemoArgs, out: &mut Output) -> anyhow::Result<Exit> {
    let folder = match Folder::prepare(&args.folder) {
        Ok(folder) => folder,
        Err(refused) => return Ok(out.refuse(&refused)),
    };
    let interrupt = Interrupt::listen(&args.folder)?;
    let Err(error) = story::tell(out, &folder, interrupt) else { return Ok(Exit::Yes) };
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        folder.remove()?;
        return Ok(interrupted(stopped, args, out));
    }
    match error.downcast::<FolderError>() {
        Ok(full) => {
            // The reason that is told is the first one, not that clearing up failed too.
            let _left = folder.remove();
            Ok(out.refuse(&full))
        }
        Err(bug) => Err(bug.context("this is our bug")),
    }
}

fn interrupted(stopped: &Stopped, args: &DemoArgs, out: &mut Output) -> Exit {
    out.hint(format_args!(
        "Stopped {stopped}. What was written to {} is removed",
        args.folder.display()
    ));
    out.object(&json!({ "outcome": "interrupted", "after_step": stopped.step }));
    Exit::Interrupted
}
