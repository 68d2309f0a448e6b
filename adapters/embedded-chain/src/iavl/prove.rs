//! ICS-23 proofs of a saved tree.

use super::{Kind, Node, Tree};
use crate::{merkle::Hash, proto::counted};
use ics23::{
    CommitmentProof, ExistenceProof, HashOp, InnerOp, LeafOp, LengthOp, NonExistenceProof,
    commitment_proof::Proof,
};

impl Tree {
    /// The proof that `key` is here, or that it is not; nothing if the tree is empty or not saved.
    pub(crate) fn prove(&self, key: &[u8]) -> Option<CommitmentProof> {
        let proof = match self.existence(key) {
            Some(existence) => Proof::Exist(existence),
            None => Proof::Nonexist(self.absence(key)?),
        };
        Some(CommitmentProof { proof: Some(proof) })
    }

    fn absence(&self, key: &[u8]) -> Option<NonExistenceProof> {
        let left = self.before(key).and_then(|key| self.existence(key));
        let right = self.after(key).and_then(|key| self.existence(key));
        let there = left.is_some() || right.is_some();
        there.then(|| NonExistenceProof { key: key.to_vec(), left, right })
    }

    fn existence(&self, key: &[u8]) -> Option<ExistenceProof> {
        let mut node = self.root.as_deref()?;
        let mut path = Vec::new();
        while let Kind::Inner(left, right) = &node.kind {
            let goes_left = key < &*node.key;
            let (next, beside) = if goes_left { (left, right) } else { (right, left) };
            path.push(inner_op(node, goes_left, &beside.hash?));
            node = next;
        }
        let Kind::Leaf(value) = &node.kind else { return None };
        node.hash.filter(|_| *node.key == *key)?;
        path.reverse();
        Some(ExistenceProof {
            key: key.to_vec(),
            value: value.to_vec(),
            leaf: Some(leaf_op(node)),
            path,
        })
    }

    /// The greatest key below `key`.
    fn before(&self, key: &[u8]) -> Option<&[u8]> {
        let mut node = self.root.as_deref()?;
        while let Kind::Inner(left, right) = &node.kind {
            node = if key <= &*node.key { left } else { right };
        }
        Some(&*node.key).filter(|found| *found < key)
    }

    /// The smallest key above `key`.
    fn after(&self, key: &[u8]) -> Option<&[u8]> {
        let mut node = self.root.as_deref()?;
        let mut found = None;
        while let Kind::Inner(left, right) = &node.kind {
            if key < &*node.key {
                found = Some(&*node.key);
                node = left;
            } else {
                node = right;
            }
        }
        Some(&*node.key).filter(|last| *last > key).or(found)
    }
}

/// A step whose other child has the hash `beside`.
fn inner_op(node: &Node, from_left: bool, beside: &Hash) -> InnerOp {
    let mut prefix = node.prefix();
    let mut suffix = Vec::new();
    counted(if from_left { &mut suffix } else { &mut prefix }, beside);
    // The length of the child that the proof brings.
    prefix.push(32);
    InnerOp { hash: HashOp::Sha256.into(), prefix, suffix }
}

fn leaf_op(node: &Node) -> LeafOp {
    LeafOp {
        hash: HashOp::Sha256.into(),
        prehash_key: HashOp::NoHash.into(),
        prehash_value: HashOp::Sha256.into(),
        length: LengthOp::VarProto.into(),
        prefix: node.prefix(),
    }
}
