//! Why a source did not give what was asked.

/// Why a source did not give what was asked. None of these says anything about a licence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// No node of this source answers: try again later, or another source.
    #[error("no node answers: {why}")]
    Unavailable {
        /// What the last one tried did.
        why: String,
    },
    /// The nodes are not there yet: try again after the next block.
    #[error("at height {tip}, asked for {asked}")]
    Behind {
        /// How far they are.
        tip: u64,
        /// What was asked for.
        asked: u64,
    },
    /// The nodes no longer keep it: ask for a newer height, or another source.
    #[error("height {asked} is pruned")]
    Pruned {
        /// What was asked for.
        asked: u64,
    },
    /// A node answered what no node should: the next one was tried, and none did better.
    #[error("a node answered rubbish: {why}")]
    Malformed {
        /// What was wrong.
        why: String,
    },
}
