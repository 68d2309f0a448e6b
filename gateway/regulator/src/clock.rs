//! Whether this machine's clock may be relied on (A98).
//!
//! A member's word has a time in it: the candidate's and the batch's, which it compares with its own clock. One
//! whose clock steps back could judge a candidate twice, one whose clock is far off judges nothing rightly. So a
//! member that finds its clock wrong signs nothing until it is right again; it goes on reading.
//!
//! **Invariant:** [`ClockGuard::steady`] never goes back.

use crate::moment::Moment;
use core::time::Duration;
use gateway_types::Timestamp;
use std::collections::BTreeMap;

/// How far the clock may step back, against the highest time that it ever showed.
pub const MAX_STEP_BACK: Duration = Duration::from_secs(2);

/// How far it may be from the others' clocks, and leap ahead of its own monotonic one.
pub const MAX_DIFFERENCE: Duration = Duration::from_secs(5);

/// What waits at a leader for a member that was away comes within this time once it is back.
const WAITING_COMES_WITHIN: Duration = Duration::from_secs(2);

/// How long what was seen of others' clocks counts.
const SEEN_FOR: Duration = Duration::from_secs(60);

/// Whether the clock may be relied on, and if not, why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockState {
    /// It may.
    #[default]
    Right,
    /// It shows less than it once did.
    SteppedBack {
        /// By how much.
        by: Duration,
    },
    /// It went ahead of the monotonic clock, and nobody has confirmed the new time yet: a machine that was
    /// suspended, or a wrong setting.
    LeaptAhead {
        /// By how much.
        by: Duration,
    },
    /// Every leader heard lately has another time, or the other members do.
    Differs {
        /// By how much the nearest does.
        by: Duration,
    },
}

impl ClockState {
    /// Whether it may be relied on.
    #[must_use]
    pub fn is_right(self) -> bool {
        self == Self::Right
    }
}

/// Somebody else's time, and when it was heard.
#[derive(Clone, Copy, Debug)]
struct Seen {
    time: Timestamp,
    at: Duration,
}

impl Seen {
    /// What that clock shows now.
    fn now(self, elapsed: Duration) -> Timestamp {
        self.time.saturating_add(elapsed.saturating_sub(self.at))
    }

    fn is_of_late(self, elapsed: Duration) -> bool {
        elapsed.saturating_sub(self.at) <= SEEN_FOR
    }
}

/// Watches the clock.
#[derive(Clone, Debug)]
pub struct ClockGuard {
    highest: Timestamp,
    anchor: Option<Moment>,
    steady: Timestamp,
    last: Duration,
    leaders: BTreeMap<u8, Seen>,
    /// Since when each leader's inbox is open.
    connected: BTreeMap<u8, Duration>,
    members: Option<Seen>,
    state: ClockState,
    /// How far this clock was ahead of the leader heard last, in milliseconds.
    offset_ms: Option<i64>,
    stops: u64,
}

impl ClockGuard {
    /// Begins with the highest time that was ever written down; 0 if none was.
    #[must_use]
    pub fn new(highest: Timestamp, now: Moment) -> Self {
        let mut guard = Self {
            highest,
            anchor: None,
            steady: highest,
            last: now.elapsed,
            leaders: BTreeMap::new(),
            connected: BTreeMap::new(),
            members: None,
            state: ClockState::Right,
            offset_ms: None,
            stops: 0,
        };
        guard.handle_reading(now);
        guard
    }

    /// Whether the clock may be relied on.
    #[must_use]
    pub fn state(&self) -> ClockState {
        self.state
    }

    /// The highest time that was relied on: to be written down now and then.
    #[must_use]
    pub fn highest(&self) -> Timestamp {
        self.highest
    }

    /// The time by which waits are measured: the clock's while it is right, then on by the monotonic one.
    #[must_use]
    pub fn steady(&self) -> Timestamp {
        self.steady
    }

    /// How far this clock was ahead of the leader's whose time was heard last, in milliseconds; negative: behind.
    /// The way from there is in it.
    #[must_use]
    pub fn offset_ms(&self) -> Option<i64> {
        self.offset_ms
    }

    /// How often it was found wrong since it is watched.
    #[must_use]
    pub fn stops(&self) -> u64 {
        self.stops
    }

    /// Takes a reading. Gives the new state if it is of another kind than before.
    pub fn handle_reading(&mut self, now: Moment) -> Option<ClockState> {
        let since_last = now.elapsed.saturating_sub(self.last);
        self.last = self.last.max(now.elapsed);
        let state = self.judge(now);
        let before = std::mem::replace(&mut self.state, state);
        let passed = self.steady.saturating_add(since_last);
        if self.state.is_right() {
            self.steady = self.steady.max(now.wall);
            self.highest = self.highest.max(now.wall);
            self.anchor = Some(now);
        } else {
            self.steady = passed;
        }
        let is_same = std::mem::discriminant(&before) == std::mem::discriminant(&self.state);
        let stops = before.is_right() && !self.state.is_right();
        self.stops = self.stops.saturating_add(u64::from(stops));
        (!is_same).then_some(self.state)
    }

    /// A leader's inbox was opened: what it has waiting comes first, and may be old.
    pub fn handle_connected(&mut self, leader: u8, now: Moment) {
        self.connected.insert(leader, now.elapsed);
    }

    /// A leader sent something that has a time: a candidate, or a proposal.
    ///
    /// Its clock shows that time, or more: what is ahead of this clock, or near it, always counts. What is far behind
    /// may just have waited, so it counts only if nothing was waiting, and never against something newer.
    pub fn handle_leader_time(&mut self, leader: u8, time: Timestamp, now: Moment) {
        let connected = self.connected.get(&leader).copied().unwrap_or(now.elapsed);
        let may_have_waited = now.elapsed.saturating_sub(connected) < WAITING_COMES_WITHIN;
        let known = self.leaders.get(&leader).filter(|seen| seen.is_of_late(now.elapsed));
        let is_less = known.is_some_and(|seen| seen.now(now.elapsed) >= time);
        let is_far_behind = now.wall.since(time) > MAX_DIFFERENCE;
        let says_nothing = is_less || (is_far_behind && may_have_waited);
        if !says_nothing {
            self.offset_ms = signed_ms(now.wall, time);
            self.leaders.insert(leader, Seen { time, at: now.elapsed });
        }
    }

    /// The times at which the members of a final checkpoint cosigned, in whole seconds.
    ///
    /// A checkpoint may come late, so only a median that is *ahead* of this clock says something: nobody can sign
    /// in the future of t honest clocks.
    pub fn handle_cosigners(&mut self, times_s: impl IntoIterator<Item = u64>, now: Moment) {
        let mut times: Vec<u64> = times_s.into_iter().collect();
        times.sort_unstable();
        let median = times.get(times.len() / 2).map(|s| Timestamp(s.saturating_mul(1000)));
        let ahead = |time: &Timestamp| time.since(now.wall) > MAX_DIFFERENCE;
        self.members = median.filter(ahead).map(|time| Seen { time, at: now.elapsed });
    }

    fn judge(&self, now: Moment) -> ClockState {
        let expected = self
            .anchor
            .map(|anchor| anchor.wall.saturating_add(now.elapsed.saturating_sub(anchor.elapsed)));
        let floor = self.highest.max(expected.unwrap_or(Timestamp(0)));
        let back = floor.since(now.wall);
        if back > MAX_STEP_BACK {
            return ClockState::SteppedBack { by: back };
        }
        let others = self.differences(now);
        let nearest = others.iter().copied().min();
        let ahead = expected.map_or(Duration::ZERO, |expected| now.wall.since(expected));
        match nearest {
            Some(by) if by > MAX_DIFFERENCE => ClockState::Differs { by },
            None if ahead > MAX_DIFFERENCE => ClockState::LeaptAhead { by: ahead },
            _ => self.members_differ(now),
        }
    }

    /// How far each leader's clock is from this one.
    fn differences(&self, now: Moment) -> Vec<Duration> {
        let seen = self.leaders.values().filter(|seen| seen.is_of_late(now.elapsed));
        seen.map(|seen| seen.now(now.elapsed).abs_diff(now.wall)).collect()
    }

    fn members_differ(&self, now: Moment) -> ClockState {
        let by = self
            .members
            .filter(|seen| seen.is_of_late(now.elapsed))
            .map(|seen| seen.now(now.elapsed).since(now.wall));
        match by {
            Some(by) if by > MAX_DIFFERENCE => ClockState::Differs { by },
            _ => ClockState::Right,
        }
    }
}

/// How far the first is ahead of the second.
fn signed_ms(own: Timestamp, other: Timestamp) -> Option<i64> {
    i64::try_from(own.0).ok()?.checked_sub(i64::try_from(other.0).ok()?)
}

#[cfg(test)]
mod tests;
