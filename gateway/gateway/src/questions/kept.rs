//! A question as it lies in the store: what is personal apart, so that it can go when the question is closed.

use gateway_core::{
    Failure, KeyUse, Question, RecognitionId, SourceTrouble, Standing, StoredRequest,
};
use gateway_store::{Batch, Space, StoreError};
use gateway_types::{
    Bytes, CommitteeSize, Digest, Jurisdiction, LaneId, LicenceId, Platform, Timestamp, cbor,
    entry::ShortText,
    id::{IdempotencyKey, PurposeCode},
    link::{MAX_CONSENT, MAX_RECORD},
    verdict::Reason,
};
use minicbor::{Decode, Encode};

/// Questions, open and closed, by their name. Nothing in it is personal.
pub(super) const QUESTIONS: Space = Space("questions/1");
/// What the holder handed over, by the question's name: there exactly while the question is open.
pub(super) const HANDED: Space = Space("handed/1");
/// Uses of platforms' keys, by request digest.
pub(super) const KEYS: Space = Space("question-keys/1");

/// Longest encoded question or key use.
const MAX_KEPT: usize = 4 * 1024;
/// Longest of what the holder hands over.
const MAX_HANDED: usize = MAX_RECORD + MAX_CONSENT + 1024;

/// A question without what is personal.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub(super) struct Kept {
    #[n(0)]
    pub(super) platform: Platform,
    #[n(1)]
    pub(super) key: IdempotencyKey,
    #[n(2)]
    pub(super) from: Jurisdiction,
    #[n(3)]
    pub(super) to: Jurisdiction,
    #[n(4)]
    pub(super) purpose: PurposeCode,
    #[n(5)]
    pub(super) stored_at: Timestamp,
    #[n(6)]
    pub(super) answer_by: Option<Timestamp>,
    #[n(7)]
    pub(super) reference: Option<ShortText>,
    #[n(8)]
    pub(super) end: End,
    /// The lane that was asked; nothing in what was written down before this was.
    #[n(9)]
    pub(super) lane: Option<LaneId>,
}

/// How a question ended, if it did.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) enum End {
    /// Not yet.
    #[n(0)]
    Open,
    /// By the entry at this place of the log, with a certificate of this SHA-256; how each committee stood, and
    /// whether it was recognised.
    #[n(1)]
    Decided(#[n(0)] u64, #[n(1)] Digest, #[n(2)] Vec<Stood>, #[n(3)] bool),
    /// Nothing was decided.
    #[n(2)]
    Failed(#[n(0)] Why, #[n(1)] Timestamp),
    /// Taken back.
    #[n(3)]
    Cancelled(#[n(0)] Timestamp),
}

/// How a committee stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Stood(#[n(0)] u8, #[n(1)] u8, #[n(2)] u8, #[n(3)] u8, #[n(4)] u8);

impl Stood {
    /// A committee of this size of which nothing was seen.
    pub(super) fn unseen(size: CommitteeSize) -> Self {
        Self(0, 0, 0, size.t(), size.n())
    }
}

/// A [`Failure`].
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) enum Why {
    #[n(0)]
    RecordMismatch,
    #[n(1)]
    Presented(#[n(0)] Reason),
    #[n(2)]
    Unavailable,
    #[n(3)]
    Frozen,
    #[n(4)]
    Expired,
    #[n(5)]
    Quorum(#[n(0)] Vec<Stood>),
    #[n(6)]
    DeadlinePassed,
    #[n(7)]
    KeyReused,
    #[n(8)]
    Internal,
}

/// What the holder handed over, all of it personal: never shown, deleted when the question is closed.
#[derive(Encode, Decode)]
#[cbor(map)]
pub(super) struct KeptHanded {
    #[n(0)]
    licence: LicenceId,
    #[n(1)]
    record: Bytes<MAX_RECORD>,
    #[n(2)]
    consent: Option<Bytes<MAX_CONSENT>>,
}

/// A key's use.
#[derive(Encode, Decode)]
#[cbor(map)]
struct KeptUse {
    #[n(0)]
    question: Digest,
    #[n(1)]
    id: String,
    #[n(2)]
    at: Timestamp,
}

impl Kept {
    /// A question that was just taken.
    pub(super) fn open(request: &StoredRequest, reference: Option<ShortText>) -> Self {
        let question = &request.question;
        Self {
            platform: request.platform.clone(),
            key: request.key.clone(),
            from: question.from.clone(),
            to: question.to.clone(),
            purpose: question.purpose.clone(),
            stored_at: request.stored_at,
            answer_by: question.answer_by,
            reference,
            end: End::Open,
            lane: None,
        }
    }

    /// The question whole again, with what the holder handed over.
    pub(super) fn whole(&self, id: RecognitionId, handed: KeptHanded) -> Option<StoredRequest> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
        let consent = match handed.consent {
            Some(consent) => Some(text(consent.into_inner())?),
            None => None,
        };
        let question = Question {
            licence: handed.licence,
            from: self.from.clone(),
            to: self.to.clone(),
            purpose: self.purpose.clone(),
            record: text(handed.record.into_inner())?,
            consent,
            answer_by: self.answer_by,
        };
        let (platform, key) = (self.platform.clone(), self.key.clone());
        Some(StoredRequest { id, platform, key, question, stored_at: self.stored_at })
    }

    /// Reads what [`take`] wrote.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, StoreError> {
        cbor::decode(bytes, MAX_KEPT).map_err(|error| corrupt("a question", &error))
    }
}

impl KeptHanded {
    /// What is handed over with a question; nothing if it is longer than a question may be.
    pub(super) fn of(question: &Question) -> Option<Self> {
        let consent = match &question.consent {
            Some(consent) => Some(Bytes::new(consent.clone().into_bytes()).ok()?),
            None => None,
        };
        let record = Bytes::new(question.record.clone().into_bytes()).ok()?;
        Some(Self { licence: question.licence.clone(), record, consent })
    }

    /// Reads what [`take`] wrote.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, StoreError> {
        cbor::decode(bytes, MAX_HANDED).map_err(|error| corrupt("what was handed over", &error))
    }
}

/// Reads the use of a key.
pub(super) fn read_use(bytes: &[u8]) -> Result<KeyUse, StoreError> {
    let kept: KeptUse =
        cbor::decode(bytes, MAX_KEPT).map_err(|error| corrupt("a key's use", &error))?;
    let id = kept.id.parse().map_err(|error| corrupt("a key's use", &error))?;
    Ok(KeyUse { question: kept.question, id, at: kept.at })
}

/// Writes down a question and its key's use: all of it or nothing. `seen` is an earlier use that is forgotten.
pub(super) fn take(
    request: &StoredRequest,
    body: Digest,
    kept: &Kept,
    handed: &KeptHanded,
    seen: Option<Vec<u8>>,
) -> Batch {
    let key = request.digest().0.to_vec();
    let used = KeptUse { question: body, id: request.id.to_string(), at: request.stored_at };
    let batch = match seen {
        None => Batch::new().expect_absent(KEYS, key.clone()),
        Some(seen) => Batch::new().expect(KEYS, key.clone(), seen),
    };
    batch
        .put(KEYS, key, cbor::encode(&used))
        .put(QUESTIONS, name(&request.id), cbor::encode(kept))
        .put(HANDED, name(&request.id), cbor::encode(handed))
}

/// Writes down how a question ended, and deletes what is personal, in one step.
pub(super) fn close(id: &RecognitionId, kept: &Kept) -> Batch {
    Batch::new().put(QUESTIONS, name(id), cbor::encode(kept)).delete(HANDED, name(id))
}

/// A question's name as a key.
pub(super) fn name(id: &RecognitionId) -> Vec<u8> {
    id.to_string().into_bytes()
}

impl From<Standing> for Stood {
    fn from(s: Standing) -> Self {
        Self(s.accept, s.refuse, s.later, s.needed, s.members)
    }
}

impl From<Stood> for Standing {
    fn from(Stood(accept, refuse, later, needed, members): Stood) -> Self {
        Self { accept, refuse, later, needed, members }
    }
}

impl From<&Failure> for Why {
    fn from(failure: &Failure) -> Self {
        match failure {
            Failure::RecordMismatch => Self::RecordMismatch,
            Failure::Presented(reason) => Self::Presented(*reason),
            Failure::Source(SourceTrouble::Unavailable) => Self::Unavailable,
            Failure::Source(SourceTrouble::Frozen) => Self::Frozen,
            Failure::Source(SourceTrouble::Expired) => Self::Expired,
            Failure::QuorumUnavailable(stood) => {
                Self::Quorum(stood.iter().copied().map(Stood::from).collect())
            }
            Failure::DeadlinePassed => Self::DeadlinePassed,
            Failure::KeyReused => Self::KeyReused,
            Failure::Internal => Self::Internal,
        }
    }
}

impl From<&Why> for Failure {
    fn from(why: &Why) -> Self {
        match why {
            Why::RecordMismatch => Self::RecordMismatch,
            Why::Presented(reason) => Self::Presented(*reason),
            Why::Unavailable => Self::Source(SourceTrouble::Unavailable),
            Why::Frozen => Self::Source(SourceTrouble::Frozen),
            Why::Expired => Self::Source(SourceTrouble::Expired),
            Why::Quorum(stood) => {
                Self::QuorumUnavailable(stood.iter().copied().map(Standing::from).collect())
            }
            Why::DeadlinePassed => Self::DeadlinePassed,
            Why::KeyReused => Self::KeyReused,
            Why::Internal => Self::Internal,
        }
    }
}

/// The store holds something else than was written there. What it holds is not shown: it may be personal.
fn corrupt(what: &'static str, _: &dyn std::error::Error) -> StoreError {
    StoreError::Corrupt { why: format!("{what} cannot be read") }
}
