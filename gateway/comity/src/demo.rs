//! `comity demo`: the whole of it on this machine, in one process, over no network.

mod clock;
mod files;
mod stage;
mod story;
mod world;

use crate::{exit::Exit, output::Output};
use std::path::PathBuf;

/// Shows the whole of it on this machine, in one process, over no network.
///
/// Two committees of regulators make their keys; a licence is proven from blocks that a real chain made,
/// decided, agreed, co-signed and certified; the certificate is checked offline; the licence is revoked and
/// asked for again. Every rule is the real code. Files are left in `comity-demo`.
#[derive(Debug, clap::Args)]
#[command(before_help = "Example:   comity demo")]
pub(crate) struct DemoArgs {
    /// Where certificate, status, declined and trust files go.
    #[arg(long, value_name = "FOLDER", default_value = "comity-demo")]
    folder: PathBuf,
}

/// Runs the demonstration.
///
/// # Errors
///
/// If something that must hold does not: that is our bug.
pub(crate) fn run(args: &DemoArgs, out: &mut Output) -> anyhow::Result<Exit> {
    let folder = match files::Folder::prepare(&args.folder) {
        Ok(folder) => folder,
        Err(refused) => {
            out.hint(refused);
            return Ok(Exit::WrongUsage);
        }
    };
    story::tell(out, &folder)?;
    Ok(Exit::Yes)
}
