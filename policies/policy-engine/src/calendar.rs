//! Moments as Cedar and TOML write them. Source: RFC 3339; days from the civil calendar after H. Hinnant.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "calendar arithmetic on values that were bounded first: no intermediate comes near i64's ends"
)]

use gateway_types::Timestamp;
use toml::value::{Datetime, Offset};

/// The last moment that Cedar's `datetime("…")` can be told: 9999-12-31 23:59:59.999 UTC.
const LAST: i64 = 253_402_300_799_999;

const DAY_MS: i64 = 86_400_000;

/// A time in TOML that names no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTime {
    /// Date, time or offset is missing: no moment is meant.
    #[error("not a moment: write date, time and offset, 2026-11-21T10:31:07+08:00")]
    Incomplete,
    /// Before 1970.
    #[error("before 1970")]
    TooEarly,
}

/// The moment that a TOML date-time with an offset names, in whole milliseconds, rounded down.
///
/// # Errors
///
/// [`BadTime`]: the author writes the time in full.
pub fn timestamp_of(time: &Datetime) -> Result<Timestamp, BadTime> {
    let (Some(date), Some(clock), Some(offset)) = (time.date, time.time, time.offset) else {
        return Err(BadTime::Incomplete);
    };
    let offset_minutes = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_from_civil(i64::from(date.year), i64::from(date.month), i64::from(date.day));
    let minutes = i64::from(clock.hour) * 60 + i64::from(clock.minute) - offset_minutes;
    let seconds = minutes * 60 + i64::from(clock.second.unwrap_or(0));
    let ms = days * DAY_MS + seconds * 1000 + i64::from(clock.nanosecond.unwrap_or(0) / 1_000_000);
    u64::try_from(ms).map(Timestamp).map_err(|_| BadTime::TooEarly)
}

/// The text that Cedar's `datetime` takes: `2026-11-21T02:31:07.653Z`.
///
/// A moment after the year 9999 becomes the last one before: an end that far away stays in the future, and a
/// `now` that far away lies at or after every end, so nothing is in force then.
pub(crate) fn cedar_time(time: Timestamp) -> String {
    let ms = i64::try_from(time.0).map_or(LAST, |ms| ms.min(LAST));
    let (year, month, day) = civil_from_days(ms / DAY_MS);
    let of_day = ms % DAY_MS;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:03}Z",
        of_day / 3_600_000,
        of_day / 60_000 % 60,
        of_day / 1000 % 60,
        of_day % 1000
    )
}

/// The moment in a time zone of so many minutes east of UTC: `2026-11-21 10:31:07 +08:00`.
pub(crate) fn local_time(time: Timestamp, offset_minutes: i16) -> String {
    let offset = i64::from(offset_minutes);
    let ms = i64::try_from(time.0).map_or(LAST, |ms| ms.min(LAST)) + offset * 60_000;
    let (year, month, day) = civil_from_days(ms.div_euclid(DAY_MS));
    let seconds = ms.rem_euclid(DAY_MS) / 1000;
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} {}{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        if offset < 0 { '-' } else { '+' },
        offset.abs() / 60,
        offset.abs() % 60
    )
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let time = timestamp_of(&text.parse().unwrap()).unwrap();
        assert_eq!(cedar_time(time), expected);
    }

    #[test]
    fn toml_times_come_out_in_utc() {
        check("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z");
        check("2026-11-21T10:31:07.6539+08:00", "2026-11-21T02:31:07.653Z");
        check("2028-02-29T23:59:59-00:30", "2028-03-01T00:29:59.000Z");
        check("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z");
        check("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in 0..146_097 {
            let (y, m, d) = civil_from_days(day);
            assert_eq!(days_from_civil(y, m, d), day);
        }
    }

    #[test]
    fn a_time_without_offset_or_before_1970_is_refused() {
        let of = |text: &str| timestamp_of(&text.parse().unwrap());
        assert_eq!(of("2026-11-21"), Err(BadTime::Incomplete));
        assert_eq!(of("2026-11-21T10:31:07"), Err(BadTime::Incomplete));
        assert_eq!(of("1969-12-31T23:59:59Z"), Err(BadTime::TooEarly));
    }

    #[test]
    fn screens_show_local_time_with_its_offset() {
        let time = timestamp_of(&"2026-11-21T10:31:07.653+08:00".parse().unwrap()).unwrap();
        assert_eq!(local_time(time, 480), "2026-11-21 10:31:07 +08:00");
        assert_eq!(local_time(Timestamp(0), -210), "1969-12-31 20:30:00 -03:30");
    }

    #[test]
    fn the_far_future_does_not_wrap() {
        assert_eq!(cedar_time(Timestamp(u64::MAX)), "9999-12-31T23:59:59.999Z");
    }
}
