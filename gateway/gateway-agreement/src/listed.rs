//! The digest of a verdict list, made in one place so that tests can count how often.

use gateway_types::verdict::{ListDigest, SignedVerdicts};

/// The list's digest: encodes and hashes all of it, so make it once a list and batch.
pub(crate) fn list_digest(list: &SignedVerdicts) -> ListDigest {
    #[cfg(test)]
    made::count();
    list.digest()
}

/// How many were made on this test's thread.
#[cfg(test)]
pub(crate) mod made {
    use std::cell::Cell;

    thread_local! {
        static MADE: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count() {
        MADE.set(MADE.get().saturating_add(1));
    }

    /// How many `work` makes.
    pub(crate) fn by<T>(work: impl FnOnce() -> T) -> (usize, T) {
        let before = MADE.get();
        let done = work();
        (MADE.get().saturating_sub(before), done)
    }
}
