//! What Cedar is asked of a pack, sorted out when the pack is loaded; and its answer, in one order.

use crate::{
    decide::Fault,
    rules::{Rule, RuleKind, is_asked},
    schema::Action,
    situation::{OBLIGATIONS, Situation},
};
use cedar_policy::{Authorizer, Policy, PolicySet, Request, Response};
use gateway_types::id::RuleId;
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

mod join;

/// The rules of a pack that can apply to one action.
///
/// Left out is only what cannot change an answer: rules whose scope names the other action.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// All of them, as they are.
    all: PolicySet,
    /// The same, each as a forbid, so that Cedar tells of each whether it applies; those that refuse for good
    /// joined into one, as far as their scopes allow: most often none of them applies.
    quick: PolicySet,
    /// Those that may apply, or not, once more is taken on: they see the obligations. As forbids, too.
    again: PolicySet,
    /// The names of these.
    turning: BTreeSet<RuleId>,
    /// The names of those that let through.
    permits: BTreeSet<RuleId>,
    /// Those that a yes names, without their `unless`.
    pub(crate) spoken: PolicySet,
}

impl Asked {
    /// Sorts out `rules` for `action`.
    ///
    /// # Errors
    ///
    /// Cedar's words, if a rule that it has read could not be written and read again.
    pub(crate) fn new(rules: &[Rule], action: Action) -> Result<Self, String> {
        let mut asked = Self {
            all: PolicySet::new(),
            quick: PolicySet::new(),
            again: PolicySet::new(),
            turning: BTreeSet::new(),
            permits: BTreeSet::new(),
            spoken: PolicySet::new(),
        };
        let mut joined = Vec::new();
        for rule in rules.iter().filter(|rule| is_asked(rule, action)) {
            joined.extend(asked.add(rule)?);
        }
        add(&mut asked.quick, join::one_of(&joined)?)?;
        Ok(asked)
    }

    /// Adds a rule, and gives its condition if it is to be joined with others.
    fn add(&mut self, rule: &Rule) -> Result<Option<Json>, String> {
        let json = rule.policy.to_json().map_err(|error| error.to_string())?;
        let condition = join::condition(rule, &json);
        if sees_obligations(&json) {
            self.turning.insert(rule.id.clone());
            add(&mut self.again, as_forbid(rule, json.clone())?)?;
        }
        if rule.kind == RuleKind::Permit {
            self.permits.insert(rule.id.clone());
        }
        if condition.is_none() {
            add(&mut self.quick, as_forbid(rule, json.clone())?)?;
        }
        add(&mut self.all, without_places(rule, json)?)?;
        let speaks = rule.says.is_some() && rule.kind != RuleKind::Permit;
        if let Some(concern) = rule.concern().filter(|_| speaks) {
            add(&mut self.spoken, concern)?;
        }
        Ok(condition)
    }

    /// Asks all of them. Only where one of those that are joined applies, or any fails, is each asked by itself.
    pub(crate) fn ask(&self, request: &Request, situation: &Situation) -> Answer {
        let quick = self.quickly(request, situation);
        quick.unwrap_or_else(|| ask(&self.all, request, situation))
    }

    /// The answer, if it can be had without asking each by itself.
    pub(crate) fn quickly(&self, request: &Request, situation: &Situation) -> Option<Answer> {
        let response = response(&self.quick, request, situation);
        let joined_applies = response.diagnostics().reason().any(join::is_joined);
        let fails = response.diagnostics().errors().next().is_some();
        (!joined_applies && !fails).then(|| self.combined(&response, BTreeSet::new()))
    }

    /// Asks those that see the obligations, after a look that found nothing final, where `granted` applied of
    /// those that let through.
    pub(crate) fn ask_again(
        &self,
        request: &Request,
        situation: &Situation,
        granted: &BTreeSet<RuleId>,
    ) -> Answer {
        let steady = |id: &&RuleId| self.permits.contains(*id) && !self.turns(id);
        let steady = granted.iter().filter(steady).cloned().collect();
        self.combined(&response(&self.again, request, situation), steady)
    }

    /// What Cedar says where these rules are what they are: one that refuses is stronger than all that permit.
    fn combined(&self, applying: &Response, mut granted: BTreeSet<RuleId>) -> Answer {
        let Answer { rules, faults, .. } = answer(applying);
        let (more, refusing) = rules.into_iter().partition(|id| self.permits.contains(id));
        let (mut more, refusing): (BTreeSet<_>, BTreeSet<_>) = (more, refusing);
        granted.append(&mut more);
        let allowed = refusing.is_empty() && !granted.is_empty() && faults.is_empty();
        let rules = if refusing.is_empty() { granted.clone() } else { refusing };
        Answer { allowed, rules, granted, faults }
    }

    /// Whether other obligations may change whether `rule` applies.
    pub(crate) fn turns(&self, rule: &RuleId) -> bool {
        self.turning.contains(rule)
    }
}

fn add(set: &mut PolicySet, policy: Policy) -> Result<(), String> {
    set.add(policy).map_err(|error| error.to_string())
}

/// The same as a forbid, without its places.
fn as_forbid(rule: &Rule, mut json: Json) -> Result<Policy, String> {
    if let Some(effect) = json.get_mut("effect") {
        *effect = Json::from("forbid");
    }
    without_places(rule, json)
}

/// The same policy without its places in the text: Cedar would carry them along with every value.
fn without_places(rule: &Rule, json: Json) -> Result<Policy, String> {
    Policy::from_json(Some(rule.policy_id()), json).map_err(|error| error.to_string())
}

/// Whether a policy's conditions can see what was taken on: they name it, or hold the whole context in hand.
/// Anything but another attribute of the context counts as seeing it.
fn sees_obligations(policy: &Json) -> bool {
    match policy {
        Json::Object(fields) => match attribute_of_context(fields) {
            Some(name) => name == OBLIGATIONS,
            None => is_context(policy) || fields.values().any(sees_obligations),
        },
        Json::Array(items) => items.iter().any(sees_obligations),
        _ => false,
    }
}

/// The name in `context.name` and `context has name`. Source: Cedar's JSON policy format.
fn attribute_of_context(fields: &Map<String, Json>) -> Option<&str> {
    let access = fields.get(".").or_else(|| fields.get("has")).filter(|_| fields.len() == 1)?;
    is_context(access.get("left")?).then_some(())?;
    access.get("attr")?.as_str()
}

fn is_context(expression: &Json) -> bool {
    expression.get("Var").is_some_and(|name| name == "context")
}

/// Cedar's answer, in one order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) allowed: bool,
    /// The rules that made it, sorted: Cedar gives them in none.
    pub(crate) rules: BTreeSet<RuleId>,
    /// The permits that apply, where each rule was asked whether it does.
    pub(crate) granted: BTreeSet<RuleId>,
    pub(crate) faults: Vec<Fault>,
}

/// Asks Cedar. A rule that fails makes the answer *no*: Cedar alone would skip it.
pub(crate) fn ask(set: &PolicySet, request: &Request, situation: &Situation) -> Answer {
    answer(&response(set, request, situation))
}

fn response(set: &PolicySet, request: &Request, situation: &Situation) -> Response {
    Authorizer::new().is_authorized(request, set, situation.entities())
}

fn answer(response: &Response) -> Answer {
    let diagnostics = response.diagnostics();
    let fault =
        |error: &cedar_policy::AuthorizationError| Fault::RuleFailed { what: error.to_string() };
    let faults: Vec<Fault> = diagnostics.errors().map(fault).collect();
    let ids = diagnostics.reason().filter_map(|id| id.to_string().parse().ok());
    let allowed = response.decision() == cedar_policy::Decision::Allow && faults.is_empty();
    Answer { allowed, rules: ids.collect(), granted: BTreeSet::new(), faults }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(condition: &str, sees: bool) {
        let text = format!("forbid (principal, action, resource) unless {{ {condition} }};");
        let json = Policy::parse(None, text).unwrap().to_json().unwrap();
        assert_eq!(sees_obligations(&json), sees, "{condition}");
    }

    #[test]
    fn whoever_may_see_the_obligations_is_asked_again() {
        check("context.obligations.contains(\"x\")", true);
        check("context has obligations", true);
        check("context has obligations.x", true);
        check("context has consent.purpose", true);
        check("context == {}", true);
        check(
            "(if context.review then context else {obligations: [\"x\"]}).obligations == []",
            true,
        );
        check("{\".\": context}[\".\"].obligations == []", true);
        check("[context.review, context.obligations.isEmpty()].contains(true)", true);
        check("context.consent.obligations == []", false);
        check("context has review && context.review && resource.obligations == []", false);
        check("\"context.obligations\" == principal.name", false);
    }
}
