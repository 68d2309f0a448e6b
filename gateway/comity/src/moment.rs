//! Moments: the machine's clock, and what the calendar makes of ours.

use gateway_types::Timestamp;

/// What time it is, by this machine's clock.
pub(crate) fn now() -> Timestamp {
    Timestamp(u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0))
}

/// The moment as the calendar has it; one beyond the year 9999 is the last that there is.
pub(crate) fn instant(time: Timestamp) -> jiff::Timestamp {
    let millis = i64::try_from(time.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX)
}
