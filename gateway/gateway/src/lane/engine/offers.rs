//! Which of the sync points that are offered a batch may move to.

use super::Engine;
use core::time::Duration;
use gateway_agreement::build::{KEEP_BACK, SyncOffer};

/// A sync point is used this long after it was offered: evidence that was proven under the block before may be on its
/// way, and would be too old to be logged after it.
const SETTLE: Duration = Duration::from_secs(1);

/// Once the last sync point is so old, every newer one is used at once.
const OLD: Duration = Duration::from_secs(KEEP_BACK.as_secs() / 2);

impl Engine {
    /// Those that have settled; all, where a change or a freeze must be logged or the last one is getting old. The
    /// source is followed as far as before, a second later.
    pub(super) fn settled_offers(&self) -> Vec<SyncOffer> {
        let hurries = self.has_news() || self.sync_is_old();
        let settled = |height: &u64| {
            let since = self.offered_at.get(height);
            since.is_none_or(|since| self.now.since(*since) >= SETTLE)
        };
        let fit = self.offers.iter().filter(|(height, _)| hurries || settled(height));
        fit.map(|(_, (offer, _))| offer.clone()).collect()
    }

    fn sync_is_old(&self) -> bool {
        self.log.with_state(|lane| {
            let Some(tip) = lane.tip().filter(|tip| !tip.caught_up) else { return true };
            tip.sync.as_ref().is_none_or(|sync| self.now.since(sync.block_time) >= OLD)
        })
    }

    /// Notes when a sync point was first offered, for as long as it is.
    pub(super) fn note_offered(&mut self, height: u64) {
        self.offered_at.entry(height).or_insert(self.now);
        let offers = &self.offers;
        self.offered_at.retain(|height, _| offers.contains_key(height));
    }
}
