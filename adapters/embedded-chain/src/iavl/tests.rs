//! The tree against a plain map, and its proofs against the `ics23` crate.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use super::*;
use ics23::{HostFunctionsManager, iavl_spec};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn height(node: &Node) -> u64 {
    match &node.kind {
        Kind::Leaf(_) => 0,
        Kind::Inner(left, right) => {
            let (l, r) = (height(left), height(right));
            assert!(l.abs_diff(r) <= 1, "not balanced");
            l.max(r) + 1
        }
    }
}

fn holds(tree: &Tree, key: &[u8], value: Option<&[u8]>) -> bool {
    let (proof, root) = (tree.prove(key).unwrap(), tree.root().unwrap().to_vec());
    match value {
        Some(value) => ics23::verify_membership::<HostFunctionsManager>(
            &proof,
            &iavl_spec(),
            &root,
            key,
            value,
        ),
        None => {
            ics23::verify_non_membership::<HostFunctionsManager>(&proof, &iavl_spec(), &root, key)
        }
    }
}

fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0..4u8, 1..4)
}

proptest! {
    #[test]
    fn the_tree_is_the_map_that_it_was_made_from(
        versions in prop::collection::vec(prop::collection::vec((key(), 1..5u8), 1..12), 1..6),
        asked in prop::collection::vec(key(), 20),
    ) {
        let (mut tree, mut map, mut kept) = (Tree::default(), BTreeMap::new(), Vec::new());
        for (version, sets) in (1..).zip(versions) {
            for (key, value) in sets {
                tree.set(&key, &[value]);
                map.insert(key, [value]);
            }
            tree.save(version);
            kept.push((tree.clone(), map.clone()));
        }
        // Every version, old ones too, is what it was.
        for (tree, map) in kept {
            let root = tree.root.as_ref().unwrap();
            prop_assert_eq!(root.size, map.len() as u64);
            prop_assert_eq!(height(root), root.height);
            for key in asked.iter().chain(map.keys()) {
                let value = map.get(key).map(<[u8; 1]>::as_slice);
                prop_assert_eq!(tree.get(key), value);
                prop_assert!(holds(&tree, key, value));
            }
        }
    }
}

#[test]
fn what_was_written_but_not_saved_is_not_proven() {
    let mut tree = Tree::default();
    assert_eq!(tree.prove(b"a"), None);
    tree.set(b"a", b"1");
    assert_eq!((tree.prove(b"a"), tree.root()), (None, None));
    tree.save(1);
    assert!(holds(&tree, b"a", Some(b"1")));
}

#[test]
fn a_version_that_changes_nothing_has_the_root_of_the_one_before() {
    let mut tree = Tree::default();
    tree.set(b"a", b"1");
    let first = tree.save(1);
    assert_eq!(tree.save(2), first);
    tree.set(b"a", b"1");
    // Written again: another leaf, of another version.
    assert_ne!(tree.save(3), first);
}
