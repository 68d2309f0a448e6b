//! `comity config check`: all that is wrong with a settings file, before anything starts.
//!
//! Exit status: 0 if nothing is wrong, or only what a warning says; 1 if something is; 64 if the file cannot
//! be read.

use crate::{
    exit::Exit,
    output::{BOLD, DIM, GREEN, Output, RED, YELLOW, styled},
};
use comity::{
    bounded,
    settings::{Checked, Given, MAX_SETTINGS, Over, Program, check, count, show},
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

/// What can be done with settings.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum ConfigCommand {
    /// Checks a settings file, and the files that it names; starts nothing.
    Check(CheckArgs),
}

/// The arguments of `comity config check`.
#[derive(Debug, clap::Args)]
#[command(
    before_help = "Example:   comity config check gateway.toml",
    after_help = "Exit status: 0 nothing is wrong · 1 something is · 64 the file cannot be read. `comity help C-131` explains a code"
)]
pub(crate) struct CheckArgs {
    /// The file: gateway.toml, relayer.toml, regulator.toml or platform.toml.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whose settings these are, where the file's name does not begin with it.
    #[arg(long, value_name = "PROGRAM")]
    program: Option<ProgramName>,
    /// Shows every value that would be used, and where it came from. There is no secret among them.
    #[arg(long)]
    print_effective: bool,
    #[command(flatten)]
    how: How,
}

/// How settings are read, for every command that reads them.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct How {
    /// Permits what makes the signatures worthless, for trying out; it is said each time.
    #[arg(long)]
    pub(crate) dev: bool,
    /// Sets one value over file and environment: --set listen.address=127.0.0.1:8443.
    #[arg(long, value_name = "SETTING=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
}

impl How {
    pub(crate) fn over(&self) -> Over {
        Over::here(self.set.iter().cloned().collect::<BTreeMap<_, _>>())
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (path, value) = text.split_once('=').ok_or("write SETTING=VALUE")?;
    Ok((path.to_owned(), value.to_owned()))
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum ProgramName {
    Gateway,
    Relayer,
    Regulator,
    Platform,
}

impl From<ProgramName> for Program {
    fn from(name: ProgramName) -> Self {
        match name {
            ProgramName::Gateway => Self::Gateway,
            ProgramName::Relayer => Self::Relayer,
            ProgramName::Regulator => Self::Regulator,
            ProgramName::Platform => Self::Platform,
        }
    }
}

/// Does what was asked.
pub(crate) fn run(command: &ConfigCommand, out: &mut Output) -> anyhow::Result<Exit> {
    let ConfigCommand::Check(args) = command;
    let Some(program) = args.program.map(Program::from).or_else(|| program_of(&args.file)) else {
        let name = args.file.display();
        return Ok(out.refuse(&format_args!(
            "{name}: whose settings are these? Add --program gateway, relayer, regulator or platform"
        )));
    };
    let text = match read(&args.file) {
        Ok(text) => text,
        Err(error) => return Ok(out.refuse(&format_args!("{}: {error}", args.file.display()))),
    };
    let checked = check_file(program, &args.file, &text, &args.how);
    print(args, &checked, out);
    Ok(if checked.has_errors() { Exit::No } else { Exit::Yes })
}

/// Checks the text of a settings file where it lies.
pub(crate) fn check_file(program: Program, file: &Path, text: &str, how: &How) -> Checked {
    let folder = folder_of(file);
    let (over, dev, now) = (how.over(), how.dev, crate::moment::now());
    check(&Given { program, folder: &folder, text, over, dev, now })
}

/// What paths in a file are relative to.
pub(crate) fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Reads a settings file's text.
pub(crate) fn read(file: &Path) -> io::Result<String> {
    bounded::read_text(file, MAX_SETTINGS)
}

fn program_of(file: &Path) -> Option<Program> {
    let name = file.file_name()?.to_str()?;
    Program::ALL.into_iter().find(|program| name.starts_with(program.as_str()))
}

fn print(args: &CheckArgs, checked: &Checked, out: &mut Output) {
    let file = args.file.display().to_string();
    for line in show(&file, &checked.findings) {
        out.line(colored(&line));
    }
    if args.print_effective {
        print_effective(checked, out);
    }
    let count = count(&checked.findings);
    if checked.has_errors() {
        out.line(format_args!("{count} Nothing was started."));
    } else if checked.findings.is_empty() {
        let settings = checked.effective.len();
        out.line(format_args!(
            "{} {file}: {settings} settings, nothing is wrong.",
            styled(GREEN, "✓")
        ));
    } else {
        let mut letters = count.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase()).unwrap_or_default();
        out.line(format_args!("{first}{}", letters.as_str()));
    }
    out.object(&object(&file, checked, args.print_effective));
}

fn print_effective(checked: &Checked, out: &mut Output) {
    let wide = checked.effective.iter().map(|it| it.path.chars().count()).max().unwrap_or(0);
    for setting in &checked.effective {
        let from = styled(DIM, format!("({})", setting.from));
        out.line(format_args!("{:<wide$} = {}   {from}", setting.path, setting.value));
    }
}

fn object(file: &str, checked: &Checked, effective: bool) -> serde_json::Value {
    let findings: Vec<_> = checked.findings.iter().map(|finding| finding.to_json(file)).collect();
    let mut object = json!({
        "outcome": if checked.has_errors() { "wrong" } else { "good" },
        "findings": findings,
    });
    if effective {
        let setting = |it: &comity::settings::Effective| json!({ "setting": it.path, "value": it.value, "from": it.from.to_string() });
        let all: Vec<_> = checked.effective.iter().map(setting).collect();
        if let Some(members) = object.as_object_mut() {
            members.insert("effective".to_owned(), all.into());
        }
    }
    object
}

/// The same line: `error` red, `warning` yellow, the place bold.
pub(crate) fn colored(line: &str) -> String {
    for (word, style) in [("  error ", RED), ("  warning ", YELLOW)] {
        if let Some((place, rest)) = line.split_once(word)
            && !place.contains('│')
        {
            return format!("{}  {} {rest}", styled(BOLD, place), styled(style, word.trim()));
        }
    }
    line.to_owned()
}
