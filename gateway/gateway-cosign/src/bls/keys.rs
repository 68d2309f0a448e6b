//! The public side of a committee's threshold key.

use super::{BlsError, BlsKey};
use alloc::vec::Vec;
use gateway_types::{CommitteeSize, bytes::BlsPublicKey};

/// A committee's group key and its members' verifying shares, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdKeys {
    size: CommitteeSize,
    group: BlsKey,
    shares: Vec<BlsKey>,
}

impl ThresholdKeys {
    /// Decodes the keys; `shares` are in the order of the members' numbers, from 1.
    ///
    /// That the shares belong to the group key is not checked here: a ceremony's rehearsal shows it.
    ///
    /// # Errors
    ///
    /// [`BlsError`] of the first key that is none.
    pub fn new<'a>(
        size: CommitteeSize,
        group: &BlsPublicKey,
        shares: impl IntoIterator<Item = &'a BlsPublicKey>,
    ) -> Result<Self, BlsError> {
        let shares: Result<_, _> = shares.into_iter().map(BlsKey::new).collect();
        Ok(Self { size, group: BlsKey::new(group)?, shares: shares? })
    }

    /// n, t, f.
    #[must_use]
    pub fn size(&self) -> CommitteeSize {
        self.size
    }

    /// The key that t members sign with together.
    #[must_use]
    pub fn group_key(&self) -> &BlsKey {
        &self.group
    }

    /// The public half of a member's share, by its number from 1.
    #[must_use]
    pub fn verifying_share(&self, member: u8) -> Option<&BlsKey> {
        self.shares.get(usize::from(member).checked_sub(1)?)
    }
}
