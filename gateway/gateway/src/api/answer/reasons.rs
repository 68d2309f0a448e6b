//! Why: the rules that spoke, in the packs' own words, and what regulators said.

use crate::questions::ServedLane;
use gateway_core::{Logged, Outcome};
use gateway_http::Code;
use gateway_types::{candidate::Candidate, id::RuleId, verdict::Reason};
use policy_engine::{Pack, RuleKind};
use serde::Serialize;

#[derive(Debug, Serialize)]
pub(super) struct ReasonBody {
    code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pack: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cites: Option<String>,
}

/// Of what is in the log.
pub(super) fn of(logged: &Logged, served: Option<&ServedLane>) -> Vec<ReasonBody> {
    let candidate = logged.candidate();
    let rules = candidate.decision.reasons.iter().map(|rule| of_rule(rule, candidate, served));
    let mut reasons: Vec<ReasonBody> = rules.collect();
    if let Outcome::Declined(entry) = logged.outcome() {
        let said = entry.reasons.iter().map(|reason| of_regulators(*reason));
        let new: Vec<_> =
            said.filter(|said| reasons.iter().all(|it| it.code != said.code)).collect();
        reasons.extend(new);
    }
    reasons
}

fn of_rule(rule: &RuleId, candidate: &Candidate, served: Option<&ServedLane>) -> ReasonBody {
    let pack = served.and_then(|lane| pack_of(lane, rule));
    let text = pack.and_then(|pack| pack.rule_text(rule));
    ReasonBody {
        code: code_of(rule, pack),
        pack: reference(rule, candidate),
        rule: Some(rule.to_string()),
        text: text.map(|text| text.text.en.clone()).unwrap_or_default(),
        cites: text.map(|text| text.cites.clone()),
    }
}

/// The pack whose rule it is: a rule's name begins with its region.
fn pack_of<'a>(lane: &'a ServedLane, rule: &RuleId) -> Option<&'a Pack> {
    let packs = [&lane.source, &lane.destination];
    packs.into_iter().find(|pack| region_of(rule) == pack.region().as_str()).map(AsRef::as_ref)
}

fn reference(rule: &RuleId, candidate: &Candidate) -> Option<String> {
    let pack = candidate.packs.iter().find(|pack| region_of(rule) == pack.region.as_str())?;
    Some(format!("{}@{}", pack.region, pack.version))
}

fn region_of(rule: &RuleId) -> &str {
    rule.as_str().split('/').next().unwrap_or_default()
}

/// A rule that denies has a reason of the table; one that lets through is called as it is.
fn code_of(rule: &RuleId, pack: Option<&Pack>) -> String {
    let kind = pack.and_then(|pack| pack.rules().get(rule)).map(policy_engine::Rule::kind);
    match kind {
        Some(RuleKind::Deny(reason)) => reason.as_str().to_owned(),
        _ => rule.as_str().split('/').nth(1).unwrap_or_default().replace('-', "_"),
    }
}

fn of_regulators(reason: Reason) -> ReasonBody {
    let code = reason.as_str();
    let sentence = code.parse::<Code>().map(Code::sentence).unwrap_or_default();
    ReasonBody {
        code: code.to_owned(),
        pack: None,
        rule: None,
        text: sentence.to_owned(),
        cites: None,
    }
}
