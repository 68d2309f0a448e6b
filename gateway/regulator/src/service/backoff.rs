//! How long to wait before trying again.

use rand_chacha::{ChaCha20Rng, rand_core::Rng as _};
use tokio::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(100);

/// The longest.
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that double, each shortened at random by up to a half, so that not all come back at once.
#[derive(Debug)]
pub(super) struct Backoff {
    rng: ChaCha20Rng,
    next: Duration,
}

impl Backoff {
    pub(super) fn new(rng: ChaCha20Rng) -> Self {
        Self { rng, next: FIRST }
    }

    /// It worked: from the beginning.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }

    /// Waits.
    pub(super) async fn wait(&mut self) {
        tokio::time::sleep(self.draw()).await;
    }

    fn draw(&mut self) -> Duration {
        let whole = self.next;
        self.next = whole.saturating_mul(2).min(LONGEST);
        let part = f64::from(self.rng.next_u32()) / f64::from(u32::MAX);
        whole.mul_f64(part.mul_add(0.5, 0.5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng as _;

    #[test]
    fn waits_grow_to_a_limit_and_differ() {
        let mut backoff = Backoff::new(ChaCha20Rng::from_seed([7; 32]));
        let waits: Vec<Duration> = (0..12).map(|_| backoff.draw()).collect();
        assert!(waits[0] >= FIRST / 2 && waits[0] <= FIRST);
        assert!(waits[6..].iter().all(|wait| *wait >= LONGEST / 2 && *wait <= LONGEST));
        assert_ne!(waits[10], waits[11]);
        backoff.reset();
        assert!(backoff.draw() <= FIRST);
    }
}
