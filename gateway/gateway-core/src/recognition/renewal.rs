//! Asking members anew: a candidate that is more than five seconds old gets no verdict from those who were away.

use crate::lane::MAX_CLOCK_DISTANCE;
use core::time::Duration;
use gateway_types::Timestamp;

/// How long after members were asked they are first asked anew: nobody gives a verdict on an older candidate.
pub(super) const FIRST_WAIT: Duration = MAX_CLOCK_DISTANCE;

/// The longest wait between two renewals. With waits that double, a question has at most four in its 60 s.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// When members may be asked anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Renewal {
    step: Step,
    wait: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Not before this.
    From(Timestamp),
    /// Evidence for the next candidate is being fetched.
    Fetching,
    /// Never: what the holder showed counts no more, or the source cannot be believed.
    Over,
}

impl Renewal {
    /// After members were asked for the first time.
    pub(super) fn first(now: Timestamp) -> Self {
        Self { step: Step::From(now.saturating_add(FIRST_WAIT)), wait: FIRST_WAIT }
    }

    /// After they were asked anew: the next wait is twice as long.
    pub(super) fn next(self, now: Timestamp) -> Self {
        let wait = self.wait.saturating_mul(2).min(LONGEST_WAIT);
        Self { step: Step::From(now.saturating_add(wait)), wait }
    }

    /// From when on, if at all.
    pub(super) fn not_before(self) -> Option<Timestamp> {
        if let Step::From(at) = self.step { Some(at) } else { None }
    }

    pub(super) fn is_fetching(self) -> bool {
        self.step == Step::Fetching
    }

    pub(super) fn apply_begun(&mut self) {
        self.step = Step::Fetching;
    }

    /// No evidence came: again at `at`, or never.
    pub(super) fn apply_failed(&mut self, again: Option<Timestamp>) {
        self.step = again.map_or(Step::Over, Step::From);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let mut renewal = Renewal::first(Timestamp(0));
        let mut at = Vec::new();
        for _ in 0..4 {
            let due = renewal.not_before().unwrap();
            at.push(due.0);
            renewal.apply_begun();
            assert!(renewal.is_fetching() && renewal.not_before().is_none());
            renewal = renewal.next(due);
        }
        assert_eq!(at, [5_000, 15_000, 35_000, 55_000]);
        renewal.apply_failed(Some(Timestamp(7)));
        assert_eq!(renewal.not_before(), Some(Timestamp(7)));
        renewal.apply_failed(None);
        assert!(renewal.not_before().is_none() && !renewal.is_fetching());
    }
}
