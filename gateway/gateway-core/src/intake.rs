//! What can be said of a question before the source is asked: a status in the 400s, or it is taken.

use crate::{
    facts::facts_of,
    lane::{Lane, PlatformStanding},
    presented::{Asked, Presented, PresentedError, Texts, verify_presented},
    request::StoredRequest,
};
use gateway_record::ConsentError;
use gateway_types::{
    Jurisdiction, SourceCode, Timestamp, licence::LicenceIdError, verdict::Reason,
};
use policy_engine::{Decision, decide};

/// Why a question is not taken. Nothing was asked of anybody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// This lane is between other regions: `lane_unknown`.
    #[error("this lane does not lead from {from} to {to}")]
    OtherLane {
        /// The question's source.
        from: Jurisdiction,
        /// The question's destination.
        to: Jurisdiction,
    },
    /// This gateway is not the destination's: `wrong_gateway`.
    #[error("ask the gateway of {destination}")]
    WrongGateway {
        /// Whose gateway to ask.
        destination: Jurisdiction,
    },
    /// The platform is not one of the destination: `forbidden`.
    #[error("the platform is of {region}, not of the destination")]
    ForeignPlatform {
        /// The platform's region.
        region: Jurisdiction,
    },
    /// The number is mistyped: `licence_id_invalid`.
    #[error("the licence number")]
    LicenceId(#[from] LicenceIdError),
    /// The lane does not know this purpose: `purpose_unknown`.
    #[error("this lane knows other purposes")]
    PurposeUnknown,
    /// The platform's time to wait was over when the question came: `deadline_passed`.
    #[error("no answer by the time set")]
    DeadlinePassed,
    /// Record, holder's proof or consent: `record_invalid`, `binding_invalid`, `consent_invalid`, `consent_expired`,
    /// `consent_missing`.
    #[error(transparent)]
    Presented(#[from] PresentedError),
}

impl IntakeError {
    /// The stable code of the API.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherLane { .. } => "lane_unknown",
            Self::WrongGateway { .. } => "wrong_gateway",
            Self::ForeignPlatform { .. } => "forbidden",
            Self::LicenceId(_) => "licence_id_invalid",
            Self::PurposeUnknown => Reason::PurposeUnknown.as_str(),
            Self::DeadlinePassed => "deadline_passed",
            Self::Presented(error) => error.reason().as_str(),
        }
    }
}

/// Checks a question on its arrival at `now`. `here` is the region of this gateway.
///
/// Trust: a platform of this region wrote it, and may be dishonest.
///
/// # Errors
///
/// [`IntakeError`]: the platform acts next.
pub fn check_request(
    lane: &Lane<'_>,
    here: &Jurisdiction,
    request: &StoredRequest,
    now: Timestamp,
) -> Result<Presented, IntakeError> {
    let question = &request.question;
    if question.from != *lane.from() || question.to != *lane.to() {
        let (from, to) = (question.from.clone(), question.to.clone());
        return Err(IntakeError::OtherLane { from, to });
    }
    if question.to != *here {
        return Err(IntakeError::WrongGateway { destination: question.to.clone() });
    }
    if request.platform.region != *here {
        return Err(IntakeError::ForeignPlatform { region: request.platform.region.clone() });
    }
    question.licence.verify_check_character()?;
    if !purpose_is_known(lane, request) {
        return Err(IntakeError::PurposeUnknown);
    }
    if question.answer_by.is_some_and(|by| by <= now) {
        return Err(IntakeError::DeadlinePassed);
    }
    let digest = request.digest();
    Ok(verify_presented(lane, &texts_of(request), &asked_of(request, &digest), now)?)
}

/// Checks that a question without consent may do without one. `standing` is what is known of the platform.
///
/// The packs themselves are asked, as they would be in the best case: of a licence that is valid, by evidence that is
/// fresh. Where they demand a consent even then, no evidence would help, and the holder acts next.
///
/// # Errors
///
/// [`IntakeError`] with `consent_missing`.
pub fn check_consent(
    lane: &Lane<'_>,
    request: &StoredRequest,
    presented: &Presented,
    standing: PlatformStanding,
    now: Timestamp,
) -> Result<(), IntakeError> {
    // Of a record whose issuer is not accredited only that is said.
    if request.question.consent.is_some() || !presented.is_accredited() {
        return Ok(());
    }
    let digest = request.digest();
    let source = (Some(SourceCode::VALID), 0);
    let facts = facts_of(lane, &asked_of(request, &digest), presented, source, standing, now);
    match decide(&lane.packs(), &facts) {
        Decision::Denied(denied) if denied.reasons().contains(&Reason::ConsentMissing) => {
            Err(PresentedError::from(ConsentError::Missing).into())
        }
        _ => Ok(()),
    }
}

/// The texts of a request.
#[must_use]
pub fn texts_of(request: &StoredRequest) -> Texts<'_> {
    let question = &request.question;
    Texts {
        licence: &question.licence,
        record: &question.record,
        consent: question.consent.as_deref(),
    }
}

/// What a request is about; `digest` is its own.
pub(crate) fn asked_of<'a>(
    request: &'a StoredRequest,
    digest: &'a gateway_types::Digest,
) -> Asked<'a> {
    Asked { request: digest, platform: &request.platform, purpose: &request.question.purpose }
}

fn purpose_is_known(lane: &Lane<'_>, request: &StoredRequest) -> bool {
    let purpose = &request.question.purpose;
    lane.source.purposes().contains(purpose) && lane.destination.purposes().contains(purpose)
}

#[cfg(test)]
mod tests;
