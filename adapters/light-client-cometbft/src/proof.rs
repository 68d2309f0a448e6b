//! ICS-23 proofs of the Cosmos SDK: a key in a store, the store in the app hash.

use crate::proof_shape::{check_iavl, check_neighbours, check_store};
use alloc::{string::ToString, vec::Vec};
use gateway_types::Digest;
use ics23::{
    CommitmentProof, ExistenceProof, HostFunctionsManager, NonExistenceProof,
    commitment_proof::Proof, iavl_spec, tendermint_spec,
};
use light_client::{MAX_PROOF, ProofError};
use prost::Message;

/// Most steps in an IAVL proof: a balanced tree of 2⁴⁰ keys is at most 58 deep.
pub const MAX_IAVL_DEPTH: usize = 64;

/// Most steps from a store to the app hash: 2¹⁶ stores.
pub const MAX_STORE_DEPTH: usize = 16;

/// A proof of several trees, the innermost first.
///
/// Source: ibc-go `ibc.core.commitment.v1.MerkleProof`. Here always two: IAVL, then the simple tree of stores.
#[derive(Clone, PartialEq, Message)]
pub struct MerkleProof {
    /// One proof a tree.
    #[prost(message, repeated, tag = "1")]
    pub proofs: Vec<CommitmentProof>,
}

/// One of `proofOps.ops` of `/abci_query`, its data decoded from base64.
#[derive(Clone, Copy, Debug)]
pub struct ProofOp<'a> {
    /// `ics23:iavl`, then `ics23:simple`.
    pub kind: &'a str,
    /// A `CommitmentProof`, protobuf.
    pub data: &'a [u8],
}

impl MerkleProof {
    /// Puts the two operations of an `/abci_query` answer into the form that this client takes.
    ///
    /// Their own `key` fields are dropped: the key is the caller's to know (A34).
    ///
    /// # Errors
    ///
    /// [`ProofError::Malformed`] if they are not the two expected, in order.
    pub fn from_ops(ops: &[ProofOp<'_>]) -> Result<Self, ProofError> {
        let [
            iavl @ ProofOp { kind: "ics23:iavl", .. },
            simple @ ProofOp { kind: "ics23:simple", .. },
        ] = ops
        else {
            return Err(malformed("expected ics23:iavl, then ics23:simple"));
        };
        let decode = |op: &ProofOp<'_>| {
            CommitmentProof::decode(op.data).map_err(|error| malformed(&error.to_string()))
        };
        Ok(Self { proofs: [decode(iavl)?, decode(simple)?].into() })
    }
}

/// Checks that `app_hash` commits to `value` under `key` in `store`.
///
/// Source: ICS-23 with the fixed specifications of IAVL and of the simple tree. Trust: anybody may have made
/// `proof`; it is bounded in length and depth before anything is hashed, and must be the one encoding of itself.
///
/// # Errors
///
/// [`ProofError`]: refuse for good.
pub fn verify_existence(
    app_hash: &Digest,
    store: &[u8],
    key: &[u8],
    value: &[u8],
    proof: &[u8],
) -> Result<(), ProofError> {
    let (inner, outer) = decode(proof)?;
    let Proof::Exist(existence) = &inner else {
        return Err(malformed("the proof in the store is not one of existence"));
    };
    check_iavl(existence)?;
    names(existence, key, value)?;
    let root = store_root(app_hash, store, outer)?;
    let proof = CommitmentProof { proof: Some(inner) };
    let holds =
        ics23::verify_membership::<HostFunctionsManager>(&proof, &iavl_spec(), &root, key, value);
    if holds { Ok(()) } else { Err(ProofError::OtherRoot) }
}

/// Checks that `app_hash` commits to nothing under `key` in `store`: two neighbours with nothing between.
///
/// Source and trust as [`verify_existence`].
///
/// # Errors
///
/// [`ProofError`]: refuse for good. None means that the key is there.
pub fn verify_absence(
    app_hash: &Digest,
    store: &[u8],
    key: &[u8],
    proof: &[u8],
) -> Result<(), ProofError> {
    let (inner, outer) = decode(proof)?;
    let Proof::Nonexist(absence) = &inner else {
        return Err(malformed("the proof in the store is not one of absence"));
    };
    check_absence(absence, key)?;
    let root = store_root(app_hash, store, outer)?;
    let proof = CommitmentProof { proof: Some(inner) };
    let holds =
        ics23::verify_non_membership::<HostFunctionsManager>(&proof, &iavl_spec(), &root, key);
    if holds { Ok(()) } else { Err(ProofError::OtherRoot) }
}

/// The two proofs, if `bytes` is their one encoding.
fn decode(bytes: &[u8]) -> Result<(Proof, Proof), ProofError> {
    if bytes.len() > MAX_PROOF {
        return Err(ProofError::TooLong { len: bytes.len(), max: MAX_PROOF });
    }
    let proof = MerkleProof::decode(bytes).map_err(|error| malformed(&error.to_string()))?;
    if proof.encode_to_vec() != bytes {
        return Err(malformed("not the one encoding of the proof"));
    }
    let [inner, outer]: [CommitmentProof; 2] =
        proof.proofs.try_into().map_err(|_| malformed("expected the proofs of two trees"))?;
    inner.proof.zip(outer.proof).ok_or_else(|| malformed("an empty proof"))
}

/// The root of `store` that `app_hash` commits to.
fn store_root(app_hash: &Digest, store: &[u8], proof: Proof) -> Result<Vec<u8>, ProofError> {
    let Proof::Exist(existence) = &proof else {
        return Err(malformed("the proof of the store is not one of existence"));
    };
    check_store(existence)?;
    let root = existence.value.clone();
    if root.len() != Digest::LEN {
        return Err(ProofError::Shape { what: "a store's root that is not of 32 bytes" });
    }
    if existence.key != store {
        return Err(ProofError::OtherPath);
    }
    let proof = CommitmentProof { proof: Some(proof) };
    let hash = app_hash.0.to_vec();
    let holds = ics23::verify_membership::<HostFunctionsManager>(
        &proof,
        &tendermint_spec(),
        &hash,
        store,
        &root,
    );
    if holds { Ok(root) } else { Err(ProofError::OtherRoot) }
}

fn names(proof: &ExistenceProof, key: &[u8], value: &[u8]) -> Result<(), ProofError> {
    if proof.key != key || key.is_empty() {
        return Err(ProofError::OtherPath);
    }
    if proof.value != value || value.is_empty() { Err(ProofError::OtherValue) } else { Ok(()) }
}

fn check_absence(absence: &NonExistenceProof, key: &[u8]) -> Result<(), ProofError> {
    // Nothing hashes this field: it must say what was asked all the same (A26).
    if absence.key != key || key.is_empty() {
        return Err(ProofError::OtherPath);
    }
    let (left, right) = (absence.left.as_ref(), absence.right.as_ref());
    for neighbour in [left, right].into_iter().flatten() {
        check_iavl(neighbour)?;
    }
    let above = left.is_none_or(|left| left.key.as_slice() < key);
    let below = right.is_none_or(|right| key < right.key.as_slice());
    if !above || !below {
        return Err(ProofError::OtherPath);
    }
    check_neighbours(left, right)
}

pub(crate) fn malformed(what: &str) -> ProofError {
    ProofError::Malformed { what: what.to_string() }
}
