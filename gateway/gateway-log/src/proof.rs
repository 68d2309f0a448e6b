//! What anybody can check: that a leaf is in a tree, that one tree is the beginning of another.

use crate::hash::{LeafHash, MAX_LOG_SIZE, stands_for_nothing};
use gateway_types::{Bounded, Digest, checkpoint::TreeHead};
use tlog_tiles::tlog::{Error, Hash, check_record, check_tree};

/// Most hashes in a proof. The longest that a log of [`MAX_LOG_SIZE`] leaves has is 49.
pub const MAX_PROOF: usize = 64;

/// The hashes of an inclusion or consistency proof, in the order of RFC 6962 (lowest level first).
pub type Proof = Bounded<Digest, MAX_PROOF>;

/// It was checked that the log of this head has `leaf` at `index`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Included {
    leaf: LeafHash,
    index: u64,
    head: TreeHead,
}

impl Included {
    /// The leaf that is in the log.
    #[must_use]
    pub fn leaf(&self) -> LeafHash {
        self.leaf
    }

    /// Its place, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The log's size and root. That it is the lane's is not said here: compare with the signed
    /// checkpoint.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.head
    }
}

/// It was checked that one log is the beginning of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consistent {
    earlier: TreeHead,
    later: TreeHead,
}

impl Consistent {
    /// Size and root of the earlier log.
    #[must_use]
    pub fn earlier(&self) -> TreeHead {
        self.earlier
    }

    /// Size and root of the later log.
    #[must_use]
    pub fn later(&self) -> TreeHead {
        self.later
    }
}

/// Checks that the log of this head has `leaf` at `index` (from 0).
///
/// The proof has exactly as many hashes as the index and the log's size ask for.
/// Source: RFC 6962 section 2.1.1. Trust: all arguments but the head may come from anybody.
///
/// # Errors
///
/// [`ProofError`]: the leaf is not shown to be there; do not use it.
pub fn verify_inclusion(
    leaf: LeafHash,
    index: u64,
    head: &TreeHead,
    proof: &[Digest],
) -> Result<Included, ProofError> {
    check_tree_head(head)?;
    if index >= head.size {
        return Err(ProofError::Index { index, size: head.size });
    }
    let hashes = to_hashes(proof)?;
    check_record(&hashes, head.size, Hash(head.root.0), index, Hash(leaf.0.0))
        .map_err(|e| refusal(&e))?;
    Ok(Included { leaf, index, head: *head })
}

/// Checks that the `earlier` log is the beginning of the `later` one.
///
/// Two logs of one size are consistent if their roots are equal, with an empty proof. Of an empty
/// earlier log nothing could be shown: it is refused.
/// Source: RFC 6962 section 2.1.2. Trust: the proof may come from anybody.
///
/// # Errors
///
/// [`ProofError`]: it is not shown. If both roots are signed, keep them: they may be evidence of a
/// second history.
pub fn verify_consistency(
    earlier: &TreeHead,
    later: &TreeHead,
    proof: &[Digest],
) -> Result<Consistent, ProofError> {
    check_tree_head(earlier)?;
    check_tree_head(later)?;
    if earlier.size > later.size {
        return Err(ProofError::Shrunk { earlier: earlier.size, later: later.size });
    }
    let (old, new) = (Hash(earlier.root.0), Hash(later.root.0));
    check_tree(&to_hashes(proof)?, later.size, new, earlier.size, old).map_err(|e| refusal(&e))?;
    Ok(Consistent { earlier: *earlier, later: *later })
}

/// Refuses sizes that no log has and roots that stand for nothing.
pub(crate) fn check_tree_head(head: &TreeHead) -> Result<(), ProofError> {
    if !(1..=MAX_LOG_SIZE).contains(&head.size) {
        return Err(ProofError::Size { size: head.size });
    }
    if stands_for_nothing(&head.root) {
        return Err(ProofError::EmptyRoot);
    }
    Ok(())
}

fn to_hashes(proof: &[Digest]) -> Result<Vec<Hash>, ProofError> {
    if proof.len() > MAX_PROOF {
        return Err(ProofError::TooLong { len: proof.len() });
    }
    Ok(proof.iter().map(|digest| Hash(digest.0)).collect())
}

fn refusal(_: &Error) -> ProofError {
    // Sizes and index were checked before: what is left is a proof that does not lead to the root.
    ProofError::Mismatch
}

/// Why a proof shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// No log has that many leaves.
    #[error("a log has 1 to {MAX_LOG_SIZE} leaves, not {size}")]
    Size {
        /// The size given.
        size: u64,
    },
    /// The leaf would lie behind the log's end.
    #[error("there is no leaf {index} in a log of {size} leaves")]
    Index {
        /// Place asked for, from 0.
        index: u64,
        /// Leaves of the log.
        size: u64,
    },
    /// The root is all zero or that of the empty tree.
    #[error("the root is one that no log with leaves has")]
    EmptyRoot,
    /// The later log has fewer leaves than the earlier.
    #[error("a log of {later} leaves cannot go on from one of {earlier}")]
    Shrunk {
        /// Leaves of the earlier log.
        earlier: u64,
        /// Leaves of the later log.
        later: u64,
    },
    /// More hashes than any proof has.
    #[error("a proof has at most {MAX_PROOF} hashes, not {len}")]
    TooLong {
        /// How many came.
        len: usize,
    },
    /// The hashes do not lead to the root, or there are too few or too many of them.
    #[error("the proof does not lead to the root")]
    Mismatch,
}

#[cfg(test)]
mod tests;
