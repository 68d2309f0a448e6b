//! A list of changes, proven by the head that it leads to.

use crate::{Place, Proven};
use alloc::vec::Vec;
use gateway_types::{
    Digest,
    body::MAX_CHANGES,
    registry::{Change, RegistryChange, RegistryHead, next_acc},
};

/// Where the changes begin: after this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncStart {
    /// Number of the last change known; 0 at the beginning.
    pub n: u64,
    /// The running digest after it; `ACC_0` at the beginning.
    pub acc: Digest,
}

/// Changes, in order and without a gap, proven by where they lead.
///
/// Only [`verify_changes`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenChanges {
    after: SyncStart,
    changes: Vec<Change>,
    end: SyncStart,
    at: Place,
}

impl ProvenChanges {
    /// Where they begin.
    #[must_use]
    pub fn after(&self) -> SyncStart {
        self.after
    }

    /// The changes with their numbers.
    pub fn changes(&self) -> impl Iterator<Item = (u64, &Change)> {
        (self.after.n.saturating_add(1)..).zip(&self.changes)
    }

    /// Where they end: n and acc of the new sync point.
    #[must_use]
    pub fn end(&self) -> SyncStart {
        self.end
    }

    /// Where their end was proven.
    #[must_use]
    pub fn at(&self) -> &Place {
        &self.at
    }
}

/// What proves where a list of changes leads.
#[derive(Clone, Copy, Debug)]
pub enum ChangesEnd<'a> {
    /// The head: no change is missing.
    Head(&'a Proven<RegistryHead>),
    /// One change of the log, where more wait than one batch may hold.
    Change(&'a Proven<RegistryChange>),
}

impl<'a> From<&'a Proven<RegistryHead>> for ChangesEnd<'a> {
    fn from(head: &'a Proven<RegistryHead>) -> Self {
        Self::Head(head)
    }
}

impl<'a> From<&'a Proven<RegistryChange>> for ChangesEnd<'a> {
    fn from(change: &'a Proven<RegistryChange>) -> Self {
        Self::Change(change)
    }
}

impl ChangesEnd<'_> {
    fn end(&self) -> SyncStart {
        match self {
            Self::Head(head) => SyncStart { n: head.value().n, acc: head.value().acc },
            Self::Change(change) => SyncStart { n: *change.key(), acc: change.value().acc },
        }
    }

    fn at(&self) -> &Place {
        match self {
            Self::Head(head) => head.at(),
            Self::Change(change) => change.at(),
        }
    }
}

/// Checks that `changes` are all that lies between `after` and a proven end.
///
/// Source: `formats`, section 2: each running digest is made from the one before and one change. Trust: anybody
/// may have given `changes`.
///
/// # Errors
///
/// [`ChangesError`]: refuse; ask for the list again.
pub fn verify_changes<'a>(
    after: SyncStart,
    changes: &[Change],
    end: impl Into<ChangesEnd<'a>>,
) -> Result<ProvenChanges, ChangesError> {
    let end: ChangesEnd<'a> = end.into();
    let expected = end.end();
    if changes.len() > MAX_CHANGES {
        return Err(ChangesError::TooMany { len: changes.len() });
    }
    let len = u64::try_from(changes.len()).unwrap_or(u64::MAX);
    if expected.n.checked_sub(after.n) != Some(len) {
        return Err(ChangesError::Count { len, after: after.n, until: expected.n });
    }
    let numbered = (after.n.saturating_add(1)..).zip(changes);
    let acc = numbered.fold(after.acc, |acc, (n, change)| next_acc(&acc, n, change));
    if acc != expected.acc {
        return Err(ChangesError::Digest);
    }
    Ok(ProvenChanges { after, changes: changes.to_vec(), end: expected, at: end.at().clone() })
}

/// Why a list of changes is not what the registry wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangesError {
    /// More than one batch may hold.
    #[error("{len} changes, at most {MAX_CHANGES} are allowed")]
    TooMany {
        /// How many came.
        len: usize,
    },
    /// Not as many as lie between.
    #[error("{len} changes cannot lead from {after} to {until}")]
    Count {
        /// How many came.
        len: u64,
        /// The number that they begin after.
        after: u64,
        /// The number proven.
        until: u64,
    },
    /// A change is left out, added, changed or out of place.
    #[error("the changes do not lead to the proven digest")]
    Digest,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientStore, Height, ValueProof, toy::*, verify_membership};
    use alloc::vec;
    use gateway_types::{SourceCode, Timestamp, cbor, registry::ACC_0};

    const START: SyncStart = SyncStart { n: 0, acc: ACC_0 };

    fn prove<T: crate::Registered>(key: T::Key, index: usize) -> Proven<T> {
        let pinned = ToyHeader::at(10).bytes();
        let store = ClientStore::new(&Toy, toy_client((2, 3)), &pinned).unwrap();
        let state = toy_state();
        let shown = ValueProof { value: &state[index].1, proof: &cbor::encode(&state) };
        let height = Height::new(10).unwrap();
        verify_membership(&Toy, &store, height, key, shown, Timestamp(11_000)).unwrap()
    }

    fn check(after: SyncStart, changes: &[Change], expected: Result<u64, ChangesError>) {
        let head = prove::<RegistryHead>((), 1);
        let proven = verify_changes(after, changes, &head);
        assert_eq!(proven.map(|proven| proven.end().n), expected);
    }

    #[test]
    fn the_head_proves_every_change_since_any() {
        let changes = toy_changes();
        check(START, &changes, Ok(3));
        check(SyncStart { n: 1, acc: toy_acc(1) }, &changes[1..], Ok(3));
        check(SyncStart { n: 3, acc: toy_acc(3) }, &[], Ok(3));
    }

    #[test]
    fn one_change_proves_those_before_it() {
        let second = prove::<RegistryChange>(2, 2);
        let proven = verify_changes(START, &toy_changes()[..2], &second).unwrap();
        assert_eq!(proven.end(), SyncStart { n: 2, acc: toy_acc(2) });
        assert_eq!(proven.changes().map(|(n, _)| n).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(proven.at(), second.at());
    }

    #[test]
    fn a_change_hidden_added_swapped_or_altered_is_refused() {
        let changes = toy_changes();
        let missing = |len| Err(ChangesError::Count { len, after: 0, until: 3 });
        check(START, &changes[1..], missing(2));
        check(START, &[&changes[..], &changes[..1]].concat(), missing(4));
        check(START, &[changes[1], changes[0], changes[2]], Err(ChangesError::Digest));
        let mut revoked = changes.clone();
        revoked[2].code = SourceCode::new(7).unwrap();
        check(START, &revoked, Err(ChangesError::Digest));
        check(SyncStart { n: 1, acc: ACC_0 }, &changes[1..], Err(ChangesError::Digest));
        let beyond = SyncStart { n: 4, acc: toy_acc(3) };
        check(beyond, &[], Err(ChangesError::Count { len: 0, after: 4, until: 3 }));
        let many = vec![changes[0]; MAX_CHANGES + 1];
        check(START, &many, Err(ChangesError::TooMany { len: MAX_CHANGES + 1 }));
    }
}
