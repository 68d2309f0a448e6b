//! A relayer that hides what is new: no header, head or change, and of each licence what was true before.

use gateway_types::{LicenceKey, link::RelayEvidence};
use std::collections::BTreeMap;

/// What it brought of each licence at last, while it was honest.
#[derive(Debug, Default)]
pub(super) struct Hider {
    old: BTreeMap<LicenceKey, RelayEvidence>,
}

impl Hider {
    pub(super) fn pass(&mut self, found: Vec<RelayEvidence>, hides: bool) -> Vec<RelayEvidence> {
        found.into_iter().filter_map(|it| self.pass_one(it, hides)).collect()
    }

    fn pass_one(&mut self, found: RelayEvidence, hides: bool) -> Option<RelayEvidence> {
        match &found {
            RelayEvidence::Record(_, key, _) if hides => {
                Some(self.old.get(key).cloned().unwrap_or(found))
            }
            RelayEvidence::Record(_, key, _) => {
                self.old.insert(*key, found.clone());
                Some(found)
            }
            _ => (!hides).then_some(found),
        }
    }
}
