//! `comity policy test FOLDER`.

use super::{
    TestArgs,
    check::refuse,
    folder::{self, Unusable},
};
use crate::{
    exit::Exit,
    output::{CYAN, DIM, Output, RED, styled},
};
use policy_engine::cases::{self, CaseReport, Report};
use serde_json::{Value, json};

/// Runs the pack's cases and says which did not come out as said.
pub(super) fn run(args: &TestArgs, out: &mut Output) -> Result<Exit, Unusable> {
    let read = folder::read(&args.folder)?;
    let ran = read.pack.and_then(|pack| cases::run(&pack, &read.files));
    Ok(match ran {
        Ok(report) => show(&report, out),
        Err(errors) => refuse(&errors, out),
    })
}

fn show(report: &Report, out: &mut Output) -> Exit {
    report_lines(report).into_iter().for_each(|line| out.line(line));
    let (outcome, exit) = judge(report);
    out.object(&json!({
        "outcome": outcome, "cases": report.cases.len(), "as_said": report.as_said(),
        "failures": report.cases.iter().filter_map(object).collect::<Vec<Value>>(),
    }));
    exit
}

fn judge(report: &Report) -> (&'static str, Exit) {
    match report.cases.len() {
        0 => ("no_cases", Exit::CannotSay),
        all if report.as_said() == all => ("as_said", Exit::Yes),
        _ => ("not_as_said", Exit::No),
    }
}

/// The count, then each case that did not come out as said.
pub(super) fn report_lines(report: &Report) -> Vec<String> {
    let (all, as_said) = (report.cases.len(), report.as_said());
    let head = match all.saturating_sub(as_said) {
        _ if all == 0 => "0 cases: nothing was tested. Write some into cases/*.toml".to_owned(),
        0 => format!("{all} cases: all as said"),
        not => format!("{all} cases: {as_said} as said, {not} not"),
    };
    let failures = report.cases.iter().filter_map(line);
    std::iter::once(head).chain(failures).collect()
}

fn line(case: &CaseReport) -> Option<String> {
    let failure = case.failure.as_ref()?;
    let place = format!("{}:{}", case.file, case.line);
    Some(format!(
        "{} {}  said {}, came out {}      {}",
        styled(RED, "✗"),
        styled(CYAN, place),
        failure.said,
        failure.came_out,
        styled(DIM, &failure.because)
    ))
}

fn object(case: &CaseReport) -> Option<Value> {
    let failure = case.failure.as_ref()?;
    Some(json!({
        "file": case.file, "line": case.line, "name": case.name, "said": failure.said,
        "came_out": failure.came_out, "because": failure.because,
    }))
}
