//! Why a question was left without an answer: nothing was decided, and it is safe to ask again.

use crate::{candidate::CandidateError, presented::PresentedError, tally::Standing};
use gateway_types::verdict::Reason;

/// What is wrong with the source, in the relayer's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceTrouble {
    /// Its nodes are silent or behind. Says nothing about the licence.
    Unavailable,
    /// The light client is frozen: two valid headers contradict each other.
    Frozen,
    /// The light client is too old to be built on.
    Expired,
}

/// Why nothing was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The holder showed another record than the registered one.
    RecordMismatch,
    /// Record, proof or consent counted when the question came, and no more when it was judged.
    Presented(Reason),
    /// The source did not answer in time, or cannot be believed.
    Source(SourceTrouble),
    /// Too few regulators answered in time; how each committee stood.
    QuorumUnavailable(Vec<Standing>),
    /// The platform's own time was over.
    DeadlinePassed,
    /// The platform used this key for another question at another gateway, which is in the log.
    KeyReused,
    /// A mistake of ours: the request id helps to find it.
    Internal,
}

impl Failure {
    /// The stable code of the API.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::RecordMismatch => Reason::RecordMismatch.as_str(),
            Self::Presented(reason) => reason.as_str(),
            Self::Source(SourceTrouble::Unavailable) => "source_unavailable",
            Self::Source(SourceTrouble::Frozen) => "source_frozen",
            Self::Source(SourceTrouble::Expired) => "source_expired",
            Self::QuorumUnavailable(_) => "quorum_unavailable",
            Self::DeadlinePassed => "deadline_passed",
            Self::KeyReused => "idempotency_key_reused",
            Self::Internal => "internal",
        }
    }
}

impl From<&PresentedError> for Failure {
    fn from(error: &PresentedError) -> Self {
        Self::Presented(error.reason())
    }
}

impl SourceTrouble {
    /// Whether waiting may help; else only regulators can.
    #[must_use]
    pub fn may_pass(self) -> bool {
        self == Self::Unavailable
    }
}

/// Why evidence was not used. All but [`EvidenceError::NotAwaited`] and a mismatch: fetched again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EvidenceError {
    /// None is being waited for.
    #[error("no evidence is awaited")]
    NotAwaited,
    /// No candidate can be made of it.
    #[error(transparent)]
    Candidate(#[from] CandidateError),
    /// What the holder showed counts no more.
    #[error(transparent)]
    Presented(#[from] PresentedError),
}
