//! The lane's log, as anybody can fetch it from a gateway: checkpoint and tiles.

use super::{files::Folder, regions::lane, running::Running};
use anyhow::Context as _;
use gateway_cosign::Note;
use gateway_log::tile_paths;
use gateway_types::checkpoint::Checkpoint;

/// Fetches the log of the lane to `destination` into `folder`, as `comity log verify` reads it.
///
/// # Errors
///
/// If the gateway does not give all of it, or the disk is full.
pub(super) fn save(running: &Running, folder: &Folder, destination: &str) -> anyhow::Result<()> {
    let client = running.client(destination)?;
    let from = format!("/v1/lanes/{}", lane(destination)?);
    let fetch = |path: &str| running.runtime.block_on(client.file(&format!("{from}/{path}")));
    let note = fetch("checkpoint").context("the checkpoint")?;
    let checkpoint = Checkpoint::parse(Note::parse(std::str::from_utf8(&note)?)?.text())?;
    for tile in tile_paths(0, checkpoint.head.size) {
        let tile = tile.to_string();
        folder.write_log(&tile, &fetch(&tile).context(tile.clone())?)?;
    }
    Ok(folder.write_log("checkpoint", &note)?)
}
