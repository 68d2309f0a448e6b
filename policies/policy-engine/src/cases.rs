//! A pack's own cases: facts, and what must come out.
//!
//! ```toml
//! [facts]                     # complete; the cases change them
//! now = 2026-11-21T10:31:07+08:00
//!
//! [[case]]
//! name = "consent expired"
//! set = { consent.expires = 2026-11-20T00:00:00+08:00 }
//! without = []
//! expect = "deny"
//! reasons = ["consent_expired"]
//! ```

use crate::{
    asked::ask,
    calendar::timestamp_of,
    decide::Fault,
    explain::{Account, Standing, panel, permits},
    judge::{Outcome, Panel, decide_on},
    manifest::toml_problem,
    pack::Pack,
    problem::{PackErrors, Place, Problem, ProblemCode},
    rules::{Requirement, Rule, RuleKind},
    situation::Situation,
};
use gateway_types::{
    candidate::DecisionTerms,
    facts::Facts,
    id::{ClassCode, Obligation, RuleId},
    verdict::Reason,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Spanned, Table, Value};

/// Most cases of one pack.
const MAX_CASES: usize = 4096;

/// How the cases of a pack came out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Every case, in the order of files and lines.
    pub cases: Vec<CaseReport>,
}

impl Report {
    /// How many came out as said.
    #[must_use]
    pub fn as_said(&self) -> usize {
        self.cases.iter().filter(|case| case.failure.is_none()).count()
    }
}

/// How one case came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseReport {
    /// Its file, `cases/consent.toml`.
    pub file: String,
    /// The line of its `expect`.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// What differs, if anything does.
    pub failure: Option<Failure>,
}

/// A case that came out otherwise than said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the case says, `deny [consent_expired]`.
    pub said: String,
    /// What came out.
    pub came_out: String,
    /// Which rules made it so, and where to look.
    pub because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    facts: Table,
    #[serde(default)]
    case: Vec<RawCase>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCase {
    name: String,
    #[serde(default)]
    set: Table,
    #[serde(default)]
    without: BTreeSet<String>,
    expect: Spanned<Expect>,
    reasons: Option<BTreeSet<String>>,
    local_class: Option<ClassCode>,
    form: Option<String>,
    obligations: Option<BTreeSet<Obligation>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Expect {
    Permit,
    Review,
    Deny,
}

/// Runs the cases in `files`, a map from names within the pack (`cases/*.toml`) to texts.
///
/// The pack judges alone, as source or destination, whichever the facts make it. A case in which a rule
/// refuses for good must be refused by the permits alone as well: a rule that failed would be skipped.
///
/// # Errors
///
/// [`PackErrors`]: a case cannot be read; its author acts next.
pub fn run(pack: &Pack, files: &BTreeMap<String, String>) -> Result<Report, PackErrors> {
    let mut problems = Vec::new();
    let mut report = Report::default();
    for (file, text) in files.iter().filter(|(file, _)| is_case_file(file)) {
        match toml::from_str::<RawFile>(text) {
            Ok(raw) => {
                CaseFile { pack, file, text }.run(&raw, &mut report.cases, &mut problems);
            }
            Err(error) => {
                problems
                    .push(Problem { code: ProblemCode::Case, ..toml_problem(file, text, &error) });
            }
        }
    }
    if report.cases.len() > MAX_CASES {
        let message = format!("{} cases, at most {MAX_CASES} are taken", report.cases.len());
        problems.push(Problem::new(ProblemCode::TooMuch, Place::start_of("cases"), message));
    }
    if problems.is_empty() { Ok(report) } else { Err(PackErrors::new(problems)) }
}

fn is_case_file(name: &str) -> bool {
    name.starts_with("cases/") && name.ends_with(".toml")
}

struct CaseFile<'a> {
    pack: &'a Pack,
    file: &'a str,
    text: &'a str,
}

impl CaseFile<'_> {
    fn run(&self, raw: &RawFile, reports: &mut Vec<CaseReport>, problems: &mut Vec<Problem>) {
        for case in &raw.case {
            let span = case.expect.span();
            let place = Place::of_span(self.file, self.text, span.start, span.end);
            match self.failure(&raw.facts, case) {
                Ok(failure) => reports.push(CaseReport {
                    file: self.file.to_owned(),
                    line: place.line,
                    name: case.name.clone(),
                    failure,
                }),
                Err(what) => {
                    let message = format!("case \"{}\": {what}", case.name);
                    problems.push(Problem::new(ProblemCode::Case, place, message));
                }
            }
        }
    }

    fn failure(&self, base: &Table, case: &RawCase) -> Result<Option<Failure>, String> {
        let expected = Expected::of(case)?;
        let facts = facts_of(base, case)?;
        let panel = panel(self.pack, &facts).map_err(|error| error.to_string())?;
        let (judged, outcome) = decide_on(&panel, &facts);
        let account = Account::of(self.pack, &panel, &judged);
        let judging = Judging { pack: self.pack, panel: &panel, facts: &judged, account };
        Ok(judging.compare(&expected, &outcome))
    }
}

/// What a case says.
struct Expected<'a> {
    expect: Expect,
    reasons: BTreeSet<Reason>,
    case: &'a RawCase,
}

impl<'a> Expected<'a> {
    fn of(case: &'a RawCase) -> Result<Self, String> {
        let expect = *case.expect.get_ref();
        let words = case.reasons.clone().unwrap_or_default();
        if (expect == Expect::Deny) == words.is_empty() {
            return Err("`reasons` goes with expect = \"deny\", and only with it".to_owned());
        }
        let positive =
            case.local_class.is_some() || case.form.is_some() || case.obligations.is_some();
        if expect == Expect::Deny && positive {
            return Err("form, local_class and obligations go with permit and review".to_owned());
        }
        let reason = |word: &String| {
            let found = Reason::ALL.iter().find(|reason| reason.as_str() == word);
            found.copied().ok_or_else(|| format!("`{word}` is not a reason"))
        };
        let reasons: Result<BTreeSet<Reason>, String> = words.iter().map(reason).collect();
        Ok(Self { expect, reasons: reasons?, case })
    }

    fn words(&self) -> String {
        match self.expect {
            Expect::Deny => format!("deny [{}]", list(&self.reasons)),
            Expect::Permit => "permit".to_owned(),
            Expect::Review => "review".to_owned(),
        }
    }

    fn is(&self, outcome: &Outcome) -> bool {
        match (self.expect, outcome) {
            (Expect::Permit, Outcome::Permit(terms))
            | (Expect::Review, Outcome::Review { terms, .. }) => self.difference(terms).is_none(),
            (Expect::Deny, Outcome::Denied { reasons, faults, .. }) => {
                *reasons == self.reasons && faults.is_empty()
            }
            _ => false,
        }
    }

    /// What the terms say otherwise.
    fn difference(&self, terms: &DecisionTerms) -> Option<String> {
        let case = self.case;
        if case.local_class.is_some() && case.local_class != terms.local_class {
            return Some(format!("local_class is {:?}", terms.local_class));
        }
        let form = form_word(terms);
        if case.form.as_deref().is_some_and(|said| said != form) {
            return Some(format!("form is {form}"));
        }
        let obligations: BTreeSet<Obligation> = terms.obligations.iter().cloned().collect();
        if case.obligations.as_ref().is_some_and(|said| *said != obligations) {
            return Some(format!("obligations are [{}]", list(&obligations)));
        }
        None
    }
}

fn form_word(terms: &DecisionTerms) -> &'static str {
    use gateway_types::candidate::Form;
    match terms.form {
        Form::Accepted => "accepted",
        Form::AcceptedByFiling => "accepted-by-filing",
        Form::Denied => "denied",
    }
}

fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(", ")
}

/// One case, judged.
struct Judging<'a> {
    pack: &'a Pack,
    panel: &'a Panel<'a>,
    facts: &'a Facts,
    account: Account<'a>,
}

impl Judging<'_> {
    fn compare(&self, expected: &Expected<'_>, outcome: &Outcome) -> Option<Failure> {
        let (came_out, because) = if !expected.is(outcome) {
            (came_out(outcome), self.because(expected, outcome))
        } else if let Some(open) = self.open_permit(outcome) {
            (format!("{} by a forbid alone", expected.words()), open)
        } else {
            return None;
        };
        Some(Failure { said: expected.words(), came_out, because })
    }

    fn because(&self, expected: &Expected<'_>, outcome: &Outcome) -> String {
        match outcome {
            Outcome::Permit(terms) | Outcome::Review { terms, .. } => {
                if let Some(difference) = expected.difference(terms) {
                    return difference;
                }
                let silent = self.silent(expected);
                list_parts([self.through(), silent])
            }
            Outcome::Denied { rules, faults, .. } => {
                let refusing = self.pack.rules.values().filter(|rule| rules.contains(&rule.id));
                let mut parts: Vec<String> = refusing.map(refused_by).collect();
                parts.extend(faults.iter().map(Fault::to_string));
                if parts.is_empty() {
                    parts.push("no permit holds: see the `when` of each".to_owned());
                }
                parts.join("; ")
            }
        }
    }

    /// The permits that held.
    fn through(&self) -> String {
        let permits = self.pack.rules.values().filter(|rule| rule.kind == RuleKind::Permit);
        let held = permits.filter(|rule| self.account.standing(rule) == Standing::Met);
        let names: Vec<String> =
            held.map(|rule| format!("{} (line {})", rule.id, rule.place.line)).collect();
        if names.is_empty() {
            String::new()
        } else {
            format!("let through by {}", names.join(", "))
        }
    }

    /// The rules of which the case expected a word.
    fn silent(&self, expected: &Expected<'_>) -> String {
        let expects = |rule: &&Rule| match &rule.kind {
            RuleKind::Deny(reason) => expected.reasons.contains(reason),
            RuleKind::Requires(what) => {
                expected.expect == Expect::Review && *what == Requirement::Review
            }
            RuleKind::Permit => false,
        };
        let rules = self.pack.rules.values().filter(expects);
        list_parts(rules.map(|rule| self.silence(rule)))
    }

    fn silence(&self, rule: &Rule) -> String {
        match (self.account.standing(rule), rule.when_line) {
            (Standing::NotConcerned, Some(line)) => {
                format!("{} did not apply: see its `when`, line {line}", rule.id)
            }
            (Standing::NotConcerned, None) => {
                format!("{} did not apply: see its scope, line {}", rule.id, rule.place.line)
            }
            _ => format!("{} is met: see its `unless`, line {}", rule.id, rule.place.line),
        }
    }

    /// A rule refuses for good, and the permits alone would not: fail-closed is lost.
    fn open_permit(&self, outcome: &Outcome) -> Option<String> {
        let Outcome::Denied { rules, .. } = outcome else { return None };
        let is_final = |id: &&RuleId| {
            self.pack.rules.get(*id).is_some_and(|rule| matches!(rule.kind, RuleKind::Deny(_)))
        };
        let (_, action) = self.panel.0.first()?;
        let situation = Situation::new(&[self.pack], self.facts).ok()?;
        let request = situation.request(Some(&self.pack.schema), *action).ok()?;
        let answer = ask(&permits(self.pack), &request, &situation);
        answer.allowed.then(|| {
            format!(
                "{} alone would let it through: put the condition of {} into its `when`, too",
                list(answer.rules),
                list(rules.iter().filter(is_final))
            )
        })
    }
}

fn list_parts(parts: impl IntoIterator<Item = String>) -> String {
    let full: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    full.join("; ")
}

fn refused_by(rule: &Rule) -> String {
    format!("refused by {} ({}, line {})", rule.id, rule.place.file, rule.place.line)
}

fn came_out(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Permit(_) => "permit".to_owned(),
        Outcome::Review { .. } => "review".to_owned(),
        Outcome::Denied { reasons, .. } => format!("deny [{}]", list(reasons)),
    }
}

/// The facts of a case: the file's, with what it sets and without what it takes away.
fn facts_of(base: &Table, case: &RawCase) -> Result<Facts, String> {
    let mut table = base.clone();
    merge(&mut table, &case.set);
    for name in &case.without {
        table.remove(name).ok_or_else(|| format!("without: there is no fact `{name}`"))?;
    }
    table.entry("obligations").or_insert_with(|| Value::Array(Vec::new()));
    let value = with_timestamps(Value::Table(table))?;
    value.try_into().map_err(|error: toml::de::Error| error.message().replace('\n', " "))
}

fn merge(into: &mut Table, from: &Table) {
    for (key, value) in from {
        match (into.get_mut(key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            _ => _ = into.insert(key.clone(), value.clone()),
        }
    }
}

/// Every time as whole milliseconds since 1970, the form that facts have.
fn with_timestamps(value: Value) -> Result<Value, String> {
    Ok(match value {
        Value::Datetime(time) => {
            let at = timestamp_of(&time).map_err(|error| format!("{time}: {error}"))?;
            Value::Integer(i64::try_from(at.0).map_err(|error| error.to_string())?)
        }
        Value::Table(table) => {
            let pairs = table.into_iter().map(|(key, value)| Ok((key, with_timestamps(value)?)));
            Value::Table(pairs.collect::<Result<Table, String>>()?)
        }
        Value::Array(items) => {
            let items = items.into_iter().map(with_timestamps);
            Value::Array(items.collect::<Result<Vec<_>, String>>()?)
        }
        other => other,
    })
}

#[cfg(test)]
mod tests;
