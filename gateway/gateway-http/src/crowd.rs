//! How many connections each caller, and all together, may hold (A102, A121).

use crate::{Caller, Limits, Role};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::Notify;

/// Whom a connection belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// Nobody knows yet: in its handshake.
    Arriving,
    /// Somebody without a certificate.
    Strangers,
    /// Somebody.
    Known(Caller),
}

/// All connections of a server.
#[derive(Debug)]
pub(crate) struct Crowd {
    limits: Limits,
    seats: Mutex<Seats>,
}

#[derive(Debug, Default)]
struct Seats {
    groups: BTreeMap<Group, BTreeMap<u64, Arc<Notify>>>,
    platforms: usize,
    nodes: usize,
    next: u64,
}

/// A connection's place. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    crowd: Arc<Crowd>,
    group: Group,
    number: u64,
    leave: Arc<Notify>,
}

impl Seat {
    /// Ends when somebody else needs the place.
    pub(crate) async fn must_leave(&self) {
        self.leave.notified().await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.crowd.lock().leave(&self.group, self.number);
    }
}

impl Crowd {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self { limits, seats: Mutex::default() })
    }

    /// A place in `group`, if there is one. Whoever arrives or is unknown gets one always: the oldest of its
    /// group has to leave, so that those who idle block nobody. Whoever is known has its own places.
    pub(crate) fn sit(self: &Arc<Self>, group: Group) -> Option<Seat> {
        let mut seats = self.lock();
        let taken = seats.groups.get(&group).map_or(0, BTreeMap::len);
        let fits = match &group {
            Group::Arriving => seats.make_room(&group, taken, self.limits.handshakes),
            Group::Strangers => seats.make_room(&group, taken, self.limits.strangers),
            Group::Known(caller) => {
                let all = *seats.together(caller.role);
                taken < self.limits.connections(caller.role)
                    && all < self.limits.together(caller.role)
            }
        };
        fits.then(|| {
            let (number, leave) = seats.add(&group);
            Seat { crowd: Arc::clone(self), group, number, leave }
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seats {
    /// How many are known that share places with this role.
    fn together(&mut self, role: Role) -> &mut usize {
        match role {
            Role::Platform => &mut self.platforms,
            Role::Gateway | Role::Relayer | Role::Regulator => &mut self.nodes,
        }
    }

    /// Sends the oldest away if the group is full. It may take a moment to go, which is not waited for: its
    /// place is counted as free at once.
    fn make_room(&mut self, group: &Group, taken: usize, limit: usize) -> bool {
        if taken >= limit
            && let Some(group) = self.groups.get_mut(group)
            && let Some((_, oldest)) = group.pop_first()
        {
            oldest.notify_one();
        }
        limit > 0
    }

    fn add(&mut self, group: &Group) -> (u64, Arc<Notify>) {
        let leave = Arc::new(Notify::new());
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.groups.entry(group.clone()).or_default().insert(number, Arc::clone(&leave));
        if let Group::Known(caller) = group {
            let all = self.together(caller.role);
            *all = all.saturating_add(1);
        }
        (number, leave)
    }

    fn leave(&mut self, group: &Group, number: u64) {
        let Some(seats) = self.groups.get_mut(group) else { return };
        let was_there = seats.remove(&number).is_some();
        if seats.is_empty() {
            self.groups.remove(group);
        }
        if let Group::Known(caller) = group
            && was_there
        {
            let all = self.together(caller.role);
            *all = all.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd() -> Arc<Crowd> {
        let limits =
            Limits { handshakes: 2, strangers: 2, per_node: 2, nodes: 3, ..Limits::default() };
        Crowd::new(limits)
    }

    fn known(name: &str) -> Group {
        Group::Known(format!("comity://CN-HK/regulator/{name}").parse().unwrap())
    }

    #[tokio::test]
    async fn a102_whoever_arrives_finds_a_place_and_the_oldest_leaves() {
        let crowd = crowd();
        let first = crowd.sit(Group::Arriving).unwrap();
        let second = crowd.sit(Group::Arriving).unwrap();
        let third = crowd.sit(Group::Arriving).unwrap();
        first.must_leave().await;
        drop(first);
        let fourth = crowd.sit(Group::Arriving).unwrap();
        second.must_leave().await;
        let told = tokio::time::timeout(std::time::Duration::from_millis(5), third.must_leave());
        assert!(told.await.is_err());
        drop((second, third, fourth));
        assert!(crowd.lock().groups.is_empty());
    }

    #[test]
    fn a121_platforms_that_idle_do_not_lock_regulators_out() {
        let limits = Limits { per_platform: 2, platforms: 4, nodes: 1, ..Limits::default() };
        let crowd = Crowd::new(limits);
        let platform =
            |n: usize| Group::Known(format!("comity://CN-HK/platform/p{}", n % 9).parse().unwrap());
        let idle: Vec<_> = (0..18).filter_map(|n| crowd.sit(platform(n))).collect();
        assert_eq!(idle.len(), 4);
        let regulator = crowd.sit(known("office-1"));
        assert!(regulator.is_some());
        assert!(crowd.sit(known("office-2")).is_none(), "nodes all together: one");
        drop(idle);
        assert!(crowd.sit(platform(1)).is_some());
        assert!(crowd.sit(known("office-2")).is_none());
        drop(regulator);
        assert!(crowd.sit(known("office-2")).is_some());
    }

    #[test]
    fn a121_each_caller_has_its_own_places() {
        let crowd = crowd();
        let seats = [crowd.sit(known("a")), crowd.sit(known("a"))];
        assert!(seats.iter().all(Option::is_some));
        assert!(crowd.sit(known("a")).is_none());
        let other = crowd.sit(known("b"));
        assert!(other.is_some());
        assert!(crowd.sit(known("c")).is_none(), "all together: three");
        drop(seats);
        assert!(crowd.sit(known("a")).is_some());
    }
}
