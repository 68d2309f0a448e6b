//! The stores of the application, and the app hash over them.
//!
//! Source: Cosmos SDK `store/rootmulti`, `CommitInfo.Hash`: the simple Merkle tree over name and SHA-256 of root,
//! sorted by name.

use crate::{
    iavl::Tree,
    merkle::{self, Hash, Step, sha256},
    proto::{Message, counted},
};
use ics23::{
    CommitmentProof, ExistenceProof, HashOp, InnerOp, LeafOp, LengthOp, commitment_proof::Proof,
};
use prost::Message as _;

/// Where contracts live.
pub(crate) const WASM: &str = "wasm";

/// The names of all stores, in order.
pub(crate) const STORES: [&str; 3] = ["bank", "staking", WASM];

/// All stores. `bank` and `staking` stand beside `wasm` so that its proof has steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stores {
    pub(crate) bank: Tree,
    pub(crate) staking: Tree,
    pub(crate) wasm: Tree,
}

impl Stores {
    /// The store of a name.
    pub(crate) fn store(&self, name: &str) -> Option<&Tree> {
        match name {
            "bank" => Some(&self.bank),
            "staking" => Some(&self.staking),
            WASM => Some(&self.wasm),
            _ => None,
        }
    }

    /// Saves every store as of `version`, and gives the app hash.
    pub(crate) fn save(&mut self, version: u64) -> Hash {
        let roots = [&mut self.bank, &mut self.staking, &mut self.wasm].map(|t| t.save(version));
        let names = ["bank", "staking", WASM];
        let leaves: Vec<_> =
            names.iter().zip(roots).map(|(name, root)| leaf(name, &root)).collect();
        merkle::root(&leaves)
    }

    /// The proof of a key, or of its absence, in a store, and that of the store; nothing if there is no such
    /// store, or nothing in it.
    pub(crate) fn prove(&self, name: &str, key: &[u8]) -> Option<[CommitmentProof; 2]> {
        Some([self.store(name)?.prove(key)?, self.prove_store(name)?])
    }

    fn prove_store(&self, name: &str) -> Option<CommitmentProof> {
        let roots = self.roots()?;
        let index = roots.iter().position(|(store, _)| *store == name)?;
        let (_, root) = roots.get(index)?;
        let leaves: Vec<_> = roots.iter().map(|(name, root)| leaf(name, root)).collect();
        let existence = ExistenceProof {
            key: name.as_bytes().to_vec(),
            value: root.to_vec(),
            leaf: Some(LeafOp {
                hash: HashOp::Sha256.into(),
                prehash_key: HashOp::NoHash.into(),
                prehash_value: HashOp::Sha256.into(),
                length: LengthOp::VarProto.into(),
                prefix: vec![0],
            }),
            path: merkle::path(&leaves, index).iter().map(inner_op).collect(),
        };
        Some(CommitmentProof { proof: Some(Proof::Exist(existence)) })
    }

    /// Names, in order, and roots.
    fn roots(&self) -> Option<[(&'static str, Hash); 3]> {
        let [bank, staking, wasm] = STORES;
        let (bank, staking) = ((bank, self.bank.root()?), (staking, self.staking.root()?));
        Some([bank, staking, (wasm, self.wasm.root()?)])
    }
}

/// Both proofs in the light client's encoding, `MerkleProof`: a list in field 1, the innermost first.
pub(crate) fn merkle_proof(proofs: [CommitmentProof; 2]) -> Vec<u8> {
    let [inner, outer] = proofs.map(|proof| proof.encode_to_vec());
    Message::default().bytes(1, &inner).bytes(1, &outer).done()
}

fn leaf(name: &str, root: &Hash) -> Vec<u8> {
    let mut leaf = Vec::new();
    counted(&mut leaf, name.as_bytes());
    counted(&mut leaf, &sha256(root));
    leaf
}

fn inner_op(step: &Step) -> InnerOp {
    let (prefix, suffix) = match step {
        Step::Right(right) => (vec![1], right.to_vec()),
        Step::Left(left) => ([&[1], left.as_slice()].concat(), Vec::new()),
    };
    InnerOp { hash: HashOp::Sha256.into(), prefix, suffix }
}
