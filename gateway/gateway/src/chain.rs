//! This gateway's own light client of a source chain, fed by its region's relayer.

mod handle;

pub use handle::{ASKS_WAITING, ChainHandle, ChainView, ProvenEvidence};
