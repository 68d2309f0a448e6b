//! Measures, prints a table, writes `target/bench/results.json`.

use anyhow::{Context, Result, bail, ensure};
use bench::{
    machine,
    measure::Effort,
    peers,
    programs::{self, Scale, measured},
    results,
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

const USAGE: &str = "usage: bench [--quick]
       bench programs [--quick]   measures gateway, relayers and regulators as processes
       bench soak [--minutes 20]  loads them evenly and kills one every minute: nothing is lost, nothing grows
       bench explore COMITY FOLDER ROUNDS   loads them, for profilers to look at
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
        ["programs"] => of_programs(Scale::FULL),
        ["programs", "--quick"] => of_programs(Scale::QUICK),
        ["soak"] => soak(20),
        ["soak", "--minutes", minutes] => soak(minutes.parse()?),
        ["explore", exe, folder, rounds] => explore(exe, folder, rounds),
        _ => bail!(USAGE),
    }
}

/// Measures the programs as processes: the release build of `comity` that lies beside this program.
fn of_programs(scale: Scale) -> Result<()> {
    let (exe, folder) = ground("programs")?;
    println!("Programs as processes of this machine, over TLS on the loopback.");
    println!("{}", machine::describe());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let rows = runtime.block_on(measured::measure(&exe, &folder, scale))?;
    let (cases, rows): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    results::print_table(&cases, &rows);
    results::write(&results_json(), &rows, true)?;
    println!("Added to target/bench/results.json. To repeat: just bench");
    Ok(())
}

/// The programs under a steady load; what they leave on the disk is deleted if all held.
fn soak(minutes: u64) -> Result<()> {
    let (exe, folder) = ground("soak")?;
    println!("{}", machine::describe());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let time = Duration::from_secs(minutes.max(1) * 60);
    runtime.block_on(programs::soak::soak(&exe, &folder, time))?;
    Ok(std::fs::remove_dir_all(&folder)?)
}

/// The program, and an empty folder for a deployment.
fn ground(name: &str) -> Result<(PathBuf, PathBuf)> {
    let exe = std::env::current_exe()?.with_file_name("comity");
    ensure!(exe.exists(), "{} is not there: cargo build --release -p comity", exe.display());
    let folder = bench::folder().join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok((exe, folder))
}

/// Loads a deployment in `folder` again and again, for profilers to look at.
fn explore(exe: &str, folder: &str, rounds: &str) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (exe, folder) = (exe.as_ref(), folder.as_ref());
    runtime.block_on(programs::explore(exe, folder, rounds.parse()?, Scale::FULL))
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
