//! Times in JSON: RFC 3339, UTC.

use gateway_types::Timestamp;

/// `2026-11-21T02:31:07.412Z`.
pub(super) fn text(time: Timestamp) -> String {
    let ms = i64::try_from(time.0).unwrap_or(i64::MAX);
    // The last moment that can be written stands for those after it.
    jiff::Timestamp::from_millisecond(ms).unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// Reads such a text; nothing unless it is one, in UTC, of 1970 or later.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text.strip_suffix('Z').and_then(|_| text.parse().ok())?;
    u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_in_utc() {
        let time = Timestamp(1_795_228_267_412);
        assert_eq!(text(time), "2026-11-21T02:31:07.412Z");
        assert_eq!(read("2026-11-21T02:31:07.412Z"), Some(time));
        assert_eq!(read("2026-11-21T10:31:07+08:00"), None);
        assert_eq!(read("soon"), None);
        assert_eq!(text(Timestamp(u64::MAX)).get(..5), Some("9999-"));
    }
}
