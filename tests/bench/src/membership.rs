//! Proofs that a registry holds a value, as a Cosmos chain makes them.

use crate::{measure::Subject, results::Case};
use gateway_types::Digest;
use ics23::{
    CommitmentProof, ExistenceProof, HashOp, HostFunctionsManager, InnerOp, LeafOp, LengthOp,
    calculate_existence_root, commitment_proof::Proof,
};
use light_client_cometbft::{MerkleProof, STORE, verify_existence};
use prost::Message as _;
use sha2::{Digest as _, Sha256};
use std::hint::black_box;

/// Steps in the contract's store: a million keys.
const IAVL_DEPTH: u8 = 20;

/// Steps from the store to the app hash.
const STORE_DEPTH: u8 = 5;

/// Compressions that the two proofs take: two a node of the store, with its 100 bytes; two a step to the app
/// hash; the rest for leaves.
const COMPRESSIONS: usize = 57;

const NAME: &str = "ics23_membership";
const HASHES: &str = "ics23_membership: hashes";

/// A value under a key in the contracts' store, its proof, and the root.
#[derive(Debug)]
pub struct Shown {
    key: Vec<u8>,
    value: Vec<u8>,
    /// In the encoding that our client takes.
    pub proof: Vec<u8>,
    /// The app hash.
    pub root: Digest,
}

impl Shown {
    /// Makes a tree around the key, all neighbours made up.
    #[must_use]
    pub fn new(key: Vec<u8>, value: Vec<u8>) -> Self {
        let inner = ExistenceProof {
            key: key.clone(),
            value: value.clone(),
            leaf: Some(leaf(vec![0, 2, 2])),
            path: (1..=IAVL_DEPTH).map(iavl_step).collect(),
        };
        let outer = ExistenceProof {
            key: STORE.to_vec(),
            value: root_of(&inner),
            leaf: Some(leaf(vec![0])),
            path: (1..=STORE_DEPTH).map(store_step).collect(),
        };
        let root = Digest::from_slice(&root_of(&outer)).expect("32 bytes");
        let proof = |it| CommitmentProof { proof: Some(Proof::Exist(it)) };
        let proof = MerkleProof { proofs: vec![proof(inner), proof(outer)] }.encode_to_vec();
        Self { key, value, proof, root }
    }

    fn verify(&self) {
        let verified = verify_existence(&self.root, STORE, &self.key, &self.value, &self.proof);
        verified.expect("a good proof");
    }
}

fn root_of(proof: &ExistenceProof) -> Vec<u8> {
    calculate_existence_root::<HostFunctionsManager>(proof).expect("a tree")
}

fn leaf(prefix: Vec<u8>) -> LeafOp {
    LeafOp {
        hash: HashOp::Sha256.into(),
        prehash_key: HashOp::NoHash.into(),
        prehash_value: HashOp::Sha256.into(),
        length: LengthOp::VarProto.into(),
        prefix,
    }
}

/// A node over its child and a made-up neighbour, on either side in turn: height, size and version, all doubled
/// as zigzag varints have them; then the children, each with its length.
fn iavl_step(height: u8) -> InnerOp {
    let mut prefix = vec![2 * height];
    varint(&mut prefix, 2u64 << height);
    prefix.push(2);
    prefix.push(32);
    let neighbour = [height; 32];
    let suffix = if height.is_multiple_of(2) {
        [&[32], &neighbour[..]].concat()
    } else {
        prefix.extend(neighbour);
        prefix.push(32);
        Vec::new()
    };
    InnerOp { hash: HashOp::Sha256.into(), prefix, suffix }
}

fn store_step(height: u8) -> InnerOp {
    InnerOp { hash: HashOp::Sha256.into(), prefix: vec![1], suffix: vec![height; 32] }
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A record as the registry keeps it.
#[must_use]
pub fn record() -> Shown {
    Shown::new([&[3; 33][..], b"\0\x07records", &[9; 32]].concat(), vec![7; 41])
}

/// What is measured: decoding and checking one proof; beside it, the hashes alone.
#[must_use]
pub fn subjects(shown: &Shown) -> Vec<Subject<'_>> {
    let blocks = vec![5; COMPRESSIONS * 64 - 9];
    let hashes = move || {
        black_box(Sha256::digest(black_box(&blocks)));
    };
    vec![Subject::new(NAME, 1, || shown.verify()), Subject::new(HASHES, 1, hashes)]
}

/// The row.
#[must_use]
pub fn case() -> Case {
    Case {
        name: NAME.into(),
        unit: "us",
        baseline: Some((format!("SHA-256 of {COMPRESSIONS} blocks, sha2 0.11"), HASHES.into())),
        target: None,
    }
}
