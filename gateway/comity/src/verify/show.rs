//! What is printed.

use crate::output::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, styled};
use anstyle::Style;
use certificate::{
    Outcome, Report,
    words::{Calendar, Line, NOT_PROVEN, fours, names},
};
use serde_json::{Value, json};

/// The report for people, line by line.
pub(super) fn lines(
    report: &Report,
    calendar: &dyn Calendar,
    explain: bool,
    moment_was_named: bool,
) -> Vec<String> {
    let mut lines = vec![first(report, calendar, moment_was_named)];
    lines.extend(below(report, calendar));
    if explain {
        lines.extend(explained(report).iter().map(labelled));
    }
    lines
}

/// The lines below the first.
pub(super) fn below(report: &Report, calendar: &dyn Calendar) -> Vec<String> {
    report.lines(calendar).iter().map(labelled).collect()
}

/// One object for programs: `outcome`, `code`, `checked_for`, `lines`.
pub(super) fn json(report: &Report, calendar: &dyn Calendar, explain: bool) -> Value {
    let headline = format!("{} {}", report.outcome().heading(), report.headline(calendar));
    let mut below = report.lines(calendar);
    if explain {
        below.extend(explained(report));
    }
    let below = below.iter().map(|line| format!("{} {}", line.label, line.text));
    let lines: Vec<String> = std::iter::once(headline).chain(below).collect();
    json!({
        "outcome": report.outcome().as_str(),
        "code": report.code(),
        "checked_for": calendar.moment(report.question.at),
        "lines": lines,
    })
}

/// `✓ GOOD  for …`, `? CANNOT SAY   …`.
fn first(report: &Report, calendar: &dyn Calendar, moment_was_named: bool) -> String {
    let outcome = report.outcome();
    let sign = styled(color(outcome), format!("{} {}", outcome.sign(), outcome.heading()));
    let headline = report.headline(calendar);
    if outcome != Outcome::Good {
        let room = 13usize.saturating_sub(outcome.heading().len());
        return format!("{sign}{:room$}{headline}", "");
    }
    let hint = if moment_was_named {
        String::new()
    } else {
        styled(DIM, "                  (--at TIME asks about another moment)")
    };
    format!("{sign}  {headline}{hint}")
}

fn color(outcome: Outcome) -> Style {
    match outcome {
        Outcome::Good => GREEN,
        Outcome::NotGood | Outcome::NotGenuine => RED,
        Outcome::CannotSay => YELLOW,
    }
}

fn labelled(line: &Line) -> String {
    let label = styled(BOLD, format!("{:<8}", line.label));
    let text = if line.label == "file" { styled(CYAN, &line.text) } else { line.text.clone() };
    format!("  {label}  {text}")
}

/// The steps with their standards, who decided, and all that no certificate proves.
fn explained(report: &Report) -> Vec<Line> {
    let steps = report.found.trail.steps();
    let passed =
        steps.iter().map(|step| ("step", format!("✓ {} · {}", step.what(), step.source())));
    let stopped = report
        .answer
        .as_ref()
        .err()
        .map(|_| ("step", format!("✗ {}: what comes after it was not asked", report.code())));
    let certificate = report.found.certificate.as_ref();
    let by = certificate.map(names).unwrap_or_default();
    let by = (!by.is_empty()).then(|| ("by", by.join(" · ")));
    let trust =
        format!("SHA-256 {}: compare it with what both regions published", fours(&report.trust));
    let genuine = report.outcome() != Outcome::NotGenuine;
    let limits = NOT_PROVEN.iter().zip(1..).filter(|_| genuine);
    let limits = limits.map(|(what, number)| ("not proven", format!("({number}) {what}")));
    let trust = std::iter::once(("trust", trust));
    let all = passed.chain(stopped).chain(by).chain(trust).chain(limits);
    all.map(|(label, text)| Line { label, text }).collect()
}
