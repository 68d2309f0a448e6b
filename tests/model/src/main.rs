//! The searches, as a table: `model` runs all of them, `model 4/3/1` those of that name.

use model::{
    lane::Numbers,
    report::{Bound, Report, search},
};
use std::{process::ExitCode, time::Instant};

/// A lane's committees, and whether its search must find nothing or must find something.
struct Run {
    name: &'static str,
    committees: Vec<Numbers>,
    must_break: bool,
}

fn runs() -> Vec<Run> {
    let f = Numbers::of;
    let holds = |name, committees| Run { name, committees, must_break: false };
    // Beyond the bound it must break, or the search could not see anything.
    let beyond = Numbers { dishonest: 2, ..f(4) };
    vec![
        holds("4/3/1", vec![f(4)]),
        holds("5/4/1", vec![f(5)]),
        holds("7/5/2", vec![f(7)]),
        holds("4/3/1 + 4/3/1", vec![f(4), f(4)]),
        Run { name: "4/3/1, two dishonest", committees: vec![beyond], must_break: true },
    ]
}

fn main() -> ExitCode {
    let only = std::env::args().nth(1);
    let chosen = |run: &Run| only.as_ref().is_none_or(|only| only == run.name);
    println!(
        "n/t/f: members, quorum, dishonest (f of them, and the leader); all numbers of views\n"
    );
    println!(
        "{:<22} {:>7} {:>9} {:>6} {:>11} {:>8}  properties",
        "configuration", "states", "steps", "views", "", "time"
    );
    let mut good = true;
    for run in runs().iter().filter(|run| chosen(run)) {
        good &= show(run);
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One row; whether the search found what it must.
#[expect(clippy::disallowed_methods, reason = "a program tells how long it took")]
fn show(run: &Run) -> bool {
    let started = Instant::now();
    let report = search(run.committees.clone(), Bound { views: None, time: None });
    let how = if report.exhaustive { "exhaustive" } else { "NOT ALL" };
    let Report { states, steps, depth, broken, .. } = &report;
    let said = match (broken.is_empty(), run.must_break) {
        (true, false) => "one root, one certificate a view, no early signature, always finished",
        (true, true) => "NOTHING BROKE",
        (false, true) => "broken, as it must be:",
        (false, false) => "BROKEN:",
    };
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{:<22} {states:>7} {steps:>9} {depth:>6} {how:>11} {seconds:>6.1} s  {said}",
        run.name
    );
    for it in broken {
        println!("    {} ({} views)", it.property, it.views.len());
        if !run.must_break {
            it.views.iter().for_each(|view| println!("        {view}"));
        }
    }
    report.exhaustive && broken.is_empty() != run.must_break
}
