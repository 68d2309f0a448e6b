//! Where the time of answers goes: what the asked gateway measured of each step, and how long programs waited for a core.

use super::{Bench, usage};
use anyhow::{Context as _, Result};
use comity::plain;
use std::{collections::BTreeMap, time::Duration};
use tokio::time::Instant;

/// The gateway's measure of each step, without its ending.
const METRIC: &str = "comity_answer_step_seconds";

/// One look at all that is counted.
pub(super) struct Look {
    steps: BTreeMap<String, (f64, f64)>,
    batches: f64,
    waited: Vec<(String, Duration)>,
    at: Instant,
}

impl Look {
    /// Looks now.
    pub(super) async fn now(bench: &Bench) -> Result<Self> {
        let text = plain::text(bench.deployment.admin, "/metrics").await?;
        let programs = bench.deployment.fleet.programs().iter();
        let waited = programs.map(|it| Ok((it.name.clone(), usage::waited(it.pid())?)));
        let batches = text.lines().find_map(|line| {
            line.strip_prefix("comity_batches_total{")?.split_once("} ")?.1.parse().ok()
        });
        Ok(Self {
            steps: steps(&text),
            batches: batches.context("how many batches")?,
            waited: waited.collect::<Result<_>>()?,
            at: Instant::now(),
        })
    }

    /// Says what came since then, as means.
    pub(super) fn print_since(&self, then: &Self, what: &str) {
        println!("{what}, each answer, mean:");
        for (step, (sum, count)) in &self.steps {
            let (sum_then, count_then) = then.steps.get(step).copied().unwrap_or_default();
            let mean = (sum - sum_then) * 1e3 / (count - count_then).max(1.0);
            println!("  {step:<22} {mean:>8.1} ms");
        }
        let seconds = self.at.duration_since(then.at).as_secs_f64();
        println!("  {:.1} batches a second", (self.batches - then.batches) / seconds);
        println!("{what}, threads that were ready and had no core, of each second:");
        for ((name, now), (_, before)) in self.waited.iter().zip(&then.waited) {
            let waited = now.saturating_sub(*before).as_secs_f64() / seconds;
            println!("  {name:<22} {:>8.1} ms", waited * 1e3);
        }
    }
}

/// Sum and count of each step.
fn steps(text: &str) -> BTreeMap<String, (f64, f64)> {
    let mut all = BTreeMap::<String, (f64, f64)>::new();
    for line in text.lines() {
        let Some((ending, step, value)) = of_step(line) else { continue };
        let (sum, count) = all.entry(step.to_owned()).or_default();
        match ending {
            "_sum" => *sum = value,
            "_count" => *count = value,
            _ => {}
        }
    }
    all
}

/// A line as its ending, its step and its value: `comity_answer_step_seconds_sum{step="verdicts"} 1.5`.
fn of_step(line: &str) -> Option<(&str, &str, f64)> {
    let (ending, rest) = line.strip_prefix(METRIC)?.split_once("{step=\"")?;
    let (step, value) = rest.split_once("\"} ")?;
    Some((ending, step, value.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_and_counts_are_read_by_step_and_buckets_are_not() {
        let text = "# HELP comity_answer_step_seconds Where.\n\
                    comity_answer_step_seconds_sum{step=\"evidence\"} 0.5\n\
                    comity_answer_step_seconds_count{step=\"evidence\"} 4\n\
                    comity_answer_step_seconds_bucket{le=\"0.05\",step=\"evidence\"} 2\n\
                    comity_answer_seconds_sum 9\n";
        assert_eq!(steps(text), BTreeMap::from([("evidence".to_owned(), (0.5, 4.0))]));
    }
}
