//! What was measured, as a table and as JSON.

use crate::measure::Medians;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{fs, path::Path};

/// One result. `results.json` is a list of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// How much of `unit`.
    pub value: f64,
    /// What `value` counts.
    pub unit: String,
    /// What `ratio` compares with, measured in the same run.
    pub baseline: Option<String>,
    /// `value` divided by the baseline's.
    pub ratio: Option<f64>,
}

/// What a row is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// A share of the baseline.
    Ratio(f64),
    /// So much of the row's unit.
    Value(f64),
    /// No less than so much of it.
    AtLeast(f64),
}

/// How a row is made of what was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The row's name, and that of its samples.
    pub name: String,
    /// What is counted.
    pub unit: &'static str,
    /// What it is compared with, in words, and the name of those samples.
    pub baseline: Option<(String, String)>,
    /// What it is held to.
    pub target: Option<Target>,
}

impl Case {
    /// The row of this case.
    ///
    /// # Panics
    ///
    /// If it, or its baseline, was not measured.
    #[must_use]
    pub fn row(&self, medians: &Medians) -> Row {
        let measured =
            |name: &String| *medians.get(name).unwrap_or_else(|| panic!("{name} was not measured"));
        let value = measured(&self.name);
        let (baseline, ratio) = match &self.baseline {
            Some((words, name)) => (Some(words.clone()), Some(value / measured(name))),
            None => (None, None),
        };
        Row { name: self.name.clone(), value, unit: self.unit.into(), baseline, ratio }
    }

    /// What the table says of the target.
    fn verdict(&self, row: &Row) -> String {
        let (said, got) = match self.target {
            None => return String::new(),
            Some(Target::Ratio(most)) => {
                (format!("ratio <= {most:.2}"), row.ratio.map(|got| got <= most))
            }
            Some(Target::Value(most)) => (format!("<= {most}"), Some(row.value <= most)),
            Some(Target::AtLeast(least)) => (format!(">= {least}"), Some(row.value >= least)),
        };
        format!("{said}: {}", if got == Some(true) { "met" } else { "MISSED" })
    }
}

/// Prints rows under their headings, with their targets.
pub fn print_table(cases: &[Case], rows: &[Row]) {
    println!("{:<44} {:>11} {:<14} {:>6}  baseline; target", "name", "value", "unit", "ratio");
    for (case, row) in cases.iter().zip(rows) {
        let ratio = row.ratio.map_or_else(|| "-".into(), |ratio| format!("{ratio:.2}"));
        let baseline = row.baseline.as_deref().unwrap_or("none");
        let verdict = match case.verdict(row) {
            verdict if verdict.is_empty() => verdict,
            verdict => format!("; {verdict}"),
        };
        println!(
            "{:<44} {:>11.2} {:<14} {ratio:>6}  {baseline}{verdict}",
            row.name, row.value, row.unit
        );
    }
}

/// Writes the list; rows of other names that are there already stay, if `keep`.
///
/// # Errors
///
/// If the file cannot be written, or holds something else.
pub fn write(path: &Path, rows: &[Row], keep: bool) -> Result<()> {
    let mut all: Vec<Row> = if keep && path.exists() { read(path)? } else { Vec::new() };
    all.retain(|old| rows.iter().all(|new| new.name != old.name));
    all.extend_from_slice(rows);
    fs::create_dir_all(path.parent().context("no folder")?)?;
    fs::write(path, serde_json::to_string_pretty(&all)? + "\n")?;
    Ok(())
}

/// Reads the list.
///
/// # Errors
///
/// If it is not there, or not such a list.
pub fn read(path: &Path) -> Result<Vec<Row>> {
    let text = fs::read_to_string(path)?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(target: Target) -> Case {
        let baseline = Some(("theirs".into(), "b".into()));
        Case { name: "a".into(), unit: "us", baseline, target: Some(target) }
    }

    #[test]
    fn a_target_is_met_or_said_to_be_missed() {
        let medians = Medians::from([("a".into(), 3.0), ("b".into(), 4.0)]);
        let check = |target, expected: &str| {
            let case = case(target);
            assert_eq!(case.verdict(&case.row(&medians)), expected);
        };
        check(Target::Ratio(0.75), "ratio <= 0.75: met");
        check(Target::Ratio(0.74), "ratio <= 0.74: MISSED");
        check(Target::Value(2.0), "<= 2: MISSED");
        check(Target::AtLeast(3.0), ">= 3: met");
        check(Target::AtLeast(4.0), ">= 4: MISSED");
    }
}
