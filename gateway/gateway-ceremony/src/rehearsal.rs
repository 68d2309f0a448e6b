//! Whether a new committee can sign: each member alone, and any t of them together.

use crate::failure::Failure;
use alloc::vec::Vec;
use gateway_cosign::{ThresholdKeys, ThresholdText, aggregate};
use gateway_types::bytes::BlsSignature;

/// Most groups of t that are tried. Up to ten members these are all; with more, the groups of t
/// neighbours are tried, and the rest follows from every share being good and these agreeing.
const MAX_GROUPS: usize = 256;

/// Checks every member's share on `text`, and that every t of them make the same signature.
///
/// `shares` are (member's number from 1, share), of all n members. The signature comes back.
/// Trust: shares may come from dishonest members.
///
/// # Errors
///
/// [`RehearsalError`]: the committee is not fit to serve.
pub fn rehearse(
    keys: &ThresholdKeys,
    text: &ThresholdText,
    shares: &[(u8, BlsSignature)],
) -> Result<BlsSignature, RehearsalError> {
    check_each(keys, text, shares)?;
    let mut made = None;
    for group in groups(keys.size().n(), keys.size().t()) {
        let of_group: Vec<_> =
            shares.iter().filter(|(number, _)| group.contains(number)).copied().collect();
        let signature = aggregate(keys, text, &of_group).ok().map(|made| made.signature);
        let same = signature.is_some() && (made.is_none() || made == signature);
        if !same {
            return Err(RehearsalError::Together { members: group });
        }
        made = signature;
    }
    made.ok_or(RehearsalError::Together { members: Vec::new() })
}

/// Every member is there once, and its share holds under its verifying share.
fn check_each(
    keys: &ThresholdKeys,
    text: &ThresholdText,
    shares: &[(u8, BlsSignature)],
) -> Result<(), RehearsalError> {
    for member in keys.size().members() {
        let mut of_member = shares.iter().filter(|(number, _)| *number == member);
        let alone = match (of_member.next(), of_member.next()) {
            (Some((_, share)), None) => keys.verify_share(member, text, share).is_ok(),
            _ => false,
        };
        if !alone {
            return Err(RehearsalError::Alone { member });
        }
    }
    Ok(())
}

/// Groups of t of the numbers 1 to n: all, if they are few, else the n runs of t neighbours.
pub(crate) fn groups(n: u8, t: u8) -> Vec<Vec<u8>> {
    let all = combinations(n, usize::from(t));
    if all.len() <= MAX_GROUPS { all } else { runs(n, t) }
}

/// All groups of t, or the first [`MAX_GROUPS`] + 1 of them.
fn combinations(n: u8, t: usize) -> Vec<Vec<u8>> {
    let mut groups: Vec<Vec<u8>> = Vec::from([Vec::new()]);
    for size in 0..t {
        // A group grows by numbers above its last that leave enough for the rest.
        let room = u8::try_from(t.saturating_sub(size).saturating_sub(1)).unwrap_or(u8::MAX);
        let grow = |group: &Vec<u8>| -> Vec<Vec<u8>> {
            let from = group.last().map_or(1, |last| last.saturating_add(1));
            let with = |number| group.iter().copied().chain([number]).collect();
            (from..=n.saturating_sub(room)).map(with).collect()
        };
        groups = groups.iter().flat_map(grow).take(MAX_GROUPS.saturating_add(1)).collect();
    }
    groups
}

fn runs(n: u8, t: u8) -> Vec<Vec<u8>> {
    let numbers: Vec<u8> = (1..=n).chain(1..=n).collect();
    numbers.windows(usize::from(t)).take(usize::from(n)).map(<[u8]>::to_vec).collect()
}

/// Why a committee is not fit to serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RehearsalError {
    /// A member's share is missing or bad.
    #[error("member {member} cannot sign")]
    Alone {
        /// Its number.
        member: u8,
    },
    /// Shares that are good alone do not make the group key's signature.
    #[error("members {members:?} cannot sign together")]
    Together {
        /// Their numbers.
        members: Vec<u8>,
    },
}

impl From<RehearsalError> for Failure {
    fn from(error: RehearsalError) -> Self {
        match error {
            RehearsalError::Alone { member } => Self::CannotSign { member },
            RehearsalError::Together { members } => Self::CannotSignTogether { members },
        }
    }
}
