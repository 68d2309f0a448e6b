//! A question's JSON: the one word first, then what it stands on.

mod reasons;

use super::{POLL_AFTER_S, time};
use crate::questions::{CertificateId, Closed, Ended, Seen, ServedLane, Shown};
use gateway_core::{
    Answer, Failure, Logged, Outcome, RecognitionId, Standing, StateWord, WaitingOn, answer_of,
};
use gateway_http::{Code, Problem};
use gateway_lane::FRESH_SYNC;
use gateway_types::{
    Digest, LaneId, Timestamp,
    candidate::{Candidate, Form},
    entry::RecognisedEntry,
};
use reasons::ReasonBody;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// How old a status may be where one can be asked for.
const ONLINE_S: u64 = 120;

#[derive(Debug, Serialize)]
pub(super) struct Body {
    id: String,
    object: &'static str,
    answer: &'static str,
    state: &'static str,
    lane: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    licence_key: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<DecisionBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<EvidenceBody>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    verdicts: BTreeMap<String, VerdictsBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate: Option<CertificateBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<StatusBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting_on: Option<WaitingBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_after_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<Problem>,
}

#[derive(Debug, Serialize)]
struct DecisionBody {
    form: &'static str,
    local_class: Option<String>,
    obligations: Vec<String>,
    reasons: Vec<ReasonBody>,
}

#[derive(Debug, Serialize)]
struct EvidenceBody {
    chain: String,
    height: u64,
    header_time: String,
    age_s: u64,
}

#[derive(Debug, Serialize)]
struct VerdictsBody {
    accept: u8,
    refuse: u8,
    needed: u8,
    members: u8,
}

#[derive(Debug, Serialize)]
struct CertificateBody {
    id: String,
    url: String,
    sha256: String,
}

#[derive(Debug, Serialize)]
struct StatusBody {
    value: &'static str,
    as_of: String,
    stale: bool,
    max_age_s: MaxAge,
    url: String,
}

#[derive(Debug, Serialize)]
struct MaxAge {
    online: u64,
    offline: u64,
}

#[derive(Debug, Serialize)]
struct WaitingBody {
    who: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    have: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    need: Option<u8>,
    since: String,
}

/// The JSON of a question at `now`. `request` is the id of the request that asks for it.
pub(super) fn body(
    lanes: &BTreeMap<LaneId, Arc<ServedLane>>,
    seen: &Seen,
    now: Timestamp,
    request: &str,
) -> Body {
    match &seen.shown {
        Shown::Open { lane, stored_at, reference, state, verdicts, waiting_on } => {
            let served = lanes.get(lane).map(Arc::as_ref);
            let reference = reference.as_ref().map(|text| text.as_str().to_owned());
            Body {
                verdicts: verdicts_of(served, verdicts),
                waiting_on: waiting_on.map(|on| waiting(served, lane, on)),
                poll_after_s: Some(POLL_AFTER_S),
                ..empty(&seen.id, lane, *stored_at, *state, reference)
            }
        }
        Shown::Closed(closed) => {
            let served = lanes.get(&closed.lane).map(Arc::as_ref);
            closed_body(&seen.id, closed, served, now, request)
        }
    }
}

fn empty(
    id: &RecognitionId,
    lane: &LaneId,
    stored_at: Timestamp,
    state: StateWord,
    reference: Option<String>,
) -> Body {
    Body {
        id: id.to_string(),
        object: "recognition",
        answer: Answer::Unknown.as_str(),
        state: state.as_str(),
        lane: lane.to_string(),
        licence_key: None,
        created_at: time::text(stored_at),
        decided_at: None,
        valid_until: None,
        reference,
        decision: None,
        evidence: None,
        verdicts: BTreeMap::new(),
        certificate: None,
        status: None,
        waiting_on: None,
        poll_after_s: None,
        problem: None,
    }
}

fn closed_body(
    id: &RecognitionId,
    closed: &Closed,
    served: Option<&ServedLane>,
    now: Timestamp,
    request: &str,
) -> Body {
    let logged = closed.logged.as_ref().map(|(logged, _)| logged.as_ref());
    let state = state_of(&closed.ended, logged);
    let reference = closed.reference.as_ref().map(|text| text.as_str().to_owned());
    let mut body = empty(id, &closed.lane, closed.stored_at, state, reference);
    if let Some((logged, sha256)) = &closed.logged {
        add_logged(&mut body, id, logged, sha256, served);
    }
    match (&closed.ended, logged) {
        (Ended::Decided(standings), Some(logged)) => {
            let entry = recognised(logged);
            let standing = entry.and_then(|it| served?.standing(it.list_index));
            let answer = answer_of(logged, now, standing);
            body.answer = answer.as_str();
            if let (Answer::No, Some(entry), Some(decision)) = (answer, entry, &mut body.decision) {
                decision.reasons.insert(0, reasons::of_end(entry, now, standing));
            }
            body.verdicts = verdicts_of(served, standings);
            body.status = recognised(logged).and_then(|it| status(id, it, logged, served, now));
        }
        (Ended::Failed(failure), _) => {
            body.problem = Some(problem(failure, served).with_request_id(request));
        }
        _ => {}
    }
    body
}

fn state_of(ended: &Ended, logged: Option<&Logged>) -> StateWord {
    match (ended, logged.map(Logged::outcome)) {
        (Ended::Decided(_), Some(Outcome::Recognised(_))) => StateWord::Recognised,
        (Ended::Decided(_), Some(Outcome::Declined(_))) => StateWord::Declined,
        (Ended::Cancelled, _) => StateWord::Cancelled,
        _ => StateWord::Failed,
    }
}

fn recognised(logged: &Logged) -> Option<&RecognisedEntry> {
    match logged.outcome() {
        Outcome::Recognised(entry) => Some(entry),
        Outcome::Declined(_) => None,
    }
}

/// What the log holds of the question.
fn add_logged(
    body: &mut Body,
    id: &RecognitionId,
    logged: &Logged,
    sha256: &Digest,
    served: Option<&ServedLane>,
) {
    let candidate = logged.candidate();
    let certificate = CertificateId::of(id);
    body.licence_key = Some(hex::encode(candidate.licence.0.0));
    body.decided_at = Some(time::text(logged.decided_at()));
    body.valid_until = recognised(logged).map(|_| time::text(candidate.facts.not_after));
    body.decision = Some(decision(logged, served));
    body.evidence = Some(evidence(candidate));
    body.certificate = Some(CertificateBody {
        id: certificate.to_string(),
        url: format!("/v1/certificates/{certificate}"),
        sha256: hex::encode(sha256.0),
    });
}

fn decision(logged: &Logged, served: Option<&ServedLane>) -> DecisionBody {
    let terms = &logged.candidate().decision;
    let form = match (logged.outcome(), terms.form) {
        (Outcome::Declined(_), _) | (_, Form::Denied) => "denied",
        (_, Form::Accepted) => "accepted",
        (_, Form::AcceptedByFiling) => "accepted_by_filing",
    };
    DecisionBody {
        form,
        local_class: recognised(logged).and(terms.local_class.as_ref()).map(ToString::to_string),
        obligations: terms.obligations.iter().map(ToString::to_string).collect(),
        reasons: reasons::of(logged, served),
    }
}

fn evidence(candidate: &Candidate) -> EvidenceBody {
    EvidenceBody {
        chain: candidate.evidence.chain.to_string(),
        height: candidate.evidence.height,
        header_time: time::text(candidate.evidence.block_time),
        age_s: candidate.facts.evidence_age_s,
    }
}

fn verdicts_of(
    served: Option<&ServedLane>,
    standings: &[Standing],
) -> BTreeMap<String, VerdictsBody> {
    let region = |at| served.and_then(|lane| region_of(lane, at)).unwrap_or_default();
    let body = |s: &Standing| VerdictsBody {
        accept: s.accept,
        refuse: s.refuse,
        needed: s.needed,
        members: s.members,
    };
    (0..).zip(standings).map(|(at, standing)| (region(at), body(standing))).collect()
}

fn region_of(lane: &ServedLane, committee: u8) -> Option<String> {
    let keys = lane.lane.log().keys();
    let committee = keys.entry().committees.get(usize::from(committee))?;
    Some(committee.region.to_string())
}

fn status(
    id: &RecognitionId,
    entry: &RecognisedEntry,
    logged: &Logged,
    served: Option<&ServedLane>,
    now: Timestamp,
) -> Option<StatusBody> {
    let lane = served?;
    let standing = lane.standing(entry.list_index)?;
    let facts = &logged.candidate().facts;
    let offline = lane.destination.max_status_age(&facts.from, &facts.class).offline_s;
    Some(StatusBody {
        value: standing.status.as_str(),
        as_of: time::text(standing.as_of),
        stale: now.since(standing.as_of) > FRESH_SYNC,
        max_age_s: MaxAge { online: ONLINE_S, offline },
        url: format!("/v1/certificates/{}/status", CertificateId::of(id)),
    })
}

fn waiting(served: Option<&ServedLane>, lane: &LaneId, on: WaitingOn) -> WaitingBody {
    let blank = |who, since| WaitingBody {
        who,
        region: None,
        have: None,
        need: None,
        since: time::text(since),
    };
    match on {
        WaitingOn::Source { since } => {
            WaitingBody { region: Some(lane.source.to_string()), ..blank("source", since) }
        }
        WaitingOn::Regulators { committee, have, need, since } => WaitingBody {
            region: served.and_then(|lane| region_of(lane, committee)),
            have: Some(have),
            need: Some(need),
            ..blank("regulator", since)
        },
        WaitingOn::Batch { since } => blank("batch", since),
    }
}

/// Why nothing was decided, as a problem.
fn problem(failure: &Failure, served: Option<&ServedLane>) -> Problem {
    let problem = Problem::new(failure.code().parse().unwrap_or(Code::Internal));
    let Failure::QuorumUnavailable(standings) = failure else { return problem };
    let mut committees = (0u8..).zip(standings);
    let Some((at, short)) = committees.find(|(_, s)| s.accept < s.needed) else { return problem };
    let region = served.and_then(|lane| region_of(lane, at)).unwrap_or_default();
    let (have, need) = (short.accept, short.needed);
    problem.with_detail(format!(
        "{region} has {have} of the {need} regulators it needs. Nothing was decided."
    ))
}
