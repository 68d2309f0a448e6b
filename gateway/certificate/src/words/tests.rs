use super::*;
use core::time::Duration;
use gateway_types::Digest;

#[test]
fn numbers_carry_their_units() {
    for (seconds, text) in [
        (0, "0 s"),
        (53, "53 s"),
        (120, "120 s"),
        (121, "2 min 1 s"),
        (233, "3 min 53 s"),
        (300, "5 min"),
        (3_600, "1 h"),
        (5_400, "1 h 30 min"),
        (86_400, "24 h"),
        (31 * 3_600 + 100, "31 h"),
        (172_800, "2 days"),
        (173 * 86_400, "173 days"),
    ] {
        assert_eq!(span(Duration::from_secs(seconds)), text);
    }
    for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
        assert_eq!(count(number), text);
    }
    let all = fours(&Digest([0xab; 32]));
    assert!(all.len() == 79 && all.starts_with("abab abab "));
}
