//! A lane from Guangdong to Hong Kong, real packs, keys and signatures, real leaders, for the tests of this crate.
//! Nothing here replaces a rule.
#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

pub(crate) mod chain;
pub(crate) mod holder;
pub(crate) mod lane;
pub(crate) mod leader;
pub(crate) mod world;

use gateway_types::{MemberRef, Timestamp};

/// 2026-11-21T02:31:07Z.
pub(crate) const NOW: Timestamp = Timestamp(1_795_228_267_000);

pub(crate) fn m(committee: u8, member: u8) -> MemberRef {
    MemberRef { committee, member }
}
