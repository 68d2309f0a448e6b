//! The seam.

use crate::FetchError;
use async_trait::async_trait;
use gateway_types::{Timestamp, link::ShownValue, registry::Change};
use light_client::HeaderBytes;
use std::fmt::Debug;

/// Most changes fetched at once.
pub const MAX_CHANGES_FETCHED: usize = 256;

/// One source: its nodes are run by one operator.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Deserialize)]
#[serde(transparent)]
pub struct SourceId(pub String);

/// How far a node says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tip {
    /// Height of its newest block.
    pub height: u64,
    /// Time of that block, as the node says.
    pub block_time: Timestamp,
}

/// The nodes of one chain that one operator runs: one source.
///
/// Trust: none. A lying node can withhold or delay; all else is found by the light client.
#[async_trait]
pub trait ChainAdapter: Debug + Send + Sync {
    /// Whose nodes these are.
    fn source(&self) -> &SourceId;

    /// How far the nodes are: the greatest height of those that answer sensibly.
    ///
    /// # Errors
    ///
    /// [`FetchError`].
    async fn fetch_tip(&self) -> Result<Tip, FetchError>;

    /// The header at `height` with its validators and the next ones, in the light client's encoding.
    ///
    /// # Errors
    ///
    /// [`FetchError`].
    async fn fetch_header(&self, height: u64) -> Result<HeaderBytes, FetchError>;

    /// What the registry holds under `path` (its raw key), with the proof that leads to the header at `height`:
    /// on `CometBFT` that of the state one block before.
    ///
    /// # Errors
    ///
    /// [`FetchError`]. An answer without a proof is one: never *absent*.
    async fn fetch_value(&self, path: &[u8], height: u64) -> Result<ShownValue, FetchError>;

    /// At most [`MAX_CHANGES_FETCHED`] changes after number `after`, in order. Unproven: a proof of `head` proves
    /// them all.
    ///
    /// # Errors
    ///
    /// [`FetchError`].
    async fn fetch_changes(&self, after: u64) -> Result<Vec<Change>, FetchError>;
}
