//! Rules that refuse for good, joined into one that speaks or fails if one of them does.
//!
//! `a || b` is false in Cedar only if both are false and neither fails: so where the joined rule does not apply and
//! does not fail, none of them does.

use crate::rules::{Rule, RuleKind};
use cedar_policy::{EntityUid, Policy, PolicyId, PrincipalConstraint, ResourceConstraint};
use serde_json::{Value as Json, json};

/// The joined rule's name: no rule of a pack can have it, because it names no region.
const JOINED: &str = "joined";

/// Whether that is the joined rule.
pub(super) fn is_joined(id: &PolicyId) -> bool {
    let id: &str = id.as_ref();
    id == JOINED
}

/// When `rule` applies, as one expression; nothing if it is to be asked by itself. `policy` is its JSON form.
///
/// The action is not in it: it is that of the set.
pub(super) fn condition(rule: &Rule, policy: &Json) -> Option<Json> {
    let of_anyone = rule.policy.principal_constraint() == PrincipalConstraint::Any;
    if !matches!(rule.kind, RuleKind::Deny(_)) || !of_anyone {
        return None;
    }
    let scope = match rule.policy.resource_constraint() {
        ResourceConstraint::Any => None,
        ResourceConstraint::In(group) => Some(resource_in(&group)),
        _ => return None,
    };
    let clauses = policy.get("conditions")?.as_array()?;
    let clauses = clauses.iter().map(clause).collect::<Option<Vec<Json>>>()?;
    scope.into_iter().chain(clauses).reduce(|left, right| binary("&&", &left, &right))
}

/// The rule that applies where one of `conditions` holds.
///
/// # Errors
///
/// Cedar's words, if it could not read what it wrote.
pub(super) fn one_of(conditions: &[Json]) -> Result<Policy, String> {
    let everyone = json!({ "op": "All" });
    let policy = json!({
        "effect": "forbid", "principal": everyone, "action": everyone, "resource": everyone,
        "conditions": [{ "kind": "when", "body": any(conditions) }],
    });
    Policy::from_json(Some(PolicyId::new(JOINED)), policy).map_err(|error| error.to_string())
}

/// Half on each side, so that it is nowhere deep.
fn any(conditions: &[Json]) -> Json {
    match conditions {
        [] => json!({ "Value": false }),
        [one] => one.clone(),
        several => {
            let (left, right) = several.split_at(several.len().div_euclid(2));
            binary("||", &any(left), &any(right))
        }
    }
}

fn clause(clause: &Json) -> Option<Json> {
    let body = clause.get("body")?;
    match clause.get("kind")?.as_str()? {
        "when" => Some(body.clone()),
        "unless" => Some(json!({ "!": { "arg": body } })),
        _ => None,
    }
}

fn resource_in(group: &EntityUid) -> Json {
    let entity = json!({ "type": group.type_name().to_string(), "id": group.id().unescaped() });
    binary("in", &json!({ "Var": "resource" }), &json!({ "Value": { "__entity": entity } }))
}

fn binary(operator: &str, left: &Json, right: &Json) -> Json {
    json!({ operator: { "left": left, "right": right } })
}
