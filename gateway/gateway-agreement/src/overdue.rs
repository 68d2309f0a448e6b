//! What must be logged and is not yet: only that makes a member impatient.

use core::time::Duration;
use gateway_types::{Digest, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// An idle lane agrees on a batch this often: its heartbeat.
pub const HEARTBEAT: Duration = Duration::from_secs(30);

/// Most things kept as overdue. More are not taken: these already make the member ask.
pub const MAX_OVERDUE: usize = 16_384;

/// Something that a leader must log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Item {
    /// A candidate, by digest, for which the verdict lists that complete its quorum (or make it
    /// impossible) have reached this member.
    Candidate(Digest),
    /// A change of the source's registry that concerns a licence recognised here, by number.
    Change(u64),
    /// A freeze of the client with this pin.
    Freeze(Digest),
}

/// Since when it can be logged, and until when it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    since: Timestamp,
    until: Option<Timestamp>,
}

/// All that waits. Bounded by [`MAX_OVERDUE`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Overdue {
    items: BTreeMap<Item, Due>,
    oldest: BTreeSet<(Timestamp, Item)>,
    lock: Option<Timestamp>,
}

impl Overdue {
    pub(crate) fn apply_waiting(&mut self, item: Item, since: Timestamp, until: Option<Timestamp>) {
        if self.items.len() < MAX_OVERDUE && !self.items.contains_key(&item) {
            self.items.insert(item, Due { since, until });
            self.oldest.insert((since, item));
        }
    }

    pub(crate) fn apply_logged(&mut self, item: &Item) {
        if let Some(due) = self.items.remove(item) {
            self.oldest.remove(&(due.since, *item));
        }
    }

    /// A lock waits to be finished since then, or none does.
    pub(crate) fn apply_lock(&mut self, since: Option<Timestamp>) {
        self.lock = since;
    }

    /// Forgets what may no longer be logged.
    pub(crate) fn apply_time(&mut self, now: Timestamp) {
        let lapsed = |due: &Due| due.until.is_some_and(|until| until <= now);
        let gone: Vec<Item> =
            self.items.iter().filter(|(_, due)| lapsed(due)).map(|(item, _)| *item).collect();
        gone.iter().for_each(|item| self.apply_logged(item));
    }

    /// Since when the oldest of all is overdue; a later moment than now if it is the next heartbeat.
    ///
    /// `tip_time` is the last final batch's time; an empty lane is overdue at once.
    pub(crate) fn since(&self, tip_time: Option<Timestamp>) -> Timestamp {
        let heartbeat = tip_time.map_or(Timestamp(0), |time| time.saturating_add(HEARTBEAT));
        let oldest = self.oldest.first().map(|(since, _)| *since);
        [oldest, self.lock].into_iter().flatten().fold(heartbeat, Ord::min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_that_may_still_be_logged_counts() {
        let mut overdue = Overdue::default();
        let tip = Some(Timestamp(1_000));
        assert_eq!(overdue.since(tip), Timestamp(31_000));
        assert_eq!(overdue.since(None), Timestamp(0));
        let candidate = Item::Candidate(Digest([1; 32]));
        overdue.apply_waiting(candidate, Timestamp(2_000), Some(Timestamp(9_000)));
        overdue.apply_waiting(candidate, Timestamp(5_000), None);
        overdue.apply_waiting(Item::Change(4), Timestamp(3_000), None);
        assert_eq!(overdue.since(tip), Timestamp(2_000));
        overdue.apply_time(Timestamp(9_000));
        assert_eq!(overdue.since(tip), Timestamp(3_000));
        overdue.apply_logged(&Item::Change(4));
        assert_eq!(overdue.since(tip), Timestamp(31_000));
        overdue.apply_lock(Some(Timestamp(10)));
        assert_eq!(overdue.since(tip), Timestamp(10));
    }
}
