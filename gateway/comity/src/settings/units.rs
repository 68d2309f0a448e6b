//! Values with their units: `"7 days"`, `"128 KiB"`, `"500/s"`, `"2/3"`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

/// A text that is not a value of its kind; says what would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct BadValue {
    /// What was expected, in words.
    pub expected: &'static str,
}

/// Reads and writes a type as the text that it is in a file.
macro_rules! as_text {
    ($name:ident) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }
    };
}
pub(super) use as_text;

/// A length of time: a whole number and `ms`, `s`, `min`, `h` or `days`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// Units of time, the longest first, in milliseconds.
const SPANS: [(&str, u64); 6] = [
    ("days", 86_400_000),
    ("day", 86_400_000),
    ("h", 3_600_000),
    ("min", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl FromStr for Span {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let wrong = BadValue {
            expected: "a length of time with its unit, such as \"7 days\", \"30 s\" or \"500 ms\"",
        };
        let millis = with_unit(text, &SPANS).filter(|millis| *millis > 0).ok_or(wrong)?;
        Ok(Self(Duration::from_millis(millis)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        show(f, millis, &SPANS)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Span({self})")
    }
}

as_text!(Span);

/// A number of bytes: a whole number and `B`, `KiB`, `MiB` or `GiB`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// Units of size, the largest first, in bytes.
const SIZES: [(&str, u64); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl FromStr for Size {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let wrong = BadValue {
            expected: "a number of bytes with its unit, such as \"128 KiB\" or \"2 GiB\"",
        };
        with_unit(text, &SIZES).map(Self).ok_or(wrong)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, self.0, &SIZES)
    }
}

impl fmt::Debug for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Size({self})")
    }
}

as_text!(Size);

/// So many in a second: `500/s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate {
    /// In each second.
    pub per_second: u32,
}

impl FromStr for Rate {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let wrong = BadValue { expected: "a rate with its unit, such as \"500/s\"" };
        let number = text.strip_suffix("/s").and_then(|number| number.trim_end().parse().ok());
        let per_second = number.filter(|number| *number > 0).ok_or(wrong)?;
        Ok(Self { per_second })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.per_second)
    }
}

as_text!(Rate);

/// A share of a validator set that must have signed: from 1/3 to less than all of it.
///
/// Source: design section 4: more than 2/3 of the trusted set by default, never below 1/3 (A13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Above the line.
    pub numerator: u64,
    /// Below it.
    pub denominator: u64,
}

impl FromStr for Share {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let wrong = BadValue { expected: "a share from 1/3 to less than 1, such as \"2/3\"" };
        let (above, below) = text.split_once('/').ok_or(wrong.clone())?;
        let numerator: u64 = above.parse().map_err(|_| wrong.clone())?;
        let denominator: u64 = below.parse().map_err(|_| wrong.clone())?;
        let third = u128::from(numerator).saturating_mul(3) >= u128::from(denominator);
        if third && numerator < denominator {
            Ok(Self { numerator, denominator })
        } else {
            Err(wrong)
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

as_text!(Share);

/// Bytes in hexadecimal, at most 64: a contract's address.
#[derive(Clone, PartialEq, Eq)]
pub struct Hex(pub Vec<u8>);

/// Most bytes of a [`Hex`]: the longest address of any chain here has 32.
const MAX_HEX: usize = 64;

impl FromStr for Hex {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let wrong = BadValue { expected: "1 to 64 bytes in hexadecimal" };
        let bytes = hex::decode(text).map_err(|_| wrong.clone())?;
        if (1..=MAX_HEX).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(wrong) }
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hex({self})")
    }
}

as_text!(Hex);

/// An address and how many of its bits count: `10.1.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl FromStr for Network {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let read = || {
            let (address, prefix) = text.split_once('/')?;
            let address: IpAddr = address.parse().ok()?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            let number: u8 = prefix.parse().ok()?;
            let canonical = number.to_string() == prefix && number <= bits;
            canonical.then_some(Self { address, prefix: number })
        };
        read().ok_or(BadValue { expected: "a network such as \"10.1.0.0/16\"" })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

as_text!(Network);

/// A whole number and one of `units`, with or without a space between.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start_matches(' '))?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

/// In the largest unit that leaves no rest.
fn show(f: &mut fmt::Formatter<'_>, value: u64, units: &[(&str, u64)]) -> fmt::Result {
    for (name, factor) in units {
        let (whole, rest) = (value.checked_div(*factor), value.checked_rem(*factor));
        if let (Some(whole @ 1..), Some(0)) = (whole, rest) {
            let name = if *name == "days" && whole == 1 { "day" } else { name };
            return write!(f, "{whole} {name}");
        }
    }
    let (name, _) = units.last().copied().unwrap_or_default();
    write!(f, "{value} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: FromStr<Err = BadValue> + fmt::Display>(good: &[(&str, &str)], bad: &[&str]) {
        for (text, shown) in good {
            assert_eq!(text.parse::<T>().map(|value| value.to_string()), Ok((*shown).to_owned()));
        }
        for text in bad {
            assert!(text.parse::<T>().is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a_number_without_its_unit_is_no_value() {
        check::<Span>(
            &[("7 days", "7 days"), ("24 h", "1 day"), ("90s", "90 s"), ("1500 ms", "1500 ms")],
            &["7", "7 d", "days", "-1 s", "0 s", "1.5 s", "7 Days", "99999999999999999 days", ""],
        );
        check::<Size>(
            &[("128 KiB", "128 KiB"), ("1024KiB", "1 MiB"), ("0 B", "0 B")],
            &["128", "128 kb", "128 KB", "KiB", "99999999999999 GiB"],
        );
        check::<Rate>(&[("500/s", "500/s")], &["500", "0/s", "500/min", "-1/s", "/s"]);
        check::<Hex>(&[("00ff", "00ff")], &["", "0", "0x00", "zz"]);
        check::<Network>(
            &[
                ("10.1.0.0/16", "10.1.0.0/16"),
                ("fd12::/24", "fd12::/24"),
                ("0.0.0.0/0", "0.0.0.0/0"),
            ],
            &[
                "10.0.0.0",
                "10.0.0.0/33",
                "10.0.0.0/08",
                "10.0/8",
                "::/129",
                "host/8",
                "10.0.0.0/-1",
            ],
        );
    }

    #[test]
    fn a13_a_trust_threshold_below_a_third_is_refused() {
        check::<Share>(
            &[("2/3", "2/3"), ("1/3", "1/3")],
            &["1/4", "3/3", "2/1", "0/0", "0/3", "2", "333/1000", "18446744073709551615/0"],
        );
    }
}
