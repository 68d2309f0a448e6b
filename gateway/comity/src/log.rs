//! `comity log verify FOLDER`: whether a folder holds the whole log that its checkpoint stands for.
//!
//! The folder is laid out as C2SP tlog-tiles says: `checkpoint`, a signed note, and `tile/LEVEL/NUMBER`.
//!
//! Exit status: 0 if all that was asked holds, 1 if something does not, 2 if it cannot be said. Without
//! `--trust` only the tiles are asked about; the answer is then *whole*, never *genuine*, and says so:
//! whoever can write the folder can write tiles and checkpoint alike.

mod findings;
mod show;

use crate::{exit::Exit, output::Output};
use comity::{
    bounded,
    trust_file::{self, BadTrust},
};
use findings::Findings;
use gateway_log::{TILE_BYTES, TilePath};
use gateway_types::{Timestamp, certificate::MAX_NOTE};
use std::{
    io,
    path::{Path, PathBuf},
};

/// What can be asked about a log.
#[derive(Debug, clap::Subcommand)]
#[command(
    before_help = "Example:   comity log verify comity-demo/log --trust comity-demo/trust.json",
    after_help = "Exit status: 0 whole (with --trust: genuine) · 1 changed, or not genuine · 2 cannot say · 64 wrong usage"
)]
pub(crate) enum LogCommand {
    /// Checks that a folder holds the whole log that its checkpoint stands for.
    Verify(LogVerify),
}

/// The arguments of `comity log verify`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity log verify comity-demo/log --trust comity-demo/trust.json",
    after_help = "Exit status: 0 whole (with --trust: genuine) · 1 changed, or not genuine · 2 cannot say · 64 wrong usage"
)]
pub(crate) struct LogVerify {
    /// The folder: a file `checkpoint`, and tiles below `tile/`.
    folder: PathBuf,
    /// Whom you trust. Without it, who signed the checkpoint is not checked.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
}

/// Does what was asked.
pub(crate) fn run(command: &LogCommand, out: &mut Output) -> anyhow::Result<Exit> {
    match command {
        LogCommand::Verify(args) => Ok(verify(args, out)),
    }
}

/// Checks the folder and prints what was found.
///
/// A folder without a checkpoint, or a trust file that cannot be used, is wrong usage: nothing was said
/// about the log then.
pub(crate) fn verify(args: &LogVerify, out: &mut Output) -> Exit {
    match look(args, crate::moment::now()) {
        Ok(findings) => show::print(&findings, out),
        Err(unusable) => out.refuse(&unusable),
    }
}

fn look(args: &LogVerify, now: Timestamp) -> Result<Findings, Unusable> {
    let trust = args.trust.as_deref().map(trust_file::read).transpose()?;
    let path = args.folder.join("checkpoint");
    let note = read_at_most(&path, MAX_NOTE).map_err(|source| Unusable::Folder { path, source })?;
    let read_tile =
        |tile: &TilePath| read_at_most(&args.folder.join(tile.to_string()), TILE_BYTES).ok();
    Ok(findings::look(&note, read_tile, trust.as_ref(), now))
}

/// The file's bytes; of a longer one, `limit` and one more, so that it is seen to be too long.
fn read_at_most(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    bounded::begin(path, u64::try_from(limit).unwrap_or(u64::MAX))
}

/// Why nothing can be said about the log: the command asks for a file that is not there or of no use.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    /// A folder without a checkpoint.
    #[error("{}: {source}. A log's folder holds a file `checkpoint`, and tiles below `tile/`", path.display())]
    Folder { path: PathBuf, source: io::Error },
    /// A trust file that is none.
    #[error(transparent)]
    Trust(#[from] BadTrust),
}

#[cfg(test)]
mod tests;
