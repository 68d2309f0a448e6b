//! Which questions were answered in the last 48 hours.

use gateway_types::{Digest, Timestamp};
use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

/// How long a request's digest keeps a second entry away.
pub const REQUEST_WINDOW: Duration = Duration::from_secs(48 * 3600);

/// The digests of the requests answered within [`REQUEST_WINDOW`] of the last batch.
///
/// They leave by the batches' times, not by anybody's clock, so that all members forget them at the same
/// batch. As many as were answered in 48 hours; what bounds them is the lane's own speed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Requests {
    at: BTreeMap<Digest, Timestamp>,
    in_order: VecDeque<(Timestamp, Digest)>,
}

impl Requests {
    /// Whether `request` was answered less than [`REQUEST_WINDOW`] before a batch of `time`.
    pub(crate) fn answered(&self, request: &Digest, time: Timestamp) -> bool {
        self.at.get(request).is_some_and(|at| is_within(*at, time))
    }

    /// Takes in the requests answered by a batch of `time`, and lets the old ones go.
    pub(crate) fn apply(&mut self, requests: impl IntoIterator<Item = Digest>, time: Timestamp) {
        while let Some((at, request)) = self.in_order.front().copied() {
            if is_within(at, time) {
                break;
            }
            self.in_order.pop_front();
            self.at.remove(&request);
        }
        for request in requests {
            self.at.insert(request, time);
            self.in_order.push_back((time, request));
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.at.len()
    }
}

fn is_within(at: Timestamp, time: Timestamp) -> bool {
    time.since(at) < REQUEST_WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;

    #[test]
    fn a_digest_leaves_after_48_hours_by_batch_time() {
        let (a, b) = (Digest([1; 32]), Digest([2; 32]));
        let mut requests = Requests::default();
        requests.apply([a], Timestamp(HOUR));
        requests.apply([b], Timestamp(2 * HOUR));
        assert!(requests.answered(&a, Timestamp(49 * HOUR - 1)));
        assert!(!requests.answered(&a, Timestamp(49 * HOUR)));
        assert!(requests.answered(&b, Timestamp(49 * HOUR)));
        requests.apply([], Timestamp(49 * HOUR));
        assert_eq!(requests.len(), 1);
        requests.apply([a], Timestamp(50 * HOUR));
        assert_eq!((requests.len(), requests.in_order.len()), (1, 1));
        assert!(requests.answered(&a, Timestamp(98 * HOUR - 1)));
    }
}
