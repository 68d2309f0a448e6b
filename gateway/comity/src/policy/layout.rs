//! How problems of a pack are shown: place, number, what; the line with the place underlined; what to type.

use crate::output::{CYAN, DIM, RED, styled};
use policy_engine::{PackErrors, Problem};
use serde_json::{Value, json};
use std::iter;

/// Lines for people.
pub(super) fn problem_lines(errors: &PackErrors) -> Vec<String> {
    let place = |problem: &Problem| problem.place.to_string().chars().count();
    let width = errors.0.iter().map(place).max().unwrap_or(0);
    errors.0.iter().flat_map(|problem| lines(problem, width)).collect()
}

/// Objects for programs.
pub(super) fn problem_objects(errors: &PackErrors) -> Value {
    errors.0.iter().map(object).collect()
}

fn object(problem: &Problem) -> Value {
    let place = &problem.place;
    json!({
        "code": problem.code.as_str(), "file": place.file, "line": place.line,
        "column": place.column, "width": place.width, "message": problem.message,
        "hint": problem.hint, "why": problem.why, "fix": problem.fix,
    })
}

fn lines(problem: &Problem, width: usize) -> Vec<String> {
    let place = format!("{:width$}", problem.place.to_string());
    let fix = problem.fix.as_ref().map(|fix| format!("        fix: {fix}")).unwrap_or_default();
    let head = format!(
        "{} {} {}  {}{}",
        styled(CYAN, place),
        styled(RED, "error"),
        problem.code,
        problem.message,
        styled(DIM, fix)
    );
    if problem.place.width == 0 {
        let more = [problem.hint.as_deref(), problem.why].into_iter().flatten();
        let more = more.map(|text| format!("      {}", styled(DIM, text)));
        return iter::once(head).chain(more).collect();
    }
    let [quoted, underlined] = excerpt(problem);
    vec![head, quoted, underlined]
}

/// The line, and below it what is meant.
fn excerpt(problem: &Problem) -> [String; 2] {
    let place = &problem.place;
    let before: usize = place.text.chars().take(place.column.saturating_sub(1)).map(columns).sum();
    let meant = place.text.chars().skip(place.column.saturating_sub(1)).take(place.width);
    let carets = "^".repeat(meant.map(columns).sum());
    let hint = problem.hint.as_ref().map(|hint| format!(" {hint}")).unwrap_or_default();
    let why = problem.why.map(|why| format!("            {why}")).unwrap_or_default();
    let pad = " ".repeat(before);
    [
        format!("{:5} │ {}", place.line, place.text.replace('\t', " ")),
        format!("      │ {pad}{}{hint}{}", styled(RED, carets), styled(DIM, why)),
    ]
}

/// How many columns a character takes on a screen: letters of East Asia two. Source: UAX #11, the wide blocks.
pub(super) fn columns(c: char) -> usize {
    match u32::from(c) {
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1f64f
        | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}
