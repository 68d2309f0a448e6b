//! Comity's one program.

mod asking;
mod cli;
mod config;
mod demo;
mod exit;
mod help;
mod interrupt;
mod keys;
mod log;
mod moment;
mod output;
mod policy;
mod run;
mod verify;

fn main() -> std::process::ExitCode {
    cli::main()
}
