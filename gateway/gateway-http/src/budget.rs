//! How many bytes of bodies may be in memory at once (A103, A121).

use crate::{Caller, DEFAULT_BODY_LIMIT, Limits};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What large bodies take, by caller and all together. Small ones, up to [`DEFAULT_BODY_LIMIT`], are bounded
/// by the number of connections.
#[derive(Debug)]
pub(crate) struct Budget {
    all: usize,
    each: usize,
    taken: Mutex<BTreeMap<Option<Caller>, usize>>,
}

/// A body's part of the budget. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    budget: Arc<Budget>,
    who: Option<Caller>,
    bytes: usize,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Arc<Self> {
        let Limits { bodies: all, bodies_per_caller: each, .. } = *limits;
        Arc::new(Self { all, each, taken: Mutex::default() })
    }

    /// Room for a body of at most `bytes`, if there is. Strangers share one part.
    pub(crate) fn take(self: &Arc<Self>, who: Option<&Caller>, bytes: usize) -> Option<Share> {
        let bytes = if bytes > DEFAULT_BODY_LIMIT { bytes } else { 0 };
        let mut taken = self.lock();
        let all = taken.values().fold(bytes, |sum, taken| sum.saturating_add(*taken));
        let by_it = taken.get(&who.cloned()).map_or(bytes, |taken| taken.saturating_add(bytes));
        if bytes > 0 && (all > self.all || by_it > self.each) {
            return None;
        }
        if bytes > 0 {
            taken.insert(who.cloned(), by_it);
        }
        Some(Share { budget: Arc::clone(self), who: who.cloned(), bytes })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Option<Caller>, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut taken = self.budget.lock();
        if let Some(by_it) = taken.get_mut(&self.who) {
            *by_it = by_it.saturating_sub(self.bytes);
            if *by_it == 0 {
                taken.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn a121_large_bodies_of_one_caller_leave_room_for_others() {
        let limits = Limits { bodies: 5 * MIB, bodies_per_caller: 3 * MIB, ..Limits::default() };
        let budget = Budget::new(&limits);
        let who =
            |name: &str| -> Caller { format!("comity://CN-HK/regulator/{name}").parse().unwrap() };
        let (a, b, c) = (who("a"), who("b"), who("c"));
        let first = budget.take(Some(&a), 2 * MIB).unwrap();
        assert!(budget.take(Some(&a), 2 * MIB).is_none(), "its own part is full");
        let second = budget.take(Some(&b), 3 * MIB).unwrap();
        assert!(budget.take(Some(&c), MIB).is_none(), "all of it is full");
        assert!(budget.take(Some(&a), DEFAULT_BODY_LIMIT).is_some(), "small ones pass");
        drop((first, second));
        assert!(budget.take(Some(&a), 3 * MIB).is_some());
        assert!(budget.lock().is_empty());
    }
}
