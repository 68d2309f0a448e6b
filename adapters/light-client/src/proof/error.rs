//! Why a proof is not accepted.

use crate::{Height, Status};
use alloc::string::String;

/// Why a proof is not accepted. None of these says anything about the registry: unknown is not false.
///
/// [`ProofError::UnknownHeight`]: bring the header first. [`ProofError::TooOld`]: prove at a newer height.
/// [`ProofError::FromTheFuture`]: try again. All others: refuse for good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// Frozen or expired.
    #[error("the client is {status:?}")]
    NotActive {
        /// What it is.
        status: Status,
    },
    /// No consensus state of exactly this height.
    #[error("no verified header at {height}")]
    UnknownHeight {
        /// The height asked for.
        height: Height,
    },
    /// The header is older than a proof may be.
    #[error("the header is {age_ms} ms old, at most {max_ms} are allowed")]
    TooOld {
        /// Its age.
        age_ms: u64,
        /// The greatest age.
        max_ms: u64,
    },
    /// The header is from after the moment as of which is judged.
    #[error("the header is from after the moment as of which is judged")]
    FromTheFuture,
    /// Longer than a proof may be.
    #[error("{len} bytes, at most {max} are allowed")]
    TooLong {
        /// How many came.
        len: usize,
        /// How many may come.
        max: usize,
    },
    /// The value is not one that a registry writes.
    #[error("{len} bytes that are not a registry's value")]
    NotRegistryValue {
        /// How many came.
        len: usize,
    },
    /// Not a proof in this chain's one encoding.
    #[error("malformed proof: {what}")]
    Malformed {
        /// What is wrong.
        what: String,
    },
    /// More steps than any real tree has.
    #[error("{depth} steps, at most {max} are allowed")]
    TooDeep {
        /// How many there are.
        depth: usize,
        /// How many there may be.
        max: usize,
    },
    /// A node that is not of the tree's one form.
    #[error("a node of the proof has not the tree's form: {what}")]
    Shape {
        /// Which, and why.
        what: &'static str,
    },
    /// The proof is of another key.
    #[error("the proof is not of the key asked for")]
    OtherPath,
    /// The proof is of another value.
    #[error("the proof is not of the value shown")]
    OtherValue,
    /// The proof leads to another root.
    #[error("the proof does not lead to the header's root")]
    OtherRoot,
}

impl ProofError {
    /// The check that refused, for counts.
    #[must_use]
    pub fn check(&self) -> &'static str {
        match self {
            Self::NotActive { .. } => "status",
            Self::UnknownHeight { .. } => "proof height",
            Self::TooOld { .. } | Self::FromTheFuture => "proof age",
            Self::TooLong { .. } | Self::Malformed { .. } => "proof encoding",
            Self::NotRegistryValue { .. } => "registry value",
            Self::TooDeep { .. } => "proof depth",
            Self::Shape { .. } => "proof shape",
            Self::OtherPath => "proof key",
            Self::OtherValue => "proof value",
            Self::OtherRoot => "proof root",
        }
    }
}
