//! What is older than a key is kept goes: the question, and its key's use.

use super::{
    Inner,
    kept::{self, End, Kept},
};
use gateway_core::{KEY_KEPT, RecognitionId};
use gateway_store::{Batch, StoreError};
use gateway_types::{Timestamp, candidate::request_digest};
use std::{sync::Arc, time::Duration};

/// Most questions looked at in one sweep, which is one read and one write.
const PAGE: usize = 512;

/// How long it waits once nothing is left that is old enough.
const EVERY: Duration = Duration::from_secs(60);

/// How long it waits where more may be left: so it keeps up with 500 questions a second, and never hurries.
const NEXT: Duration = Duration::from_secs(1);

/// Where a sweep ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Swept {
    /// All that come after are too young, or there are none.
    All,
    /// A page was looked at; the next begins after this name.
    UpTo(Vec<u8>),
}

impl Inner {
    /// Sweeps for as long as the program runs.
    pub(super) async fn sweep(self: Arc<Self>) {
        let mut after = None;
        loop {
            let swept = match self.agreed_time() {
                Some(now) => self.sweep_page(after.as_deref(), now).await,
                None => Ok(Swept::All),
            };
            after = match swept {
                Ok(Swept::UpTo(name)) => Some(name),
                Ok(Swept::All) => None,
                Err(error) => {
                    // Nothing is lost by keeping it longer: the next sweep tries again.
                    tracing::warn!(%error, "old questions were not swept");
                    self.note_store_error(&error);
                    None
                }
            };
            tokio::time::sleep(if after.is_some() { NEXT } else { EVERY }).await;
        }
    }

    /// This clock's time, but not later than the last batch of any lane: a clock that leaps must not empty the store.
    fn agreed_time(&self) -> Option<Timestamp> {
        let agreed = self.lanes.values().filter_map(|lane| lane.lane.now().time).max()?;
        Some(agreed.min(self.now()))
    }

    /// Forgets what was stored [`KEY_KEPT`] or longer before `now`, among [`PAGE`] questions from the oldest on, or
    /// from that name on. One that is still open stays: it belongs to a lane that is not served now.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nothing was forgotten.
    pub(super) async fn sweep_page(
        &self,
        after: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Swept, StoreError> {
        // Names are in the order of time.
        let page = self.footing.store.scan(kept::QUESTIONS, b"", after, PAGE)?;
        let (mut batch, mut last) = (Batch::new(), None);
        let is_full = page.len() >= PAGE;
        for (name, bytes) in page {
            let kept = Kept::read(&bytes)?;
            if now.since(kept.stored_at) < KEY_KEPT {
                last = None;
                break;
            }
            if kept.end != End::Open {
                batch = self.forget(batch, &name, &kept)?;
            }
            last = Some(name);
        }
        if !batch.changes.is_empty() {
            let gone = batch.changes.len();
            self.footing.store.commit(batch).await?;
            tracing::info!(rows = gone, "old questions are forgotten");
        }
        Ok(last.filter(|_| is_full).map_or(Swept::All, Swept::UpTo))
    }

    /// The question, and its key's use, unless the key was used for another since.
    fn forget(&self, batch: Batch, name: &[u8], kept: &Kept) -> Result<Batch, StoreError> {
        let batch = batch.delete(kept::QUESTIONS, name);
        let key = request_digest(&kept.platform, &kept.key).0;
        let Some(used) = self.footing.store.load(kept::KEYS, &key)? else { return Ok(batch) };
        let id: &RecognitionId = &kept::read_use(&used)?.id;
        if kept::name(id) != name {
            return Ok(batch);
        }
        Ok(batch.expect(kept::KEYS, key, used).delete(kept::KEYS, key))
    }
}
