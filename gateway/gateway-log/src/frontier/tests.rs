#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

use super::*;
use gateway_types::{Salt, cbor};
use proptest::prelude::*;

/// The tree of RFC 6962 section 2.1, written as the section has it.
fn root_by_definition(leaves: &[LeafHash]) -> Digest {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => leaf.0,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&root_by_definition(left), &root_by_definition(right))
        }
    }
}

fn leaves(count: u64) -> Vec<LeafHash> {
    (0..count).map(|n| LeafHash::of_data(&n.to_be_bytes())).collect()
}

/// Leaves and roots of the test tree in the reference implementation of RFC 6962.
const REFERENCE_LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
const REFERENCE_ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn roots_are_those_of_the_reference_tree() {
    let data: Vec<Vec<u8>> = REFERENCE_LEAVES.iter().map(|l| hex::decode(l).unwrap()).collect();
    let leaves: Vec<LeafHash> = data.iter().map(|d| LeafHash::of_data(d)).collect();
    for (n, root) in (1..).zip(REFERENCE_ROOTS) {
        assert_eq!(root_of(&leaves[..n]).to_hex(), root, "{n} leaves");
    }
    assert_eq!(root_of(&[]), EMPTY_ROOT);
}

#[test]
fn every_size_has_the_root_of_the_definition() {
    let all = leaves(300);
    let mut frontier = Frontier::empty();
    for n in 0..all.len() {
        assert_eq!(frontier.size(), n as u64);
        assert_eq!(frontier.root(), root_by_definition(&all[..n]), "{n} leaves");
        frontier.append(all[n]).unwrap();
    }
}

#[test]
fn a40_a_last_leaf_written_twice_changes_the_root() {
    for n in 1..=64 {
        let once = leaves(n);
        let twice = [once.as_slice(), &once[once.len() - 1..]].concat();
        assert_ne!(root_of(&once), root_of(&twice), "{n} leaves");
        let all_twice = [once.as_slice(), once.as_slice()].concat();
        assert_ne!(root_of(&once), root_of(&all_twice), "{n} leaves");
    }
}

type Entries = Vec<(Salt, Vec<u8>)>;

/// What start-up does: the entries in the store, hashed again, against the checkpoint that was signed.
#[test]
fn a115_entries_edited_deleted_or_swapped_in_a_store_do_not_give_the_signed_root() {
    let entries: Entries = (0..40u8).map(|n| (Salt([n; 16]), vec![n; usize::from(n)])).collect();
    let head = |entries: &Entries| {
        let leaves = entries.iter().map(|(salt, bytes)| LeafHash::of(salt, bytes));
        Frontier::empty().with(leaves).unwrap().head()
    };
    let signed = head(&entries);
    let differs = |edit: &dyn Fn(&mut Entries)| {
        let mut edited = entries.clone();
        edit(&mut edited);
        head(&edited) != signed
    };
    for at in 0..entries.len() {
        assert!(differs(&|e| e[at].1.push(0)), "entry {at} edited");
        assert!(differs(&|e| e[at].0.0[15] ^= 1), "salt {at} edited");
        assert!(differs(&|e| drop(e.remove(at))), "entry {at} deleted");
        assert!(differs(&|e| e.truncate(at)), "cut before entry {at}");
        assert!(differs(&|e| e.insert(at, (Salt([99; 16]), vec![]))), "one slipped in at {at}");
        assert!(differs(&|e| e.swap(at, (at + 1) % 40)), "entry {at} swapped");
    }
}

#[test]
fn a_full_log_takes_no_more() {
    let full = Frontier { size: MAX_LOG_SIZE, hashes: vec![Digest([7; 32])] };
    assert_eq!(full.with(leaves(1)), Err(LogFull));
    let bytes = cbor::encode(&full);
    assert_eq!(cbor::decode::<Frontier>(&bytes, 4096), Ok(full));
}

#[test]
fn a_frontier_whose_hashes_do_not_fit_its_size_is_not_read() {
    let hashes = vec![Digest([7; 32])];
    for size in [0, 3, MAX_LOG_SIZE + 1, MAX_LOG_SIZE * 2, u64::MAX] {
        let bytes = cbor::encode(&Frontier { size, hashes: hashes.clone() });
        assert!(cbor::decode::<Frontier>(&bytes, 4096).is_err(), "size {size}");
    }
}

proptest! {
    #[test]
    fn a_frontier_is_read_back_and_goes_on(first in 0u64..600, more in 0u64..600) {
        let all = leaves(first + more);
        let (head, tail) = all.split_at(usize::try_from(first).unwrap());
        let kept = cbor::encode(&Frontier::empty().with(head.iter().copied()).unwrap());
        let back: Frontier = cbor::decode(&kept, 4096).unwrap();
        let grown = back.with(tail.iter().copied()).unwrap();
        prop_assert_eq!(grown.root(), root_by_definition(&all));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(frontier) = cbor::decode::<Frontier>(&bytes, 4096) {
            prop_assert_eq!(cbor::encode(&frontier), bytes);
        }
    }
}
