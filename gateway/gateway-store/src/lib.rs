//! The seam of stores, an in-memory one, and the suite that each engine must pass.
//!
//! A store keeps bytes under keys, in named spaces. What belongs together is written in one [`Batch`]: all of
//! it is durable when [`Store::commit`] returns, or none of it is there. Who calls decides what bytes mean.
//!
//! **Invariant:** *persist, then tell*. What was acknowledged survives `kill -9` and a power cut; what failed
//! to sync is never tried again in the same process (A118).

mod batch;
mod check;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod error;
mod measured;
mod memory;
mod slowly;
mod store;

pub use batch::{Batch, Change, Expect, MAX_KEY, MAX_SCANNED, MAX_VALUE, Space};
pub use check::check_lengths;
pub use error::StoreError;
pub use measured::{MeasuredStore, Told};
pub use memory::MemoryStore;
pub use slowly::read_slowly;
pub use store::{Room, Row, RunId, Store};
