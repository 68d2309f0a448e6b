//! What an answer's time went to, step by step.

use crate::metrics::Step;
use gateway_types::Timestamp;
use std::time::Duration;

/// When a question's last candidate went to the lane, was in a proposed batch, and was seen in a final one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steps {
    /// The candidate was given to the lane: its evidence was there.
    pub(super) given: Option<Timestamp>,
    /// The batch's own time, which its leader gave it: verdicts were there.
    pub(super) proposed: Option<Timestamp>,
    /// The batch was final, and this gateway knew.
    pub(super) logged: Option<Timestamp>,
}

impl Steps {
    /// How long each took, of a question that was stored and answered then; nothing of one that no entry answers.
    ///
    /// A leader whose clock is ahead makes verdicts look longer and the agreement shorter, never less than nothing.
    pub(super) fn took(self, stored: Timestamp, told: Timestamp) -> Option<[(Step, Duration); 4]> {
        let (given, proposed, logged) = (self.given?, self.proposed?, self.logged?);
        Some([
            (Step::Evidence, given.since(stored)),
            (Step::Verdicts, proposed.since(given)),
            (Step::Agreement, logged.since(proposed)),
            (Step::Certificate, told.since(logged)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(given: u64, proposed: u64, logged: u64) -> Steps {
        let some = |millis| Some(Timestamp(millis));
        Steps { given: some(given), proposed: some(proposed), logged: some(logged) }
    }

    #[test]
    fn steps_add_up_to_the_answer_s_time() {
        let took = at(1_010, 1_050, 1_090).took(Timestamp(1_000), Timestamp(1_095)).unwrap();
        let millis = took.map(|(_, took)| took.as_millis());
        assert_eq!(millis, [10, 40, 40, 5]);
    }

    #[test]
    fn a_clock_that_is_ahead_makes_nothing_negative() {
        let took = at(1_010, 3_050, 1_090).took(Timestamp(1_000), Timestamp(1_095)).unwrap();
        assert_eq!(took.map(|(_, took)| took.as_millis()), [10, 2_040, 0, 5]);
    }

    #[test]
    fn of_a_question_that_no_entry_answers_nothing_is_said() {
        let open = Steps { given: Some(Timestamp(1)), ..Steps::default() };
        assert_eq!(open.took(Timestamp(0), Timestamp(2)), None);
    }
}
