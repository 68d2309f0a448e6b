//! Nodes: how they are put, balanced and hashed.

use crate::{
    merkle::{Hash, sha256},
    proto::{counted, zigzag},
};
use std::{cmp::Ordering, sync::Arc};

/// A node. Its hash and version are of the save that first held it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// A leaf's key; of an inner node the smallest key of its right child.
    pub(super) key: Arc<[u8]>,
    /// Zero for a leaf.
    pub(super) height: u64,
    /// Leaves below, or itself.
    pub(super) size: u64,
    pub(super) version: u64,
    /// Nothing until saved.
    pub(super) hash: Option<Hash>,
    pub(super) kind: Kind,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A value.
    Leaf(Arc<[u8]>),
    /// Keys below the node's own; the node's own and those above.
    Inner(Arc<Node>, Arc<Node>),
}

impl Node {
    pub(super) fn leaf(key: &[u8], value: &[u8]) -> Arc<Self> {
        let kind = Kind::Leaf(value.into());
        Arc::new(Self { key: key.into(), height: 0, size: 1, version: 0, hash: None, kind })
    }

    fn inner(key: Arc<[u8]>, left: Arc<Self>, right: Arc<Self>) -> Arc<Self> {
        let height = left.height.max(right.height).saturating_add(1);
        let size = left.size.saturating_add(right.size);
        let kind = Kind::Inner(left, right);
        Arc::new(Self { key, height, size, version: 0, hash: None, kind })
    }

    /// The node with a value put below it.
    pub(super) fn set(node: &Arc<Self>, key: &[u8], value: &[u8]) -> Arc<Self> {
        match &node.kind {
            Kind::Leaf(_) => match key.cmp(&node.key) {
                Ordering::Equal => Self::leaf(key, value),
                Ordering::Less => {
                    let leaf = Self::leaf(key, value);
                    Self::inner(Arc::clone(&node.key), leaf, Arc::clone(node))
                }
                Ordering::Greater => {
                    let leaf = Self::leaf(key, value);
                    Self::inner(Arc::clone(&leaf.key), Arc::clone(node), leaf)
                }
            },
            Kind::Inner(left, right) => {
                let (left, right) = if key < &*node.key {
                    (Self::set(left, key, value), Arc::clone(right))
                } else {
                    (Arc::clone(left), Self::set(right, key, value))
                };
                Self::balanced(&node.key, left, right)
            }
        }
    }

    /// An inner node of two children whose heights differ by two at most, rotated so that they differ by one.
    fn balanced(key: &Arc<[u8]>, left: Arc<Self>, right: Arc<Self>) -> Arc<Self> {
        let key = Arc::clone(key);
        if left.height > right.height.saturating_add(1)
            && let Kind::Inner(outer, middle) = &left.kind
        {
            return Self::rotated_right(key, &left.key, outer, middle, right);
        }
        if right.height > left.height.saturating_add(1)
            && let Kind::Inner(middle, outer) = &right.kind
        {
            return Self::rotated_left(key, left, &right.key, middle, outer);
        }
        Self::inner(key, left, right)
    }

    /// `key` stood above `left_key`, whose children are `outer` and `middle`.
    fn rotated_right(
        key: Arc<[u8]>,
        left_key: &Arc<[u8]>,
        outer: &Arc<Self>,
        middle: &Arc<Self>,
        right: Arc<Self>,
    ) -> Arc<Self> {
        let (left_key, outer) = (Arc::clone(left_key), Arc::clone(outer));
        if let Kind::Inner(a, b) = &middle.kind
            && middle.height > outer.height
        {
            let left = Self::inner(left_key, outer, Arc::clone(a));
            let right = Self::inner(key, Arc::clone(b), right);
            return Self::inner(Arc::clone(&middle.key), left, right);
        }
        Self::inner(left_key, outer, Self::inner(key, Arc::clone(middle), right))
    }

    /// `key` stood above `right_key`, whose children are `middle` and `outer`.
    fn rotated_left(
        key: Arc<[u8]>,
        left: Arc<Self>,
        right_key: &Arc<[u8]>,
        middle: &Arc<Self>,
        outer: &Arc<Self>,
    ) -> Arc<Self> {
        let (right_key, outer) = (Arc::clone(right_key), Arc::clone(outer));
        if let Kind::Inner(a, b) = &middle.kind
            && middle.height > outer.height
        {
            let left = Self::inner(key, left, Arc::clone(a));
            let right = Self::inner(right_key, Arc::clone(b), outer);
            return Self::inner(Arc::clone(&middle.key), left, right);
        }
        Self::inner(right_key, Self::inner(key, left, Arc::clone(middle)), outer)
    }

    /// Height, size and version: what every node's hash begins with.
    pub(super) fn prefix(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(128);
        for number in [self.height, self.size, self.version] {
            zigzag(&mut out, number);
        }
        out
    }
}

/// Hashes the node and all below it that have no hash yet, as of `version`.
pub(super) fn save(node: &mut Arc<Node>, version: u64) -> Hash {
    if let Some(hash) = node.hash {
        return hash;
    }
    let node = Arc::make_mut(node);
    node.version = version;
    let mut bytes = node.prefix();
    match &mut node.kind {
        Kind::Leaf(value) => {
            counted(&mut bytes, &node.key);
            counted(&mut bytes, &sha256(value));
        }
        Kind::Inner(left, right) => {
            counted(&mut bytes, &save(left, version));
            counted(&mut bytes, &save(right, version));
        }
    }
    let hash = sha256(&bytes);
    node.hash = Some(hash);
    hash
}
