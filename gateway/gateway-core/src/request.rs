//! A platform's question, as it is stored before anything else happens.

use core::time::Duration;
use core::{fmt, str::FromStr};
use gateway_types::{
    Digest, Jurisdiction, LicenceId, Platform, Timestamp,
    candidate::request_digest,
    frame::frame,
    id::{BadIdentifier, IdempotencyKey, PurposeCode},
};

/// How long an idempotency key is remembered.
pub const KEY_KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// The name of a stored question, `rec_01M7XZ2WWM4Q7K`: `rec_`, then 1 to 36 of 0-9 and A-Z.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecognitionId(String);

impl FromStr for RecognitionId {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        let fits = text.strip_prefix("rec_").is_some_and(|rest| {
            (1..=36).contains(&rest.len())
                && rest.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        });
        let bad = BadIdentifier { expected: "an id such as rec_01M7XZ2WWM4Q7K" };
        if fits { Ok(Self(text.to_owned())) } else { Err(bad) }
    }
}

impl fmt::Display for RecognitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a platform asks.
#[derive(Clone, PartialEq, Eq)]
pub struct Question {
    /// Which licence, by its number. It stays on the destination's side.
    pub licence: LicenceId,
    /// Where it was issued.
    pub from: Jurisdiction,
    /// Where it is to count.
    pub to: Jurisdiction,
    /// For what.
    pub purpose: PurposeCode,
    /// The record with the holder's proof, as it came.
    pub record: String,
    /// The holder's consent, as it came.
    pub consent: Option<String>,
    /// When the platform stops waiting.
    pub answer_by: Option<Timestamp>,
}

impl Question {
    /// One digest for one question: two bodies with the same members ask the same.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let consent = self.consent.as_deref().map(|text| format!("+{text}")).unwrap_or_default();
        let answer_by = self.answer_by.map(|at| at.0.to_string()).unwrap_or_default();
        let parts = [
            self.licence.as_str(),
            self.from.as_str(),
            self.to.as_str(),
            self.purpose.as_str(),
            &self.record,
            &consent,
            &answer_by,
        ];
        frame("comity/question/v1", &parts.map(str::as_bytes))
    }
}

impl fmt::Debug for Question {
    /// Number, record and consent are personal: they are not shown in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut s = f.debug_struct("Question");
        s.field("from", &self.from).field("to", &self.to);
        s.field("purpose", &self.purpose).finish_non_exhaustive()
    }
}

/// A question that cannot get lost any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRequest {
    /// Its name.
    pub id: RecognitionId,
    /// Who asks, by its TLS certificate.
    pub platform: Platform,
    /// The platform's own key for this question.
    pub key: IdempotencyKey,
    /// What is asked.
    pub question: Question,
    /// When it was stored.
    pub stored_at: Timestamp,
}

impl StoredRequest {
    /// The digest under which no second entry is agreed, whichever gateway the question came through.
    #[must_use]
    pub fn digest(&self) -> Digest {
        request_digest(&self.platform, &self.key)
    }
}

/// An earlier use of a platform's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// The question asked under it.
    pub question: Digest,
    /// Its name.
    pub id: RecognitionId,
    /// When.
    pub at: Timestamp,
}

/// What a key asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyCheck {
    /// A new question.
    New,
    /// The answer of this one, given or still to come.
    Same(RecognitionId),
}

/// The key was used for another question: `idempotency_key_reused`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this key was used for another question, {id}")]
pub struct KeyReused {
    /// That question.
    pub id: RecognitionId,
}

/// Checks a platform's key against its earlier use, if the store knows one.
///
/// The store must read `seen` and write the new use in one transaction: of two calls at once one is the
/// first.
///
/// # Errors
///
/// [`KeyReused`]: the platform takes another key.
pub fn check_key(
    seen: Option<&KeyUse>,
    question: &Digest,
    now: Timestamp,
) -> Result<KeyCheck, KeyReused> {
    match seen.filter(|seen| now.since(seen.at) < KEY_KEPT) {
        None => Ok(KeyCheck::New),
        Some(seen) if seen.question == *question => Ok(KeyCheck::Same(seen.id.clone())),
        Some(seen) => Err(KeyReused { id: seen.id.clone() }),
    }
}

#[cfg(test)]
mod tests;
