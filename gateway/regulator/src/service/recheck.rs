//! The copy of the log, read again from its first batch on a timer (A115).

use super::Event;
use crate::{
    spaces::{self, Keys},
    view::RegulatorView,
};
use gateway_agreement::{LOG_READ_EVERY, LogChanged, Recheck};
use gateway_cosign::EpochKeys;
use gateway_store::{Store, StoreError, read_slowly};
use gateway_types::checkpoint::TreeHead;
use std::sync::Arc;
use tokio::{
    sync::{mpsc, watch},
    time::{Duration, sleep},
};

/// How long a final batch may wait before it is written, many times over: what the view tells of is written by then.
const WRITTEN_BY: Duration = Duration::from_secs(30);

/// Reads the copy again and again, and tells the lane's task what it found.
pub(super) async fn run(
    store: Arc<dyn Store>,
    keys: Arc<EpochKeys>,
    view: watch::Receiver<RegulatorView>,
    events: mpsc::Sender<Event>,
) {
    loop {
        sleep(LOG_READ_EVERY).await;
        let (k, head, is_full) = known(&view);
        sleep(WRITTEN_BY).await;
        // What a full disk has no room for is told of, and not there.
        if is_full || known(&view).2 {
            continue;
        }
        let found = match read(&*store, &keys, k, head).await {
            Ok(found) => found,
            // The store tells the lane's task, too, which ends.
            Err(error) => return tracing::error!(%error, "the copy of the log cannot be read"),
        };
        if events.send(Event::LogRead(found)).await.is_err() {
            return;
        }
    }
}

fn known(view: &watch::Receiver<RegulatorView>) -> (u64, TreeHead, bool) {
    let view = view.borrow();
    (view.next_k, view.tip, view.disk_full)
}

/// Reads the batches before number `k`, which must lead to `head`.
async fn read(
    store: &dyn Store,
    keys: &Arc<EpochKeys>,
    k: u64,
    head: TreeHead,
) -> Result<Result<(), LogChanged>, StoreError> {
    let prefix = Keys::new(keys.origin()).lane();
    let mut recheck = Recheck::new(Arc::clone(keys));
    let take = |bytes: &[u8]| recheck.take_before(k, bytes);
    let changed = read_slowly(store, spaces::LOG, &prefix, take).await?.flatten();
    Ok(changed.map_or_else(|| recheck.finish(k, head), Err))
}
