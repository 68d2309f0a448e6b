//! Honest proofs of every size up to 64, and for each the wrong ones that somebody could try, in the
//! manner of the test data of transparency-dev/merkle.

#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

use super::*;
use crate::{EMPTY_ROOT, Log, root_of};
use proptest::prelude::*;

const SIZES: u64 = 64;

fn leaf(n: u64) -> LeafHash {
    LeafHash::of_data(&n.to_be_bytes())
}

fn log(size: u64) -> Log {
    let mut log = Log::new();
    for n in 0..size {
        log.append(leaf(n)).unwrap();
    }
    log
}

/// The proof with one hash missing, one too many, one changed, in another order.
fn spoiled(proof: &[Digest], root: Digest) -> Vec<Vec<Digest>> {
    let with = |edit: &dyn Fn(&mut Vec<Digest>)| {
        let mut spoiled = proof.to_vec();
        edit(&mut spoiled);
        spoiled
    };
    let other = Digest([0x5a; 32]);
    let mut all = vec![
        with(&|p| p.push(other)),
        with(&|p| p.push(Digest([0; 32]))),
        with(&|p| p.push(root)),
        with(&|p| p.insert(0, other)),
        with(&|p| p.insert(0, root)),
        with(&|p| p.extend_from_slice(proof)),
        with(&|p| p.resize(MAX_PROOF, other)),
        with(&|p| p.resize(MAX_PROOF + 1, other)),
        with(&|p| p.resize(10_000, other)),
    ];
    for at in 0..proof.len() {
        all.push(with(&|p| p.retain(|hash| *hash != proof[at])));
        all.push(with(&|p| p[at].0[at % 32] ^= 1));
        all.push(with(&|p| p[at].0[31] ^= 0x80));
        all.push(with(&|p| p[at] = Digest([0; 32])));
        all.push(with(&|p| p.insert(at, p[at])));
        all.push(with(&|p| p.truncate(at)));
        all.push(with(&|p| p.reverse()));
    }
    all.retain(|p| p != proof);
    all
}

/// The same size with a root that is not its own.
fn wrong_roots(TreeHead { size, root }: TreeHead) -> Vec<TreeHead> {
    let mut flipped = root;
    flipped.0[7] ^= 4;
    let neighbours = [root_of(&leaves(size - 1)), root_of(&leaves(size + 1))];
    let mut all = vec![flipped, Digest([0; 32]), EMPTY_ROOT, leaf(0).0, leaf(size - 1).0];
    all.extend(neighbours);
    all.retain(|r| *r != root);
    all.into_iter().map(|root| TreeHead { size, root }).collect()
}

fn leaves(size: u64) -> Vec<LeafHash> {
    (0..size).map(leaf).collect()
}

#[test]
fn a42_honest_inclusion_proofs_show_their_leaf() {
    let log = log(SIZES);
    for size in 1..=SIZES {
        let head = log.head_at(size).unwrap();
        for index in 0..size {
            let proof = log.inclusion_proof(index, size).unwrap();
            let shown = verify_inclusion(leaf(index), index, &head, &proof).unwrap();
            assert_eq!((shown.leaf(), shown.index()), (leaf(index), index));
            assert_eq!(shown.head(), head);
        }
    }
}

#[test]
fn a42_spoiled_inclusion_proofs_show_nothing() {
    let log = log(SIZES + 1);
    let mut probes = 0;
    for size in 1..=SIZES {
        let head = log.head_at(size).unwrap();
        for index in 0..size {
            let proof = log.inclusion_proof(index, size).unwrap();
            for spoiled in spoiled(&proof, head.root) {
                assert!(verify_inclusion(leaf(index), index, &head, &spoiled).is_err());
                probes += 1;
            }
            for wrong in wrong_roots(head) {
                assert!(verify_inclusion(leaf(index), index, &wrong, &proof).is_err());
                probes += 1;
            }
        }
    }
    assert!(probes > 80_000, "{probes} probes");
}

#[test]
fn a39_a42_a_leaf_is_shown_at_its_own_place_only() {
    let log = log(SIZES);
    for size in 1..=SIZES {
        let head = log.head_at(size).unwrap();
        for index in 0..size {
            let proof = log.inclusion_proof(index, size).unwrap();
            for other in (0..size + 3).chain([u64::MAX, 1 << 63]).filter(|other| *other != index) {
                assert!(verify_inclusion(leaf(index), other, &head, &proof).is_err());
                assert!(verify_inclusion(leaf(other), index, &head, &proof).is_err());
            }
        }
    }
}

/// A proof fixes a size only as far as the path differs: another size with the same path and root would
/// need another tree. What must never be is that a leaf is shown where the proof's depth does not fit.
#[test]
fn a41_a42_the_depth_of_a_proof_is_that_of_its_size() {
    let log = log(SIZES);
    for size in 1..=SIZES {
        let head = log.head_at(size).unwrap();
        for index in 0..size {
            let proof = log.inclusion_proof(index, size).unwrap();
            for other in index + 1..=SIZES {
                let depth = log.inclusion_proof(index, other).unwrap().len();
                if depth != proof.len() {
                    assert!(
                        verify_inclusion(
                            leaf(index),
                            index,
                            &TreeHead { size: other, ..head },
                            &proof
                        )
                        .is_err()
                    );
                }
            }
            // An inner node is no leaf: one level up, with the proof shortened accordingly.
            if let Some((sibling, rest)) = proof.split_first() {
                let node = if index % 2 == 0 {
                    crate::node_hash(&leaf(index).0, sibling)
                } else {
                    crate::node_hash(sibling, &leaf(index).0)
                };
                assert!(verify_inclusion(LeafHash(node), index, &head, rest).is_err());
            }
        }
    }
}

#[test]
fn a42_honest_consistency_proofs_show_the_beginning() {
    let log = log(SIZES);
    for new in 1..=SIZES {
        for old in 1..=new {
            let (old, new) = (log.head_at(old).unwrap(), log.head_at(new).unwrap());
            let proof = log.consistency_proof(old.size, new.size).unwrap();
            let shown = verify_consistency(&old, &new, &proof).unwrap();
            assert_eq!((shown.earlier(), shown.later()), (old, new));
        }
    }
}

#[test]
fn a42_spoiled_consistency_proofs_show_nothing() {
    let log = log(SIZES + 1);
    let mut probes = 0;
    for new in 1..=SIZES {
        for old in 1..=new {
            let (old, new) = (log.head_at(old).unwrap(), log.head_at(new).unwrap());
            let proof = log.consistency_proof(old.size, new.size).unwrap();
            probes += check_consistency_probes(old, new, &proof);
        }
    }
    assert!(probes > 80_000, "{probes} probes");
}

fn check_consistency_probes(old: TreeHead, new: TreeHead, proof: &[Digest]) -> u64 {
    let mut probes = 0;
    let mut refused = |old, new, proof: &[Digest]| {
        assert!(verify_consistency(&old, &new, proof).is_err(), "{old:?} {new:?}");
        probes += 1;
    };
    for spoiled in spoiled(proof, new.root) {
        refused(old, new, &spoiled);
    }
    for wrong in wrong_roots(old) {
        refused(wrong, new, proof);
    }
    for wrong in wrong_roots(new) {
        refused(old, wrong, proof);
    }
    if old != new {
        refused(new, old, proof);
        refused(TreeHead { root: new.root, ..old }, TreeHead { root: old.root, ..new }, proof);
    }
    let sizes = [0, old.size - 1, old.size + 1, new.size + 1, u64::MAX];
    for size in sizes.into_iter().filter(|size| *size != old.size) {
        refused(TreeHead { size, ..old }, new, proof);
    }
    probes
}

#[test]
fn a47_roots_that_stand_for_nothing_are_refused() {
    let good = TreeHead { size: 3, root: root_of(&leaves(3)) };
    for root in [Digest([0; 32]), EMPTY_ROOT, Digest(<[u8; 32]>::default())] {
        let nothing = TreeHead { size: 3, root };
        assert_eq!(verify_consistency(&nothing, &nothing, &[]), Err(ProofError::EmptyRoot));
        assert_eq!(verify_consistency(&good, &nothing, &[]), Err(ProofError::EmptyRoot));
        let lone = verify_inclusion(LeafHash(root), 0, &TreeHead { size: 1, root }, &[]);
        assert_eq!(lone, Err(ProofError::EmptyRoot));
    }
    let from_nothing = verify_consistency(&TreeHead::empty(), &good, &[]);
    assert_eq!(from_nothing, Err(ProofError::Size { size: 0 }));
}

#[test]
fn errors_say_what_is_wrong() {
    let root = root_of(&leaves(3));
    let check = |index, size, proof: &[Digest]| {
        verify_inclusion(leaf(0), index, &TreeHead { size, root }, proof)
    };
    assert_eq!(check(3, 3, &[]), Err(ProofError::Index { index: 3, size: 3 }));
    assert_eq!(check(0, 0, &[]), Err(ProofError::Size { size: 0 }));
    assert_eq!(check(0, u64::MAX, &[]), Err(ProofError::Size { size: u64::MAX }));
    assert_eq!(check(0, 3, &[]), Err(ProofError::Mismatch));
    let too_long = Err(ProofError::TooLong { len: MAX_PROOF + 1 });
    assert_eq!(check(0, 3, &[root; MAX_PROOF + 1]), too_long);
    let shrunk = verify_consistency(&TreeHead { size: 3, root }, &TreeHead { size: 2, root }, &[]);
    assert_eq!(shrunk, Err(ProofError::Shrunk { earlier: 3, later: 2 }));
}

/// The values of one name in the answers of a public log.
fn public(name: &str) -> Vec<&'static str> {
    let lines = include_str!("../../testdata/argon2020.txt").lines();
    lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).collect()
}

fn public_digests(name: &str) -> Vec<Digest> {
    public(name).into_iter().map(|hex| Digest::from_hex(hex).unwrap()).collect()
}

#[test]
fn proofs_of_a_public_log_of_a_thousand_million_leaves_are_taken() {
    let number = |name| public(name)[0].parse::<u64>().unwrap();
    let head = TreeHead { size: number("size"), root: public_digests("root")[0] };
    let (leaf, proof) = (LeafHash(public_digests("leaf")[0]), public_digests("inclusion"));
    let check = |index, proof: &[Digest]| verify_inclusion(leaf, index, &head, proof);
    assert!(check(number("index"), &proof).is_ok());
    assert_eq!(check(number("index") + 1, &proof), Err(ProofError::Mismatch));
    assert_eq!(check(number("index"), &proof[1..]), Err(ProofError::Mismatch));

    let old = TreeHead { size: number("old_size"), root: public_digests("old_root")[0] };
    let proof = public_digests("consistency");
    assert!(verify_consistency(&old, &head, &proof).is_ok());
    assert!(verify_consistency(&TreeHead { size: old.size - 1, ..old }, &head, &proof).is_err());
}

proptest! {
    #[test]
    fn a116_no_arguments_bring_a_check_down_or_show_what_is_not_there(
        index in any::<u64>(), size in any::<u64>(), old in any::<u64>(),
        root in any::<[u8; 32]>(), proof in proptest::collection::vec(any::<[u8; 32]>(), 0..80)
    ) {
        let root = Digest(root);
        let proof: Vec<Digest> = proof.into_iter().map(Digest).collect();
        for size in [size, 1 << 48] {
            let head = TreeHead { size, root };
            prop_assert!(verify_inclusion(leaf(0), index, &head, &proof).is_err());
            prop_assert!(verify_inclusion(leaf(0), index % (1 << 48), &head, &proof).is_err());
            for old in [old, old % (1 << 48)] {
                let old = TreeHead { size: old, root: leaf(1).0 };
                prop_assert!(verify_consistency(&old, &head, &proof).is_err());
            }
        }
    }

    #[test]
    fn proofs_of_longer_logs_hold(size in 1u64..3_000, at in any::<prop::sample::Index>()) {
        let log = log(size);
        let at = at.index(usize::try_from(size).unwrap()) as u64;
        let proof = log.inclusion_proof(at, size).unwrap();
        prop_assert!(verify_inclusion(leaf(at), at, &log.head(), &proof).is_ok());
        let old = log.head_at(at + 1).unwrap();
        let proof = log.consistency_proof(old.size, size).unwrap();
        prop_assert!(verify_consistency(&old, &log.head(), &proof).is_ok());
    }
}
