//! Why a source did not give what was asked.

use light_client::{HeaderError, Height, UpdateError};

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

impl FetchError {
    /// Whether the source is to be asked less: it lies, or gives nothing.
    #[must_use]
    pub fn blames_source(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::Malformed { .. })
    }
}

/// Why a follower did not advance. What was taken before stays taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// The source gave nothing: try again, or another one.
    #[error("the source gave no header")]
    Fetch(#[from] FetchError),
    /// A header does not verify, or the client no longer answers: another source, or a new pin.
    #[error("a header is refused")]
    Refused(#[from] UpdateError),
    /// Two valid headers contradict each other: the client is frozen until persons accept a new pin.
    #[error("two valid headers contradict each other at {height}: frozen")]
    Frozen {
        /// The height of the fork.
        height: Height,
    },
    /// The source gave another header than the one asked for: another source.
    #[error("asked for the header at {asked}, the source gave that at {got}")]
    OtherHeight {
        /// What was asked for.
        asked: u64,
        /// What came.
        got: u64,
    },
    /// The source says that it is at a height that it cannot show (A19): another source.
    #[error("the source claims height {claimed}, and cannot show {asked}")]
    Overstated {
        /// What it claims.
        claimed: u64,
        /// What it could not show.
        asked: u64,
    },
    /// As many headers were asked for as one advance may: the next one goes on from here.
    #[error("not there after {steps} headers")]
    TooManySteps {
        /// How many.
        steps: usize,
    },
}

impl FollowError {
    /// Whether the source is to be asked less: it lies, or gives nothing.
    #[must_use]
    pub fn blames_source(&self) -> bool {
        match self {
            Self::Refused(UpdateError::NotActive { .. })
            | Self::Frozen { .. }
            | Self::TooManySteps { .. } => false,
            Self::Fetch(error) => error.blames_source(),
            Self::Refused(UpdateError::Header { reason, .. }) => {
                !matches!(reason, HeaderError::TrustExpired { .. })
            }
            _ => true,
        }
    }
}
