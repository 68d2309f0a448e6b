//! The simple Merkle tree of `CometBFT`: RFC 6962, for header fields, votes, sets, transactions, stores.

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub(crate) type Hash = [u8; 32];

/// One step from a leaf up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The path comes from the left: this stands on its right.
    Right(Hash),
    /// The path comes from the right: this stands on its left.
    Left(Hash),
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The root over these leaves; SHA-256 of nothing if there are none.
pub(crate) fn root<T: AsRef<[u8]>>(leaves: &[T]) -> Hash {
    root_of(&hashes(leaves))
}

/// The steps from leaf `index` to the root, the lowest first.
pub(crate) fn path<T: AsRef<[u8]>>(leaves: &[T], index: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    climb(&hashes(leaves), index, &mut steps);
    steps
}

fn hashes<T: AsRef<[u8]>>(leaves: &[T]) -> Vec<Hash> {
    let hash = |leaf: &T| Sha256::new().chain_update([0]).chain_update(leaf).finalize().into();
    leaves.iter().map(hash).collect()
}

fn root_of(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => sha256(&[]),
        [one] => *one,
        _ => {
            let (left, right) = halves(hashes);
            let hash = Sha256::new().chain_update([1]).chain_update(root_of(left));
            hash.chain_update(root_of(right)).finalize().into()
        }
    }
}

fn climb(hashes: &[Hash], index: usize, steps: &mut Vec<Step>) {
    if hashes.len() < 2 {
        return;
    }
    let (left, right) = halves(hashes);
    match index.checked_sub(left.len()) {
        None => {
            climb(left, index, steps);
            steps.push(Step::Right(root_of(right)));
        }
        Some(index) => {
            climb(right, index, steps);
            steps.push(Step::Left(root_of(left)));
        }
    }
}

/// The left half has the greatest power of two of leaves that is less than all.
fn halves(hashes: &[Hash]) -> (&[Hash], &[Hash]) {
    let left = hashes.len().next_power_of_two() / 2;
    hashes.split_at_checked(left).unwrap_or((hashes, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up(leaf: &[u8], steps: &[Step]) -> Hash {
        steps.iter().fold(root(&[leaf]), |hash, step| match step {
            Step::Right(right) => root_of(&[hash, *right]),
            Step::Left(left) => root_of(&[*left, hash]),
        })
    }

    #[test]
    fn every_path_leads_to_the_root() {
        for count in 1..20u8 {
            let leaves: Vec<[u8; 1]> = (0..count).map(|i| [i]).collect();
            for (index, leaf) in leaves.iter().enumerate() {
                assert_eq!(up(leaf, &path(&leaves, index)), root(&leaves), "{index} of {count}");
            }
        }
    }

    #[test]
    fn no_leaves_hash_to_the_hash_of_nothing() {
        let none: [&[u8]; 0] = [];
        assert_eq!(hex::encode(root(&none)).get(..8), Some("e3b0c442"));
    }
}
