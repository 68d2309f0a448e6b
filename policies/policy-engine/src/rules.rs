//! One rule of a pack: a Cedar policy in our pattern.
//!
//! ```text
//! @id("CN-HK/fresh-evidence") @deny("policy_denied")
//! forbid (principal, action, resource)
//! unless { 0 <= context.evidence_age_s && context.evidence_age_s <= 60 };
//! ```
//!
//! Scope and `when` say whom a forbid concerns, its `unless` what it asks: so *not concerned*, *met* and
//! *not met* can be told apart. `@deny` is final; what `@requires` names the gateway can still take on.
//! `@says` marks a rule that is named on a yes, too.

use crate::problem::{Place, Problem, ProblemCode};
use crate::scan::{Chunk, chunks};
use crate::schema::Action;
use cedar_policy::{ActionConstraint, Effect, Policy, PolicyId, Template, ffi::DetailedError};
use gateway_types::{
    Jurisdiction,
    id::{Obligation, RuleId},
    verdict::Reason,
};

/// What a gateway can take on so that a rule is met.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Requirement {
    /// A person looks.
    Review,
    /// A duty that the answer carries.
    Obligation(Obligation),
}

impl Requirement {
    /// The word in `@requires`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Review => "review",
            Self::Obligation(obligation) => obligation.as_str(),
        }
    }
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleKind {
    /// Lets through.
    Permit,
    /// Refuses for good, with this reason.
    Deny(Reason),
    /// Refuses unless this is taken on.
    Requires(Requirement),
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    pub(crate) id: RuleId,
    pub(crate) kind: RuleKind,
    pub(crate) says: Option<String>,
    pub(crate) place: Place,
    pub(crate) when_line: Option<usize>,
    pub(crate) policy: Policy,
    /// Offset of the policy in its file, in bytes.
    pub(crate) offset: usize,
}

impl Rule {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &RuleId {
        &self.id
    }

    /// What it does.
    #[must_use]
    pub fn kind(&self) -> &RuleKind {
        &self.kind
    }

    /// The code under which a yes names it, if it does.
    #[must_use]
    pub fn says(&self) -> Option<&str> {
        self.says.as_deref()
    }

    /// Where it stands in the pack.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The line of its `when`, if it has one.
    #[must_use]
    pub fn when_line(&self) -> Option<usize> {
        self.when_line
    }

    pub(crate) fn policy_id(&self) -> PolicyId {
        PolicyId::new(self.id.as_str())
    }

    /// The rule without its `unless`: it is satisfied by whatever the rule concerns.
    pub(crate) fn concern(&self) -> Option<Policy> {
        let mut json = self.policy.to_json().ok()?;
        json.get_mut("conditions")?
            .as_array_mut()?
            .retain(|clause| clause.get("kind").is_some_and(|k| k == "when"));
        Policy::from_json(Some(self.policy_id()), json).ok()
    }
}

/// Whether a rule's scope lets it apply to `action`.
pub(crate) fn is_asked(rule: &Rule, action: Action) -> bool {
    let is = |uid: &cedar_policy::EntityUid| uid.id().unescaped() == action.as_str();
    match rule.policy.action_constraint() {
        ActionConstraint::Any => true,
        ActionConstraint::Eq(one) => is(&one),
        ActionConstraint::In(several) => several.iter().any(is),
    }
}

/// Most brackets that may be open at once in a rule; one that is deeper is refused.
const MAX_NESTING: usize = 32;

/// Longest rule, in bytes; a longer one is refused.
const MAX_RULE: usize = 16 * 1024;

/// Reads the rules of one file. What is wrong with any is added to `problems`, and it is left out.
pub(crate) fn parse_file(
    file: &str,
    text: &str,
    region: &Jurisdiction,
    problems: &mut Vec<Problem>,
) -> Vec<Rule> {
    let parse = |chunk| RuleReader { file, text, region, chunk };
    let mut rules = Vec::new();
    for chunk in chunks(text) {
        match parse(chunk).rule() {
            Ok(rule) => rules.push(rule),
            Err(problem) => problems.push(*problem),
        }
    }
    rules
}

struct RuleReader<'a> {
    file: &'a str,
    text: &'a str,
    region: &'a Jurisdiction,
    chunk: Chunk<'a>,
}

type Refused = Box<Problem>;

impl RuleReader<'_> {
    fn rule(&self) -> Result<Rule, Refused> {
        self.check_bounds()?;
        let policy = Policy::parse(None, self.chunk.text).map_err(|error| self.syntax(&error))?;
        self.check_annotations(&policy)?;
        let id = self.id(&policy)?;
        let kind = self.kind(&policy)?;
        let says = policy.annotation("says").map(str::to_owned);
        Ok(Rule {
            policy: policy.new_id(PolicyId::new(id.as_str())),
            id,
            kind,
            says,
            place: self.place(),
            when_line: self.chunk.when.map(|at| Place::of_span(self.file, self.text, at, at).line),
            offset: self.chunk.start,
        })
    }

    /// Deep or long texts are not shown to Cedar's parser at all, whatever bounds it has of its own.
    fn check_bounds(&self) -> Result<(), Refused> {
        if self.chunk.deepest > MAX_NESTING {
            let message = format!("more than {MAX_NESTING} brackets are open at once");
            return Err(self.refuse(ProblemCode::TooMuch, message, "write several rules"));
        }
        if self.chunk.text.len() > MAX_RULE {
            let message = format!("a rule has at most {MAX_RULE} bytes");
            return Err(self.refuse(ProblemCode::TooMuch, message, "write several rules"));
        }
        Ok(())
    }

    fn place(&self) -> Place {
        Place::of_span(self.file, self.text, self.chunk.start, self.chunk.start)
    }

    fn refuse(&self, code: ProblemCode, message: impl Into<String>, fix: &str) -> Refused {
        Box::new(Problem::new(code, self.place(), message).fix(fix))
    }

    fn pattern(&self, message: impl Into<String>, fix: &str) -> Refused {
        self.refuse(ProblemCode::Pattern, message, fix)
    }

    fn syntax(&self, error: &cedar_policy::ParseErrors) -> Refused {
        if Template::parse(None, self.chunk.text).is_ok() {
            return self.pattern("templates are not taken", "write one rule for each case");
        }
        let detail = DetailedError::from(error);
        let span = detail.source_locations.first().map(|label| (label.loc.start, label.loc.end));
        let (start, end) = span.unwrap_or_default();
        let at = |offset: usize| self.chunk.start.saturating_add(offset);
        let place = Place::of_span(self.file, self.text, at(start), at(end));
        let hint = detail.source_locations.into_iter().next().and_then(|label| label.label);
        Box::new(
            Problem::new(ProblemCode::Syntax, place, detail.message).hint(hint.or(detail.help)),
        )
    }

    fn check_annotations(&self, policy: &Policy) -> Result<(), Refused> {
        for (key, value) in policy.annotations() {
            if !["id", "deny", "requires", "says"].contains(&key) {
                return Err(self.pattern(
                    format!("`@{key}` means nothing here"),
                    "annotations are @id, @deny, @requires and @says",
                ));
            }
            let is_code = |b: u8| b.is_ascii_lowercase() || b == b'_';
            if key == "says"
                && (value.is_empty() || value.len() > 40 || !value.bytes().all(is_code))
            {
                return Err(
                    self.pattern("@says takes a code of a-z and _", "@says(\"class_equivalent\")")
                );
            }
        }
        Ok(())
    }

    fn id(&self, policy: &Policy) -> Result<RuleId, Refused> {
        let fix = format!("@id(\"{}/what-it-asks\")", self.region);
        let text = policy
            .annotation("id")
            .ok_or_else(|| self.refuse(ProblemCode::RuleName, "this rule has no @id", &fix))?;
        let id: RuleId = text.parse().map_err(|error| {
            self.refuse(ProblemCode::RuleName, format!("`{text}` is {error}"), &fix)
        })?;
        if id.as_str().split_once('/').is_none_or(|(region, _)| region != self.region.as_str()) {
            let message =
                format!("rule {id} has another region's name, the pack is of {}", self.region);
            return Err(self.refuse(ProblemCode::RuleName, message, &fix));
        }
        Ok(id)
    }

    fn kind(&self, policy: &Policy) -> Result<RuleKind, Refused> {
        let name = policy.annotation("id").unwrap_or_default();
        let fix = "a forbid has one of @deny(\"code\") and @requires(\"what\"), a permit neither";
        match (policy.effect(), policy.annotation("deny"), policy.annotation("requires")) {
            (Effect::Permit, None, None) => Ok(RuleKind::Permit),
            (Effect::Permit, ..) => {
                Err(self.pattern(format!("{name} permits, and says @deny or @requires"), fix))
            }
            (Effect::Forbid, Some(code), None) => self.deny(name, code),
            (Effect::Forbid, None, Some(what)) => self.requires(name, what),
            (Effect::Forbid, ..) => {
                Err(self.pattern(format!("{name} forbids, and does not say how"), fix))
            }
        }
    }

    fn deny(&self, name: &str, code: &str) -> Result<RuleKind, Refused> {
        self.check_unless(name)?;
        let reason = Reason::ALL.iter().find(|reason| reason.as_str() == code);
        reason.map(|reason| RuleKind::Deny(*reason)).ok_or_else(|| {
            let codes: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
            let hint = crate::text::nearest(code, codes.iter().copied());
            let mut problem =
                self.pattern(format!("{name}: `{code}` is not a reason"), &codes.join(", "));
            problem.hint = hint;
            problem
        })
    }

    fn requires(&self, name: &str, what: &str) -> Result<RuleKind, Refused> {
        let unless = self.check_unless(name)?;
        if what == "review" {
            let asks = unless.contains("context.review");
            return asks.then_some(RuleKind::Requires(Requirement::Review)).ok_or_else(|| {
                self.pattern(
                    format!("{name} requires review, and does not ask for it"),
                    "unless { context.review }",
                )
            });
        }
        let fix = format!("unless {{ context.obligations.contains(\"{what}\") }}");
        let obligation = what.parse().map_err(|error| {
            self.pattern(format!("{name}: `{what}` is {error}"), "@requires(\"redact:id_number\")")
        })?;
        if !unless.contains(&format!("context.obligations.contains(\"{what}\")")) {
            return Err(
                self.pattern(format!("{name} requires {what}, and does not ask for it"), &fix)
            );
        }
        Ok(RuleKind::Requires(Requirement::Obligation(obligation)))
    }

    /// The text from the first `unless` on.
    fn check_unless(&self, name: &str) -> Result<&str, Refused> {
        let unless = self
            .chunk
            .unless
            .and_then(|at| self.chunk.text.get(at.checked_sub(self.chunk.start)?..));
        unless.ok_or_else(|| {
            let message = format!("{name} has no `unless`: what does it ask?");
            self.pattern(message, "forbid (whom it concerns) when { … } unless { what it asks };")
        })
    }
}
