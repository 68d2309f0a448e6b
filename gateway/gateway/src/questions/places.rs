//! How many questions may be open: of all platforms together, and of each.
//!
//! Trust: a platform asks as much as its rate allows, and nobody answers if members are away. One that leaves its
//! questions open for long takes a quarter of the room, and leaves the rest to the others.

use gateway_types::Platform;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// One platform's share of all places: at least one.
const SHARE: usize = 4;

/// The places of a gateway. Clones are of the same.
#[derive(Clone, Debug)]
pub(super) struct Places {
    all: usize,
    held: Arc<Mutex<Held>>,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    each: BTreeMap<Platform, usize>,
}

/// A question's place. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    of: Places,
    platform: Platform,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// For nobody.
    All,
    /// For this platform.
    Its,
}

impl Places {
    pub(super) fn new(all: usize) -> Self {
        Self { all, held: Arc::default() }
    }

    /// A place for a question of that platform.
    pub(super) fn take(&self, platform: &Platform) -> Result<Place, NoPlace> {
        let share = self.all.checked_div(SHARE).unwrap_or_default().max(1);
        let mut held = self.held();
        if held.all >= self.all {
            return Err(NoPlace::All);
        }
        let its = held.each.get(platform).copied().unwrap_or_default();
        if its >= share {
            return Err(NoPlace::Its);
        }
        held.all = held.all.saturating_add(1);
        held.each.insert(platform.clone(), its.saturating_add(1));
        Ok(Place { of: self.clone(), platform: platform.clone() })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.of.held();
        held.all = held.all.saturating_sub(1);
        let its = held.each.remove(&self.platform).unwrap_or_default().saturating_sub(1);
        if its > 0 {
            held.each.insert(self.platform.clone(), its);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a121_one_platform_takes_a_quarter_of_the_places() {
        let platform = |name| format!("comity://CN-HK/platform/{name}").parse().unwrap();
        let places = Places::new(8);
        let (a, b) = (platform("a"), platform("b"));
        let held: Vec<_> = (0..2).map(|_| places.take(&a).unwrap()).collect();
        assert_eq!(places.take(&a).unwrap_err(), NoPlace::Its);
        let others: Vec<_> =
            ["b", "b", "c", "c", "d", "d"].map(|name| places.take(&platform(name)).unwrap()).into();
        assert_eq!(places.take(&platform("e")).unwrap_err(), NoPlace::All);
        drop(others);
        assert_eq!(places.take(&a).unwrap_err(), NoPlace::Its);
        drop(held);
        assert!(places.take(&a).is_ok() && places.take(&b).is_ok());
        assert!(places.held().each.is_empty());
    }
}
