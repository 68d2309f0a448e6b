//! Whether a batch hides a change of the source's registry.

use crate::{check::CheckedBatch, state::LaneState};
use gateway_types::{
    Digest, LicenceKey,
    registry::{Change, next_acc},
};
use std::collections::BTreeSet;

impl LaneState {
    /// Checks that `batch` logs every one of `changes` that concerns a licence recognised in this lane,
    /// as it was, and recognises none of the licences that changed.
    ///
    /// `changes` are all those after the last sync point up to the batch's, in order. Their running
    /// digest must be the batch's: so a proof of the registry's head, or of its change of that number,
    /// proves them all, and none can be left out.
    /// Source: design section 2.3, rules (b) and (c). Trust: the leader sent the changes; that the sync
    /// point's number and digest are the chain's is the light client's to prove.
    ///
    /// # Errors
    ///
    /// [`ChangesError`]: do not prepare it. A leader that leaves a change out hides a revocation.
    pub fn check_changes(
        &self,
        batch: &CheckedBatch,
        changes: &[Change],
    ) -> Result<(), ChangesError> {
        let (last, acc) = self.last_change();
        let (n, expected) = batch.sync().map_or((last, acc), |sync| (sync.n, sync.acc));
        let due = n.saturating_sub(last);
        if u64::try_from(changes.len()) != Ok(due) {
            return Err(ChangesError::Count { got: changes.len(), due });
        }
        let numbered = || (last.saturating_add(1)..).zip(changes);
        let got = numbered().fold(acc, |acc, (n, change)| next_acc(&acc, n, change));
        if got != expected {
            return Err(ChangesError::Digest { got, expected });
        }
        let recognised: BTreeSet<LicenceKey> = batch.recognised().copied().collect();
        match numbered().find(|(_, change)| recognised.contains(&change.key)) {
            Some((n, change)) => Err(ChangesError::Recognised { n, licence: change.key }),
            None => self.check_logged(batch, changes),
        }
    }

    /// The `status` entries are those of the changes, and no others.
    fn check_logged(&self, batch: &CheckedBatch, changes: &[Change]) -> Result<(), ChangesError> {
        let due = self.status_entries(changes);
        let mut logged = batch.statuses().iter();
        for entry in &due {
            let next = logged.next().map(|status| (status.n, status.change));
            if next != Some((entry.n, entry.change)) {
                return Err(ChangesError::NotLogged { n: entry.n, licence: entry.change.key });
            }
        }
        logged.next().map_or(Ok(()), |extra| Err(ChangesError::NoChange { n: extra.n }))
    }
}

/// Why a batch does not agree with the registry's changes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangesError {
    /// Not as many changes as lie between the sync points.
    #[error("{got} changes came, {due} lie between the sync points")]
    Count {
        /// How many came.
        got: usize,
        /// How many are due.
        due: u64,
    },
    /// They lead to another running digest: one is missing, added or altered.
    #[error("the changes lead to running digest {got}, the sync point has {expected}")]
    Digest {
        /// Where they lead.
        got: Digest,
        /// What the sync point has.
        expected: Digest,
    },
    /// A change of a licence recognised here has no `status` entry, or another one.
    #[error("change {n} of licence {licence:?} is not logged as it was")]
    NotLogged {
        /// Its number.
        n: u64,
        /// Which licence.
        licence: LicenceKey,
    },
    /// A `status` entry that no change is behind.
    #[error("the status entry of change {n} has no such change behind it")]
    NoChange {
        /// The number that it gives.
        n: u64,
    },
    /// The batch recognises a licence that changed since the last sync point.
    #[error("licence {licence:?} changed by change {n}, and the batch recognises it")]
    Recognised {
        /// Number of the change.
        n: u64,
        /// Which licence.
        licence: LicenceKey,
    },
}
