//! `comity policy check|test|explain`: what the author of a pack types.
//!
//! Exit status: 0 if the pack is good, its cases come out as said, or the facts are permitted; 1 if not; 2 if
//! it cannot be said (no case, or a person must look); 64 if a folder or file cannot be read.

mod check;
mod explain;
mod folder;
mod layout;
mod test;

use crate::{exit::Exit, output::Output};
use std::path::PathBuf;

/// Where packs lie unless the user says otherwise.
const PACKS: &str = "policies/packs";

/// What can be done with a pack.
#[derive(Debug, clap::Subcommand)]
#[command(
    before_help = "Example:   comity policy check policies/packs/cn-hk",
    after_help = "A pack is a folder: pack.toml, issuers.toml, *.cedar, cases/*.toml. Those in policies/packs are examples to copy.\nExit status: 0 yes · 1 no · 2 cannot say · 64 wrong usage"
)]
pub(crate) enum PolicyCommand {
    /// Checks a pack strictly: every rule, name, text, setting and issuer, with the place of each problem.
    Check(CheckArgs),
    /// Runs a pack's own cases.
    Test(TestArgs),
    /// Says why a pack permits or denies, rule by rule, and the smallest change that would permit.
    Explain(ExplainArgs),
}

/// The arguments of `comity policy check`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity policy check policies/packs/cn-hk",
    after_help = "Exit status: 0 good · 1 refused · 64 wrong usage"
)]
pub(crate) struct CheckArgs {
    /// The pack's folder: pack.toml, issuers.toml, *.cedar.
    folder: PathBuf,
}

/// The arguments of `comity policy test`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity policy test policies/packs/cn-hk",
    after_help = "Exit status: 0 as said · 1 not as said, or the pack is refused · 2 there are no cases · 64 wrong usage"
)]
pub(crate) struct TestArgs {
    /// The pack's folder, with cases/*.toml in it.
    folder: PathBuf,
}

/// The arguments of `comity policy explain`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity policy explain policies/facts.json --pack CN-HK",
    after_help = "\
policies/facts.json is an example: evidence of 91 s, where 60 s are the most. Change it and ask again.
Exit status: 0 permitted · 1 denied · 2 a person must look · 64 wrong usage"
)]
pub(crate) struct ExplainArgs {
    /// The facts of one question, as JSON.
    facts: PathBuf,
    /// Whose pack: a region, or a folder.
    #[arg(long, value_name = "REGION|FOLDER")]
    pack: String,
    /// Where the regions' packs lie, one folder each.
    #[arg(long, value_name = "FOLDER", default_value = PACKS)]
    packs: PathBuf,
    /// The language of the rules' texts.
    #[arg(long, value_name = "LANGUAGE", default_value = "en")]
    lang: Lang,
}

/// A language that every pack speaks.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Lang {
    /// Chinese, in the region's letters.
    Zh,
    /// English.
    En,
}

/// Does what was asked. What cannot be read is said on stderr, and is wrong usage.
pub(crate) fn run(command: &PolicyCommand, out: &mut Output) -> anyhow::Result<Exit> {
    let done = match command {
        PolicyCommand::Check(args) => check::run(args, out),
        PolicyCommand::Test(args) => test::run(args, out),
        PolicyCommand::Explain(args) => explain::run(args, out),
    };
    Ok(done.unwrap_or_else(|unusable| out.refuse(&unusable)))
}

#[cfg(test)]
mod tests;
