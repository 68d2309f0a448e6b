//! Moments as people read them: in local time, with the offset.

use crate::moment::instant;
use certificate::words::Calendar;
use gateway_types::Timestamp;
use jiff::{SignedDuration, Zoned, civil::Time, tz::TimeZone};

/// Writes moments in one zone.
#[derive(Debug)]
pub(super) struct LocalCalendar {
    zone: TimeZone,
    /// For programs: RFC 3339 in UTC.
    for_programs: bool,
}

impl LocalCalendar {
    /// For people in `zone`.
    pub(super) fn new(zone: TimeZone) -> Self {
        Self { zone, for_programs: false }
    }

    /// For programs.
    pub(super) fn utc() -> Self {
        Self { zone: TimeZone::UTC, for_programs: true }
    }

    fn write(&self, time: Timestamp, people: &str, programs: &str) -> String {
        let pattern = if self.for_programs { programs } else { people };
        zoned(time, &self.zone).strftime(pattern).to_string()
    }
}

fn zoned(time: Timestamp, zone: &TimeZone) -> Zoned {
    instant(time).to_zoned(zone.clone())
}

impl Calendar for LocalCalendar {
    fn moment(&self, time: Timestamp) -> String {
        self.write(time, "%Y-%m-%d %H:%M:%S %:z", "%Y-%m-%dT%H:%M:%SZ")
    }

    fn precise(&self, time: Timestamp) -> String {
        self.write(time, "%Y-%m-%d %H:%M:%S.%3f %:z", "%Y-%m-%dT%H:%M:%S.%3fZ")
    }

    fn time_of_day(&self, time: Timestamp) -> String {
        self.write(time, "%H:%M:%S %:z", "%Y-%m-%dT%H:%M:%SZ")
    }

    fn time_again(&self, time: Timestamp) -> String {
        self.write(time, "%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")
    }

    fn day(&self, time: Timestamp) -> String {
        self.write(time, "%Y-%m-%d", "%Y-%m-%d")
    }

    fn end(&self, time: Timestamp) -> String {
        let end = zoned(time, &self.zone);
        let midnight = end.time() == Time::midnight() && !self.for_programs;
        match end.checked_sub(SignedDuration::from_secs(1)) {
            Ok(last_day) if midnight => last_day.strftime("%Y-%m-%d 24:00 %:z").to_string(),
            _ => self.moment(time),
        }
    }
}
