//! What is slow is done once in a while.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

/// Says when a slow thing may be done: the first time, and when so long has passed.
pub struct Seldom(Mutex<Option<Instant>>, Duration);

impl Seldom {
    /// At most once in so many milliseconds.
    pub const fn once_in(millis: u64) -> Self {
        Self(Mutex::new(None), Duration::from_millis(millis))
    }

    /// Whether it may be done now; the first time it may.
    pub fn may(&self) -> bool {
        let mut last = self.0.lock().expect("one thread");
        let may = last.is_none_or(|last| last.elapsed() > self.1);
        if may {
            *last = Some(Instant::now());
        }
        may
    }
}
