//! `status` and client freeze entries: facts, not votes.

use crate::{check::Draft, error::EntryError};
use gateway_types::entry::{ClientFreeze, StatusEntry};

impl Draft<'_> {
    /// A change of a licence recognised before this batch, numbered after the last sync point and not
    /// after the batch's, in order. Nobody's verdict is asked.
    pub(crate) fn take_status(&mut self, entry: &StatusEntry) -> Result<(), EntryError> {
        let expected = &self.batch.tip.client.pin.chain;
        if entry.chain != *expected {
            return Err(EntryError::Chain { got: entry.chain.clone(), expected: expected.clone() });
        }
        self.check_number(entry.n)?;
        let licence = entry.change.key;
        let recognitions = self.state.recognitions(&licence);
        if recognitions.is_empty() {
            return Err(EntryError::NotRecognised { licence });
        }
        let value = entry.change.code.status().list_value();
        for recognition in recognitions {
            self.batch.list.set(recognition.list_index, value).map_err(EntryError::ListFull)?;
        }
        self.batch.statuses.push(entry.clone());
        Ok(())
    }

    fn check_number(&self, got: u64) -> Result<(), EntryError> {
        let seen = self.batch.statuses.last().map_or(self.state.last_change().0, |last| last.n);
        let first = seen.saturating_add(1);
        let last = self.batch.tip.sync.as_ref().map_or(0, |sync| sync.n);
        if (first..=last).contains(&got) {
            Ok(())
        } else {
            Err(EntryError::ChangeNumber { got, first, last })
        }
    }

    /// The pinned client, not frozen before, and two hashes in order. That both headers are valid is the
    /// light client's to show.
    pub(crate) fn check_freeze(&self, freeze: &ClientFreeze) -> Result<(), EntryError> {
        let client = &self.batch.tip.client;
        let before = self.state.tip.as_ref().and_then(|tip| tip.client.freeze.as_ref());
        if before.is_some() {
            return Err(EntryError::Frozen);
        }
        if freeze.chain != client.pin.chain || freeze.pin != client.id {
            return Err(EntryError::OtherClient);
        }
        if freeze.hashes.0 < freeze.hashes.1 { Ok(()) } else { Err(EntryError::Hashes) }
    }
}
