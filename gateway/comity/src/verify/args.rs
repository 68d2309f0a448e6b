//! Moments and ages, as they are typed.

use gateway_types::Timestamp;
use jiff::{SignedDuration, civil::DateTime, tz::TimeZone};
use std::{str::FromStr, time::Duration};

/// A moment: with an offset, or in local time.
#[derive(Clone, Debug)]
pub(super) enum Moment {
    /// With its offset.
    Exact(jiff::Timestamp),
    /// As clocks here show it.
    Local(DateTime),
}

/// A text or a local time that stands for no moment since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadMoment {
    /// Not a time.
    #[error("not a time such as 2026-11-21T10:35:00+08:00")]
    Text,
    /// Skipped or doubled when clocks are changed, or before 1970.
    #[error("clocks here never showed this time, or twice")]
    Local,
}

impl FromStr for Moment {
    type Err = BadMoment;

    /// Reads RFC 3339, and what the screen shows: a space may stand before the offset.
    fn from_str(text: &str) -> Result<Self, BadMoment> {
        let joined = text.replace(" +", "+").replace(" -", "-");
        let exact = joined.parse().map(Self::Exact);
        exact.or_else(|_| text.parse().map(Self::Local)).map_err(|_| BadMoment::Text)
    }
}

impl Moment {
    /// The moment, where clocks show the time of `zone`.
    pub(super) fn in_zone(&self, zone: &TimeZone) -> Result<Timestamp, BadMoment> {
        let exact = match self {
            Self::Exact(exact) => *exact,
            Self::Local(local) => {
                let zoned = zone.to_ambiguous_zoned(*local).unambiguous();
                zoned.map_err(|_| BadMoment::Local)?.timestamp()
            }
        };
        u64::try_from(exact.as_millisecond()).map(Timestamp).map_err(|_| BadMoment::Local)
    }
}

/// A greatest age.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fresh(Duration);

impl Fresh {
    pub(super) fn duration(self) -> Duration {
        self.0
    }
}

/// A text that is no age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an age such as 5m, 120s or 2h")]
pub(super) struct BadAge;

impl FromStr for Fresh {
    type Err = BadAge;

    fn from_str(text: &str) -> Result<Self, BadAge> {
        let age: SignedDuration = text.parse().map_err(|_| BadAge)?;
        Duration::try_from(age).map(Self).map_err(|_| BadAge)
    }
}
