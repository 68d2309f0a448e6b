//! That an entry's bytes, salted, are a leaf under a root.

use gateway_log::{LeafHash, ProofError, verify_inclusion};
use gateway_types::{
    Digest, Salt,
    certificate::{HashText, ProvenEntry},
    checkpoint::TreeHead,
};

/// Checks that `bytes` under `salt` are leaf `index` of the log of `head`.
///
/// Source: RFC 6962 section 2.1.1; `formats`, section 1.
///
/// # Errors
///
/// [`ProofError`]: it is not shown.
pub(crate) fn verify_leaf(
    index: u64,
    salt: &Salt,
    bytes: &[u8],
    proof: &[HashText],
    head: &TreeHead,
) -> Result<(), ProofError> {
    let proof: Vec<Digest> = proof.iter().map(|hash| hash.0).collect();
    verify_inclusion(LeafHash::of(salt, bytes), index, head, &proof).map(|_| ())
}

/// [`verify_leaf`] for an entry with its own proof.
pub(crate) fn verify_entry(entry: &ProvenEntry, head: &TreeHead) -> Result<(), ProofError> {
    verify_leaf(entry.index, &entry.salt.0, &entry.bytes, &entry.proof, head)
}
