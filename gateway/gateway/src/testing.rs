//! A lane from Guangdong to Hong Kong with real keys and signatures, real members, and gateways' engines, for the
//! tests of this crate. Nothing here replaces a rule.
#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

pub(crate) mod chain;
pub(crate) mod keys;
pub(crate) mod node;
pub(crate) mod packs;
pub(crate) mod world;

use gateway_types::{MemberRef, Timestamp};

/// 2026-11-21T02:31:07Z.
pub(crate) const NOW: Timestamp = Timestamp(1_795_228_267_000);

pub(crate) fn m(committee: u8, member: u8) -> MemberRef {
    MemberRef { committee, member }
}
