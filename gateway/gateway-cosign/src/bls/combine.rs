//! From t signature shares to one signature of the committee.
//!
//! Combine first, verify the result; only if it does not hold, look for who spoilt it. With all shares
//! good that is one verification instead of t.

use super::{BlsError, BlsKey, ThresholdText, keys::ThresholdKeys};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use commonware_codec::{Copying, DecodeExt as _, Encode as _};
use commonware_cryptography::bls12381::primitives::group::{G1, Scalar};
use commonware_math::poly::Interpolator;
use commonware_parallel::Sequential;
use commonware_utils::ordered::Map;
use gateway_types::bytes::BlsSignature;

/// A committee's signature, and whose shares were bad on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aggregated {
    /// The signature, verified under the group key.
    pub signature: BlsSignature,
    /// Members whose share was found bad. Shares that were not needed were not looked at.
    pub culprits: Vec<Culprit>,
}

/// A member that sent a bad share, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// Its number, from 1.
    pub member: u8,
    /// What is wrong.
    pub why: BlsError,
}

/// Combines shares of `text` into the committee's signature.
///
/// `shares` are (member's number from 1, share). More than t are welcome: they stand in for bad ones.
/// Trust: every share may come from a dishonest member; up to n - t bad ones are named and left out.
///
/// # Errors
///
/// [`AggregateError`]: no signature; it says who is at fault.
pub fn aggregate(
    keys: &ThresholdKeys,
    text: &ThresholdText,
    shares: &[(u8, BlsSignature)],
) -> Result<Aggregated, AggregateError> {
    check_members(keys, shares)?;
    let (points, mut culprits) = read_points(shares);
    let t = usize::from(keys.size().t());
    let signature = match combine_first(keys.group_key(), text, &points, t) {
        Some(signature) => signature,
        None => {
            let good = keep_good(keys, text, shares, points, &mut culprits);
            if good.len() < t {
                let (good, needed) = (good.len(), keys.size().t());
                return Err(AggregateError::TooFew { good, needed, culprits });
            }
            combine_first(keys.group_key(), text, &good, t).ok_or(AggregateError::KeysDisagree)?
        }
    };
    Ok(Aggregated { signature, culprits })
}

impl ThresholdKeys {
    /// Checks one member's share.
    ///
    /// # Errors
    ///
    /// [`AggregateError::UnknownMember`] or [`AggregateError::Share`].
    pub fn verify_share(
        &self,
        member: u8,
        text: &ThresholdText,
        share: &BlsSignature,
    ) -> Result<(), AggregateError> {
        let key = self.verifying_share(member).ok_or(AggregateError::UnknownMember { member })?;
        let verified = key.verify(text, share);
        verified.map_err(|why| AggregateError::Share(Culprit { member, why }))
    }
}

/// Every number is a member's, and no two are equal (A67, A68, A69).
fn check_members(
    keys: &ThresholdKeys,
    shares: &[(u8, BlsSignature)],
) -> Result<(), AggregateError> {
    let mut seen = BTreeSet::new();
    for (member, _) in shares {
        if keys.verifying_share(*member).is_none() {
            return Err(AggregateError::UnknownMember { member: *member });
        }
        if !seen.insert(*member) {
            return Err(AggregateError::Twice { member: *member });
        }
    }
    Ok(())
}

/// Decodes the shares; those that are no points of the group are their senders' fault.
fn read_points(shares: &[(u8, BlsSignature)]) -> (BTreeMap<u8, G1>, Vec<Culprit>) {
    let (mut points, mut culprits) = (BTreeMap::new(), Vec::new());
    for (member, share) in shares {
        match G1::decode(Copying(&share.0)) {
            Ok(point) => drop(points.insert(*member, point)),
            Err(_) => culprits.push(Culprit { member: *member, why: why_no_point(share) }),
        }
    }
    (points, culprits)
}

fn why_no_point(share: &BlsSignature) -> BlsError {
    super::blst::read_signature(share).err().unwrap_or(BlsError::Encoding)
}

/// The signature of the first t points, if it holds under the group key.
fn combine_first(
    group: &BlsKey,
    text: &ThresholdText,
    points: &BTreeMap<u8, G1>,
    t: usize,
) -> Option<BlsSignature> {
    let first: Map<u8, G1> =
        Map::from_iter_dedup(points.iter().take(t).map(|(member, point)| (*member, *point)));
    if first.len() < t {
        return None;
    }
    let places = first.keys().iter().map(|member| (*member, Scalar::from_u64(u64::from(*member))));
    let sum = Interpolator::new(places).interpolate(&first, &Sequential)?;
    let signature = BlsSignature::from_slice(&sum.encode())?;
    group.verify(text, &signature).ok().map(|()| signature)
}

/// The points whose share holds under its member's verifying share; the others' members are culprits.
fn keep_good(
    keys: &ThresholdKeys,
    text: &ThresholdText,
    shares: &[(u8, BlsSignature)],
    mut points: BTreeMap<u8, G1>,
    culprits: &mut Vec<Culprit>,
) -> BTreeMap<u8, G1> {
    for (member, share) in shares {
        if !points.contains_key(member) {
            continue;
        }
        if let Err(AggregateError::Share(culprit)) = keys.verify_share(*member, text, share) {
            points.remove(member);
            culprits.push(culprit);
        }
    }
    points
}

/// Why there is no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AggregateError {
    /// A number that no member has, 0 included.
    #[error("there is no member {member}")]
    UnknownMember {
        /// The number.
        member: u8,
    },
    /// Two shares of one member.
    #[error("two shares of member {member}")]
    Twice {
        /// The member's number.
        member: u8,
    },
    /// A member's share is bad.
    #[error("the share of member {} is bad: {}", .0.member, .0.why)]
    Share(Culprit),
    /// Fewer than t good shares. Wait for more.
    #[error("{good} good shares, {needed} are needed")]
    TooFew {
        /// How many were good.
        good: usize,
        /// The committee's t.
        needed: u8,
        /// Whose were bad.
        culprits: Vec<Culprit>,
    },
    /// t good shares do not make a signature of the group key: the `committee` entry's verifying shares
    /// and group key are not of one polynomial.
    #[error("the committee's verifying shares do not belong to its group key")]
    KeysDisagree,
}
