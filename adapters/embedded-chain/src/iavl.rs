//! A versioned IAVL tree: balanced, copied on write, hashed when a version is saved.
//!
//! Source: IAVL `node.go`, `mutable_tree.go` (`Set`, `balance`, `SaveVersion`); ICS-23 `iavl_spec`. Nothing is ever
//! removed here: a registry removes nothing.

mod node;
mod prove;

use crate::merkle::{Hash, sha256};
use node::{Kind, Node};
use std::sync::Arc;

/// A tree. Cloning is cheap: versions share what did not change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tree {
    root: Option<Arc<Node>>,
}

impl Tree {
    /// Writes a value under a key. The version is that of the next [`Tree::save`].
    pub(crate) fn set(&mut self, key: &[u8], value: &[u8]) {
        let root = match &self.root {
            None => Node::leaf(key, value),
            Some(root) => Node::set(root, key, value),
        };
        self.root = Some(root);
    }

    /// The value under a key.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&[u8]> {
        let mut node = self.root.as_deref()?;
        while let Kind::Inner(left, right) = &node.kind {
            node = if key < &*node.key { left } else { right };
        }
        match &node.kind {
            Kind::Leaf(value) if *key == *node.key => Some(value),
            _ => None,
        }
    }

    /// Hashes what changed since the last save, as of `version`, and gives the root.
    pub(crate) fn save(&mut self, version: u64) -> Hash {
        self.root.as_mut().map_or_else(|| sha256(&[]), |root| node::save(root, version))
    }

    /// The root as of the last save; nothing if something was written since.
    pub(crate) fn root(&self) -> Option<Hash> {
        self.root.as_ref().map_or_else(|| Some(sha256(&[])), |root| root.hash)
    }
}

#[cfg(test)]
mod tests;
