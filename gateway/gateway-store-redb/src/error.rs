//! Why a store cannot be opened, and what an engine's errors mean.

use crate::disk::{Failure, Operation};
use gateway_store::StoreError;
use redb::{DatabaseError, Error, StorageError};
use std::io;

/// Why a store cannot be opened. None goes away by trying again, but [`Self::AlreadyOpen`] and some of
/// [`Self::Disk`].
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process, or this one, has it open: two writers would undo each other. Stop the other one.
    #[error("the store is open already")]
    AlreadyOpen,
    /// A later version of this program wrote it: use that one, or restore a copy from before.
    #[error("the store has format {found}, this program knows {known}: a newer one wrote it")]
    Newer {
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// It has no version or no run id: it is not a store of ours, or not all of one. No default is taken.
    #[error("this is not a store: it has no {missing}")]
    NotAStore {
        /// What is missing.
        missing: &'static str,
    },
    /// Bytes are not what was written: restore.
    #[error("the store is corrupt: {why}")]
    Corrupt {
        /// What the engine says.
        why: String,
    },
    /// The operating system says no: look at path, permissions, disk.
    #[error("the disk says no")]
    Disk(#[from] io::Error),
}

impl From<DatabaseError> for OpenError {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
                Self::AlreadyOpen
            }
            DatabaseError::UpgradeRequired(_) => Self::NotAStore { missing: "known file format" },
            other => Error::from(other).into(),
        }
    }
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(source) if source.kind() != io::ErrorKind::InvalidData => Self::Disk(source),
            other => Self::Corrupt { why: other.to_string() },
        }
    }
}

impl From<StorageError> for OpenError {
    fn from(error: StorageError) -> Self {
        Error::from(error).into()
    }
}

/// What an error means once it is known whether the disk failed.
pub(crate) fn meaning(error: &Error, failure: Option<&Failure>) -> StoreError {
    match failure {
        Some(failure) if failure.is_full() => StoreError::Full,
        Some(Failure { operation: Operation::Check, why, .. }) => {
            StoreError::Corrupt { why: why.clone() }
        }
        Some(failure) => StoreError::Failed { why: failure.to_string() },
        None if matches!(error, Error::Corrupted(_)) => {
            StoreError::Corrupt { why: error.to_string() }
        }
        None => StoreError::Failed { why: error.to_string() },
    }
}
