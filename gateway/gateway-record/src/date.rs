//! Calendar dates of a licence, and the moments at which they begin and end.

use core::{fmt, str::FromStr};
use gateway_types::Timestamp;

/// The zone in which the regions of the bay area write dates: +08:00, without summer time.
const ZONE_MILLIS: u64 = 8 * 3_600_000;

/// Milliseconds of a day.
const DAY_MILLIS: u64 = 86_400_000;

/// A date as an issuer writes it, `2025-06-01`, in the zone +08:00; 1970-01-02 to 9999-12-31.
///
/// Source: RFC 3339 `full-date`, proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A text that is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date such as 2025-06-01, from 1970-01-02 to 9999-12-31")]
pub struct BadDate;

impl Date {
    /// The moment at which the day begins, +08:00.
    #[must_use]
    pub fn begins(self) -> Timestamp {
        Timestamp(self.days_since_1970().saturating_mul(DAY_MILLIS).saturating_sub(ZONE_MILLIS))
    }

    /// The moment at which the day has ended, +08:00: the first that is not in it.
    #[must_use]
    pub fn ends(self) -> Timestamp {
        Timestamp(self.begins().0.saturating_add(DAY_MILLIS))
    }

    /// Days from 1970-01-01: those of the years before, of the months before, and of this one.
    fn days_since_1970(self) -> u64 {
        let years: u64 = (1970..self.year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
        let months: u64 = (1..self.month).map(|m| u64::from(days_in(self.year, m))).sum();
        let days = u64::from(self.day.saturating_sub(1));
        years.saturating_add(months).saturating_add(days)
    }
}

impl FromStr for Date {
    type Err = BadDate;

    fn from_str(text: &str) -> Result<Self, BadDate> {
        let mut parts = text.splitn(3, '-');
        let mut next = |len| number(parts.next(), len).ok_or(BadDate);
        let (year, month, day) = (next(4)?, next(2)?, next(2)?);
        let month = u8::try_from(month).map_err(|_| BadDate)?;
        let day = u8::try_from(day).map_err(|_| BadDate)?;
        let fits = year >= 1970 && (1..=days_in(year, month)).contains(&day);
        let date = Self { year, month, day };
        if fits && date.days_since_1970() > 0 { Ok(date) } else { Err(BadDate) }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Exactly `len` digits.
fn number(text: Option<&str>, len: usize) -> Option<u16> {
    let text = text.filter(|t| t.len() == len && t.bytes().all(|b| b.is_ascii_digit()))?;
    text.parse().ok()
}

fn days_in(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, begins: u64) {
        let date: Date = text.parse().unwrap();
        assert_eq!(date.begins(), Timestamp(begins), "{text}");
        assert_eq!(date.to_string(), text);
    }

    #[test]
    fn days_begin_at_midnight_in_the_sources_zone() {
        check("1970-01-02", 16 * 3_600_000);
        check("2000-03-01", 951_840_000_000);
        check("2025-06-01", 1_748_707_200_000);
        check("2100-03-01", 4_107_513_600_000);
        check("9999-12-31", 253_402_185_600_000);
    }

    #[test]
    fn the_last_day_is_still_in_it() {
        let last: Date = "2031-05-31".parse().unwrap();
        // 2031-05-31T16:00:00Z
        assert_eq!(last.ends(), Timestamp(1_938_009_600_000));
        assert_eq!(
            "2024-02-29".parse::<Date>().unwrap().ends(),
            "2024-03-01".parse::<Date>().unwrap().begins()
        );
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        let bad = [
            "2025-02-29",
            "2100-02-29",
            "2025-00-01",
            "2025-13-01",
            "2025-06-00",
            "2025-06-31",
            "2025-6-1",
            "20250601",
            "2025-06-01T00:00:00Z",
            " 2025-06-01",
            "+025-06-01",
            "1970-01-01",
            "1969-12-31",
            "99999-01-01",
            "2025-06",
            "",
            "２０２５-06-01",
        ];
        for text in bad {
            assert_eq!(text.parse::<Date>(), Err(BadDate), "{text}");
        }
    }
}
