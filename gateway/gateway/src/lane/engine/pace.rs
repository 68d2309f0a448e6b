//! How long what could be logged waits for more, while there is much to do.
//!
//! A batch costs every member and leader about ten milliseconds besides what its entries cost. With few questions
//! that is nothing, and nothing waits; while verdicts on many are on their way, a batch takes as many as it can.

use super::Engine;
use core::time::Duration;
use gateway_types::Timestamp;

/// So many candidates without verdicts are *much to do*.
const LOAD: usize = 128;

/// So many are a batch that is worth its cost.
const ENOUGH: usize = 500;

/// How long what could be logged may wait until it is: well below the two seconds after which members ask for
/// another leader.
const LONGEST_IN_ALL: Duration = Duration::from_millis(1_400);

/// The longest wait for more.
const LONGEST: Duration = Duration::from_millis(900);

/// Since when something could be logged, and how long a batch takes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    since: Option<Timestamp>,
    proposed_at: Option<Timestamp>,
    round: Duration,
}

impl Pace {
    /// A body is made from what waits: what comes from now on waits for the next.
    pub(super) fn apply_made(&mut self) {
        self.since = None;
    }

    pub(super) fn apply_proposed(&mut self, now: Timestamp) {
        self.proposed_at.get_or_insert(now);
    }

    /// A batch is final: this leader's own shows how long one takes.
    pub(super) fn apply_final(&mut self, now: Timestamp) {
        if let Some(proposed_at) = self.proposed_at.take() {
            self.round = now.since(proposed_at);
        }
    }

    /// Until when to wait, counted from when the first could be logged. Batches that take long leave no time.
    fn until(&mut self, now: Timestamp) -> Timestamp {
        let since = *self.since.get_or_insert(now);
        let wait = LONGEST_IN_ALL.saturating_sub(self.round.saturating_mul(2)).min(LONGEST);
        since.saturating_add(wait)
    }
}

impl Engine {
    /// Until when the next batch waits for more to be ready; nothing if it need not.
    pub(super) fn waits_for_more(&mut self) -> Option<Timestamp> {
        let (until, now) = (self.pace.until(self.now), self.now);
        let is_worth_it = self.waiting.due() < ENOUGH && self.waiting.lacks_verdicts(LOAD, now);
        (is_worth_it && !until.ends_wait(now, LONGEST)).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_a_batch_takes_the_less_is_waited() {
        let mut pace = Pace::default();
        let mut waits = |round: u64| {
            pace.apply_made();
            pace.apply_proposed(Timestamp(1_000));
            pace.apply_proposed(Timestamp(1_000 + round / 2));
            pace.apply_final(Timestamp(1_000 + round));
            pace.until(Timestamp(5_000)).0 - 5_000
        };
        assert_eq!([100, 300, 600, 700, 3_000].map(&mut waits), [900, 800, 200, 0, 0]);
        // It is counted from the first.
        assert_eq!(pace.until(Timestamp(9_000)), Timestamp(5_000));
    }
}
