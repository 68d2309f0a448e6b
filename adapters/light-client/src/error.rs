//! Why a header is not accepted.

use crate::{Height, Status};
use alloc::string::String;
use gateway_types::{ChainId, ChainTime, Timestamp};

/// Why a message was not taken. Nothing of it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// Frozen or expired: only a new pin helps.
    #[error("the client is {status:?}")]
    NotActive {
        /// What it is.
        status: Status,
    },
    /// No header, or more than a message may hold.
    #[error("{len} headers, from 1 to {max} are allowed")]
    Count {
        /// How many came.
        len: usize,
        /// How many may come.
        max: usize,
    },
    /// One header is refused.
    #[error("header {index} of the message")]
    Header {
        /// Its place, from 0.
        index: usize,
        /// Why.
        #[source]
        reason: HeaderError,
    },
    /// The evidence shows no misbehaviour: it freezes nothing (A25).
    #[error("the two headers do not contradict each other")]
    Frivolous,
}

impl UpdateError {
    /// Why a header was refused, if that is what happened.
    #[must_use]
    pub fn header(&self) -> Option<&HeaderError> {
        match self {
            Self::Header { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// The check that refused, for counts.
    #[must_use]
    pub fn check(&self) -> &'static str {
        match self {
            Self::NotActive { .. } => "status",
            Self::Count { .. } => "count",
            Self::Header { reason, .. } => reason.check(),
            Self::Frivolous => "frivolous",
        }
    }
}

/// Why one header is not accepted.
///
/// [`HeaderError::NotEnoughTrust`] and [`HeaderError::FarAhead`]: ask for a header in between.
/// [`HeaderError::FromTheFuture`]: try again later. [`HeaderError::UnknownTrustedSet`]: ask again for the
/// trusted header with its next set. All others: refuse for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// Not a header in this chain's encoding.
    #[error("malformed header: {what}")]
    Malformed {
        /// What is wrong, with the place where known.
        what: String,
    },
    /// Longer than a header may be.
    #[error("{len} bytes, at most {max} are allowed")]
    TooLong {
        /// How many came.
        len: usize,
        /// How many may come.
        max: usize,
    },
    /// Of another chain.
    #[error("header of chain {got}, this client follows {expected}")]
    OtherChain {
        /// The chain in the header.
        got: ChainId,
        /// The client's chain.
        expected: ChainId,
    },
    /// Two parts of the message that say the same thing disagree.
    #[error("two parts disagree: {what}")]
    Inconsistent {
        /// Which.
        what: &'static str,
    },
    /// The header's hash is not the one that was signed.
    #[error("the header's hash is not the one that its commit names")]
    HeaderHash,
    /// The set does not hash to what the header says.
    #[error("the validator set is not the one that the header names")]
    ValidatorSet,
    /// The next set does not hash to what the header, or the trusted header, says.
    #[error("the next validator set is not the one that was announced")]
    NextValidatorSet,
    /// A validator is in the set twice.
    #[error("validator {signer} is in the set twice")]
    DuplicateValidator {
        /// Its address.
        signer: String,
    },
    /// A validator signed twice.
    #[error("validator {signer} signed twice")]
    DuplicateSigner {
        /// Its address.
        signer: String,
    },
    /// Voting power that is zero, negative, or too much in sum.
    #[error("voting power out of range")]
    Power,
    /// A root or hash that stands for nothing.
    #[error("a root or hash of nothing")]
    EmptyRoot,
    /// The heights of a message do not rise.
    #[error("height {got} does not come after {previous} in the message")]
    NotAscending {
        /// This header's.
        got: Height,
        /// The one before.
        previous: Height,
    },
    /// Nothing that is trusted lies below.
    #[error("height {got} is not above any trusted one, the lowest is {lowest}")]
    HeightNotAboveTrusted {
        /// This header's.
        got: Height,
        /// The lowest trusted.
        lowest: Height,
    },
    /// Too far above the newest trusted header.
    #[error("height {got} is more than {max_lead} blocks above {newest}")]
    FarAhead {
        /// This header's.
        got: Height,
        /// The newest trusted.
        newest: Height,
        /// The setting.
        max_lead: u64,
    },
    /// The trusted state below is too old to build on.
    #[error("the trusted state at {trusted} is too old to build on")]
    TrustExpired {
        /// Its height.
        trusted: Height,
    },
    /// Beyond the clock drift allowed.
    #[error("header time {} is too far after now, {}", time.0, now.0)]
    FromTheFuture {
        /// The header's.
        time: ChainTime,
        /// The verifier's.
        now: Timestamp,
    },
    /// Time does not go on from the trusted header.
    #[error("header time {} is not after the trusted time {}", time.0, trusted.0)]
    TimeNotAfterTrusted {
        /// The header's.
        time: ChainTime,
        /// The trusted header's.
        trusted: ChainTime,
    },
    /// The set that must have signed is not known, only its hash.
    #[error("the set that signs after {trusted} is not known: ask for it")]
    UnknownTrustedSet {
        /// The trusted height.
        trusted: Height,
    },
    /// Too little of the trusted set signed.
    #[error("not enough trust: {tally} of {total}")]
    NotEnoughTrust {
        /// Power that signed.
        tally: u64,
        /// Power of the trusted set.
        total: u64,
    },
    /// Too little of the header's own set signed.
    #[error("not enough signers: {tally} of {total}")]
    NotEnoughSigners {
        /// Power that signed.
        tally: u64,
        /// Power of the set.
        total: u64,
    },
    /// A signature is not the signer's.
    #[error("signature of {signer} is not valid")]
    BadSignature {
        /// The validator's address.
        signer: String,
    },
}

impl HeaderError {
    /// The check that refused, for counts.
    #[must_use]
    pub fn check(&self) -> &'static str {
        match self {
            Self::Malformed { .. } | Self::TooLong { .. } => "encoding",
            Self::OtherChain { .. } => "chain id",
            Self::Inconsistent { .. } => "redundant parts",
            Self::HeaderHash => "header hash",
            Self::ValidatorSet => "validator set hash",
            Self::NextValidatorSet => "next validator set hash",
            Self::DuplicateValidator { .. } | Self::DuplicateSigner { .. } => "duplicates",
            Self::Power => "voting power",
            Self::EmptyRoot => "empty root",
            Self::NotAscending { .. } | Self::HeightNotAboveTrusted { .. } => "height",
            Self::FarAhead { .. } => "lead",
            Self::TrustExpired { .. } => "trusting period",
            Self::FromTheFuture { .. } => "clock drift",
            Self::TimeNotAfterTrusted { .. } => "time",
            Self::UnknownTrustedSet { .. } => "trusted set",
            Self::NotEnoughTrust { .. } => "trust threshold",
            Self::NotEnoughSigners { .. } => "quorum",
            Self::BadSignature { .. } => "signature",
        }
    }
}
