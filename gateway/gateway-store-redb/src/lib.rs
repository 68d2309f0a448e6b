//! The embedded store: redb, one writer that groups commits.
//!
//! All rows are in one table, space and key together. Commits that wait at the same time share one transaction
//! and its syncs. Pages are checked on every read against what this process wrote or verified when it opened
//! the store, so that a flipped bit is an error and never other data (A118).
//!
//! **Invariant:** an acknowledged commit survives a power cut at any write. After a write or sync that failed for
//! another reason than a full disk, nothing is written or read any more by this process.

mod disk;
mod engine;
mod error;
mod meta;
mod rows;
mod settings;
#[cfg(feature = "simulated")]
pub mod simulated;
mod store;
mod writer;

pub use error::OpenError;
pub use meta::VERSION;
pub use redb::StorageBackend;
pub use settings::{Settings, SyncDelay, Writing};
pub use store::RedbStore;
