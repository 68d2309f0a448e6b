//! The three hashes of RFC 6962: of a leaf, of a node, of nothing.

use gateway_types::{Digest, Salt, frame::frame};
use sha2::{Digest as _, Sha256};

/// Most leaves that a log may have: 2^48, at 4,096 entries a second some 2,000 years.
///
/// A greater size is refused wherever it comes from, so that no arithmetic on sizes can overflow.
pub const MAX_LOG_SIZE: u64 = 1 << 48;

/// Root of the tree without leaves, SHA-256 of nothing. Never the root of a lane: its first batch
/// has leaves. Source: RFC 6962 section 2.1.
pub const EMPTY_ROOT: Digest = Digest([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// The hash of a leaf, as it stands on the tree's lowest level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafHash(pub Digest);

impl LeafHash {
    /// The leaf of `entry`, the entry's bytes as they were written once, under its 16-byte `salt`.
    ///
    /// SHA-256 of 0x00 and the leaf data; leaf data is `frame("comity/leaf/v1", salt, entry)`. The
    /// salt keeps a stranger who reads tiles from trying entries.
    /// Source: RFC 6962 section 2.1; formats, section 1.
    #[must_use]
    pub fn of(salt: &Salt, entry: &[u8]) -> Self {
        Self::of_data(&frame("comity/leaf/v1", &[salt.as_bytes(), entry]).0)
    }

    /// The leaf of `data` itself, for logs that are not ours. Source: RFC 6962 section 2.1.
    #[must_use]
    pub fn of_data(data: &[u8]) -> Self {
        Self(sha256(0x00, data, &[]))
    }
}

/// The node above `left` and `right`: SHA-256 of 0x01 and both. Source: RFC 6962 section 2.1.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    sha256(0x01, left.as_bytes(), right.as_bytes())
}

/// Whether `root` is one that stands for nothing: all zero, or that of the empty tree.
///
/// Both come from values never set; a tree with leaves has neither.
pub(crate) fn stands_for_nothing(root: &Digest) -> bool {
    *root == EMPTY_ROOT || *root == Digest([0; Digest::LEN])
}

fn sha256(domain: u8, left: &[u8], right: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update([domain]);
    hash.update(left);
    hash.update(right);
    Digest(hash.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a41_a_node_read_as_a_leaf_has_another_hash() {
        let (left, right) = (Digest([1; 32]), Digest([2; 32]));
        let both = [left.as_bytes(), right.as_bytes()].concat();
        assert_ne!(LeafHash::of_data(&both).0, node_hash(&left, &right));
    }

    #[test]
    fn bytes_of_a_leaf_are_pinned() {
        let leaf = LeafHash::of(&Salt([0x5a; 16]), b"entry");
        let data = frame("comity/leaf/v1", &[&[0x5a; 16], b"entry"]);
        let preimage = [&[0u8][..], data.as_bytes()].concat();
        assert_eq!(leaf.0, gateway_types::frame::sha256(&preimage));
        assert_ne!(leaf, LeafHash::of(&Salt([0x5b; 16]), b"entry"));
        assert_eq!(EMPTY_ROOT, gateway_types::frame::sha256(b""));
    }
}
