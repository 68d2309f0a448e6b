//! Asking a gateway, and believing nothing that was not verified here.
//!
//! A gateway answers *yes*, *no* or *unknown*. A *yes* or *no* comes with a certificate, which is checked with the
//! trust file that the asker was given, and against the question that was asked. What does not hold is *unknown*:
//! a gateway can delay an answer, never make one.
//!
//! **Invariant:** only [`believe()`] makes an [`Answer::Yes`] or [`Answer::No`].

mod believe;
mod platform;
mod received;

pub use believe::{Answer, NotBelieved, ONLINE_AGE, Proof, Unknown, believe};
pub use platform::{AskError, PlatformClient};
pub use received::{CertificateAt, Next, Received, RefusedBy, WaitingOn};

use gateway_types::{
    Digest, Jurisdiction, LicenceId, Platform,
    candidate::request_digest,
    id::{IdempotencyKey, PurposeCode},
};
use std::{fmt, time::Duration};

/// The longest that a gateway lets one call wait.
pub const MAX_WAIT: Duration = Duration::from_secs(30);

/// What is asked.
#[derive(Clone)]
pub struct Question {
    /// Which licence.
    pub licence: LicenceId,
    /// Where it was issued.
    pub from: Jurisdiction,
    /// Where it is to count.
    pub to: Jurisdiction,
    /// For what.
    pub purpose: PurposeCode,
    /// The record with the holder's proof for this request.
    pub record: String,
    /// The holder's consent.
    pub consent: Option<String>,
    /// The asker's own key: the same question asked again under it gets the same answer.
    pub key: IdempotencyKey,
}

impl Question {
    /// What an answer to it carries, whichever gateway it came through.
    #[must_use]
    pub fn digest(&self, platform: &Platform) -> Digest {
        request_digest(platform, &self.key)
    }
}

impl fmt::Debug for Question {
    /// Number, record and consent are personal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("Question");
        s.field("from", &self.from).field("to", &self.to);
        s.field("purpose", &self.purpose).finish_non_exhaustive()
    }
}
