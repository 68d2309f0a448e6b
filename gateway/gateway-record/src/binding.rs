//! The holder's proof for one request (KB-JWT, RFC 9901 section 4.3).

use crate::{
    base64url,
    claims::{self, ClaimError},
    evidence::IssuedRecord,
    jws::{Jws, JwsError},
};
use core::time::Duration;
use gateway_types::{Digest, Origin, Timestamp};

/// The type of a KB-JWT.
pub const BINDING_TYPE: &str = "kb+jwt";

/// Longest KB-JWT.
pub const MAX_BINDING: usize = 4 * 1024;

/// Greatest age of a proof. Below the 48 h within which no second entry has the same request digest, so
/// that one can never be used twice.
pub const MAX_BINDING_AGE: Duration = Duration::from_secs(24 * 3600);

/// How far a holder's clock may be ahead of ours.
pub const MAX_CLOCK_AHEAD: Duration = Duration::from_secs(5 * 60);

/// Why the holder's proof does not count: `binding_invalid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// The record came without one.
    #[error("there is no proof of the holder")]
    Missing,
    /// Longer than [`MAX_BINDING`].
    #[error("proof of {len} bytes, at most {MAX_BINDING}")]
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
    /// Made for another lane or deployment.
    #[error("made for another lane")]
    Audience,
    /// Made for another request.
    #[error("made for another request")]
    Request,
    /// Made over another record or other disclosures.
    #[error("made over another record or other disclosures")]
    Presentation,
    /// Too old, or from the future.
    #[error("made at {issued_at:?}, judged at {now:?}")]
    Time {
        /// When it was made, as it says.
        issued_at: Timestamp,
        /// When it is judged.
        now: Timestamp,
    },
}

/// Evidence that the holder handed this record over for this request. Only [`verify_binding`] makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerifiedBinding {
    request: Digest,
    presentation: Digest,
    issued_at: Timestamp,
}

impl VerifiedBinding {
    /// The request that it is for.
    #[must_use]
    pub fn request(&self) -> Digest {
        self.request
    }

    /// Which record with which disclosures: its [`crate::Record::presentation_digest`].
    #[must_use]
    pub fn presentation(&self) -> Digest {
        self.presentation
    }

    /// Checks that it counts at `now` too: a candidate may be made some time after the request came.
    ///
    /// # Errors
    ///
    /// [`BindingError::Time`]: the holder makes a new one.
    pub fn check_counts_at(&self, now: Timestamp) -> Result<(), BindingError> {
        check_time(self.issued_at, now)
    }
}

/// Checks the KB-JWT that came with the record.
///
/// `origin` is the lane's origin line, `request` the request digest, `now` the moment judged: the
/// request's arrival, later the candidate's time. It is checked by itself, not in one equation with the
/// consent: ed25519-dalek's batch takes signatures that the strict rule refuses, so two members could
/// differ.
///
/// Trust: the platform or anybody may have made the proof; only the holder's key can.
///
/// # Errors
///
/// [`BindingError`]: refuse for good; the holder makes a new one.
pub fn verify_binding(
    issued: &IssuedRecord,
    origin: &Origin,
    request: &Digest,
    now: Timestamp,
) -> Result<VerifiedBinding, BindingError> {
    let record = issued.record();
    let text = record.key_binding().ok_or(BindingError::Missing)?;
    if text.len() > MAX_BINDING {
        return Err(BindingError::TooLong { len: text.len() });
    }
    let mut jws = Jws::parse(text, BINDING_TYPE)?;
    jws.verify(&record.claims().holder_key)?;
    let presentation = record.presentation_digest();
    let issued_at = take_issued_at(&mut jws, origin, request, &presentation)?;
    check_time(issued_at, now)?;
    Ok(VerifiedBinding { request: *request, presentation, issued_at })
}

/// Checks what the proof says it is for, and takes when it was made.
fn take_issued_at(
    jws: &mut Jws,
    origin: &Origin,
    request: &Digest,
    presentation: &Digest,
) -> Result<Timestamp, BindingError> {
    let payload = &mut jws.payload;
    if claims::take_text(payload, "aud")? != origin.to_string() {
        return Err(BindingError::Audience);
    }
    if claims::take_text(payload, "nonce")? != base64url::encode(&request.0) {
        return Err(BindingError::Request);
    }
    if claims::take_text(payload, "sd_hash")? != base64url::encode(&presentation.0) {
        return Err(BindingError::Presentation);
    }
    let issued_at = claims::take_time(payload, "iat")?;
    claims::nothing_is_left(payload)?;
    Ok(issued_at)
}

fn check_time(issued_at: Timestamp, now: Timestamp) -> Result<(), BindingError> {
    if issued_at > now.saturating_add(MAX_CLOCK_AHEAD) || now.since(issued_at) > MAX_BINDING_AGE {
        return Err(BindingError::Time { issued_at, now });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
