//! A lane's state, rebuilt from its entries and from nothing else.
//!
//! [`LaneState`] is what a lane's log says so far: where it stands, who signs, which packs are in force,
//! which licences are recognised and how they stand, which questions were answered.
//!
//! - [`LaneState::check_batch`] says whether a next batch has the right form. It needs the state and the
//!   entries alone, no clock and no light client, so all members come to the same answer, at any time.
//! - [`LaneState::check_changes`] says whether a batch hides a change of the source's registry, given
//!   the changes that the light client proved.
//! - [`LaneState::apply_batch`] takes a checked batch in and cannot fail.
//!
//! The state is the same whether it was kept along or rebuilt from batch 0.
//!
//! **Invariant:** nothing here checks a signature or a proof. That members accepted, that a registry
//! changed, that a checkpoint is final, is others' to show before a batch is applied.

mod changes;
mod check;
mod error;
mod genesis;
mod recognition;
mod requests;
mod state;
mod status;
mod status_list;
mod sync;

pub use changes::ChangesError;
pub use check::CheckedBatch;
pub use error::{EntryError, GenesisError, LaneError, SyncError};
pub use recognition::FRESH_SYNC;
pub use requests::REQUEST_WINDOW;
pub use state::{Client, LaneState, Recognition, Tip};
pub use status_list::{MAX_STATUS_LIST, ProvenStatusList, StatusList, StatusListError};

#[cfg(test)]
mod tests;
