//! This gateway's own light client of a source chain, fed by its region's relayer.

mod asks;
mod changes;
pub mod engine;
mod handle;
mod offers;
mod task;

pub use asks::{ASK_PATIENCE, FETCH_AGAIN, MAX_ASKS};
pub(crate) use engine::chain_of;
pub use handle::{ASKS_WAITING, ChainHandle, ChainStopped, ChainView, ProvenEvidence};
pub use task::{ChainGround, ChainOpenError, ChainTask, open};
