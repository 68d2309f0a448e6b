//! Waits that grow, and differ from relayer to relayer.

use crate::RelayerSettings;
use rand_core::Rng;
use std::time::Duration;

/// The wait before the next try.
#[derive(Debug)]
pub(crate) struct BackOff {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl BackOff {
    pub(crate) fn new(settings: &RelayerSettings) -> Self {
        let (first, most) = (settings.back_off_first, settings.back_off_most);
        Self { first, most, next: first }
    }

    /// It went well: the next wait is the first again.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }

    /// Between half and all of the wait; the next one is twice as long, up to the longest.
    pub(crate) fn draw(&mut self, rng: &mut impl Rng) -> Duration {
        let wait = self.next;
        self.next = wait.saturating_mul(2).min(self.most);
        let half = wait.checked_div(2).unwrap_or_default();
        let share = rng.next_u32() >> 16;
        let more = half.saturating_mul(share).checked_div(1 << 16).unwrap_or_default();
        half.saturating_add(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    #[test]
    fn waits_grow_to_the_longest_and_begin_anew() {
        let settings = RelayerSettings::default();
        let (mut back_off, mut rng) = (BackOff::new(&settings), ChaCha20Rng::seed_from_u64(1));
        let mut full = settings.back_off_first;
        for _ in 0..12 {
            let wait = back_off.draw(&mut rng);
            assert!(wait >= full / 2 && wait <= full, "{wait:?} of {full:?}");
            full = (full * 2).min(settings.back_off_most);
        }
        assert_eq!(full, settings.back_off_most);
        back_off.reset();
        assert!(back_off.draw(&mut rng) <= settings.back_off_first);
    }
}
