//! Moments: ours in milliseconds, a chain's in nanoseconds.

use core::time::Duration;
use minicbor::{Decode, Encode};

/// Milliseconds since 1970-01-01 00:00 UTC, leap seconds not counted.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    serde::Serialize,
    serde::Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct Timestamp(#[n(0)] pub u64);

impl Timestamp {
    /// The moment `later` than this one, or the last there is.
    #[must_use]
    pub fn saturating_add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(millis(later)))
    }

    /// The moment `earlier` than this one, or the first there is.
    #[must_use]
    pub fn saturating_sub(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(millis(earlier)))
    }

    /// How long after `earlier` this is; zero if it is before it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// How far the two lie apart, whichever is first.
    #[must_use]
    pub fn abs_diff(self, other: Self) -> Duration {
        Duration::from_millis(self.0.abs_diff(other.0))
    }

    /// Whether a wait until this moment is over at `now`. None is longer than `longest`: one that would be was begun by
    /// a clock that has stepped back since.
    #[must_use]
    pub fn ends_wait(self, now: Self, longest: Duration) -> bool {
        self <= now || self.since(now) > longest
    }
}

/// Nanoseconds since 1970-01-01 00:00 UTC: the time in a block's header.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    serde::Serialize,
    serde::Deserialize,
)]
#[cbor(transparent)]
#[serde(transparent)]
pub struct ChainTime(#[n(0)] pub u64);

impl ChainTime {
    /// The moment in our unit, rounded *down*, so that what is proven never seems newer than it is.
    #[must_use]
    pub fn to_timestamp(self) -> Timestamp {
        Timestamp(self.0 / 1_000_000)
    }

    /// The moment `later` than this one, or the last there is.
    #[must_use]
    pub fn saturating_add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(later.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl From<Timestamp> for ChainTime {
    fn from(time: Timestamp) -> Self {
        Self(time.0.saturating_mul(1_000_000))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chain_time_is_rounded_down() {
        assert_eq!(ChainTime(1_999_999).to_timestamp(), Timestamp(1));
        assert_eq!(ChainTime::from(Timestamp(u64::MAX)), ChainTime(u64::MAX));
    }

    #[test]
    fn a_clock_that_steps_back_ends_a_wait() {
        let ends = |now| Timestamp(1_700).ends_wait(Timestamp(now), Duration::from_millis(700));
        let at = [0, 999, 1_000, 1_699, 1_700, 9_000];
        assert_eq!(at.map(ends), [true, true, false, false, true, true]);
    }
}
