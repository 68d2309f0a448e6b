//! What is wrong with a settings file: where, what, and what to write instead.

use super::place::Place;
use serde_json::{Value, json};

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing starts.
    Error,
    /// It starts, and this should be known.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `C-104`: `comity help C-104` explains it.
    pub code: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Where in the file; nothing if it comes from elsewhere.
    pub place: Option<Place>,
    /// What is wrong. Never a secret, and never a value that could be one.
    pub says: String,
    /// What to write instead.
    pub advice: Option<String>,
}

impl Finding {
    pub(super) fn error(code: &'static str, place: Option<Place>, says: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, place, says: says.into(), advice: None }
    }

    pub(super) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// What `--dev` permits is still said.
    pub(super) fn unless_dev(mut self, dev: bool) -> Self {
        if dev {
            self.severity = Severity::Warning;
        }
        self
    }

    pub(super) fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Whether nothing starts because of it.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self, file: &str) -> Value {
        json!({
            "file": file,
            "line": self.place.as_ref().map(|place| place.line),
            "column": self.place.as_ref().map(|place| place.column),
            "severity": if self.is_error() { "error" } else { "warning" },
            "code": self.code,
            "says": self.says,
            "advice": self.advice,
        })
    }
}

/// The findings as people read them: `file:line:column`, aligned, with the line and a mark under it.
#[must_use]
pub fn show(file: &str, findings: &[Finding]) -> Vec<String> {
    let at = |finding: &Finding| match &finding.place {
        Some(place) => format!("{file}:{}:{}", place.line, place.column),
        None => file.to_owned(),
    };
    let width = findings.iter().map(|finding| at(finding).chars().count()).max().unwrap_or(0);
    let mut lines = Vec::new();
    for finding in findings {
        let word = if finding.is_error() { "error" } else { "warning" };
        let at = at(finding);
        match finding.place.as_ref().and_then(|place| Some((place, place.text.as_ref()?))) {
            Some((place, text)) => {
                lines.push(format!("{at:<width$}  {word} {}  {}", finding.code, finding.says));
                lines.push(format!("{:>5} │ {text}", place.line));
                let mark = "^".repeat(place.width);
                let pad = " ".repeat(place.column.saturating_sub(1));
                let advice = finding.advice.as_deref().unwrap_or_default();
                lines.push(format!("{:>5} │ {pad}{mark} {advice}", "").trim_end().to_owned());
            }
            None => {
                let advice = finding.advice.as_ref().map(|advice| format!(": {advice}"));
                let advice = advice.unwrap_or_default();
                lines.push(format!(
                    "{at:<width$}  {word} {}  {}{advice}",
                    finding.code, finding.says
                ));
            }
        }
    }
    lines
}

/// The last line: `3 errors, no warning.`
#[must_use]
pub fn count(findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let warnings = findings.len().saturating_sub(errors);
    let say = |number: usize, word: &str| match number {
        0 => format!("no {word}"),
        1 => format!("1 {word}"),
        many => format!("{many} {word}s"),
    };
    format!("{}, {}.", say(errors, "error"), say(warnings, "warning"))
}
