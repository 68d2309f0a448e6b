//! Identifiers: ASCII texts of a fixed pattern, so that two that look alike are alike (A97).

use alloc::{
    format,
    string::{String, ToString},
};
use core::{fmt, str::FromStr};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Text that is not an identifier of its kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct BadIdentifier {
    /// What was expected, in words.
    pub expected: &'static str,
}

/// Implements text, CBOR and JSON forms for a type with `FromStr` and `Display`. What is kept as its text says
/// how to get at it; else the text is made for each encoding.
macro_rules! as_text {
    ($name:ident) => {
        as_text!($name, ToString::to_string);
    };
    ($name:ident, $text:expr) => {
        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), encode::Error<W::Error>> {
                e.str(&$text(self))?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                let at = d.position();
                d.str()?.parse().map_err(|e: BadIdentifier| decode::Error::message(e).at(at))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use as_text;

/// Makes an identifier: a text of `1..=$max` characters that `$fits` accepts.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $max:expr, $fits:expr, $expected:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadIdentifier;

            fn from_str(text: &str) -> Result<Self, BadIdentifier> {
                let fits: fn(&str) -> bool = $fits;
                if (1..=$max).contains(&text.len()) && fits(text) {
                    Ok(Self(text.into()))
                } else {
                    Err(BadIdentifier { expected: $expected })
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        as_text!($name, $name::as_str);
    };
}

identifier!(
    /// A jurisdiction, ISO 3166-2: `CN-GD`, `CN-HK`, `CN-MO`.
    Jurisdiction, 6, is_jurisdiction, "an ISO 3166-2 code such as CN-HK"
);
identifier!(
    /// A lane's tier, the last part of its name: `standard`, `strict`.
    Tier, 20, is_word, "a tier: 1 to 20 of a-z, 0-9 and -, such as standard"
);
identifier!(
    /// A deployment's DNS-like name, `comity.gba`: what is signed in one counts in no other.
    Deployment, 60, is_dotted, "a deployment: words of a-z, 0-9 and - with dots between, such as comity.gba"
);
identifier!(
    /// A chain's own identifier, `gd-main`, `comity-wasm-1`.
    ChainId, 50, is_chain, "a chain id: 1 to 50 of A-Z, a-z, 0-9, - and _"
);
identifier!(
    /// The name of a node or a person's office in its region: `office-1`.
    Name, 40, is_word, "a name: 1 to 40 of a-z, 0-9 and -"
);
identifier!(
    /// A licence class as the source's pack names it: `driving-c1`.
    ClassCode, 40, is_class, "a class: 1 to 40 of a-z, 0-9, - and /"
);
identifier!(
    /// What a recognition is for: `licence-exchange`.
    PurposeCode, 40, is_word, "a purpose: 1 to 40 of a-z, 0-9 and -"
);
identifier!(
    /// An issuing body's code, as its region's list has it: `11440000EXAMPLE11C`.
    IssuerCode, 32, is_issuer, "an issuer code: 1 to 32 of A-Z and 0-9"
);
identifier!(
    /// A policy pack's version: `2026.11.0`.
    PackVersion, 20, is_dotted, "a pack version such as 2026.11.0"
);
identifier!(
    /// The identifier of a policy rule: `CN-HK/class-equivalent`.
    RuleId, 60, is_rule, "a rule id such as CN-HK/class-equivalent"
);
identifier!(
    /// What the recognition is subject to: `redact:id_number`.
    Obligation, 60, is_obligation, "an obligation such as redact:id_number"
);
identifier!(
    /// A platform's own key for one question: 16 to 64 visible ASCII characters.
    IdempotencyKey, 64, |t| t.len() >= 16 && t.bytes().all(|b| b.is_ascii_graphic()),
    "an idempotency key: 16 to 64 visible ASCII characters"
);

/// A lane: source, destination, tier. Written `CN-GD.CN-HK.standard`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId {
    /// Where the licence was issued.
    pub source: Jurisdiction,
    /// Where it is to be recognised.
    pub destination: Jurisdiction,
    /// How strict the lane is.
    pub tier: Tier,
}

impl FromStr for LaneId {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        let bad = BadIdentifier { expected: "a lane such as CN-GD.CN-HK.standard" };
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or_else(|| bad.clone());
        let (source, destination, tier) = (next()?.parse()?, next()?.parse()?, next()?.parse()?);
        if source == destination {
            return Err(bad);
        }
        Ok(Self { source, destination, tier })
    }
}

impl fmt::Display for LaneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.source, self.destination, self.tier)
    }
}

as_text!(LaneId);

/// A lane within its deployment, the first line of all that is signed: `comity.gba/CN-GD.CN-HK.standard`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The deployment.
    pub deployment: Deployment,
    /// The lane.
    pub lane: LaneId,
}

impl FromStr for Origin {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        let bad = BadIdentifier { expected: "an origin such as comity.gba/CN-GD.CN-HK.standard" };
        let (deployment, lane) = text.split_once('/').ok_or(bad)?;
        Ok(Self { deployment: deployment.parse()?, lane: lane.parse()? })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.deployment, self.lane)
    }
}

as_text!(Origin);

/// A service platform, as its TLS certificate names it: `comity://CN-HK/platform/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Platform {
    /// The region whose CA vouches for it.
    pub region: Jurisdiction,
    /// Its name there.
    pub name: Name,
}

impl FromStr for Platform {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        let bad =
            || BadIdentifier { expected: "a platform such as comity://CN-HK/platform/counter" };
        let rest = text.strip_prefix("comity://").ok_or_else(bad)?;
        let (region, name) = rest.split_once("/platform/").ok_or_else(bad)?;
        Ok(Self { region: region.parse()?, name: name.parse()? })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "comity://{}/platform/{}", self.region, self.name)
    }
}

as_text!(Platform);

impl Origin {
    /// The name of a member in a signed note: `comity.gba/CN-GD/NAME`.
    #[must_use]
    pub fn member_name(&self, region: &Jurisdiction, member: &Name) -> String {
        format!("{}/{region}/{member}", self.deployment)
    }

    /// The name of a committee in a signed note: `comity.gba/CN-GD`.
    #[must_use]
    pub fn committee_name(&self, region: &Jurisdiction) -> String {
        format!("{}/{region}", self.deployment)
    }
}

fn is_jurisdiction(text: &str) -> bool {
    text.split_once('-').is_some_and(|(country, part)| {
        country.len() == 2
            && country.bytes().all(|b| b.is_ascii_uppercase())
            && (1..=3).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    })
}

fn is_word(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_dotted(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && is_word(part))
}

fn is_chain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn is_class(text: &str) -> bool {
    text.split('/').all(|part| !part.is_empty() && is_word(part))
}

fn is_issuer(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

impl Obligation {
    /// `status-age:SECONDS`: the destination's pack lets a status of this class be no older than that where
    /// no newer one can be asked for. Source: design, section 2.3.
    #[must_use]
    pub fn status_age(seconds: u64) -> Self {
        Self(format!("{STATUS_AGE}{seconds}"))
    }

    /// The age of [`Obligation::status_age`], in seconds; nothing if it is about something else. One that
    /// cannot be read counts as 0: nothing is recent enough for it.
    #[must_use]
    pub fn as_status_age(&self) -> Option<u64> {
        self.0.strip_prefix(STATUS_AGE).map(|seconds| seconds.parse().unwrap_or(0))
    }
}

const STATUS_AGE: &str = "status-age:";

fn is_rule(text: &str) -> bool {
    text.split_once('/')
        .is_some_and(|(region, rule)| is_jurisdiction(region) && !rule.is_empty() && is_word(rule))
}

fn is_obligation(text: &str) -> bool {
    text.split(':').all(|part| !part.is_empty() && part.bytes().all(is_obligation_byte))
}

fn is_obligation_byte(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: FromStr<Err = BadIdentifier> + fmt::Display>(good: &[&str], bad: &[&str]) {
        for text in good {
            assert_eq!(text.parse::<T>().map(|id| id.to_string()), Ok((*text).to_string()));
        }
        for text in bad {
            assert!(text.parse::<T>().is_err(), "{text} was taken");
        }
    }

    #[test]
    fn a97_identifiers_are_plain_ascii_of_one_case() {
        check::<Jurisdiction>(
            &["CN-GD", "CN-44", "PT-11"],
            &["cn-gd", "CN", "CN-", "СN-GD", "CN-GDXX"],
        );
        check::<Name>(&["office-1"], &["Office", "-a", "a-", "a b", "é", ""]);
        check::<ChainId>(&["comity-wasm-1", "gd_main"], &["a/b", "a b", "", "ａ"]);
        check::<IssuerCode>(&["11440000EXAMPLE11C"], &["11440000example11c", ""]);
        check::<RuleId>(&["CN-HK/class-equivalent"], &["cn-hk/x", "CN-HK/", "CN-HK"]);
        check::<IdempotencyKey>(&["0123456789abcdef"], &["0123456789abcde", "0123456789abcde\n"]);
    }

    #[test]
    fn lanes_origins_and_platforms_print_as_they_parse() {
        check::<LaneId>(
            &["CN-GD.CN-HK.standard"],
            &["CN-GD.CN-GD.standard", "CN-GD.CN-HK", "a.b.c"],
        );
        check::<Origin>(&["comity.gba/CN-GD.CN-HK.standard"], &["CN-GD.CN-HK.standard", "a/b/c"]);
        check::<Platform>(
            &["comity://CN-HK/platform/counter"],
            &["comity://CN-HK/regulator/a", "x"],
        );
    }

    #[test]
    fn an_obligation_may_be_a_greatest_age() {
        let hour = Obligation::status_age(3_600);
        assert_eq!(hour.to_string().parse::<Obligation>().unwrap(), hour);
        let age = |text: &str| text.parse::<Obligation>().unwrap().as_status_age();
        assert_eq!(age("status-age:3600"), Some(3_600));
        assert_eq!(age("status-age:soon"), Some(0));
        assert_eq!(age("status-age:99999999999999999999999"), Some(0));
        assert_eq!(age("redact:id_number"), None);
    }
}
