//! The one clock of the program, for saying how long a step took.

use std::time::{Duration, Instant};

/// When a step began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Since(Instant);

impl Since {
    /// Now.
    #[expect(clippy::disallowed_methods, reason = "programs have the clock; rules do not")]
    pub(super) fn now() -> Self {
        Self(Instant::now())
    }

    /// How long it is since then.
    pub(super) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
