//! A log as a store holds it, read again from its first batch and compared with what the committees signed (A115).
//!
//! Whoever can write to a store can change, cut or swap what is in it while the program runs. So the program reads
//! its log again from time to time, a few batches at once, and stops where it does not lead to the signed root.

use crate::{RootError, verify_root};
use core::{ops::ControlFlow, time::Duration};
use gateway_cosign::{EpochKeys, Note};
use gateway_log::Frontier;
use gateway_types::{
    Timestamp,
    body::Body,
    cbor,
    checkpoint::{Checkpoint, TreeHead},
    message::{FinalMessage, MAX_MESSAGE},
};
use std::sync::Arc;

/// How often a stored log is read again as a whole; at a start it was read already. Source: attacks, A115.
pub const LOG_READ_EVERY: Duration = Duration::from_secs(3_600);

/// A stored log on its way from batch 0 to the batch that its owner knows to be the last.
#[derive(Clone, Debug)]
pub struct Recheck {
    keys: Arc<EpochKeys>,
    frontier: Frontier,
    k: u64,
    /// The note of the last batch that was read.
    note: Option<Note>,
}

impl Recheck {
    /// Begins before batch 0.
    #[must_use]
    pub fn new(keys: Arc<EpochKeys>) -> Self {
        Self { keys, frontier: Frontier::empty(), k: 0, note: None }
    }

    /// Number of the batch that it waits for.
    #[must_use]
    pub fn next_k(&self) -> u64 {
        self.k
    }

    /// Takes the next batch as it is stored: a [`FinalMessage`] with its body. Its root is computed again from its
    /// entries, and its note must be of that root; the note's signatures are left to [`Recheck::finish`].
    ///
    /// Trust: whoever can write to the store.
    ///
    /// # Errors
    ///
    /// [`LogChanged`]: the store is not what was written. Sign and answer nothing more from it.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), LogChanged> {
        let k = self.k;
        let unreadable = LogChanged::Unreadable { k };
        let message: FinalMessage =
            cbor::decode(bytes, MAX_MESSAGE).map_err(|_| unreadable.clone())?;
        let of_lane =
            |body: &Body| body.origin == *self.keys.origin() && body.epoch == self.keys.epoch();
        let body = message.body.filter(|body| body.k == k && message.k == k && of_lane(body));
        let body = body.ok_or(LogChanged::Missing { k })?;
        let frontier =
            verify_root(&self.frontier, &body).map_err(|source| LogChanged::Root { k, source })?;
        let text = core::str::from_utf8(&message.note).map_err(|_| unreadable.clone())?;
        let note = Note::parse(text).map_err(|_| unreadable.clone())?;
        let said = Checkpoint::parse(note.text()).map_err(|_| unreadable)?;
        if said.head != frontier.head() || said.origin != *self.keys.origin() {
            return Err(LogChanged::OtherNote { k });
        }
        (self.frontier, self.note, self.k) = (frontier, Some(note), k.saturating_add(1));
        Ok(())
    }

    /// [`Recheck::take`], for a reader of rows: breaks once all before number `k` are taken, or with what was changed.
    pub fn take_before(&mut self, k: u64, bytes: &[u8]) -> ControlFlow<Option<LogChanged>> {
        if self.k < k
            && let Err(changed) = self.take(bytes)
        {
            return ControlFlow::Break(Some(changed));
        }
        if self.k < k { ControlFlow::Continue(()) } else { ControlFlow::Break(None) }
    }

    /// All batches up to number `k`, which is not among them, were taken: they must lead to `known`, which their owner
    /// has held in memory since it checked it, and the committees must have signed it.
    ///
    /// # Errors
    ///
    /// [`LogChanged`]: as for [`Recheck::take`].
    pub fn finish(self, k: u64, known: TreeHead) -> Result<(), LogChanged> {
        if self.k < k {
            return Err(LogChanged::Missing { k: self.k });
        }
        let last = self.k.saturating_sub(1);
        if self.frontier.head() != known {
            return Err(LogChanged::OtherHead { k: last });
        }
        let Some(note) = self.note else { return Ok(()) };
        match self.keys.verify_note(&note) {
            Ok(signed) if signed.checkpoint().head == known => Ok(()),
            _ => Err(LogChanged::Unsigned { k: last }),
        }
    }
}

/// What came of reading a stored log again and again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogChecks {
    /// How often it was the one that was signed.
    pub good: u64,
    /// When it was found so last.
    pub last_good: Option<Timestamp>,
    /// What was found otherwise, the first time: nothing is signed or taken from then on.
    pub changed: Option<LogChanged>,
}

impl LogChecks {
    /// It was read once more.
    pub fn apply(&mut self, found: Result<(), LogChanged>, now: Timestamp) {
        match found {
            Ok(()) => {
                self.good = self.good.saturating_add(1);
                self.last_good = Some(now);
            }
            Err(changed) => drop(self.changed.get_or_insert(changed)),
        }
    }
}

/// A stored log is not the one that the committees signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogChanged {
    /// A batch is not there, or another is in its place.
    #[error("batch {k} is missing")]
    Missing {
        /// Its number.
        k: u64,
    },
    /// A batch cannot be read.
    #[error("batch {k} cannot be read")]
    Unreadable {
        /// Its number.
        k: u64,
    },
    /// A batch leads to another root than it says.
    #[error("batch {k} does not lead where it says")]
    Root {
        /// Its number.
        k: u64,
        /// Where it leads.
        #[source]
        source: RootError,
    },
    /// A batch has a note of another root, or of another lane.
    #[error("the note of batch {k} is of another root")]
    OtherNote {
        /// Its number.
        k: u64,
    },
    /// All agrees with itself, and not with what this program checked before.
    #[error("the log up to batch {k} was replaced by another")]
    OtherHead {
        /// Number of the last batch.
        k: u64,
    },
    /// The note of the last batch lacks a signature that the lane requires.
    #[error("the log up to batch {k} is not the one that the committees signed")]
    Unsigned {
        /// Number of the last batch.
        k: u64,
    },
}

#[cfg(test)]
mod tests;
