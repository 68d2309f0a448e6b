//! This gateway's own light client of a source chain, fed by its region's relayer.

mod asks;
mod changes;
pub mod engine;
mod handle;
mod offers;
mod relayer;
mod task;

pub use asks::{ASK_PATIENCE, FETCH_AGAIN, MAX_ASKS, MAX_ASKS_EACH};
pub(crate) use engine::chain_of;
pub use handle::{ASKS_WAITING, ChainHandle, ChainStopped, ChainView, ProvenEvidence};
pub use relayer::RelayerOutbox;
pub use task::{ChainOpenError, ChainTask, open};
