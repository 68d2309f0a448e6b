//! What a check comes to, and why.

use crate::read::BadFile;
use core::time::Duration;
use gateway_types::{Jurisdiction, Origin, Status, Timestamp, id::PurposeCode, verdict::Reason};

/// The four answers. *Cannot say* is never shown as *no*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It counts, for this purpose, in this region, at the moment asked about.
    Good,
    /// Its signatures hold, and it does not count.
    NotGood,
    /// The files are not what the committees signed. A damaged copy looks the same as a forged one.
    NotGenuine,
    /// What was given does not suffice to answer.
    CannotSay,
}

impl Outcome {
    /// The word for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NotGood => "not_good",
            Self::NotGenuine => "not_genuine",
            Self::CannotSay => "cannot_say",
        }
    }

    /// The words for people.
    #[must_use]
    pub fn heading(self) -> &'static str {
        match self {
            Self::Good => "GOOD",
            Self::NotGood => "NOT GOOD",
            Self::NotGenuine => "NOT GENUINE",
            Self::CannotSay => "CANNOT SAY",
        }
    }

    /// The sign beside the words.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Good => '✓',
            Self::NotGood | Self::NotGenuine => '✗',
            Self::CannotSay => '?',
        }
    }
}

/// Why there is no *good*.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// See [`NotGood`].
    #[error(transparent)]
    NotGood(#[from] NotGood),
    /// See [`NotGenuine`].
    #[error(transparent)]
    NotGenuine(#[from] NotGenuine),
    /// See [`CannotSay`].
    #[error(transparent)]
    CannotSay(#[from] CannotSay),
}

impl Refusal {
    /// Which of the four answers it is.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::NotGood(_) => Outcome::NotGood,
            Self::NotGenuine(_) => Outcome::NotGenuine,
            Self::CannotSay(_) => Outcome::CannotSay,
        }
    }

    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotGood(why) => why.code(),
            Self::NotGenuine(why) => why.code(),
            Self::CannotSay(why) => why.code(),
        }
    }
}

/// The signatures hold, and it does not count. Who acts next: the holder, or nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotGood {
    /// The entry is a refusal.
    #[error("declined")]
    Declined {
        /// When.
        time: Timestamp,
        /// Why.
        reasons: Vec<Reason>,
    },
    /// It is for another purpose.
    #[error("it is for {granted}, not for {asked}")]
    WrongPurpose {
        /// What the entry says.
        granted: PurposeCode,
        /// What was asked.
        asked: PurposeCode,
    },
    /// It counts elsewhere.
    #[error("it counts in {granted}, not in {asked}")]
    WrongRegion {
        /// What the entry says.
        granted: Jurisdiction,
        /// What was asked.
        asked: Jurisdiction,
    },
    /// The moment asked about lies before the recognition.
    #[error("not yet recognised at the moment asked")]
    NotYetRecognised {
        /// When it was recognised.
        from: Timestamp,
    },
    /// The licence has not begun.
    #[error("not yet valid")]
    LicenceNotYet {
        /// First moment of validity.
        from: Timestamp,
    },
    /// The licence has ended.
    #[error("expired")]
    LicenceExpired {
        /// First moment of validity.
        from: Timestamp,
        /// First moment after validity.
        ended: Timestamp,
    },
    /// The source changed the licence.
    #[error("the licence is no longer valid")]
    StatusChanged(Changed),
    /// The record shown is not the one that was recognised.
    #[error("this is not the record that was recognised")]
    RecordMismatch,
}

impl NotGood {
    fn code(&self) -> &'static str {
        match self {
            Self::Declined { .. } => "declined",
            Self::WrongPurpose { .. } => "wrong_purpose",
            Self::WrongRegion { .. } => "wrong_region",
            Self::NotYetRecognised { .. } => "not_yet_recognised",
            Self::LicenceNotYet { .. } => "licence_not_yet",
            Self::LicenceExpired { .. } => "licence_expired",
            Self::StatusChanged(changed) => changed.code(),
            Self::RecordMismatch => "record_mismatch",
        }
    }
}

/// How a licence stands in a status list, other than valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// Ended: 1.
    Ended,
    /// Not in force for a time: 2.
    Suspended,
    /// Replaced, or something that no rule of ours knows: 3.
    Other,
}

/// A change of the licence that ends or suspends its recognition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// How it stands.
    pub value: Invalid,
    /// As of when the list says so: a sync point's block time, or the time of its batch, if that lies more
    /// than 60 s later ([`VerifiedStatus::until`](crate::VerifiedStatus::until)).
    pub as_of: Timestamp,
    /// The source's own word, if the status file proves it: since when at the latest, and the code.
    pub word: Option<SourceWord>,
}

impl Changed {
    fn code(&self) -> &'static str {
        match (self.word.map(|word| word.code.status()), self.value) {
            (Some(Status::Expired), _) => "expired",
            (Some(Status::Superseded), _) => "superseded",
            (_, Invalid::Ended) => "revoked",
            (_, Invalid::Suspended) => "suspended",
            (_, Invalid::Other) => "status_other",
        }
    }
}

/// What the source said, proven by a `status` entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceWord {
    /// Its code.
    pub code: gateway_types::SourceCode,
    /// Time of the batch that logged it, or its sync point's block time, if that is later: the change is at
    /// most as new. (A batch that catches up logs changes of after its block.)
    pub since: Timestamp,
    /// The change's place in the log.
    pub index: u64,
}

/// Which file a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The certificate.
    Certificate,
    /// Its seal.
    Seal,
    /// The status file.
    Status,
}

impl std::fmt::Display for FileKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Seal => "seal",
            Self::Status => "status file",
        })
    }
}

/// What is not under the root that the committees signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaf {
    /// The `recognised` or `declined` entry.
    Entry,
    /// A `batch` entry.
    Batch,
    /// The `committee` entry of this epoch.
    Committee(u64),
    /// The `status` entry.
    Change,
}

impl std::fmt::Display for Leaf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Entry => f.write_str("the entry"),
            Self::Batch => f.write_str("the batch entry"),
            Self::Committee(epoch) => write!(f, "the committee entry of epoch {epoch}"),
            Self::Change => f.write_str("the status entry"),
        }
    }
}

/// The files are not what the committees signed. Nothing in them may be relied on.
#[derive(Debug, thiserror::Error)]
pub enum NotGenuine {
    /// Not a file of this kind.
    #[error("this is no {file}: {source}")]
    File {
        /// Which file.
        file: FileKind,
        /// Why not.
        source: BadFile,
    },
    /// A part is about another lane than the file says.
    #[error("the {file} puts together parts of different lanes")]
    OtherLane {
        /// Which file.
        file: FileKind,
    },
    /// The first `committee` entry is not the one of the trust file.
    #[error("the committees named in it are not those of your trust file")]
    OtherCommittees,
    /// A later `committee` entry that those before it did not agree on.
    #[error("the committees of epoch {epoch} were not named by those before them")]
    NotAgreed {
        /// The epoch that it claims to open.
        epoch: u64,
    },
    /// The signatures do not suffice, or one is wrong.
    #[error("the {file} does not carry the signatures that the lane requires")]
    Signatures {
        /// Which file.
        file: FileKind,
        /// Why.
        source: gateway_cosign::CheckpointError,
    },
    /// A leaf is not under the signed root.
    #[error(
        "{leaf} is not under the root that the committees signed: text or proof was changed after signing"
    )]
    NotIncluded {
        /// Which leaf.
        leaf: Leaf,
    },
    /// Bytes under the root that are no entry of the expected kind.
    #[error("{leaf} is of another kind, or of a form that is not known here")]
    WrongKind {
        /// Which leaf.
        leaf: Leaf,
    },
    /// Entry and `batch` entry do not belong together.
    #[error("the batch entry is not that of the entry's batch")]
    OtherBatch,
    /// The entry, or the seal, does not say what every such one must.
    #[error("the file contradicts itself: {what}")]
    Contradiction {
        /// What is wrong.
        what: &'static str,
    },
    /// Signed by keys of an epoch after it was closed.
    #[error("the keys of epoch {epoch} signed this after their epoch had been closed")]
    AfterClosing {
        /// The epoch.
        epoch: u64,
    },
    /// Two roots of one size, both signed: keep the files, they are evidence.
    #[error(
        "the committees signed two histories of {size} entries: keep both files, they prove it"
    )]
    TwoHistories {
        /// The size.
        size: u64,
    },
    /// The list is not the one whose digest is in the log.
    #[error("the status list is not the one whose digest the committees signed")]
    OtherList,
    /// The status file contradicts itself or the certificate.
    #[error("the status file contradicts the certificate: {what}")]
    StatusContradiction {
        /// What is wrong.
        what: &'static str,
    },
}

impl NotGenuine {
    fn code(&self) -> &'static str {
        match self {
            Self::File { file: FileKind::Status, .. } => "status_malformed",
            Self::File { .. } => "certificate_malformed",
            Self::OtherLane { .. } => "other_lane",
            Self::OtherCommittees => "other_committees",
            Self::NotAgreed { .. } => "committee_not_agreed",
            Self::Signatures { .. } => "signatures",
            Self::NotIncluded { .. } => "not_included",
            Self::WrongKind { .. } => "wrong_entry",
            Self::OtherBatch => "other_batch",
            Self::Contradiction { .. } => "contradiction",
            Self::AfterClosing { .. } => "after_closing",
            Self::TwoHistories { .. } => "two_histories",
            Self::OtherList => "other_list",
            Self::StatusContradiction { .. } => "status_contradiction",
        }
    }
}

/// What was given does not suffice. Each answers what to give.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotSay {
    /// The trust file says nothing of this lane.
    #[error("the trust file (dated {dated}) names no committees for {origin}")]
    LaneNotTrusted {
        /// The lane.
        origin: Origin,
        /// The trust file's date.
        dated: String,
    },
    /// No chain of `committee` entries to the epoch that signed.
    #[error(
        "unknown committee: no chain of committee entries from this trust file (dated {dated}) to epoch {epoch}"
    )]
    UnknownCommittee {
        /// The epoch that is needed, at least.
        epoch: u64,
        /// The trust file's date.
        dated: String,
    },
    /// The epoch that signed is closed, and there is no seal that counts.
    #[error("epoch {epoch} is closed and this file has no seal")]
    EpochClosed {
        /// The epoch.
        epoch: u64,
        /// When its keys ended.
        keys_end: Timestamp,
        /// Whether the file has a seal, of an epoch that is closed as well.
        sealed: bool,
    },
    /// The newest status is too old.
    #[error("the newest status is too old")]
    StatusStale {
        /// As of when it is.
        as_of: Timestamp,
        /// How old it is at the moment asked about.
        age: Duration,
        /// How old it may be.
        limit: Duration,
    },
    /// The status file was signed in an epoch that is closed.
    #[error("the status was signed in epoch {epoch}, which is closed")]
    StatusEpochClosed {
        /// The epoch.
        epoch: u64,
    },
    /// The licence changed at a time that may lie before or after the moment asked about.
    #[error("the licence changed, before or after the moment asked about")]
    ChangedAround {
        /// Last known to be valid.
        valid: Timestamp,
        /// The change, known as of later than the moment asked about.
        changed: Changed,
    },
}

impl CannotSay {
    fn code(&self) -> &'static str {
        match self {
            Self::LaneNotTrusted { .. } => "lane_not_trusted",
            Self::UnknownCommittee { .. } => "unknown_committee",
            Self::EpochClosed { .. } => "epoch_closed",
            Self::StatusStale { .. } => "status_stale",
            Self::StatusEpochClosed { .. } => "status_epoch_closed",
            Self::ChangedAround { .. } => "status_after_moment",
        }
    }
}
