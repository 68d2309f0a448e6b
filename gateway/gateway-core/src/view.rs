//! What a platform sees of its question: one word, and what it waits for.

use crate::{failure::Failure, logged::Logged, tally::Standing};
use gateway_types::{Digest, Status, Timestamp};

/// The one word. There is no fourth, ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It counts, now.
    Yes,
    /// It does not.
    No,
    /// Cannot say. Never shown as a no.
    Unknown,
}

impl Answer {
    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a question is. New ones may come; [`Answer`] never grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateWord {
    /// The source is being asked.
    Checking,
    /// The source is silent.
    Waiting,
    /// Regulators are being asked.
    AwaitingVerdicts,
    /// A person at a regulator looks.
    InReview,
    /// In the log: it counts.
    Recognised,
    /// In the log: it does not.
    Declined,
    /// Nothing was decided.
    Failed,
    /// The platform took it back.
    Cancelled,
}

impl StateWord {
    /// The word in the API.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Checking => "checking",
            Self::Waiting => "waiting",
            Self::AwaitingVerdicts => "awaiting_verdicts",
            Self::InReview => "in_review",
            Self::Recognised => "recognised",
            Self::Declined => "declined",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Whom a question waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitingOn {
    /// The source's nodes.
    Source {
        /// Since when.
        since: Timestamp,
    },
    /// The regulators of a committee, by its place in the lane, from 0.
    Regulators {
        /// Which committee.
        committee: u8,
        /// How many have accepted.
        have: u8,
        /// How many must.
        need: u8,
        /// Since when.
        since: Timestamp,
    },
    /// The lane's next batch: the verdicts are in.
    Batch {
        /// Since when.
        since: Timestamp,
    },
}

/// How a recognised licence stands now, by the lane's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LicenceStanding {
    /// Its status after the newest final batch.
    pub status: Status,
    /// Block time of that batch's sync point.
    pub as_of: Timestamp,
}

/// A question as its platform sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View<'a> {
    /// The one word.
    pub answer: Answer,
    /// Where it is.
    pub state: StateWord,
    /// The candidate that members were asked about.
    pub candidate: Option<Digest>,
    /// How each committee stands, in the lane's order.
    pub verdicts: Vec<Standing>,
    /// What is in the log, the proof of the answer. Kept even where it came too late to be one.
    pub logged: Option<&'a Logged>,
    /// Why nothing was decided.
    pub failure: Option<&'a Failure>,
    /// Whom it waits for.
    pub waiting_on: Option<WaitingOn>,
}
