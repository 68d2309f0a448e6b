//! CPU time of this process, samples taken round-robin, medians.

use rustix::time::{ClockId, clock_gettime};
use std::{collections::BTreeMap, time::Duration};

/// CPU time that all threads of this process have used.
#[must_use]
pub fn cpu_now() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let (secs, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(secs.expect("CPU time is not negative"), nanos.expect("below a second"))
}

/// CPU time that `work` uses.
pub fn cpu_of(work: impl FnOnce()) -> Duration {
    let before = cpu_now();
    work();
    cpu_now() - before
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How often every subject has its turn.
    pub rounds: usize,
    /// A turn is made at least this long, by calling the subject several times.
    pub turn: Duration,
}

impl Effort {
    /// What numbers are taken with.
    pub const FULL: Self = Self { rounds: 25, turn: Duration::from_millis(10) };
    /// Shows that everything can be measured; its numbers are worth nothing.
    pub const QUICK: Self = Self { rounds: 2, turn: Duration::ZERO };

    /// Whether its numbers count.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.rounds > Self::QUICK.rounds
    }
}

/// Something that takes CPU time.
pub struct Subject<'a> {
    /// What its samples are called, one for each number that a turn gives.
    pub names: Vec<String>,
    turn: Box<dyn FnMut(Duration) -> Vec<f64> + 'a>,
}

impl<'a> Subject<'a> {
    /// One that is called as often as a turn needs; a call does `units` things, and a sample is microseconds for
    /// each of them.
    pub fn new(name: impl Into<String>, units: usize, mut call: impl FnMut() + 'a) -> Self {
        let mut calls = None;
        let turn = move |least: Duration| {
            let calls = *calls.get_or_insert_with(|| calls_in(least, &mut call));
            let spent = cpu_of(|| (0..calls).for_each(|_| call()));
            vec![micros(spent) / (calls as f64 * units as f64)]
        };
        Self { names: vec![name.into()], turn: Box::new(turn) }
    }

    /// One whose turn is a single call that measures its parts itself, in microseconds.
    pub fn parts<const N: usize>(
        names: [String; N],
        mut call: impl FnMut() -> [f64; N] + 'a,
    ) -> Self {
        Self { names: names.into(), turn: Box::new(move |_| call().into()) }
    }
}

/// Calls that fill `least`, found by calling; the first calls also warm what is kept between them.
fn calls_in(least: Duration, call: &mut impl FnMut()) -> u32 {
    call();
    let one = cpu_of(&mut *call);
    let calls = least.as_nanos().div_ceil(one.as_nanos().max(1));
    u32::try_from(calls).unwrap_or(u32::MAX).max(1)
}

/// Microseconds.
#[must_use]
pub fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// What was measured: a median for each name.
pub type Medians = BTreeMap<String, f64>;

/// Gives every subject its turn in every round, in reverse order in every other one.
#[must_use]
pub fn measure(subjects: &mut [Subject<'_>], effort: Effort) -> Medians {
    let mut samples: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..effort.rounds {
        for subject in &mut *subjects {
            let values = (subject.turn)(effort.turn);
            for (name, value) in subject.names.iter().zip(values) {
                samples.entry(name.clone()).or_default().push(value);
            }
        }
        subjects.reverse();
    }
    samples.into_iter().map(|(name, values)| (name, median(values))).collect()
}

/// The middle value, or the mean of the two in the middle.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        len if len % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn every_subject_has_its_turn_in_every_round() {
        let calls = std::cell::RefCell::new(Vec::new());
        let subject = |name: &'static str| {
            let calls = &calls;
            Subject::parts([name.into()], move || {
                calls.borrow_mut().push(name);
                [1.0]
            })
        };
        let effort = Effort { rounds: 3, turn: Duration::ZERO };
        let medians = measure(&mut [subject("a"), subject("b")], effort);
        assert_eq!(*calls.borrow(), ["a", "b", "b", "a", "a", "b"]);
        assert_eq!(medians, Medians::from([("a".into(), 1.0), ("b".into(), 1.0)]));
    }
}
