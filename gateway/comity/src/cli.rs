//! What a user can type.

use crate::{
    exit::Exit,
    help,
    output::{Output, has_gone},
};
use clap::{Parser, Subcommand, error::ErrorKind};
use comity::settings::Program;
use std::process::ExitCode;

/// A licence issued in one region, recognised in another.
#[derive(Debug, Parser)]
#[command(
    name = "comity",
    version,
    about = "A licence issued in one region, recognised in another",
    arg_required_else_help = true,
    before_help = "First minute:   comity demo",
    after_help = "Exit status: 0 yes · 1 no · 2 cannot say · 64 wrong usage · 70 our bug · 75 try again · 130 interrupted\n`comity help CODE` says what a code means, such as C-131 or licence_not_valid"
)]
struct Cli {
    /// One JSON object, or one a line, instead of text for people.
    #[arg(long, global = true)]
    json: bool,
    /// Whether to colour text: `auto` only on a terminal, and never where `NO_COLOR` is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorWhen,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the whole of it on this machine: one licence proven, recognised, revoked, refused.
    Demo(crate::demo::DemoArgs),
    /// Checks a certificate offline: does it count, at the moment asked about?
    Verify(crate::verify::VerifyArgs),
    /// Asks a gateway: is this licence good there, for this? Verified before it is printed.
    Ask(crate::asking::AskArgs),
    /// Checks packs, runs their cases, explains a judgement.
    #[command(subcommand)]
    Policy(crate::policy::PolicyCommand),
    /// Runs a gateway: takes questions, leads lanes, decides nothing.
    Gateway(crate::run::RunArgs),
    /// Runs a relayer: brings its gateway headers and proofs of the source chains.
    Relayer(crate::run::RunArgs),
    /// Runs a regulator's node: proves again, judges, agrees, co-signs.
    Regulator(crate::run::RunArgs),
    /// Checks settings files.
    #[command(subcommand)]
    Config(crate::config::ConfigCommand),
    /// Makes the keys of committees and programs.
    #[command(subcommand)]
    Keys(crate::keys::KeysCommand),
    /// Checks a lane's log from its files.
    #[command(subcommand)]
    Log(crate::log::LogCommand),
    /// Runs an example chain, for the demonstration.
    #[command(hide = true)]
    DemoChain(crate::demo::chain::ChainArgs),
}

/// Reads the command line and does what it says.
pub(crate) fn main() -> ExitCode {
    // The parser's own help knows commands only.
    if let Some(asked) = help::asked(std::env::args().skip(1)) {
        let mut out = Output::new(asked.json);
        let exit = help::answer(&asked, &mut out);
        return all_was_said(exit, &mut out).into();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error).into(),
    };
    choose_color(cli.color);
    let mut out = Output::new(cli.json);
    let exit = run(cli.command, &mut out).unwrap_or_else(|error| {
        out.failure(&error);
        Exit::OurBug
    });
    all_was_said(exit, &mut out).into()
}

/// An answer that nobody could read, as on a full disk, was not given.
fn all_was_said(exit: Exit, out: &mut Output) -> Exit {
    let Some(lost) = out.lost().map(ToString::to_string) else { return exit };
    out.hint(format_args!("✗ the result could not be written: {lost}. Write it elsewhere"));
    if exit == Exit::OurBug { exit } else { Exit::CannotSay }
}

fn run(command: Command, out: &mut Output) -> anyhow::Result<Exit> {
    match command {
        Command::Demo(args) => crate::demo::run(&args, out),
        Command::Verify(args) => crate::verify::run(&args, out),
        Command::Policy(command) => crate::policy::run(&command, out),
        Command::Gateway(args) => crate::run::run(Program::Gateway, &args, out),
        Command::Relayer(args) => crate::run::run(Program::Relayer, &args, out),
        Command::Ask(args) => crate::asking::run(&args, out),
        Command::DemoChain(args) => crate::demo::chain::run(&args, out),
        Command::Regulator(args) => crate::run::run(Program::Regulator, &args, out),
        Command::Config(command) => crate::config::run(&command, out),
        Command::Keys(command) => crate::keys::run(&command, out),
        Command::Log(command) => crate::log::run(&command, out),
    }
}

/// Help and version are answers; anything else is wrong usage, 64 and not the parser's 2.
fn usage(error: &clap::Error) -> Exit {
    let printed = error.print();
    let asked = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    match printed {
        _ if !asked => Exit::WrongUsage,
        Err(lost) if !has_gone(&lost) => Exit::CannotSay,
        _ => Exit::Yes,
    }
}

fn choose_color(when: ColorWhen) {
    let choice = match when {
        ColorWhen::Auto => anstream::ColorChoice::Auto,
        ColorWhen::Always => anstream::ColorChoice::Always,
        ColorWhen::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}
