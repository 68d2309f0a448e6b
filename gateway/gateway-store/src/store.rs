//! The seam.

use crate::{Batch, Space, StoreError};
use async_trait::async_trait;
use std::fmt::Debug;

/// Drawn at random when a store is made: a copy has it too, a new store has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunId(pub [u8; 16]);

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Bytes that can still be written; `None` where nobody can say.
    pub free: Option<u64>,
    /// Bytes that the disk has, written or free; `None` where nobody can say.
    pub total: Option<u64>,
    /// Whether new questions may be taken: enough is left to finish those that were.
    pub takes_new: bool,
}

/// A key and what it holds.
pub type Row = (Vec<u8>, Vec<u8>);

/// A store. One for each program; shared by its tasks.
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// The store's own id.
    fn run_id(&self) -> RunId;

    /// What `key` holds, as of the last commit.
    ///
    /// # Errors
    ///
    /// [`StoreError`]; never [`StoreError::Full`]: reading goes on when the disk is full.
    fn load(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// At most `limit` keys, and never more than [`MAX_SCANNED`](crate::MAX_SCANNED), that begin with
    /// `prefix` and come after `after`, in the order of their bytes, with what they hold.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    fn scan(
        &self,
        space: Space,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError>;

    /// Writes a batch. It is durable when this returns. Batches that wait at the same time may share one sync.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nothing of the batch is there, unless it [is final](StoreError::is_final): then nobody
    /// knows, and the program must stop.
    async fn commit(&self, batch: Batch) -> Result<(), StoreError>;

    /// How much room there is.
    fn room(&self) -> Room;
}
