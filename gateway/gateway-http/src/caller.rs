//! Who calls, or who is called: what a certificate says of its holder.

use gateway_types::{Jurisdiction, Name, Platform, id::BadIdentifier};
use std::{fmt, str::FromStr};

/// What a program or a customer is in its region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A service that asks: a bank, a transport counter.
    Platform,
    /// A gateway, as server and as client of other gateways.
    Gateway,
    /// A relayer, which brings evidence to its region's gateway.
    Relayer,
    /// A regulator's node, a member of its region's committee.
    Regulator,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Platform, Self::Gateway, Self::Relayer, Self::Regulator];

    /// The word in the identity: `platform`, `gateway`, `relayer`, `regulator`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Gateway => "gateway",
            Self::Relayer => "relayer",
            Self::Regulator => "regulator",
        }
    }
}

/// An identity: region, role and name. Written `comity://CN-HK/platform/counter`.
///
/// Source: `formats`, section 4. Trust: a [`Caller`] in a request was read from a certificate that its
/// region's CA signed; made from text it is only a claim.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Caller {
    /// The region whose CA vouches for it.
    pub region: Jurisdiction,
    /// What it is there.
    pub role: Role,
    /// Its name there.
    pub name: Name,
}

impl Caller {
    /// The platform that this is, if it is one.
    #[must_use]
    pub fn as_platform(&self) -> Option<Platform> {
        (self.role == Role::Platform)
            .then(|| Platform { region: self.region.clone(), name: self.name.clone() })
    }

    /// Whether this is a `role` of `region`.
    #[must_use]
    pub fn is(&self, role: Role, region: &Jurisdiction) -> bool {
        self.role == role && self.region == *region
    }
}

impl FromStr for Caller {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        let bad = || BadIdentifier { expected: "an identity such as comity://CN-HK/gateway/gw-1" };
        let rest = text.strip_prefix("comity://").ok_or_else(bad)?;
        let (region, rest) = rest.split_once('/').ok_or_else(bad)?;
        let (role, name) = rest.split_once('/').ok_or_else(bad)?;
        let role = Role::ALL.into_iter().find(|r| r.as_str() == role).ok_or_else(bad)?;
        Ok(Self { region: region.parse()?, role, name: name.parse()? })
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "comity://{}/{}/{}", self.region, self.role.as_str(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_prints_as_it_parses() {
        for text in ["comity://CN-HK/platform/counter", "comity://CN-GD/regulator/office-1"] {
            assert_eq!(text.parse::<Caller>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a107_what_is_not_exactly_an_identity_is_refused() {
        for text in [
            "comity://CN-HK/platform/*",
            "comity://*/platform/counter",
            "comity://CN-HK/Platform/counter",
            "comity://CN-HK/platform/counter/x",
            "comity://CN-HK/platform/",
            "comity://CN-HK/person/counter",
            "COMITY://CN-HK/platform/counter",
            "https://CN-HK/platform/counter",
            "comity://CN-HK/platform/counter\0",
            "",
        ] {
            assert!(text.parse::<Caller>().is_err(), "{text}");
        }
    }
}
