//! What time it is.

use gateway_types::Timestamp;
use std::fmt::Debug;

/// A wall clock. It may be wrong, and it may step back: who signs must watch for that (A98).
pub trait Clock: Debug + Send + Sync {
    /// The moment, by this clock.
    fn now(&self) -> Timestamp;
}
