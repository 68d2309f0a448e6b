//! How long a member waits before it asks for the next view.

use core::time::Duration;
use gateway_types::Timestamp;

/// The first wait.
pub const FIRST_WAIT: Duration = Duration::from_secs(2);

/// The longest: a batch and three round trips must fit in it.
pub const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// A length that doubles, and the moment from which it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    length: Duration,
    from: Timestamp,
}

impl Patience {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { length: FIRST_WAIT, from: now }
    }

    /// When it ends, for something that is overdue since `since`.
    pub(crate) fn ends(self, since: Timestamp) -> Timestamp {
        self.from.max(since).saturating_add(self.length)
    }

    /// The view failed: from now on, twice as long.
    pub(crate) fn apply_failure(&mut self, now: Timestamp) {
        self.length = self.length.saturating_mul(2).min(LONGEST_WAIT);
        self.from = now;
    }

    /// A higher view began: from now on, as long as before.
    pub(crate) fn apply_new_view(&mut self, now: Timestamp) {
        self.from = now;
    }

    /// It goes on: back to the first length, counted as before.
    pub(crate) fn apply_progress(&mut self) {
        self.length = FIRST_WAIT;
    }
}
