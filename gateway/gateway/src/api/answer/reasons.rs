//! Why: the rules that spoke, in the packs' own words, and what regulators said.

use crate::api::time;
use crate::questions::ServedLane;
use gateway_core::{LicenceStanding, Logged, Outcome};
use gateway_http::Code;
use gateway_types::{
    Timestamp, candidate::Candidate, entry::RecognisedEntry, id::RuleId, verdict::Reason,
};
use policy_engine::{Pack, RuleKind, Spoken, explain::Language, spoken};
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
    /// What would make the rule hold, on a *no*.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// Of what is in the log.
pub(super) fn of(logged: &Logged, served: Option<&ServedLane>) -> Vec<ReasonBody> {
    let rules =
        logged.candidate().decision.reasons.iter().map(|rule| of_rule(rule, logged, served));
    let mut reasons: Vec<ReasonBody> = rules.collect();
    if let Outcome::Declined(entry) = logged.outcome() {
        let said = entry.reasons.iter().map(|reason| of_regulators(*reason));
        let new: Vec<_> =
            said.filter(|said| reasons.iter().all(|it| it.code != said.code)).collect();
        reasons.extend(new);
    }
    reasons
}

/// Why a recognition, once good, no longer is: it ended, or the registry took it back.
pub(super) fn of_end(
    entry: &RecognisedEntry,
    now: Timestamp,
    standing: Option<LicenceStanding>,
) -> ReasonBody {
    let facts = &entry.candidate.facts;
    if facts.not_after <= now {
        return plain(
            Reason::LicenceExpired,
            format!("It ended at {}.", time::text(facts.not_after)),
        );
    }
    let (status, as_of) =
        standing.map_or(("not valid", None), |it| (it.status.as_str(), Some(it.as_of)));
    let when = as_of.map(|at| format!(", as of {}", time::text(at))).unwrap_or_default();
    let from = &facts.from;
    plain(
        Reason::LicenceNotValid,
        format!("{from}'s registry says {status}{when}; recognised before."),
    )
}

fn of_rule(rule: &RuleId, logged: &Logged, served: Option<&ServedLane>) -> ReasonBody {
    let candidate = logged.candidate();
    let pack = served.and_then(|lane| pack_of(lane, rule));
    let spoken = pack.map(|pack| spoken(pack, &candidate.facts, rule, Language::English));
    let Spoken { text, cites, remedy } = spoken.unwrap_or_default();
    let is_no = matches!(logged.outcome(), Outcome::Declined(_));
    ReasonBody {
        code: code_of(rule, pack, is_no),
        pack: reference(rule, candidate),
        rule: Some(rule.to_string()),
        text,
        cites: Some(cites).filter(|cites| !cites.is_empty()),
        remedy: remedy.filter(|_| is_no),
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

/// What the rule is called here: by its reason where it refused, by what it says where it held.
fn code_of(rule: &RuleId, pack: Option<&Pack>, is_no: bool) -> String {
    let known = pack.and_then(|pack| pack.rules().get(rule));
    let code = known.and_then(|rule| match rule.kind() {
        RuleKind::Deny(reason) if is_no => Some(reason.as_str()),
        _ => rule.says(),
    });
    let name = || rule.as_str().split('/').nth(1).unwrap_or_default().replace('-', "_");
    code.map_or_else(name, str::to_owned)
}

fn of_regulators(reason: Reason) -> ReasonBody {
    let sentence = reason.as_str().parse::<Code>().map(Code::sentence).unwrap_or_default();
    plain(reason, sentence.to_owned())
}

/// A reason that no rule of a pack gives.
fn plain(reason: Reason, text: String) -> ReasonBody {
    let code = reason.as_str().to_owned();
    ReasonBody { code, pack: None, rule: None, text, cites: None, remedy: None }
}
