//! First row: header, registry proof, status, evidence age. Both sides do it with their own light client.

use super::{Cell, NoVerdict};
use crate::{
    evidence::Evidence,
    lane::{Lane, MAX_EVIDENCE_AGE_S},
};
use gateway_types::{candidate::Candidate, verdict::Reason};

/// The evidence is of the candidate's licence and height, and young enough to say something.
pub(super) fn is_of_this_candidate(
    candidate: &Candidate,
    evidence: &Evidence,
) -> Result<(), NoVerdict> {
    let stated = &candidate.evidence;
    if *evidence.key() != candidate.licence || evidence.at().height.get() != stated.height {
        return Err(NoVerdict::OtherEvidence);
    }
    let age_s = evidence.age_s(candidate.time());
    if age_s > MAX_EVIDENCE_AGE_S { Err(NoVerdict::EvidenceTooOld { age_s }) } else { Ok(()) }
}

/// The candidate states what was proven: where, which record, which status, how old.
pub(super) fn check(lane: &Lane<'_>, candidate: &Candidate, evidence: &Evidence) -> Cell {
    let facts = &candidate.facts;
    let stated_as_proven = candidate.evidence == evidence.reference()
        && candidate.evidence.pin == *lane.pin
        && facts.code == evidence.code()
        && facts.evidence_age_s == evidence.age_s(facts.now);
    if !stated_as_proven {
        return Err(Reason::CandidateMismatch);
    }
    match evidence.digest() {
        Some(registered) if *registered != candidate.record => Err(Reason::RecordMismatch),
        _ => Ok(()),
    }
}
