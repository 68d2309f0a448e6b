//! Why a store did not do what it was asked.

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A key does not hold what was expected: nothing was written. Read again, decide again.
    #[error("a key in {space} holds something else than expected")]
    Conflict {
        /// In which space.
        space: &'static str,
        /// Which key.
        key: Vec<u8>,
    },
    /// No room: nothing was written. Reading goes on; refuse what is new until there is room.
    #[error("the disk is full")]
    Full,
    /// A key or value is longer than a store takes: a mistake of ours.
    #[error("a key of {key} bytes with a value of {value} in {space}: too long")]
    TooLong {
        /// In which space.
        space: &'static str,
        /// Length of the key.
        key: usize,
        /// Length of the value.
        value: usize,
    },
    /// Bytes on the disk are not what was written: stop, restore.
    #[error("the store is corrupt: {why}")]
    Corrupt {
        /// What the engine says.
        why: String,
    },
    /// The disk failed, and what it holds of the last writes is unknown: stop, never try again (A118).
    #[error("the disk failed: {why}")]
    Failed {
        /// What the operating system says.
        why: String,
    },
}

impl StoreError {
    /// Whether the program must stop: its store cannot be relied on any more.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Failed { .. })
    }
}
