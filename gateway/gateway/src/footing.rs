//! What each part of a gateway writes to and tells the time by.

use crate::fault::FaultPoints;
use gateway_net::Clock;
use gateway_store::Store;
use std::sync::Arc;

/// What a lane, a light client and the questions stand on: the same one in one process.
#[derive(Clone, Debug)]
pub struct Footing {
    /// Where it writes.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where tests end it.
    pub faults: FaultPoints,
}
