//! Second row: the issuer is accredited for the class.

use super::Cell;
use crate::{lane::Lane, presented::Presented};
use gateway_types::{facts::Facts, verdict::Reason};

/// The source's list says of issuer and class, as the candidate states them, what the candidate says it does.
pub(super) fn as_stated(lane: &Lane<'_>, facts: &Facts) -> Cell {
    let listed = lane.issuer_key(&facts.issuer, &facts.class, facts.now).is_some();
    if listed == facts.issuer_accredited { Ok(()) } else { Err(Reason::CandidateMismatch) }
}

/// Issuer and class are those of the record, under the key that the source's list names.
pub(super) fn from_the_record(presented: &Presented, facts: &Facts) -> Cell {
    let claims = presented.record().claims();
    let same = claims.issuer == facts.issuer
        && claims.class == facts.class
        && presented.is_accredited() == facts.issuer_accredited;
    if same { Ok(()) } else { Err(Reason::CandidateMismatch) }
}
