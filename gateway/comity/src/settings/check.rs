//! Checking a settings file: all that is wrong with it, not only the first.

use super::{
    finding::Finding,
    judge::{self, Judge},
    layers::{self, Effective, Over},
    place::Places,
    schema::Program,
    walk::Walk,
};
use gateway_types::Timestamp;
use serde::de::DeserializeOwned;
use std::{collections::BTreeSet, path::Path};
use toml::Table;

/// Longest settings file, in bytes.
pub const MAX_SETTINGS: u64 = 1024 * 1024;

/// What a file is checked with.
#[derive(Debug)]
pub struct Given<'a> {
    /// Whose settings.
    pub program: Program,
    /// The folder that its paths are relative to.
    pub folder: &'a Path,
    /// The file's text.
    pub text: &'a str,
    /// What is laid over it.
    pub over: Over,
    /// Whether what would make the signatures worthless is permitted, and said.
    pub dev: bool,
    /// The moment: certificates and keys end.
    pub now: Timestamp,
}

/// What came of a check.
#[derive(Debug)]
pub struct Checked {
    /// What is wrong, in the file's order; what is not in the file comes last.
    pub findings: Vec<Finding>,
    /// What would run.
    pub effective: Vec<Effective>,
    kept: Table,
}

impl Checked {
    /// Whether nothing may start.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    /// One of them, such as `tls`, typed, if it is said and nothing at all is wrong.
    #[must_use]
    pub fn setting<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        if self.has_errors() { None } else { self.kept.get(name)?.clone().try_into().ok() }
    }

    /// The settings, typed, if nothing is wrong.
    #[must_use]
    pub fn settings<T: DeserializeOwned>(&self) -> Option<T> {
        if self.has_errors() { None } else { self.kept.clone().try_into().ok() }
    }
}

/// Checks form, then meaning, then the files that it names.
#[must_use]
pub fn check(given: &Given<'_>) -> Checked {
    check_with(given, true)
}

/// As [`check`], without looking at the files that it names.
#[must_use]
pub fn check_text(given: &Given<'_>) -> Checked {
    check_with(given, false)
}

fn check_with(given: &Given<'_>, files: bool) -> Checked {
    let (places, errors) = Places::read(given.text);
    if !errors.is_empty() {
        let finding = |(place, says): (_, String)| {
            Finding::error("C-101", Some(place), format!("this is no TOML: {says}"))
        };
        let mut findings: Vec<Finding> = errors.into_iter().map(finding).collect();
        in_order(&mut findings);
        // Of one line the first is the mistake; what follows in it is a guess of what was meant.
        findings.dedup_by_key(|finding| finding.place.as_ref().map(|place| place.line));
        return Checked { findings, effective: Vec::new(), kept: Table::new() };
    }
    let mut findings = given.over.check(given.program);
    let layered = given.over.lay(given.text).unwrap_or_else(|error| {
        findings.push(Finding::error("C-107", None, format!("the layers do not fit: {error}")));
        Table::new()
    });
    let mut walk = Walk { places: &places, over: &given.over, findings };
    let kept = walk.walk(given.program, &layered);
    let mut judge = Judge::new(given, &places, &kept, walk.findings);
    judge::settings(&mut judge);
    if files {
        judge::files(&mut judge);
    }
    let mut findings = judge.into_findings();
    hide_secret_lines(&mut findings);
    in_order(&mut findings);
    let effective = layers::effective(given.program, &kept, &given.over);
    Checked { findings, effective, kept }
}

/// In the file's order; what is not in the file comes last.
fn in_order(findings: &mut [Finding]) {
    findings.sort_by_key(|finding| match &finding.place {
        Some(place) => (place.line, place.column),
        None => (usize::MAX, 0),
    });
}

/// What else is wrong in a line that holds a secret is told without the line.
fn hide_secret_lines(findings: &mut [Finding]) {
    let secret = findings.iter().filter(|finding| finding.code == "C-140");
    let lines: BTreeSet<usize> =
        secret.filter_map(|finding| Some(finding.place.as_ref()?.line)).collect();
    let places = findings.iter_mut().filter_map(|finding| finding.place.as_mut());
    for place in places.filter(|place| lines.contains(&place.line)) {
        place.text = None;
    }
}
