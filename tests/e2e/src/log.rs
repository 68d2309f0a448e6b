//! A gateway's log as anybody can fetch it: the newest checkpoint and all tiles, verified.

use crate::{LANE, Running, place::DEPLOYMENT};
use anyhow::{Context as _, Result};
use gateway_cosign::{EpochKeys, Note};
use gateway_log::{LeafHash, Log, tile_paths, verify_tiles};
use gateway_types::{Digest, Origin, checkpoint::TreeHead};
use std::collections::BTreeMap;

/// A log that is whole, under a checkpoint that both committees signed.
#[derive(Debug)]
pub struct SeenLog {
    /// Size and root of the newest checkpoint.
    pub head: TreeHead,
    /// The log.
    pub log: Log,
}

impl Running {
    /// Fetches and verifies a gateway's log.
    ///
    /// # Errors
    ///
    /// If it gives no answer, or what it serves is not whole or not signed.
    pub fn read_log(&self, region: &str) -> Result<SeenLog> {
        let client = self.client(region)?;
        let file = |path: &str| {
            let path = format!("/v1/lanes/{LANE}/{path}");
            self.runtime.block_on(client.file(&path)).with_context(|| path.clone())
        };
        let note = Note::parse(&String::from_utf8(file("checkpoint")?)?)?;
        let origin = Origin { deployment: DEPLOYMENT.parse()?, lane: LANE.parse()? };
        let trusted = self.trust.lane(&origin).context("the lane is in the trust file")?;
        let keys = EpochKeys::from_logged(trusted.origin(), trusted.bytes())?;
        let head = keys.verify_note(&note)?.checkpoint().head;
        let mut tiles = BTreeMap::new();
        for path in tile_paths(0, head.size) {
            tiles.insert(path, file(&path.to_string())?);
        }
        verify_tiles(|path| tiles.get(path).cloned(), &head)?;
        let leaves = tiles.iter().filter(|(path, _)| path.level() == 0);
        let mut log = Log::new();
        for hash in leaves.flat_map(|(_, bytes)| bytes.chunks_exact(32)) {
            log.append(LeafHash(Digest(hash.try_into()?)))?;
        }
        Ok(SeenLog { head, log })
    }
}
