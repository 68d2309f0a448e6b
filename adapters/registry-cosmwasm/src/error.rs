//! Why a message was refused.

use cosmwasm_std::StdError;

/// Why a message was refused. All but [`Self::Store`] and [`Self::Std`] are the sender's to mend.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The list of writers is empty or longer than the contract carries.
    #[error("the contract wants 1 to {most} writers, got {got}")]
    WriterCount {
        /// How many were named.
        got: usize,
        /// How many may be named.
        most: usize,
    },
    /// A writer is named twice.
    #[error("writer {writer} is named twice")]
    WriterTwice {
        /// Its address.
        writer: String,
    },
    /// Coins came with the message; nobody could ever take them out again.
    #[error("the registry takes no coins")]
    Coins,
    /// The sender is not in the list of writers.
    #[error("{sender} is not a writer of this registry")]
    NotAWriter {
        /// Its address.
        sender: String,
    },
    /// The record was written by another writer.
    #[error("the record belongs to {writer}")]
    OthersRecord {
        /// The address of the one that wrote it.
        writer: String,
    },
    /// A key or a digest has not its 32 bytes.
    #[error("{field} has {got} bytes instead of 32")]
    Length {
        /// Which field.
        field: &'static str,
        /// How many bytes came.
        got: usize,
    },
    /// The status code is none of [`crate::layout::CODES`].
    #[error("{code} is not a status code")]
    UnknownCode {
        /// What came.
        code: u8,
    },
    /// The record says this already.
    #[error("the record has this digest and code already")]
    NothingChanged,
    /// No further change can be numbered.
    #[error("the numbers are used up")]
    NumbersUsedUp,
    /// More changes are asked for than one answer holds.
    #[error("at most {most} changes are given at once, asked for {got}")]
    Limit {
        /// How many were asked for.
        got: u32,
        /// How many may be.
        most: u32,
    },
    /// The contract's own store does not hold what it wrote.
    #[error("the store does not hold {what} as it was written")]
    Store {
        /// What was read.
        what: &'static str,
    },
    /// The chain's own refusal, for instance of an address.
    #[error(transparent)]
    Std(#[from] StdError),
}
