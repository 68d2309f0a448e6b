//! Where a member keeps what: the spaces and keys of its store.
//!
//! Every key begins with the lane's origin line and a zero byte, so that one store serves several lanes.
//! Source: `formats`, section 6.

use gateway_store::Space;
use gateway_types::{Digest, Origin};

/// The member's durable state, one value a lane.
pub(crate) const MEMBER: Space = Space("regulator-member/1");

/// Bodies that it voted for or is locked on, by digest.
pub(crate) const BODIES: Space = Space("regulator-bodies/1");

/// The lane's log: every final batch with its checkpoint, by number.
pub(crate) const LOG: Space = Space("regulator-log/1");

/// The journal, by number.
pub(crate) const JOURNAL: Space = Space("regulator-journal/1");

/// Which verdict lists it signed, by digest.
pub(crate) const LISTS: Space = Space("regulator-lists/1");

/// Evidence of dishonesty that it found, by number.
pub(crate) const EVIDENCE: Space = Space("regulator-evidence/1");

/// The rest, by name: [`END`], [`CLOCK`], [`CLIENT`], [`RUN`].
pub(crate) const MARKS: Space = Space("regulator-marks/1");

/// Where the journal ends.
pub(crate) const END: &str = "end";

/// The highest time that the clock showed.
pub(crate) const CLOCK: &str = "clock";

/// The light client's storage.
pub(crate) const CLIENT: &str = "client";

/// The id of the store that this member was begun in.
pub(crate) const RUN: &str = "run";

/// Makes the keys of one lane.
#[derive(Clone, Debug)]
pub(crate) struct Keys(Vec<u8>);

impl Keys {
    pub(crate) fn new(origin: &Origin) -> Self {
        let mut prefix = origin.to_string().into_bytes();
        prefix.push(0);
        Self(prefix)
    }

    /// What all keys of the lane begin with; the member's state is kept under it.
    pub(crate) fn lane(&self) -> Vec<u8> {
        self.0.clone()
    }

    pub(crate) fn number(&self, n: u64) -> Vec<u8> {
        self.with(&n.to_be_bytes())
    }

    pub(crate) fn digest(&self, d: &Digest) -> Vec<u8> {
        self.with(d.as_bytes())
    }

    pub(crate) fn mark(&self, name: &str) -> Vec<u8> {
        self.with(name.as_bytes())
    }

    fn with(&self, rest: &[u8]) -> Vec<u8> {
        let mut key = self.0.clone();
        key.extend_from_slice(rest);
        key
    }
}
