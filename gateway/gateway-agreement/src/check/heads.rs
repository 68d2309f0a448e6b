//! What a member has itself proven of the registry's head.

use gateway_types::registry::{RegistryChange, RegistryHead};
use light_client::Proven;
use std::collections::BTreeMap;

/// Most heads kept: those of the greatest heights.
const MAX_HEADS: usize = 256;

/// The numbers of changes that this member has itself proven, by height.
///
/// A leader or relayer that hides a change shows an older head at a newer height, or stays silent; a
/// member that has seen more refuses the first (A131).
#[derive(Clone, Debug, Default)]
pub struct OwnHeads(BTreeMap<u64, u64>);

impl OwnHeads {
    /// Keeps what was proven.
    pub fn apply(&mut self, head: &Proven<RegistryHead>) {
        self.keep(head.at().height.get(), head.value().n);
    }

    /// Keeps that there were at least as many changes as the number of this one.
    pub fn apply_change(&mut self, change: &Proven<RegistryChange>) {
        self.keep(change.at().height.get(), *change.key());
    }

    fn keep(&mut self, height: u64, proven: u64) {
        let n = self.0.entry(height).or_insert(proven);
        *n = proven.max(*n);
        if self.0.len() > MAX_HEADS {
            self.0.pop_first();
        }
    }

    /// The largest number proven at a height not above `height`.
    #[must_use]
    pub fn largest_up_to(&self, height: u64) -> Option<u64> {
        self.0.range(..=height).map(|(_, n)| *n).max()
    }
}
