//! The licence registry of a CosmWasm chain.
//!
//! For each licence it holds the digest of its record, the source's status code and a sequence number, and
//! it numbers and chains every change, so that **one proof of `head` proves any list of changes**.
//! Digests and words only: no personal data is ever put on the chain.
//!
//! **Invariant:** what light clients prove is the raw bytes of [`layout`], fixed for good. There is no
//! migration, no owner, no deletion: a record is changed by the writer that first wrote it, or by nobody.
//!
//! **Source:** the layout is that of a `cw-storage-plus` map, and the same on every chain.
//!
//! **Trust:** anybody may send messages; only the writers named when the contract was made get through. A
//! writer at its worst gives wrong statuses to its own records, and takes keys that it has learnt before
//! their owner wrote them; it cannot touch another's record, nor take back or reorder a change.

mod contract;
mod error;
mod frame;
pub mod layout;
pub mod msg;
mod store;

pub use contract::{execute, instantiate, query};
pub use error::RegistryError;

#[cfg(test)]
mod tests;
