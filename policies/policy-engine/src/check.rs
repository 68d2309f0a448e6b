//! The strict check of a pack's rules against the schema.
//!
//! Cedar's own words are kept where they help; what is only a warning there is an error here, because a rule
//! that can never apply protects from nothing.

use crate::{
    problem::{Place, Problem, ProblemCode},
    rules::Rule,
    text::nearest,
};
use cedar_policy::{
    PolicyId, PolicySet, ResourceConstraint, Schema, ValidationError, ValidationMode,
    ValidationWarning, Validator, ffi::DetailedError,
};
use std::collections::BTreeMap;

/// How many steps from the request a rule may go: licence, its class or issuer, their groups.
const MAX_LEVEL: u32 = 2;

/// The files of a pack, by name.
pub(crate) type Files = BTreeMap<String, String>;

/// Checks the rules; problems are added to `problems`.
pub(crate) fn validate(
    schema: &Schema,
    set: &PolicySet,
    rules: &[Rule],
    files: &Files,
    problems: &mut Vec<Problem>,
) {
    let finder = Finder { rules, files };
    let validator = Validator::new(schema.clone());
    let result = validator.validate_with_level(set, ValidationMode::Strict, MAX_LEVEL);
    problems.extend(result.validation_errors().map(|error| finder.of_error(error)));
    problems.extend(result.validation_warnings().map(|warning| finder.of_warning(warning)));
}

/// Turns what the validator says into places and words.
struct Finder<'a> {
    rules: &'a [Rule],
    files: &'a Files,
}

impl Finder<'_> {
    fn rule(&self, id: &PolicyId) -> Option<&Rule> {
        let text: &str = id.as_ref();
        self.rules.iter().find(|rule| rule.id.as_str() == text)
    }

    /// The place of the first span of `detail`, else the rule's own.
    fn place(&self, id: &PolicyId, detail: &DetailedError) -> Place {
        let Some(rule) = self.rule(id) else { return Place::default() };
        let Some(label) = detail.source_locations.first() else { return rule.place.clone() };
        let text = self.files.get(&rule.place.file).map_or("", String::as_str);
        let at = |offset: usize| rule.offset.saturating_add(offset);
        Place::of_span(&rule.place.file, text, at(label.loc.start), at(label.loc.end))
    }

    fn of_error(&self, error: &ValidationError) -> Problem {
        let detail = DetailedError::from(error);
        let place = self.place(error.policy_id(), &detail);
        let message = without_rule(&detail.message, error.policy_id());
        let code = code_of(error, &message);
        let problem = Problem::new(code, place, message).hint(detail.help);
        match code {
            ProblemCode::Attribute => attribute(problem),
            ProblemCode::Name => word(problem),
            ProblemCode::Optional => optional(problem),
            _ => problem,
        }
    }

    fn of_warning(&self, warning: &ValidationWarning) -> Problem {
        let detail = DetailedError::from(warning);
        let id = warning.policy_id();
        match warning {
            ValidationWarning::ImpossiblePolicy(_)
            | ValidationWarning::InvalidActionApplication(_) => self.impossible(id),
            _ => {
                let message = without_rule(&detail.message, id);
                Problem::new(ProblemCode::Lookalike, self.place(id, &detail), message)
            }
        }
    }

    fn impossible(&self, id: &PolicyId) -> Problem {
        let place = self.rule(id).map(|rule| rule.place.clone()).unwrap_or_default();
        let name: &str = id.as_ref();
        let (because, fix) = match self.rule(id).map(|rule| rule.policy.resource_constraint()) {
            Some(ResourceConstraint::Is(kind) | ResourceConstraint::IsIn(kind, _))
                if kind.to_string() != "Gw::Licence" =>
            {
                let kind = kind.to_string();
                let kind = kind.trim_start_matches("Gw::");
                let article = if kind.starts_with(['A', 'E', 'I', 'O', 'U']) { "an" } else { "a" };
                (
                    format!(
                        "its resource is {article} {kind}, {} asked of a Licence",
                        self.actions(id)
                    ),
                    "resource is Gw::Licence",
                )
            }
            _ => (
                "its conditions contradict each other or the schema".to_owned(),
                "look for a comparison of unlike things, and for conditions that exclude each other",
            ),
        };
        Problem::new(
            ProblemCode::Impossible,
            place,
            format!("rule {name} can never apply: {because}"),
        )
        .fix(fix)
    }

    /// ``` `recognise` is ```, or both.
    fn actions(&self, id: &PolicyId) -> String {
        use cedar_policy::ActionConstraint;
        match self.rule(id).map(|rule| rule.policy.action_constraint()) {
            Some(ActionConstraint::Eq(action)) => format!("`{}` is", action.id().unescaped()),
            _ => "`disclose` and `recognise` are".to_owned(),
        }
    }
}

/// ``attribute `statuss` on entity type `Gw::Licence` not found`` in fewer words, the name underlined.
fn attribute(mut problem: Problem) -> Problem {
    let words: Vec<String> =
        problem.message.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let Some(name) = words.first() else { return problem };
    let owner = match words.get(1) {
        Some(owner) if problem.message.contains("entity type") => {
            owner.trim_start_matches("Gw::").to_owned()
        }
        _ => "context".to_owned(),
    };
    problem.message = format!("`{name}` is not an attribute of {owner}");
    if problem.hint.is_none() {
        let names = attribute_names();
        problem.hint = nearest(name, names.iter().map(String::as_str));
    }
    problem.hint = problem.hint.map(|hint| hint.trim().to_owned());
    problem.why = Some(if problem.hint.as_deref() == Some("did you mean `status`?") {
        "Left alone, this rule would be skipped and a revoked licence could pass."
    } else {
        "Left alone, this rule would be skipped, and what it forbids could pass."
    });
    problem.place = narrowed(problem.place, name);
    problem
}

/// A misspelt word of an enumeration, in fewer words: which kind it should be, and the nearest.
fn word(mut problem: Problem) -> Problem {
    let Some(list) =
        problem.hint.as_deref().and_then(|hint| hint.strip_prefix("valid entity eids: "))
    else {
        return problem;
    };
    let known: Vec<&str> = list.split(", ").map(|word| word.trim_matches('"')).collect();
    let written = problem.message.split('`').nth(1).unwrap_or_default();
    let (kind, id) = written.rsplit_once("::").unwrap_or_default();
    let id = id.trim_matches('"').to_owned();
    problem.message = format!("`{id}` is not a {}", kind.trim_start_matches("Gw::"));
    problem.hint =
        nearest(&id, known.iter().copied()).or(Some(format!("one of {}", known.join(", "))));
    problem.place = narrowed(problem.place, &id);
    problem
}

/// An optional attribute, in fewer words, and once for both actions.
fn optional(mut problem: Problem) -> Problem {
    let name = problem.message.split('`').nth(1).unwrap_or_default().to_owned();
    problem.message =
        format!("`{name}` may be absent, and this rule does not ask whether it is there");
    problem.why = Some("Left alone, this rule would be skipped for a request without it.");
    problem.place = narrowed(problem.place, &name);
    problem
}

fn code_of(error: &ValidationError, message: &str) -> ProblemCode {
    match error {
        ValidationError::UnsafeAttributeAccess(_) => ProblemCode::Attribute,
        ValidationError::UnsafeOptionalAttributeAccess(_) => ProblemCode::Optional,
        ValidationError::UnrecognizedEntityType(_)
        | ValidationError::UnrecognizedActionId(_)
        | ValidationError::UndefinedFunction(_) => ProblemCode::Name,
        ValidationError::UnexpectedType(_)
        | ValidationError::IncompatibleTypes(_)
        | ValidationError::WrongNumberArguments(_)
        | ValidationError::FunctionArgumentValidation(_)
        | ValidationError::NonLitExtConstructor(_) => ProblemCode::Type,
        _ if message.contains("valid eid") => ProblemCode::Name,
        _ => ProblemCode::Invalid,
    }
}

fn without_rule(message: &str, id: &PolicyId) -> String {
    let rest = message.strip_prefix(&format!("for policy `{id}`")).unwrap_or(message);
    rest.trim_start_matches([',', ':', ' ']).to_owned()
}

/// The place of the last `name` in the text that `place` underlines.
fn narrowed(place: Place, name: &str) -> Place {
    let start = place.column.saturating_sub(1);
    let meant: String = place.text.chars().skip(start).take(place.width).collect();
    let Some(at) = meant.rfind(name) else { return place };
    let before = meant.get(..at).map_or(0, |text| text.chars().count());
    Place { column: place.column.saturating_add(before), width: name.chars().count(), ..place }
}

/// The names of all attributes in the schema.
fn attribute_names() -> Vec<String> {
    let mut names: Vec<String> = crate::schema::SCHEMA
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(|line| line.split([',', '{', '}']))
        .filter_map(|part| part.split_once(':'))
        .map(|(name, _)| name.trim().trim_matches(['"', '?']).to_owned())
        .filter(|name| !name.is_empty() && !name.contains(' '))
        .collect();
    names.sort();
    names.dedup();
    names
}
