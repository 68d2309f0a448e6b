//! A short run twice, each in a process of its own. `just sim` has the long ones.

use sim::table::{Outcome, run_apart};
use std::{path::Path, thread};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sim");

/// A member dies at its lock, another has no room, a leader says too early that a batch is final.
const SEED: u64 = 48;

fn short(seed: u64) -> Outcome {
    run_apart(Path::new(PROGRAM), seed, &["--short"]).unwrap()
}

#[test]
fn a_seed_holds_and_repeats_itself() {
    let (one, other) = thread::scope(|scope| {
        let other = scope.spawn(|| short(SEED));
        (short(SEED), other.join().unwrap())
    });
    assert_eq!(one.broken, Vec::<String>::new(), "cargo run -p sim -- --short --seed {SEED}");
    assert_eq!(one, other, "the same seed went another way");
    let died = ("killed".to_owned(), "lock".to_owned());
    assert_eq!(one.counts.get(&died), Some(&1), "{:?}", one.counts);
    assert_eq!(one.ended.values().sum::<u64>(), 16, "{:?}", one.ended);
    let recognised = one.ended.iter().filter(|(how, _)| how.starts_with("recognised"));
    assert!(recognised.map(|(_, count)| count).sum::<u64>() > 0, "{:?}", one.ended);
}
