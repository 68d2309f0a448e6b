//! The log in the store, read again from its first batch on a timer (A115).

use super::{keep, log::LaneLog};
use gateway_agreement::{LOG_READ_EVERY, LogChanged, LogChecks, Recheck};
use gateway_http::admin::Lack;
use gateway_net::Clock;
use gateway_store::{StoreError, read_slowly};
use std::sync::{Arc, PoisonError};
use tokio::time::sleep;

/// Reads a lane's log again and again, for as long as the program runs.
///
/// # Errors
///
/// [`StoreError`]: stop the program.
pub(crate) async fn watch_log(log: Arc<LaneLog>, clock: Arc<dyn Clock>) -> Result<(), StoreError> {
    loop {
        sleep(LOG_READ_EVERY).await;
        log.read_and_note(&*clock).await?;
    }
}

impl LaneLog {
    /// What came of reading the store again. Once it was found changed, the lane leads, keeps and acknowledges nothing
    /// more; what is in memory can still be read.
    #[must_use]
    pub fn checks(&self) -> LogChecks {
        self.checks.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads it once more, and notes what came of it.
    pub(crate) async fn read_and_note(&self, clock: &dyn Clock) -> Result<(), StoreError> {
        let found = self.read_again().await?;
        if let Err(changed) = &found {
            let (code, lane) = (Lack::SignedLog.code(), &self.keys().origin().lane);
            tracing::error!(code, %lane, error = %changed, "the log in the store was changed: nothing more is taken");
        }
        self.checks.write().unwrap_or_else(PoisonError::into_inner).apply(found, clock.now());
        Ok(())
    }

    /// Reads all that is in the store now, a few batches at once, and compares it with what this program checked when
    /// it kept it, and with the committees' signatures.
    async fn read_again(&self) -> Result<Result<(), LogChanged>, StoreError> {
        // What comes meanwhile is read the next time.
        let (k, head) = self.read(|inner| (inner.state.next_k(), inner.log.head()));
        let prefix = keep::prefix(&self.keys().origin().lane);
        let mut recheck = Recheck::new(Arc::clone(self.keys()));
        let take = |bytes: &[u8]| recheck.take_before(k, bytes);
        let changed = read_slowly(self.store(), keep::BATCHES, &prefix, take).await?.flatten();
        Ok(changed.map_or_else(|| recheck.finish(k, head), Err))
    }
}
