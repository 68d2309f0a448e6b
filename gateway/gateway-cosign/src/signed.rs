//! A value with a signature, before and after the signature was checked.

use core::{fmt, ops::Deref};
use gateway_types::{
    MemberRef, Signature,
    message::{Lock, Prepare, Proposal, SignedObject, Timeout},
    verdict::{Verdict, VerdictList, Word},
};
use minicbor::{Decode, Encode};

/// A value and the signature that came with it, unchecked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Signed<T> {
    /// What was signed.
    #[n(0)]
    pub value: T,
    /// By the signer that the value names.
    #[n(1)]
    pub signature: Signature,
}

/// A value whose signature was checked against the key that the epoch's `committee` entry gives its
/// signer, in this lane and epoch.
///
/// Evidence: only [`crate::EpochKeys::verify`] makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verified<T>(Signed<T>);

impl<T> Verified<T> {
    pub(crate) fn checked(signed: Signed<T>) -> Self {
        Self(signed)
    }

    /// A value that nobody signed, for the model checker, which explores states and not signatures.
    #[cfg(feature = "unverified-for-model")]
    #[must_use]
    pub fn unverified_for_model(value: T) -> Self {
        Self(Signed { value, signature: Signature([0; 64]) })
    }

    /// What was signed.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.0.value
    }

    /// The signature, for passing on.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.0.signature
    }

    /// Both, as they came.
    #[must_use]
    pub fn as_signed(&self) -> &Signed<T> {
        &self.0
    }

    /// Both, as they came.
    #[must_use]
    pub fn into_signed(self) -> Signed<T> {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

/// Who signs in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub enum Signer {
    /// A regulator node.
    #[n(0)]
    Member(#[n(0)] MemberRef),
    /// A gateway, by its place in the lane's list of leaders, from 0.
    #[n(1)]
    Leader(#[n(0)] u8),
}

impl fmt::Display for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(member) => member.fmt(f),
            Self::Leader(leader) => write!(f, "leader {leader}"),
        }
    }
}

/// A signed object that says itself who signed it and in which epoch.
pub trait BySigner: SignedObject {
    /// Who.
    fn signer(&self) -> Signer;

    /// In which epoch of the lane.
    fn epoch(&self) -> u64;

    /// Whether an honest signer could have made it, as far as it shows by itself.
    ///
    /// # Errors
    ///
    /// [`SignedError`]: refuse it for good, whoever signed it.
    fn check_form(&self) -> Result<(), SignedError> {
        Ok(())
    }
}

impl BySigner for Proposal {
    fn signer(&self) -> Signer {
        Signer::Leader(self.leader)
    }

    fn epoch(&self) -> u64 {
        self.ballot.epoch
    }
}

impl BySigner for Prepare {
    fn signer(&self) -> Signer {
        Signer::Member(self.member)
    }

    fn epoch(&self) -> u64 {
        self.ballot.epoch
    }
}

impl BySigner for Lock {
    fn signer(&self) -> Signer {
        Signer::Member(self.member)
    }

    fn epoch(&self) -> u64 {
        self.ballot.epoch
    }
}

impl BySigner for Timeout {
    fn signer(&self) -> Signer {
        Signer::Member(self.member)
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }
}

impl BySigner for VerdictList {
    fn signer(&self) -> Signer {
        Signer::Member(self.member)
    }

    fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Sorted, one verdict a candidate, with a reason exactly where it refuses.
    fn check_form(&self) -> Result<(), SignedError> {
        let sorted = self.verdicts.is_sorted_by(|a, b| a.candidate < b.candidate);
        let reasons = |v: &Verdict| v.reason.is_some() == (v.word == Word::Refuse);
        let fits = sorted && self.verdicts.iter().all(reasons);
        if fits { Ok(()) } else { Err(SignedError::VerdictList) }
    }
}

/// Why a signed object counts for nothing. All are refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignedError {
    /// It is of another epoch.
    #[error("signed in epoch {got}, this is epoch {expected}")]
    Epoch {
        /// The object's epoch.
        got: u64,
        /// The epoch whose keys were asked.
        expected: u64,
    },
    /// No such member or leader in this epoch.
    #[error("{signer} is not in this epoch")]
    UnknownSigner {
        /// Whom the object names.
        signer: Signer,
    },
    /// The signature is not the named signer's over this object in this lane. It blames nobody: anybody
    /// can name anybody.
    #[error("not the signature of {signer}")]
    Signature {
        /// Whom the object names.
        signer: Signer,
    },
    /// A verdict list that no honest member makes.
    #[error(
        "the verdicts are not sorted by candidate, one each, with a reason exactly where one refuses"
    )]
    VerdictList,
}
