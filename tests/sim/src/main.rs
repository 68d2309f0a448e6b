//! Runs seeds: `sim --seed 7` one, told in full; `sim --seeds 200 --jobs 2` many, and the table. `--verbose` tells
//! what goes wrong when, `--short` makes it a quarter as long, and `RUST_LOG` what the programs say.

use sim::{
    run::{Length, run},
    table,
};
use std::{env, io, process::ExitCode};

fn main() -> io::Result<ExitCode> {
    let args: Vec<String> = env::args().collect();
    let has = |name: &str| args.iter().any(|arg| arg == name);
    let number = |name: &str| {
        let place = args.iter().position(|arg| arg == name)?;
        args.get(place + 1)?.parse::<u64>().ok()
    };
    if env::var_os("RUST_LOG").is_some() {
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .without_time()
            .with_writer(io::stderr)
            .init();
    }
    let length = if has("--short") { Length::SHORT } else { Length::FULL };
    let holds = if let Some(seeds) = number("--seeds") {
        let (first, jobs) = (number("--first").unwrap_or(0), number("--jobs").unwrap_or(2));
        table::run_all(first, seeds, jobs, has("--full"))?
    } else {
        let report = run(number("--seed").unwrap_or(0), length, has("--verbose"));
        if has("--line") {
            println!("{}", table::line(&report));
        } else {
            println!("{report:#?}");
        }
        report.broken.is_empty()
    };
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
