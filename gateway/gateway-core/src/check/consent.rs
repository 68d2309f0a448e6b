//! Third row: the holder's consent, its purpose, recipient and end, and that it was not withdrawn.

use super::Cell;
use crate::presented::Presented;
use gateway_record::VerifiedConsent;
use gateway_types::{candidate::Candidate, verdict::Reason};

/// The terms that the candidate states are for this question and this moment.
///
/// Whether there must be a consent is the packs' to say.
pub(super) fn as_stated(candidate: &Candidate) -> Cell {
    let facts = &candidate.facts;
    let (consent, _digest) = match (&facts.consent, &candidate.consent) {
        (None, None) => return Ok(()),
        (Some(consent), Some(digest)) => (consent, digest),
        _ => return Err(Reason::CandidateMismatch),
    };
    if consent.purpose != facts.purpose || consent.recipient != facts.platform {
        return Err(Reason::ConsentInvalid);
    }
    if consent.withdrawn {
        return Err(Reason::ConsentWithdrawn);
    }
    if consent.expires <= facts.now { Err(Reason::ConsentExpired) } else { Ok(()) }
}

/// The stated consent is the one that the holder signed.
pub(super) fn from_the_holder(presented: &Presented, candidate: &Candidate) -> Cell {
    let signed = presented.consent();
    let same_text = signed.map(VerifiedConsent::digest) == candidate.consent;
    let same_terms = signed.map(|consent| consent.facts(false)) == candidate.facts.consent;
    if same_text && same_terms { Ok(()) } else { Err(Reason::CandidateMismatch) }
}
