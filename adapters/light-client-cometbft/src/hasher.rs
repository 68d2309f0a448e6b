//! SHA-256 as the `tendermint` crates ask for it.

use sha2::{Digest as _, Sha256};
use tendermint::merkle::{Hash, MerkleHash};

/// Hashes leaves, inner nodes and addresses.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hasher;

impl tendermint::crypto::Sha256 for Hasher {
    fn digest(data: impl AsRef<[u8]>) -> Hash {
        Sha256::digest(data.as_ref()).into()
    }
}

impl MerkleHash for Hasher {
    fn empty_hash(&mut self) -> Hash {
        Sha256::digest([]).into()
    }

    fn leaf_hash(&mut self, bytes: &[u8]) -> Hash {
        Sha256::new().chain_update([0]).chain_update(bytes).finalize().into()
    }

    fn inner_hash(&mut self, left: Hash, right: Hash) -> Hash {
        Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
    }
}
