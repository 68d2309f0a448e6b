//! The one form that nodes of the two trees have, checked before anything is hashed.
//!
//! `ics23` checks much of this again; it neither bounds depth for these specifications nor guards every list.

use crate::proof::{MAX_IAVL_DEPTH, MAX_STORE_DEPTH};
use ics23::{ExistenceProof, InnerOp, LeafOp};
use light_client::ProofError;

/// A child's hash in an IAVL node: a length byte and 32 bytes.
const CHILD: u8 = 32;

/// Every node of an IAVL proof, leaf first. Source: IAVL `ProofInnerNode`, `ProofLeafNode`.
///
/// A node's prefix is height, size and version as zigzag varints; then its left child's length byte, if the path
/// comes from the left, or the whole left child and the right one's length byte.
pub(crate) fn check_iavl(proof: &ExistenceProof) -> Result<(), ProofError> {
    is_not_too_deep(proof, MAX_IAVL_DEPTH)?;
    let leaf = leaf(proof)?;
    let (mut below, rest) = node(&leaf.prefix).ok_or(bad("a leaf's prefix"))?;
    if (below.height, below.size) != (0, 1) || !rest.is_empty() {
        return Err(bad("a leaf's prefix"));
    }
    for op in &proof.path {
        let (above, rest) = node(&op.prefix).ok_or(bad("an inner node's prefix"))?;
        if above.height <= below.height || above.size <= below.size || above.version < below.version
        {
            return Err(bad("an inner node that is not above its child"));
        }
        side(rest, &op.suffix)
            .ok_or(bad("an inner node with both children, or none, beside the path"))?;
        below = above;
    }
    Ok(())
}

/// Every node of a proof in the tree of stores. Source: RFC 6962 as in `CometBFT` `crypto/merkle`.
pub(crate) fn check_store(proof: &ExistenceProof) -> Result<(), ProofError> {
    is_not_too_deep(proof, MAX_STORE_DEPTH)?;
    if leaf(proof)?.prefix != [0] {
        return Err(bad("a store's leaf prefix"));
    }
    let well_formed = |op: &InnerOp| match op.prefix.as_slice() {
        [1] => op.suffix.len() == 32,
        [1, left @ ..] => left.len() == 32 && op.suffix.is_empty(),
        _ => false,
    };
    if proof.path.iter().all(well_formed) {
        Ok(())
    } else {
        Err(bad("an inner node of the stores"))
    }
}

/// Two neighbours, or the first or last of all, have nothing between or beyond. The paths of both were checked
/// by [`check_iavl`].
///
/// From the root down the paths are one; then they part, left and right; below, the left one keeps to the right
/// and the right one to the left (A28).
pub(crate) fn check_neighbours(
    left: Option<&ExistenceProof>,
    right: Option<&ExistenceProof>,
) -> Result<(), ProofError> {
    let adjacent = match (left, right) {
        (None, None) => false,
        (Some(left), None) => left.path.iter().all(comes_from_right),
        (None, Some(right)) => right.path.iter().all(comes_from_left),
        (Some(left), Some(right)) => part_once(&left.path, &right.path),
    };
    if adjacent { Ok(()) } else { Err(bad("neighbours that are not adjacent")) }
}

fn part_once(left: &[InnerOp], right: &[InnerOp]) -> bool {
    let shared = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
    let below = |path: &[InnerOp]| {
        path.len().checked_sub(shared).and_then(|len| path.get(..len).map(<[_]>::to_vec))
    };
    let (Some(left), Some(right)) = (below(left), below(right)) else { return false };
    let (Some((left_top, left_rest)), Some((right_top, right_rest))) =
        (left.split_last(), right.split_last())
    else {
        return false;
    };
    comes_from_left(left_top)
        && comes_from_right(right_top)
        && left_rest.iter().all(comes_from_right)
        && right_rest.iter().all(comes_from_left)
}

fn comes_from_left(op: &InnerOp) -> bool {
    !op.suffix.is_empty()
}

fn comes_from_right(op: &InnerOp) -> bool {
    op.suffix.is_empty()
}

fn is_not_too_deep(proof: &ExistenceProof, max: usize) -> Result<(), ProofError> {
    let depth = proof.path.len();
    if depth > max { Err(ProofError::TooDeep { depth, max }) } else { Ok(()) }
}

fn leaf(proof: &ExistenceProof) -> Result<&LeafOp, ProofError> {
    proof.leaf.as_ref().ok_or(bad("no leaf"))
}

/// Which side the path comes from, if exactly one child stands beside it.
fn side(rest: &[u8], suffix: &[u8]) -> Option<()> {
    let one = match (rest, suffix) {
        ([CHILD], [CHILD, right @ ..]) => right,
        ([CHILD, left @ .., CHILD], []) => left,
        _ => return None,
    };
    (one.len() == usize::from(CHILD)).then_some(())
}

/// What an IAVL node says of itself.
#[derive(Clone, Copy)]
struct Node {
    height: u64,
    size: u64,
    version: u64,
}

/// Reads a node's three numbers; what is left are children.
fn node(prefix: &[u8]) -> Option<(Node, &[u8])> {
    let (height, rest) = varint(prefix)?;
    let (size, rest) = varint(rest)?;
    let (version, rest) = varint(rest)?;
    Some((Node { height, size, version }, rest))
}

/// A zigzag varint that is not negative, in its shortest form.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value: u64 = 0;
    for (i, byte) in bytes.iter().enumerate().take(9) {
        let shift = u32::try_from(i).ok()?.checked_mul(7)?;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            let shortest = i == 0 || *byte != 0;
            let rest = bytes.get(i.checked_add(1)?..)?;
            return (shortest && value & 1 == 0).then_some((value >> 1, rest));
        }
    }
    None
}

fn bad(what: &'static str) -> ProofError {
    ProofError::Shape { what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    /// A path from the leaf up: `l` comes from the left, `r` from the right; a digit tells nodes apart.
    fn path(steps: &str) -> Vec<InnerOp> {
        let op = |step: &[u8]| InnerOp {
            prefix: step.to_vec(),
            suffix: if step[0] == b'l' { vec![32] } else { Vec::new() },
            ..InnerOp::default()
        };
        steps.split_whitespace().map(|step| op(step.as_bytes())).collect()
    }

    fn check(left: Option<&str>, right: Option<&str>, adjacent: bool) {
        let proof = |steps| ExistenceProof { path: path(steps), ..ExistenceProof::default() };
        let (a, b) = (left.map(proof), right.map(proof));
        let verdict = check_neighbours(a.as_ref(), b.as_ref());
        assert_eq!(verdict.is_ok(), adjacent, "{left:?} {right:?}");
    }

    #[test]
    fn a28_paths_of_neighbours_part_once_and_keep_together() {
        check(Some("l1"), Some("r1"), true);
        check(Some("r2 r3 l1 l0"), Some("l4 r1 l0"), true);
        check(Some("l1 r0"), Some("r1 r0"), true);
        // Parting the wrong way round, or one of them keeping away from the other.
        check(Some("r1"), Some("l1"), false);
        check(Some("r1 l0"), Some("l1 l0"), false);
        check(Some("l2 l1"), Some("r1"), false);
        check(Some("l1"), Some("r2 r1"), false);
        check(Some("l2 l1 l0"), Some("l3 r1 l0"), false);
        // The same path, a part of the other, or none.
        check(Some("l1"), Some("l1"), false);
        check(Some("l2 l1"), Some("l1"), false);
        check(Some(""), Some(""), false);
        check(None, None, false);
        // The first and the last of all.
        check(Some("r2 r1"), None, true);
        check(Some("r2 l1"), None, false);
        check(None, Some("l2 l1"), true);
        check(None, Some("l2 r1"), false);
    }
}
