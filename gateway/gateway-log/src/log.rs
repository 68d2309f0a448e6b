//! All hashes of a log, for those who make proofs and tiles.

use crate::{
    frontier::{Frontier, LogFull},
    hash::LeafHash,
    proof::{MAX_PROOF, Proof},
    tile::{TilePath, tile_paths},
};
use gateway_types::{Digest, checkpoint::TreeHead};
use std::fmt;
use tlog_tiles::tlog::{
    Error, Hash, HashReader, prove_record, prove_tree, stored_hash_index,
    stored_hashes_for_record_hash, tree_hash,
};

/// A log in memory: 64 bytes a leaf. It makes proofs and tiles for every size that it has had.
///
/// Trust: it is built from leaves that its owner appended; it checks nothing.
#[derive(Clone, Default)]
pub struct Log {
    /// All nodes of full subtrees, in the order of Crosby and Wallach, section 3.3.
    nodes: Nodes,
    frontier: Frontier,
}

impl Log {
    /// A log without leaves.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Its size and root now.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.frontier.head()
    }

    /// What is needed to go on from here.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Appends one leaf.
    ///
    /// # Errors
    ///
    /// [`LogFull`]; nothing is changed then.
    pub fn append(&mut self, leaf: LeafHash) -> Result<(), LogFull> {
        let added = stored_hashes_for_record_hash(self.size(), Hash(leaf.0.0), &self.nodes);
        let added = added.map_err(|_| LogFull)?;
        self.frontier.append(leaf)?;
        self.nodes.0.extend(added);
        Ok(())
    }

    /// The leaf at `index`, from 0.
    #[must_use]
    pub fn leaf(&self, index: u64) -> Option<LeafHash> {
        (index < self.size()).then(|| self.node(0, index)).flatten().map(LeafHash)
    }

    /// The head that the log had at `size` leaves.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] if it never had that many.
    pub fn head_at(&self, size: u64) -> Result<TreeHead, OutOfRange> {
        self.check_size(size)?;
        let hash = tree_hash(size, &self.nodes).map_err(|_| self.out_of_range(size))?;
        Ok(TreeHead { size, root: Digest(hash.0) })
    }

    /// The proof that leaf `index` (from 0) is in the log of the first `size` leaves.
    ///
    /// Source: RFC 6962 section 2.1.1.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] unless `index < size <= self.size()`.
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Proof, OutOfRange> {
        self.check_size(size)?;
        let proof = prove_record(size, index, &self.nodes);
        to_proof(proof).ok_or_else(|| self.out_of_range(index))
    }

    /// The proof that the log of the first `old` leaves is the beginning of that of the first `new`.
    ///
    /// Source: RFC 6962 section 2.1.2.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] unless `1 <= old <= new <= self.size()`.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Proof, OutOfRange> {
        self.check_size(new)?;
        let proof = prove_tree(new, old, &self.nodes);
        to_proof(proof).ok_or_else(|| self.out_of_range(old))
    }

    /// The tiles that are new or wider since the log had `old` leaves, for a reader of its `size`
    /// leaves; from `old` = 0 all of them.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] unless `old <= size <= self.size()`.
    pub fn tiles(
        &self,
        old: u64,
        size: u64,
    ) -> Result<impl Iterator<Item = (TilePath, Vec<u8>)>, OutOfRange> {
        self.check_size(size)?;
        if old > size {
            return Err(self.out_of_range(old));
        }
        Ok(tile_paths(old, size).map(|path| (path, self.tile(&path))))
    }

    fn tile(&self, path: &TilePath) -> Vec<u8> {
        let hashes = path.nodes().filter_map(|n| self.node(path.tree_level(), n));
        hashes.flat_map(|hash| hash.0).collect()
    }

    /// The root of the full subtree of 2^`level` leaves that is the `n`-th of its level.
    fn node(&self, level: u8, n: u64) -> Option<Digest> {
        let at = usize::try_from(stored_hash_index(level, n)).ok()?;
        self.nodes.0.get(at).map(|hash| Digest(hash.0))
    }

    fn check_size(&self, size: u64) -> Result<(), OutOfRange> {
        if size > self.size() { Err(self.out_of_range(size)) } else { Ok(()) }
    }

    fn out_of_range(&self, asked: u64) -> OutOfRange {
        OutOfRange { asked, size: self.size() }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("head", &self.head()).finish()
    }
}

/// Asked for a leaf or a size that the log does not have, or that do not fit each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{asked} does not lie in the log, which has {size} leaves, or in the part asked for")]
pub struct OutOfRange {
    /// Index or size asked for.
    pub asked: u64,
    /// How many leaves the log has.
    pub size: u64,
}

#[derive(Clone, Default)]
struct Nodes(Vec<Hash>);

impl HashReader for Nodes {
    /// As many hashes as indexes, or an error: the crate relies on it.
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let read = |at: &u64| self.0.get(usize::try_from(*at).ok()?).copied();
        indexes.iter().map(|at| read(at).ok_or(Error::IndexesNotInTree)).collect()
    }
}

fn to_proof(proof: Result<Vec<Hash>, Error>) -> Option<Proof> {
    let hashes = proof.ok().filter(|hashes| hashes.len() <= MAX_PROOF)?;
    Proof::new(hashes.into_iter().map(|hash| Digest(hash.0)).collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontier::root_of;

    #[test]
    fn a_log_knows_every_root_that_it_had() {
        let leaves: Vec<LeafHash> = (0..70u8).map(|n| LeafHash::of_data(&[n])).collect();
        let mut log = Log::new();
        for (n, leaf) in (0..).zip(&leaves) {
            assert_eq!(log.size(), n);
            assert_eq!(log.leaf(n), None);
            log.append(*leaf).unwrap();
            assert_eq!(log.leaf(n), Some(*leaf));
        }
        assert_eq!(log.head_at(0), Ok(TreeHead::empty()));
        for n in 0..=leaves.len() {
            let head = TreeHead { size: n as u64, root: root_of(&leaves[..n]) };
            assert_eq!(log.head_at(n as u64), Ok(head));
        }
        assert_eq!(log.head().root, root_of(&leaves));
    }

    #[test]
    fn a39_what_does_not_lie_in_the_log_gets_no_proof() {
        let mut log = Log::new();
        assert!(log.inclusion_proof(0, 0).is_err());
        log.append(LeafHash::of_data(b"a")).unwrap();
        log.append(LeafHash::of_data(b"b")).unwrap();
        for (index, size) in [(2, 2), (3, 2), (u64::MAX, 2), (0, 0), (0, 3), (0, u64::MAX), (1, 1)]
        {
            assert!(log.inclusion_proof(index, size).is_err(), "leaf {index} of {size}");
        }
        for (old, new) in [(0, 0), (0, 2), (2, 1), (1, 3), (u64::MAX, 2), (1, u64::MAX)] {
            assert!(log.consistency_proof(old, new).is_err(), "from {old} to {new}");
        }
        assert!(log.head_at(3).is_err() && log.leaf(u64::MAX).is_none());
        assert!(log.tiles(0, 3).is_err() && log.tiles(2, 1).is_err());
    }
}
