//! Fifth row: the issuer's JWS, the disclosures, the holder's proof. Only the destination gets them.

use crate::{
    lane::Lane,
    presented::{Asked, Presented, Texts, verify_presented},
};
use gateway_types::{candidate::Candidate, verdict::Reason};

/// The record is the issuer's, shown by its holder for this request, and it is the candidate's.
pub(super) fn check(
    lane: &Lane<'_>,
    texts: &Texts<'_>,
    candidate: &Candidate,
) -> Result<Presented, Reason> {
    let facts = &candidate.facts;
    let asked =
        Asked { request: &candidate.request, platform: &facts.platform, purpose: &facts.purpose };
    let presented =
        verify_presented(lane, texts, &asked, candidate.time()).map_err(|error| error.reason())?;
    if presented.key() != candidate.licence || presented.record().digest() != candidate.record {
        return Err(Reason::RecordMismatch);
    }
    Ok(presented)
}
