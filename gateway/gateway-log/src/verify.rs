//! Checking a whole log from its tiles, from the root down.

use crate::{
    hash::node_hash,
    proof::{ProofError, check_tree_head},
    tile::{HASHES_PER_TILE, MAX_TILE_LEVEL, TilePath, partial_tile},
};
use gateway_types::{Digest, checkpoint::TreeHead};

/// It was checked that every tile of a log of this head's size leads to its root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedTiles {
    head: TreeHead,
    tiles: u64,
}

impl VerifiedTiles {
    /// The log's size, and the root that its tiles lead to.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// How many tiles were read.
    #[must_use]
    pub fn tiles(&self) -> u64 {
        self.tiles
    }
}

/// Recomputes the root of a log from its tiles and compares it with that of `head`.
///
/// The tiles at the right edge, those that are not full, give the root. Every full tile must have the
/// hash that the tile above it gives for it, down to the leaves. So each tile is read once, and one
/// that was changed is named, whatever its level.
///
/// `read` gives a tile's bytes, or `None` if there is none. It should stop reading after
/// [`TILE_BYTES`](crate::TILE_BYTES) and one; what is longer is refused.
/// Source: C2SP tlog-tiles. Trust: the tiles may come from anybody; the head must be one that is
/// believed. No more is kept in memory than seven tiles.
///
/// # Errors
///
/// [`TileError`]: the log on this disk is not the one that the root stands for. A keeper of the log
/// stops signing and restores it.
pub fn verify_tiles(
    mut read: impl FnMut(&TilePath) -> Option<Vec<u8>>,
    head: &TreeHead,
) -> Result<VerifiedTiles, TileError> {
    check_tree_head(head)?;
    let mut reader = Reader { read: &mut read, tiles: 0 };
    let edge: Vec<TilePath> =
        (0..=MAX_TILE_LEVEL).filter_map(|l| partial_tile(l, head.size)).collect();
    let hashes = edge.iter().map(|tile| reader.hashes(tile)).collect::<Result<Vec<_>, _>>()?;
    check_edge(&edge, &hashes, &head.root)?;
    for (tile, hashes) in edge.iter().zip(&hashes) {
        reader.check_below(tile, hashes)?;
    }
    Ok(VerifiedTiles { head: *head, tiles: reader.tiles })
}

/// The tiles at the right edge together give the root.
fn check_edge(edge: &[TilePath], hashes: &[Vec<Digest>], root: &Digest) -> Result<(), TileError> {
    let from_the_right = hashes.iter().map(|level| edge_subtrees(level));
    let from_the_right = from_the_right.flat_map(|subtrees| subtrees.into_iter().rev());
    match from_the_right.reduce(|right, left| node_hash(&left, &right)) {
        Some(got) if got == *root => Ok(()),
        got => Err(TileError::Root { got, expected: *root, edge: edge.to_vec() }),
    }
}

/// The roots of the full subtrees that the hashes of one tile make up, the largest first.
fn edge_subtrees(mut hashes: &[Digest]) -> Vec<Digest> {
    let mut subtrees = Vec::new();
    while let Some(power) = hashes.len().checked_ilog2() {
        let (subtree, rest) = hashes.split_at(1usize.wrapping_shl(power));
        subtrees.extend(full_subtree(subtree));
        hashes = rest;
    }
    subtrees
}

/// The root above as many hashes as a power of two.
fn full_subtree(hashes: &[Digest]) -> Option<Digest> {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        level = level.chunks_exact(2).filter_map(node_of_pair).collect();
    }
    level.first().copied()
}

fn node_of_pair(pair: &[Digest]) -> Option<Digest> {
    pair.split_first().and_then(|(left, rest)| Some(node_hash(left, rest.first()?)))
}

struct Reader<'a, F> {
    read: &'a mut F,
    tiles: u64,
}

impl<F: FnMut(&TilePath) -> Option<Vec<u8>>> Reader<'_, F> {
    /// Reads a tile of exactly its width.
    fn hashes(&mut self, tile: &TilePath) -> Result<Vec<Digest>, TileError> {
        let bytes = (self.read)(tile).ok_or(TileError::Missing { tile: *tile })?;
        if bytes.len() != tile.len_in_bytes() {
            return Err(TileError::Length { tile: *tile, got: bytes.len() });
        }
        self.tiles = self.tiles.saturating_add(1);
        Ok(bytes.chunks_exact(Digest::LEN).filter_map(Digest::from_slice).collect())
    }

    /// Checks the full tiles below a tile that was checked. Depth: at most [`MAX_TILE_LEVEL`].
    fn check_below(&mut self, tile: &TilePath, hashes: &[Digest]) -> Result<(), TileError> {
        let Some(level) = tile.level().checked_sub(1) else { return Ok(()) };
        for (n, hash) in tile.nodes().zip(hashes) {
            let child = TilePath::full(level, n);
            let below = self.hashes(&child)?;
            if full_subtree(&below) != Some(*hash) {
                return Err(TileError::Altered { tile: child });
            }
            self.check_below(&child, &below)?;
        }
        Ok(())
    }
}

/// Why tiles are not those of the log. Each names the tile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The size or the root is one that no log has.
    #[error("the checkpoint is not one of a log")]
    TreeHead(#[from] ProofError),
    /// A tile is not there, or nobody could read it.
    #[error("{tile} is missing or cannot be read")]
    Missing {
        /// Which.
        tile: TilePath,
    },
    /// A tile is cut short or too long.
    #[error("{tile} must have {} bytes, {got} were read", tile.len_in_bytes())]
    Length {
        /// Which.
        tile: TilePath,
        /// How many bytes were read of it.
        got: usize,
    },
    /// A tile does not hold what the tile above it says.
    #[error("{tile} was changed: the tile above it gives it another hash")]
    Altered {
        /// Which.
        tile: TilePath,
    },
    /// The tiles at the right edge do not lead to the root; one of them was changed.
    #[error("{} not lead to the root", name_edge(edge))]
    Root {
        /// What they lead to.
        got: Option<Digest>,
        /// What was expected.
        expected: Digest,
        /// The tiles at the right edge.
        edge: Vec<TilePath>,
    },
}

fn name_edge(edge: &[TilePath]) -> String {
    let names: Vec<String> = edge.iter().map(ToString::to_string).collect();
    let verb = if edge.len() == 1 { "does" } else { "together do" };
    format!("{} {verb}", names.join(", "))
}

const _: () = assert!(HASHES_PER_TILE == 256, "a full tile's width is 256 throughout");

#[cfg(test)]
mod tests;
