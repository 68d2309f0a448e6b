//! How often a proposal was refused: a leader must not have a member check one body for ever.

use gateway_types::message::Ballot;
use std::collections::BTreeMap;

/// How often one proposal is checked again after it was refused: what it lacked may have come meanwhile, a header or
/// the right time.
pub(super) const MAX_RECHECKS: u8 = 3;

/// Most proposals remembered: those of the highest views. A member checks one a view and leader, so one that names
/// more wastes what t members of a committee asked for.
const MAX_REFUSALS: usize = 64;

/// Proposals that were refused, for the batch that is waited for.
#[derive(Debug, Default)]
pub(super) struct Refusals(BTreeMap<(u64, Ballot, bool), u8>);

impl Refusals {
    /// One more refusal. `certified`: it came with a prepare certificate.
    pub(super) fn apply(&mut self, ballot: Ballot, certified: bool) {
        let times = self.0.entry((ballot.v, ballot, certified)).or_default();
        *times = times.saturating_add(1);
        if self.0.len() > MAX_REFUSALS {
            self.0.pop_first();
        }
    }

    /// How often it was refused, if that is often enough.
    pub(super) fn too_often(&self, ballot: Ballot, certified: bool) -> Option<u8> {
        let times = self.0.get(&(ballot.v, ballot, certified)).copied();
        times.filter(|times| *times > MAX_RECHECKS)
    }

    /// Another batch is waited for.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
