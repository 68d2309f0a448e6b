//! A final answer: an entry that is in the log, under a checkpoint that the lane's committees signed.

use core::time::Duration;
use gateway_cosign::SignedCheckpoint;
use gateway_log::{LeafHash, ProofError, verify_inclusion};
use gateway_types::{
    Digest, Salt, Timestamp,
    candidate::Candidate,
    cbor::DecodeError,
    entry::{BatchEntry, DeclinedEntry, Entry, RecognisedEntry, SyncPoint},
};

/// How old the sync point's block may be for a *yes* (design section 2.3).
pub const MAX_STATUS_AGE: Duration = Duration::from_secs(120);

/// How far a candidate's time may be ahead of its batch's: each may be 5 s from the members' clocks.
const MAX_AHEAD: Duration = Duration::from_secs(10);

/// An entry as it lies in the log, with the way to the root.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'a> {
    /// The entry's salt.
    pub salt: &'a Salt,
    /// The entry's bytes, as they were written.
    pub bytes: &'a [u8],
    /// Its place, from 0.
    pub index: u64,
    /// The inclusion proof.
    pub proof: &'a [Digest],
}

/// What an entry says of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It counts.
    Recognised(Box<RecognisedEntry>),
    /// It does not.
    Declined(Box<DeclinedEntry>),
}

/// An answer that is in the lane's log. Only [`verify_logged`] makes it (A48, A116):
///
/// ```compile_fail,E0451
/// # use {gateway_core::{Logged, Outcome}, gateway_types::entry::BatchEntry};
/// # fn forge(outcome: Outcome, batch: BatchEntry) -> Logged {
/// Logged { outcome, batch, index: 6 }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    outcome: Outcome,
    batch: BatchEntry,
    index: u64,
}

impl Logged {
    /// What was agreed.
    #[must_use]
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// On which candidate.
    #[must_use]
    pub fn candidate(&self) -> &Candidate {
        match &self.outcome {
            Outcome::Recognised(entry) => &entry.candidate,
            Outcome::Declined(entry) => &entry.candidate,
        }
    }

    /// The batch's time.
    #[must_use]
    pub fn decided_at(&self) -> Timestamp {
        self.batch.time
    }

    /// As of which block the source was followed.
    #[must_use]
    pub fn sync(&self) -> Option<&SyncPoint> {
        self.batch.sync.as_ref()
    }

    /// The entry's place in the log, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }
}

/// Why this is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoggedError {
    /// One of the two is not an entry.
    #[error("not an entry")]
    Decode(#[from] DecodeError),
    /// One of the two is not under the signed root.
    #[error("the entry is not under the signed root")]
    NotIncluded(#[from] ProofError),
    /// The first is neither `recognised` nor `declined`.
    #[error("a `{got}` entry answers no question")]
    Kind {
        /// What it is.
        got: &'static str,
    },
    /// The second is not a `batch` entry, stands behind the first, or is older than the candidate.
    #[error("the entry is not of this batch")]
    OtherBatch,
    /// It is an entry of another lane.
    #[error("the entry is of another lane than its checkpoint")]
    OtherLane,
}

/// Checks that an answer and its batch's `batch` entry are in the log that the committees signed.
///
/// Trust: `signed` is evidence already; everything else may come from anybody, who can at most show the `batch`
/// entry of an earlier batch of the same ten seconds: that only makes the answer older.
///
/// # Errors
///
/// [`LoggedError`]: nothing is answered.
pub fn verify_logged(
    signed: &SignedCheckpoint,
    entry: &Leaf<'_>,
    batch: &Leaf<'_>,
) -> Result<Logged, LoggedError> {
    let outcome = match included(signed, entry)? {
        Entry::Recognised(entry) => Outcome::Recognised(Box::new(entry)),
        Entry::Declined(entry) => Outcome::Declined(Box::new(entry)),
        other => return Err(LoggedError::Kind { got: other.kind() }),
    };
    let Entry::Batch(first) = included(signed, batch)? else { return Err(LoggedError::OtherBatch) };
    if batch.index >= entry.index || first.epoch > signed.epoch() {
        return Err(LoggedError::OtherBatch);
    }
    let logged = Logged { outcome, batch: first, index: entry.index };
    if logged.batch.time.saturating_add(MAX_AHEAD) < logged.candidate().time() {
        return Err(LoggedError::OtherBatch);
    }
    if logged.candidate().origin != signed.checkpoint().origin {
        return Err(LoggedError::OtherLane);
    }
    Ok(logged)
}

fn included(signed: &SignedCheckpoint, leaf: &Leaf<'_>) -> Result<Entry, LoggedError> {
    let hash = LeafHash::of(leaf.salt, leaf.bytes);
    verify_inclusion(hash, leaf.index, &signed.checkpoint().head, leaf.proof)?;
    Ok(Entry::decode(leaf.bytes)?)
}

#[cfg(test)]
mod tests;
