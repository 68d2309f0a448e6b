//! Making a candidate: a question with its evidence, judged by both packs, ready for verdicts.

use crate::{
    evidence::Evidence,
    facts::derive_facts,
    lane::{CANDIDATE_LIFE, Lane, MAX_EVIDENCE_AGE_S, PlatformStanding},
    presented::{Asked, Presented},
};
use gateway_types::{Digest, LicenceKey, Timestamp, candidate::Candidate};
use policy_engine::{Decision, decide};

/// The one version of candidates.
pub const CANDIDATE_VERSION: u8 = 1;

/// Why no candidate can be made of this evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CandidateError {
    /// It is of another licence: a mistake of ours, fetch again.
    #[error("evidence of {got}, wanted of {wanted}", got = got.0, wanted = wanted.0)]
    OtherLicence {
        /// The evidence's key.
        got: LicenceKey,
        /// The question's key.
        wanted: LicenceKey,
    },
    /// It was proven by a client with another pin than the lane's: fetch again.
    #[error("proven under pin {got}, the lane has {pinned}")]
    OtherPin {
        /// The evidence's pin.
        got: Digest,
        /// The lane's.
        pinned: Digest,
    },
    /// It is too old: fetch a newer one.
    #[error("evidence {age_s} s old, at most {MAX_EVIDENCE_AGE_S} s")]
    TooOld {
        /// Its age, in seconds.
        age_s: u64,
    },
    /// The registry holds another record for this licence: `record_mismatch`, the question has failed.
    #[error("the record is not the registered one: {got}, registered {registered}")]
    RecordMismatch {
        /// The record's digest.
        got: Digest,
        /// The registry's.
        registered: Digest,
    },
}

/// A candidate with the decision that it states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// What members are asked.
    pub candidate: Candidate,
    /// What the packs said, with the reasons in full for the platform's answer.
    pub decision: Decision,
}

/// Makes the candidate of a question at `now`, whatever the packs say: only members make a *no*.
///
/// # Errors
///
/// [`CandidateError`]: see there whether to fetch again.
pub fn make_candidate(
    lane: &Lane<'_>,
    asked: &Asked<'_>,
    presented: &Presented,
    evidence: &Evidence,
    standing: PlatformStanding,
    now: Timestamp,
) -> Result<Made, CandidateError> {
    check_evidence(lane, presented, evidence, now)?;
    let facts = derive_facts(lane, asked, presented, evidence, standing, now);
    let decision = decide(&lane.packs(), &facts);
    let candidate = Candidate {
        version: CANDIDATE_VERSION,
        origin: lane.origin.clone(),
        request: *asked.request,
        licence: presented.key(),
        record: presented.record().digest(),
        consent: presented.consent().map(gateway_record::VerifiedConsent::digest),
        facts: decision.facts().clone(),
        packs: lane.packs().references(),
        evidence: evidence.reference(),
        decision: decision.terms().clone(),
        life_ms: u64::try_from(CANDIDATE_LIFE.as_millis()).unwrap_or(u64::MAX),
    };
    Ok(Made { candidate, decision })
}

/// The evidence is of this record, under the lane's pin, and not too old.
fn check_evidence(
    lane: &Lane<'_>,
    presented: &Presented,
    evidence: &Evidence,
    now: Timestamp,
) -> Result<(), CandidateError> {
    let (got, wanted) = (*evidence.key(), presented.key());
    if got != wanted {
        return Err(CandidateError::OtherLicence { got, wanted });
    }
    let (got, pinned) = (evidence.at().pin, *lane.pin);
    if got != pinned {
        return Err(CandidateError::OtherPin { got, pinned });
    }
    let age_s = evidence.age_s(now);
    if age_s > MAX_EVIDENCE_AGE_S {
        return Err(CandidateError::TooOld { age_s });
    }
    let got = presented.record().digest();
    match evidence.digest() {
        Some(registered) if *registered != got => {
            Err(CandidateError::RecordMismatch { got, registered: *registered })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
