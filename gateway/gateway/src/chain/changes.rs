//! The registry's changes as the relayer told them, until a head proves them.

use gateway_types::{body::CATCH_UP, registry::Change};
use std::collections::VecDeque;

/// Most changes kept: two catch-ups. More are not taken; they are asked for again once lanes have moved on.
pub(super) const MAX_CHANGES_KEPT: usize = CATCH_UP * 2;

/// A run of changes without a gap. Unproven: a head, or one change of the log, proves where it leads.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Number of the last change before the run.
    before: u64,
    run: VecDeque<Change>,
}

impl Changes {
    /// Nothing yet after change `before`.
    pub(super) fn after(before: u64) -> Self {
        Self { before, run: VecDeque::new() }
    }

    /// Number of the last one.
    pub(super) fn end(&self) -> u64 {
        self.before.saturating_add(u64::try_from(self.run.len()).unwrap_or(u64::MAX))
    }

    /// Takes changes that follow number `after`; those that are there already, or leave a gap, are not taken.
    pub(super) fn take(&mut self, after: u64, changes: &[Change]) {
        let Some(skip) = self.end().checked_sub(after) else { return };
        let new = changes.iter().skip(usize::try_from(skip).unwrap_or(usize::MAX));
        let room = MAX_CHANGES_KEPT.saturating_sub(self.run.len());
        self.run.extend(new.take(room));
    }

    /// Those after `n` up to `end`, if all are there.
    pub(super) fn between(&self, n: u64, end: u64) -> Option<Vec<Change>> {
        if end > self.end() || end < n {
            return None;
        }
        let skip = usize::try_from(n.checked_sub(self.before)?).ok()?;
        let count = usize::try_from(end.checked_sub(n)?).ok()?;
        Some(self.run.iter().skip(skip).take(count).copied().collect())
    }

    /// Forgets those up to `n`: every lane has logged them.
    pub(super) fn forget(&mut self, n: u64) {
        while self.before < n && self.run.pop_front().is_some() {
            self.before = self.before.saturating_add(1);
        }
        if self.run.is_empty() {
            self.before = self.before.max(n);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_types::{Digest, LicenceKey, SourceCode};

    fn changes(from: u8, to: u8) -> Vec<Change> {
        let change = |n| Change {
            key: LicenceKey(Digest([n; 32])),
            code: SourceCode::VALID,
            sequence: u64::from(n),
        };
        (from..=to).map(change).collect()
    }

    #[test]
    fn changes_come_in_pieces_that_overlap() {
        let mut kept = Changes::after(0);
        kept.take(0, &changes(1, 5));
        kept.take(3, &changes(4, 7));
        kept.take(9, &changes(10, 11));
        assert_eq!(kept.end(), 7);
        assert_eq!(kept.between(0, 7), Some(changes(1, 7)));
        assert_eq!(kept.between(2, 4), Some(changes(3, 4)));
        assert_eq!(kept.between(7, 7), Some(vec![]));
        assert_eq!(kept.between(2, 8), None);
        kept.forget(5);
        assert_eq!((kept.between(4, 6), kept.between(5, 7)), (None, Some(changes(6, 7))));
        kept.forget(20);
        assert_eq!((kept.end(), kept.between(20, 20)), (20, Some(vec![])));
    }

    #[test]
    fn a_relayer_cannot_fill_the_memory() {
        let mut kept = Changes::after(0);
        let many = vec![changes(1, 1)[0]; 256];
        for n in 0..200 {
            kept.take(n * 256, &many);
        }
        assert_eq!(kept.end(), MAX_CHANGES_KEPT as u64);
    }
}
