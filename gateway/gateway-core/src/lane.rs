//! What a gateway or a member knows of its lane when it judges.

use core::time::Duration;
use gateway_types::{
    Digest, Jurisdiction, Origin, Platform, Timestamp,
    id::{ClassCode, IssuerCode},
};
use policy_engine::{IssuerKey, Pack, Packs};
use std::collections::BTreeSet;

/// How far a candidate's time may be from a member's clock (design section 2.1 step 5).
pub const MAX_CLOCK_DISTANCE: Duration = Duration::from_secs(5);

/// How old the proven header may be at the candidate's time, in seconds: a batch's sync point may be as old.
pub const MAX_EVIDENCE_AGE_S: u64 = 60;

/// How long a candidate may wait for verdicts.
pub const CANDIDATE_LIFE: Duration = Duration::from_secs(60);

/// A lane with what its log has in force: packs and the light client's pin.
///
/// Trust: the caller takes packs and pin from the lane's log, where persons accepted them.
#[derive(Clone, Copy, Debug)]
pub struct Lane<'a> {
    /// Its origin line.
    pub origin: &'a Origin,
    /// The source's pack: disclosure, and the list of issuers.
    pub source: &'a Pack,
    /// The destination's pack: recognition.
    pub destination: &'a Pack,
    /// The pin of the client that proves the source's registry.
    pub pin: &'a Digest,
}

impl<'a> Lane<'a> {
    /// Both packs, for the engine.
    #[must_use]
    pub fn packs(&self) -> Packs<'a> {
        Packs::new(self.source, self.destination)
    }

    /// Where licences come from.
    #[must_use]
    pub fn from(&self) -> &'a Jurisdiction {
        &self.origin.lane.source
    }

    /// Where they are to count.
    #[must_use]
    pub fn to(&self) -> &'a Jurisdiction {
        &self.origin.lane.destination
    }

    /// The key under which `issuer` may issue `class` at `at`, by the source's list.
    #[must_use]
    pub fn issuer_key(
        &self,
        issuer: &IssuerCode,
        class: &ClassCode,
        at: Timestamp,
    ) -> Option<&'a IssuerKey> {
        self.source.accredited(issuer, class, at)
    }
}

/// What the destination knows of the platform that asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlatformStanding {
    /// Whether the destination has suspended it.
    pub suspended: bool,
    /// Whether its contract for personal data is filed.
    pub contract_filed: bool,
    /// Whether it hands data on to a third region.
    pub onward: bool,
}

/// What a destination knows of all platforms that may ask it, as its operators wrote it down.
///
/// Its gateway and its members derive facts from it, each from its own: where they differ about a platform, members
/// find another candidate than their gateway made, and that platform's questions are declined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownPlatforms {
    /// Those that it has suspended: their questions are declined by its own rules.
    pub suspended: BTreeSet<Platform>,
    /// Those whose contract for personal data is filed.
    pub contract_filed: BTreeSet<Platform>,
}

impl KnownPlatforms {
    /// What it knows of one platform. Of one that nobody wrote down: neither suspended, nor a contract filed.
    #[must_use]
    pub fn standing_of(&self, platform: &Platform) -> PlatformStanding {
        PlatformStanding {
            suspended: self.suspended.contains(platform),
            contract_filed: self.contract_filed.contains(platform),
            onward: false,
        }
    }
}
