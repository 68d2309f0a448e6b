//! Numbers with their units.

use core::time::Duration;
use gateway_types::Digest;

/// Thousands with a comma: `81,204`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at % 3 == first {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A length of time to the digit that matters: `53 s`, `3 min 53 s`, `31 h`, `173 days`.
#[must_use]
pub fn span(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0..=120 => format!("{seconds} s"),
        121..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..36_000 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        36_000..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", count(seconds / 86_400)),
    }
}

fn two(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

/// A fingerprint, whole, in fours: `41c7 b0d2 …`.
#[must_use]
pub fn fours(digest: &Digest) -> String {
    let hex = digest.to_hex();
    let mut out = String::new();
    for (at, digit) in hex.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}
