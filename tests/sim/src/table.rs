//! Many seeds, each in a process of its own, and the table of what was met.

use crate::{fault::Kind, run::Report, watch::Step};
use std::{
    collections::BTreeMap,
    env, io,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// What begins the line that a run's process ends with.
const RESULT: &str = "result ";

/// What is kept of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// What did not hold.
    pub broken: Vec<String>,
    /// How often each fault met each step, by their names.
    pub counts: BTreeMap<(String, String), u64>,
    /// Digest of the trace.
    pub trace: String,
    /// How many questions ended how.
    pub ended: BTreeMap<String, u64>,
    /// Who signed two things that contradict each other, and whether others can prove it.
    pub two_faced: BTreeMap<String, bool>,
}

/// The line that a run's process prints.
#[must_use]
pub fn line(report: &Report) -> String {
    let counts = report
        .counts
        .iter()
        .map(|((kind, step), count)| serde_json::json!([kind.as_str(), step.as_str(), count]));
    let result = serde_json::json!({
        "seed": report.seed,
        "broken": report.broken,
        "counts": counts.collect::<Vec<_>>(),
        "trace": report.trace.0,
        "ended": report.ended,
        "two_faced": report.two_faced,
    });
    format!("{RESULT}{result}")
}

/// Runs one seed in a process of its own, with `more` arguments, so that nothing of one run is in the next.
///
/// # Errors
///
/// If the process cannot be started, or says nothing that can be read: then its own words are the error's.
pub fn run_apart(program: &Path, seed: u64, more: &[&str]) -> io::Result<Outcome> {
    let mut command = Command::new(program);
    command.args(["--seed", &seed.to_string(), "--line"]).args(more).stdin(Stdio::null());
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix(RESULT));
    let read = line.and_then(|line| read(&serde_json::from_str(line).ok()?));
    read.ok_or_else(|| io::Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
}

fn read(value: &serde_json::Value) -> Option<Outcome> {
    let texts = value["broken"].as_array()?.iter();
    let counts = value["counts"].as_array()?.iter().filter_map(|row| {
        let word = |place: usize| row[place].as_str().map(ToOwned::to_owned);
        Some(((word(0)?, word(1)?), row[2].as_u64()?))
    });
    let ended = value["ended"].as_object()?.iter();
    let two_faced = value["two_faced"].as_object()?.iter();
    Some(Outcome {
        seed: value["seed"].as_u64()?,
        broken: texts.filter_map(|text| Some(text.as_str()?.to_owned())).collect(),
        counts: counts.collect(),
        trace: value["trace"].as_str()?.to_owned(),
        ended: ended.filter_map(|(how, count)| Some((how.clone(), count.as_u64()?))).collect(),
        two_faced: two_faced.filter_map(|(who, is)| Some((who.clone(), is.as_bool()?))).collect(),
    })
}

/// Runs the seeds from `first` on, `jobs` at a time, prints those that fail with the command that repeats them, and
/// the table at the end. Gives whether all held, and no cell is empty where `full` asks for that.
///
/// # Errors
///
/// If this program's own path is unknown.
pub fn run_all(first: u64, seeds: u64, jobs: u64, full: bool) -> io::Result<bool> {
    let program = env::current_exe()?;
    let (next, outcomes) = (AtomicU64::new(first), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first.saturating_add(seeds) {
                        return;
                    }
                    let outcome = run_apart(&program, seed, &[]).unwrap_or_else(|error| Outcome {
                        seed,
                        broken: vec![format!("the process fell: {error}")],
                        ..Outcome::default()
                    });
                    tell(&outcome);
                    outcomes.lock().unwrap().push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    let empty = print_table(&outcomes);
    let failed = outcomes.iter().filter(|outcome| !outcome.broken.is_empty()).count();
    println!("{} seeds, {failed} failed, {empty} empty cells", outcomes.len());
    Ok(failed == 0 && (empty == 0 || !full))
}

fn tell(outcome: &Outcome) {
    if outcome.broken.is_empty() {
        return;
    }
    let seed = outcome.seed;
    println!("seed {seed} fails: cargo run --release -p sim -- --seed {seed}");
    for what in outcome.broken.iter().take(5) {
        println!("    {what}");
    }
}

/// Prints fault by step, and gives how many cells are empty that should not be.
fn print_table(outcomes: &[Outcome]) -> usize {
    let mut sums: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for ((kind, step), count) in outcomes.iter().flat_map(|outcome| &outcome.counts) {
        *sums.entry((kind, step)).or_default() += count;
    }
    print!("{:<22}", "");
    Step::ALL.iter().for_each(|step| print!("{:>9}", step.as_str()));
    println!();
    let mut empty = 0;
    for kind in Kind::ALL {
        print!("{:<22}", kind.as_str());
        for step in Step::ALL {
            let sum = sums.get(&(kind.as_str(), step.as_str())).copied().unwrap_or(0);
            if !kind.can_meet(step) {
                print!("{:>9}", "-");
                continue;
            }
            empty += usize::from(sum == 0);
            print!("{sum:>9}");
        }
        println!();
    }
    let mut ended: BTreeMap<&str, u64> = BTreeMap::new();
    for (how, count) in outcomes.iter().flat_map(|outcome| &outcome.ended) {
        *ended.entry(how).or_default() += count;
    }
    let ended: Vec<String> = ended.iter().map(|(how, count)| format!("{count} {how}")).collect();
    println!("questions: {}", ended.join(", "));
    empty + print_proven(outcomes)
}

/// Prints how many who showed two faces others can prove it of, and gives how many kinds were never proven.
fn print_proven(outcomes: &[Outcome]) -> usize {
    let all = || outcomes.iter().flat_map(|outcome| &outcome.two_faced);
    let mut never = 0;
    for (kind, are) in [("leaders", true), ("members", false)] {
        let of_kind = || all().filter(|(who, _)| who.starts_with("leader") == are);
        let proven = of_kind().filter(|(_, is_proven)| **is_proven).count();
        println!("two-faced {kind}: {}, evidence of {proven} is kept", of_kind().count());
        never += usize::from(proven == 0);
    }
    never
}
