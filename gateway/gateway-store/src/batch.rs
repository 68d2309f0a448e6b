//! What is written in one step.

/// Longest key, in bytes.
pub const MAX_KEY: usize = 256;

/// Longest value, in bytes: a batch of the log with its evidence, and some room.
pub const MAX_VALUE: usize = 16 * 1024 * 1024;

/// Most rows that one scan gives: whoever wants more goes on after the last key.
pub const MAX_SCANNED: usize = 4096;

/// A named part of a store, with a version in its name: `questions/1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Space(pub &'static str);

/// Changes that are durable together or not at all, and what must hold for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// What must hold at the moment of writing.
    pub expects: Vec<(Space, Vec<u8>, Expect)>,
    /// What is written, in order.
    pub changes: Vec<(Space, Vec<u8>, Change)>,
}

/// What a key must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Absent,
    /// Exactly this.
    Holds(Vec<u8>),
}

/// What happens to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It holds this from now on.
    Put(Vec<u8>),
    /// It holds nothing.
    Delete,
}

impl Batch {
    /// Writes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes `value` under `key`.
    #[must_use]
    pub fn put(mut self, space: Space, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.changes.push((space, key.into(), Change::Put(value.into())));
        self
    }

    /// Empties `key`.
    #[must_use]
    pub fn delete(mut self, space: Space, key: impl Into<Vec<u8>>) -> Self {
        self.changes.push((space, key.into(), Change::Delete));
        self
    }

    /// Nothing is written unless `key` is empty.
    #[must_use]
    pub fn expect_absent(mut self, space: Space, key: impl Into<Vec<u8>>) -> Self {
        self.expects.push((space, key.into(), Expect::Absent));
        self
    }

    /// Nothing is written unless `key` holds exactly `value`.
    #[must_use]
    pub fn expect(
        mut self,
        space: Space,
        key: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
    ) -> Self {
        self.expects.push((space, key.into(), Expect::Holds(value.into())));
        self
    }
}
