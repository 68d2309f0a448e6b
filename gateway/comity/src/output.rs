//! Results on stdout, everything else on stderr; nothing is said by colour alone.

use crate::exit::Exit;
use anstyle::{AnsiColor, Style};
use serde_json::json;
use std::{
    fmt::Display,
    io::{self, Write as _},
};

/// `✓`, yes.
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
/// `✗`, no.
pub(crate) const RED: Style = AnsiColor::Red.on_default();
/// `?` and `!`, cannot say.
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
/// Identifiers.
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
/// Times and hints.
pub(crate) const DIM: Style = Style::new().dimmed();
/// Headings.
pub(crate) const BOLD: Style = Style::new().bold();

/// Where a command writes.
#[derive(Debug)]
pub(crate) struct Output {
    json: bool,
    lost: Option<io::Error>,
}

impl Output {
    /// Writes text for people, or JSON.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, lost: None }
    }

    /// Whether the user asked for JSON.
    pub(crate) fn json(&self) -> bool {
        self.json
    }

    /// One line of the result for people.
    pub(crate) fn line(&mut self, text: impl Display) {
        if !self.json {
            self.keep(writeln!(anstream::stdout(), "{text}"));
        }
    }

    /// One object of the result for programs.
    pub(crate) fn object(&mut self, object: &serde_json::Value) {
        if self.json {
            self.keep(writeln!(anstream::stdout(), "{object}"));
        }
    }

    /// What of the result could not be written: the answer was not given then.
    pub(crate) fn lost(&self) -> Option<&io::Error> {
        self.lost.as_ref()
    }

    fn keep(&mut self, written: io::Result<()>) {
        if let Err(error) = written
            && !has_gone(&error)
        {
            self.lost.get_or_insert(error);
        }
    }

    /// A hint: on stderr.
    pub(crate) fn hint(&mut self, text: impl Display) {
        let _gone = writeln!(anstream::stderr(), "{text}");
    }

    /// What was typed cannot be used: nothing was done, or said of what was asked about.
    pub(crate) fn refuse(&mut self, because: &impl Display) -> Exit {
        self.hint(format_args!("✗ {because}"));
        self.object(&json!({ "outcome": "wrong_usage", "because": because.to_string() }));
        Exit::WrongUsage
    }

    /// Our own failure, with all its causes.
    pub(crate) fn failure(&mut self, error: &anyhow::Error) {
        let _gone = writeln!(anstream::stderr(), "{RED}✗{RED:#} {error:#}");
    }
}

/// A reader that has gone away has what it wanted: that is no failure.
pub(crate) fn has_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// `text` in `style`, plain where colours are off.
pub(crate) fn styled(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
