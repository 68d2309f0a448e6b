//! Measures, prints a table, writes `target/bench/results.json`.

use anyhow::{Context, Result, bail};
use bench::{machine, measure::Effort, peers, results};
use std::path::{Path, PathBuf};

const USAGE: &str = "usage: bench [--quick]
       bench blocks               writes light blocks to target/bench/light-blocks, for other programs
       bench peers NAME=PATH...   measures ours beside programs that read them";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        [] => all(Effort::FULL),
        ["--quick"] => all(Effort::QUICK),
        ["blocks"] => peers::write_blocks(&light_blocks()),
        ["serve", folder] => peers::serve(Path::new(folder)),
        ["peers", programs @ ..] if !programs.is_empty() => beside(programs),
        _ => bail!(USAGE),
    }
}

fn all(effort: Effort) -> Result<()> {
    println!("CPU time, median of {} rounds, cases in turn.", effort.rounds);
    println!("{}", machine::describe());
    let rows = bench::run(effort);
    results::print_table(&bench::cases(), &rows);
    results::write(&results_json(), &rows, false)?;
    println!("Written to target/bench/results.json. To repeat: just bench");
    Ok(())
}

fn beside(programs: &[&str]) -> Result<()> {
    let programs: Vec<(String, PathBuf)> = programs
        .iter()
        .map(|program| program.split_once('=').context(USAGE))
        .map(|split| split.map(|(name, path)| (name.into(), path.into())))
        .collect::<Result<_>>()?;
    let rounds = Effort::FULL.rounds;
    println!("CPU time of each program, median of {rounds} rounds, programs in turn, keys warm.");
    println!("{}", machine::describe());
    let (cases, rows) = peers::run(&light_blocks(), &programs, rounds)?;
    results::print_table(&cases, &rows);
    results::write(&results_json(), &rows, true)?;
    println!("Added to target/bench/results.json. To repeat: just bench-peers");
    Ok(())
}

fn results_json() -> PathBuf {
    bench::folder().join("results.json")
}

fn light_blocks() -> PathBuf {
    bench::folder().join("light-blocks")
}
