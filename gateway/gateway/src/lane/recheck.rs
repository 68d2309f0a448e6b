//! The log in the store, read again from its first batch on a timer (A115).

use super::{keep, log::LaneLog};
use gateway_agreement::{LogChanged, LogChecks, Recheck};
use gateway_http::admin::Lack;
use gateway_net::Clock;
use gateway_store::StoreError;
use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How often the whole log is read again; at a start it was read already. Source: attacks, A115.
pub const LOG_READ_EVERY: Duration = Duration::from_secs(3_600);

/// Batches read at once.
const SLICE: usize = 4;

/// After a slice, so many times as long as it took nothing is read: a tenth of one core at most.
const REST: u32 = 9;

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
        let (mut recheck, mut after) = (Recheck::new(Arc::clone(self.keys())), None::<Vec<u8>>);
        while recheck.next_k() < k {
            let begun = Instant::now();
            let rows = self.store().scan(keep::BATCHES, &prefix, after.as_deref(), SLICE)?;
            let Some((last, _)) = rows.last() else { break };
            after = Some(last.clone());
            for (_, bytes) in rows {
                if recheck.next_k() == k {
                    break;
                }
                if let Err(changed) = recheck.take(&bytes) {
                    return Ok(Err(changed));
                }
            }
            sleep(begun.elapsed().saturating_mul(REST).max(Duration::from_millis(1))).await;
        }
        Ok(recheck.finish(k, head))
    }
}
