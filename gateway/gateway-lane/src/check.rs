//! Whether a batch has the form of the lane's next one.

use crate::{
    error::{EntryError, LaneError},
    genesis,
    state::{LaneState, Recognition, Tip},
    status_list::StatusList,
    sync,
};
use gateway_types::{
    Digest, LicenceKey, Origin, Timestamp,
    body::MAX_BATCH,
    entry::{BatchEntry, ClientEntry, ClientFreeze, Entry, StatusEntry, SyncPoint},
};
use std::collections::BTreeSet;

/// A batch that has the form of the next one of a certain state. Only the check makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedBatch {
    pub(crate) origin: Origin,
    pub(crate) base_size: u64,
    pub(crate) size: u64,
    pub(crate) tip: Tip,
    pub(crate) list: StatusList,
    pub(crate) recognised: Vec<(LicenceKey, Recognition)>,
    pub(crate) statuses: Vec<StatusEntry>,
    pub(crate) requests: BTreeSet<Digest>,
}

impl CheckedBatch {
    /// The batch's number.
    #[must_use]
    pub fn k(&self) -> u64 {
        self.tip.k
    }

    /// Its time.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.tip.time
    }

    /// Its sync point.
    #[must_use]
    pub fn sync(&self) -> Option<&SyncPoint> {
        self.tip.sync.as_ref()
    }

    /// Whether that sync point was reached by catching up, here or in a batch before: then it recognises
    /// nothing, and its height does not bound the number of changes.
    #[must_use]
    pub fn has_caught_up(&self) -> bool {
        self.tip.caught_up
    }

    /// How many leaves the log has after it.
    #[must_use]
    pub fn log_size(&self) -> u64 {
        self.size
    }

    /// The status list after it.
    #[must_use]
    pub fn status_list(&self) -> &StatusList {
        &self.list
    }

    /// The licences that it recognises.
    pub fn recognised(&self) -> impl Iterator<Item = &LicenceKey> {
        self.recognised.iter().map(|(licence, _)| licence)
    }

    /// The changes that it logs.
    #[must_use]
    pub fn statuses(&self) -> &[StatusEntry] {
        &self.statuses
    }
}

impl LaneState {
    /// Checks that `entries`, in their order, are the next batch of this lane, by their form.
    ///
    /// - `batch` comes first, with the next number, the epoch in force, a later time, a sync point that
    ///   may follow, and the digest of the status list as the entries leave it;
    /// - batch 0 holds `batch`, `committee`, one `pack` a region and one client pin; a later batch holds
    ///   `recognised`, `declined`, `status` and one client freeze, and no other kind;
    /// - no request is answered twice within 48 hours;
    /// - who accepted or refused is a quorum or blocks one, places in the status list run on, changes
    ///   are in order and of licences recognised here.
    ///
    /// It looks at no clock and no light client: a batch that is locked stays as good as it was.
    /// Source: design sections 2.2 to 2.4. Trust: a leader made the entries, and may lie. What is not
    /// checked here: signatures, proofs, and that no change is missing ([`LaneState::check_changes`]).
    ///
    /// # Errors
    ///
    /// [`LaneError`], with the entry: do not prepare it.
    pub fn check_batch(&self, entries: &[Entry]) -> Result<CheckedBatch, LaneError> {
        let (batch, checked) = self.check_entries(entries)?;
        let expected = checked.list.digest();
        if batch.status_list == expected {
            Ok(checked)
        } else {
            Err(LaneError::StatusList { got: batch.status_list, expected })
        }
    }

    /// The status list as these entries leave it: a leader writes its digest into the `batch` entry,
    /// whatever stands there now.
    ///
    /// # Errors
    ///
    /// [`LaneError`] as for [`LaneState::check_batch`]: no batch can be made of these entries.
    pub fn status_list_after(&self, entries: &[Entry]) -> Result<StatusList, LaneError> {
        self.check_entries(entries).map(|(_, checked)| checked.list)
    }

    /// All but the status list's digest.
    fn check_entries<'e>(
        &self,
        entries: &'e [Entry],
    ) -> Result<(&'e BatchEntry, CheckedBatch), LaneError> {
        let (batch, rest) = split(entries)?;
        if batch.k != self.next_k() {
            return Err(LaneError::Number { got: batch.k, expected: self.next_k() });
        }
        let draft = match &self.tip {
            None => Draft::new(self, genesis::check(&self.origin, batch, rest)?),
            Some(last) => self.check_later(last, batch, rest)?,
        };
        Ok((batch, draft.finish(entries.len())?))
    }

    fn check_later(
        &self,
        last: &Tip,
        batch: &BatchEntry,
        rest: &[Entry],
    ) -> Result<Draft<'_>, LaneError> {
        check_head(last, batch)?;
        let mut tip =
            Tip { k: batch.k, time: batch.time, sync: batch.sync.clone(), ..last.clone() };
        tip.client.freeze = tip.client.freeze.or_else(|| freeze_in(rest));
        sync::check(batch.sync.as_ref(), last.sync.as_ref(), &tip.client)?;
        tip.caught_up = sync::has_caught_up(batch.sync.as_ref(), last);
        let mut draft = Draft::new(self, tip);
        for (at, entry) in (1..).zip(rest) {
            draft.take(at, entry).map_err(|error| LaneError::Entry { at, error })?;
        }
        draft.check_recognised_are_unchanged()?;
        Ok(draft)
    }
}

/// A batch while its entries are looked at, one after the other.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) state: &'a LaneState,
    pub(crate) batch: CheckedBatch,
    /// Where in the batch the recognised entries stand, beside `batch.recognised`.
    recognised_at: Vec<usize>,
    frozen_here: bool,
}

impl<'a> Draft<'a> {
    fn new(state: &'a LaneState, tip: Tip) -> Self {
        let batch = CheckedBatch {
            origin: state.origin.clone(),
            base_size: state.log_size,
            size: state.log_size,
            tip,
            list: state.list.clone(),
            recognised: Vec::new(),
            statuses: Vec::new(),
            requests: BTreeSet::new(),
        };
        Self { state, batch, recognised_at: Vec::new(), frozen_here: false }
    }

    fn take(&mut self, at: usize, entry: &Entry) -> Result<(), EntryError> {
        match entry {
            Entry::Recognised(entry) => {
                self.recognised_at.push(at);
                self.take_recognised(at, entry)
            }
            Entry::Declined(entry) => self.take_declined(entry),
            Entry::Status(entry) => self.take_status(entry),
            Entry::Client(ClientEntry::Freeze(freeze)) if !self.frozen_here => {
                self.frozen_here = true;
                self.check_freeze(freeze)
            }
            _ => Err(EntryError::Kind { kind: entry.kind() }),
        }
    }

    /// Rule (c) of design section 2.3, as far as the batch shows it by itself.
    fn check_recognised_are_unchanged(&self) -> Result<(), LaneError> {
        let statuses = self.batch.statuses.iter();
        let changed: BTreeSet<LicenceKey> = statuses.map(|status| status.change.key).collect();
        let mut placed = self.recognised_at.iter().zip(&self.batch.recognised);
        match placed.find(|(_, (licence, _))| changed.contains(licence)) {
            None => Ok(()),
            Some((at, (licence, _))) => {
                Err(LaneError::Entry { at: *at, error: EntryError::Changed { licence: *licence } })
            }
        }
    }

    fn finish(mut self, len: usize) -> Result<CheckedBatch, LaneError> {
        let len = u64::try_from(len).map_err(|_| LaneError::Full)?;
        self.batch.size = self.batch.base_size.checked_add(len).ok_or(LaneError::Full)?;
        Ok(self.batch)
    }
}

fn split(entries: &[Entry]) -> Result<(&BatchEntry, &[Entry]), LaneError> {
    match entries.split_first() {
        Some(_) if entries.len() > MAX_BATCH => Err(LaneError::Length { len: entries.len() }),
        Some((Entry::Batch(batch), rest)) => Ok((batch, rest)),
        Some((other, _)) => Err(LaneError::First { kind: other.kind() }),
        None => Err(LaneError::Length { len: 0 }),
    }
}

/// The `batch` entry's own fields against the last batch.
fn check_head(last: &Tip, batch: &BatchEntry) -> Result<(), LaneError> {
    let expected = last.committee.epoch;
    if batch.epoch != expected {
        return Err(LaneError::Epoch { got: batch.epoch, expected });
    }
    if batch.time <= last.time {
        return Err(LaneError::Time { got: batch.time, last: last.time });
    }
    genesis::check_keys_last(&last.committee, batch.time)
}

fn freeze_in(entries: &[Entry]) -> Option<ClientFreeze> {
    entries.iter().find_map(|entry| match entry {
        Entry::Client(ClientEntry::Freeze(freeze)) => Some(freeze.clone()),
        _ => None,
    })
}
