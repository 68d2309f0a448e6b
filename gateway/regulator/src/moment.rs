//! Now, by two clocks.

use core::time::Duration;
use gateway_types::Timestamp;

/// A reading of the wall clock, and of one that only ever goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the wall clock, which may be wrong and may step back.
    pub wall: Timestamp,
    /// Since the program began, by a clock that nobody sets.
    pub elapsed: Duration,
}
