//! Whether somebody who answers for nothing is worth asking now.

use gateway_types::Timestamp;
use rand_core::Rng;
use std::time::Duration;

/// How long one that failed once is left alone, at most; it doubles with each failure after.
pub const BACK_OFF_FIRST: Duration = Duration::from_secs(1);

/// How long one that keeps failing is left alone, at most.
pub const BACK_OFF_MOST: Duration = Duration::from_secs(60);

/// How long after an answer somebody counts as reachable. Whoever asks less often than this is degraded.
pub const REACHED_FOR: Duration = Duration::from_secs(60);

/// How somebody answered lately: a source, or one of its nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    failures: u32,
    held: Option<Held>,
    reached: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    from: Timestamp,
    until: Timestamp,
}

impl Health {
    /// Whether to ask. A clock that has stepped back before the failure ends the wait.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.held.is_none_or(|held| now >= held.until || now < held.from)
    }

    /// Until when it is left alone.
    #[must_use]
    pub fn held_until(&self) -> Option<Timestamp> {
        self.held.map(|held| held.until)
    }

    /// Whether its last answer was sensible and is not long ago. Never asked is not reachable.
    #[must_use]
    pub fn is_reachable(&self, now: Timestamp) -> bool {
        let recent = |at: Timestamp| now.abs_diff(at) <= REACHED_FOR;
        self.failures == 0 && self.reached.is_some_and(recent)
    }

    /// How often in a row it failed.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// It answered sensibly.
    pub fn apply_success(&mut self, now: Timestamp) {
        *self = Self { failures: 0, held: None, reached: Some(now) };
    }

    /// It lied, or gave nothing: it is left alone for half the wait, and a random part of the other half.
    pub fn apply_failure(&mut self, now: Timestamp, rng: &mut impl Rng) {
        let wait = back_off(self.failures);
        let half = u64::try_from(wait.as_millis() / 2).unwrap_or(u64::MAX);
        let jitter = rng.next_u64().checked_rem(half.saturating_add(1)).unwrap_or_default();
        let until = Timestamp(now.0.saturating_add(half).saturating_add(jitter));
        self.failures = self.failures.saturating_add(1);
        self.held = Some(Held { from: now, until });
    }
}

fn back_off(failures: u32) -> Duration {
    BACK_OFF_FIRST.saturating_mul(2_u32.saturating_pow(failures)).min(BACK_OFF_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn waits_double_to_a_limit_and_end_with_an_answer() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut health = Health::default();
        assert!(health.is_due(NOW));
        for most in [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000] {
            health.apply_failure(NOW, &mut rng);
            let wait = health.held_until().unwrap().0 - NOW.0;
            assert!((most / 2..=most).contains(&wait), "{wait} of {most}");
            assert!(!health.is_due(Timestamp(NOW.0 + wait - 1)));
            assert!(health.is_due(Timestamp(NOW.0 + wait)));
        }
        health.apply_success(NOW);
        assert!(health.is_due(NOW) && health.is_reachable(NOW));
    }

    #[test]
    fn two_do_not_come_back_at_once() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut ends = [Health::default(), Health::default(), Health::default()];
        ends.iter_mut().for_each(|health| health.apply_failure(NOW, &mut rng));
        assert_ne!(ends[0].held_until(), ends[1].held_until());
        assert_ne!(ends[1].held_until(), ends[2].held_until());
    }

    #[test]
    fn a_clock_that_steps_back_does_not_prolong_the_wait() {
        let mut health = Health::default();
        health.apply_failure(NOW, &mut ChaCha20Rng::seed_from_u64(7));
        assert!(health.is_due(Timestamp(NOW.0 - 1)));
    }

    #[test]
    fn reachable_is_who_answered_lately_and_has_not_failed_since() {
        let mut health = Health::default();
        assert!(!health.is_reachable(NOW), "never asked");
        health.apply_success(NOW);
        assert!(health.is_reachable(Timestamp(NOW.0 + 60_000)));
        assert!(!health.is_reachable(Timestamp(NOW.0 + 60_001)));
        health.apply_failure(NOW, &mut ChaCha20Rng::seed_from_u64(7));
        assert!(!health.is_reachable(NOW));
    }
}
