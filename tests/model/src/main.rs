//! The long searches, with what they found.

use model::{
    lane::Numbers,
    report::{Bound, Report, search},
};
use std::{process::ExitCode, time::Instant};

#[expect(clippy::disallowed_methods, reason = "a program tells how long it took")]
fn main() -> ExitCode {
    let all = Bound { views: None, time: None };
    let f = Numbers::of;
    let runs = [
        ("4/3/1, one dishonest", vec![f(4)]),
        ("5/4/1, one dishonest", vec![f(5)]),
        ("7/5/2, two dishonest", vec![f(7)]),
        ("4/3/1 + 4/3/1, one dishonest in each", vec![f(4), f(4)]),
    ];
    let mut good = true;
    for (title, committees) in runs {
        let started = Instant::now();
        let report = search(committees, all);
        say(title, &report, started);
        good &= report.broken.is_empty() && report.exhaustive;
    }
    // Beyond the bound it must break, or the search could not see anything.
    let beyond = Numbers { dishonest: 2, ..f(4) };
    let started = Instant::now();
    let report = search(vec![beyond], all);
    say("4/3/1, two dishonest: must break", &report, started);
    good &= !report.broken.is_empty();
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn say(title: &str, report: &Report, started: Instant) {
    let how = if report.exhaustive { "all" } else { "NOT ALL" };
    let Report { states, steps, depth, .. } = report;
    println!(
        "{title}: {states} states ({how}), {steps} steps, {depth} views, {:.1?}",
        started.elapsed()
    );
    match report.broken.as_slice() {
        [] => println!("  no fork, never stuck"),
        broken => broken.iter().for_each(|it| println!("  BROKEN {it}")),
    }
}
