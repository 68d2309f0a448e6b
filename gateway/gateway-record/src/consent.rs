//! The holder's consent: one record, one purpose, one recipient, a limited time.

use crate::{
    binding::MAX_CLOCK_AHEAD,
    claims::{self, ClaimError},
    evidence::IssuedRecord,
    jws::{Jws, JwsError},
};
use core::time::Duration;
use gateway_types::{
    Digest, Platform, Timestamp, facts::ConsentFacts, frame::sha256, id::PurposeCode,
};

/// The type of a consent.
pub const CONSENT_TYPE: &str = "comity-consent+jwt";

/// Longest consent.
pub const MAX_CONSENT: usize = 4 * 1024;

/// Longest time for which a holder may agree ahead.
pub const MAX_CONSENT_LIFE: Duration = Duration::from_secs(366 * 24 * 3600);

/// Why a consent does not count. [`ConsentError::reason`] tells the platform which of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConsentError {
    /// None came with the request.
    #[error("there is no consent")]
    Missing,
    /// It has ended.
    #[error("it ended at {expires:?}, judged at {now:?}")]
    Expired {
        /// First moment at which it no longer counts.
        expires: Timestamp,
        /// When it is judged.
        now: Timestamp,
    },
    /// Longer than [`MAX_CONSENT`].
    #[error("consent of {len} bytes, at most {MAX_CONSENT}")]
    TooLong {
        /// Its length.
        len: usize,
    },
    /// Not of its form, or not by the key that the issuer named.
    #[error("the holder's JWS")]
    Jws(#[from] JwsError),
    /// Its claims are not what they should be.
    #[error("the holder's claims")]
    Claims(#[from] ClaimError),
    /// For another record.
    #[error("for another record")]
    OtherRecord,
    /// For another purpose.
    #[error("for another purpose")]
    OtherPurpose,
    /// For another recipient.
    #[error("for another recipient")]
    OtherRecipient,
    /// It begins in the future, or lasts longer than [`MAX_CONSENT_LIFE`], or no time at all.
    #[error("from {issued_at:?} to {expires:?} is not a time that a consent may have at {now:?}")]
    Time {
        /// When it was given, as it says.
        issued_at: Timestamp,
        /// First moment at which it no longer counts.
        expires: Timestamp,
        /// When it is judged.
        now: Timestamp,
    },
}

/// Evidence that the holder agreed. Only [`verify_consent`] makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedConsent {
    digest: Digest,
    purpose: PurposeCode,
    recipient: Platform,
    expires: Timestamp,
}

impl VerifiedConsent {
    /// SHA-256 of the consent's ASCII: all of its text that the candidate holds.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Its terms, as the candidate states them. `withdrawn` is for the withdrawals that the caller knows.
    #[must_use]
    pub fn facts(&self, withdrawn: bool) -> ConsentFacts {
        ConsentFacts {
            purpose: self.purpose.clone(),
            recipient: self.recipient.clone(),
            expires: self.expires,
            withdrawn,
        }
    }

    /// Checks that it counts at `now` too: a candidate may be made some time after the request came.
    ///
    /// # Errors
    ///
    /// [`ConsentError::Expired`]: the holder gives a new one.
    pub fn check_counts_at(&self, now: Timestamp) -> Result<(), ConsentError> {
        let expires = self.expires;
        if expires <= now { Err(ConsentError::Expired { expires, now }) } else { Ok(()) }
    }
}

/// Checks a consent against the record, the purpose and the platform that asks.
///
/// `now` is the moment judged: the request's arrival, later the candidate's time. Why the holder's two
/// signatures are not checked in one equation: [`crate::verify_binding`].
///
/// Trust: anybody may have made `consent`; only the holder's key can sign it.
///
/// # Errors
///
/// [`ConsentError`]: the holder gives a new one.
pub fn verify_consent(
    issued: &IssuedRecord,
    consent: Option<&str>,
    purpose: &PurposeCode,
    platform: &Platform,
    now: Timestamp,
) -> Result<VerifiedConsent, ConsentError> {
    let text = consent.ok_or(ConsentError::Missing)?;
    if text.len() > MAX_CONSENT {
        return Err(ConsentError::TooLong { len: text.len() });
    }
    let mut jws = Jws::parse(text, CONSENT_TYPE)?;
    jws.verify(&issued.record().claims().holder_key)?;
    let payload = &mut jws.payload;
    if claims::take_bytes(payload, "record")? != issued.record().digest().0 {
        return Err(ConsentError::OtherRecord);
    }
    if claims::take_text(payload, "purpose")? != purpose.as_str() {
        return Err(ConsentError::OtherPurpose);
    }
    if claims::take_text(payload, "recipient")? != platform.to_string() {
        return Err(ConsentError::OtherRecipient);
    }
    let issued_at = claims::take_time(payload, "iat")?;
    let expires = claims::take_time(payload, "exp")?;
    claims::nothing_is_left(payload)?;
    check_time(issued_at, expires, now)?;
    let (purpose, recipient) = (purpose.clone(), platform.clone());
    Ok(VerifiedConsent { digest: sha256(text.as_bytes()), purpose, recipient, expires })
}

fn check_time(
    issued_at: Timestamp,
    expires: Timestamp,
    now: Timestamp,
) -> Result<(), ConsentError> {
    let from_the_future = issued_at > now.saturating_add(MAX_CLOCK_AHEAD);
    if from_the_future || expires <= issued_at || expires.since(issued_at) > MAX_CONSENT_LIFE {
        return Err(ConsentError::Time { issued_at, expires, now });
    }
    if expires <= now { Err(ConsentError::Expired { expires, now }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
