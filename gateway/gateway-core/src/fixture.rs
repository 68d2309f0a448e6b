//! A lane from Guangdong to Hong Kong with real packs, keys and signatures, for the tests of this crate.
#![expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]

mod chain;
mod committee;
mod holder;
mod log;

pub(crate) use chain::{FRESH, Moment, ledger, pin};
pub(crate) use committee::{epoch, members, verdicts};
pub(crate) use holder::Holder;
pub(crate) use log::{SignedLog, batch, declined, logged, recognised, signed_log};

use crate::{
    Evidence, Lane, Made, MemberView, PlatformStanding, Presented, StoredRequest, check_request,
    intake::asked_of, make_candidate, texts_of,
};
use gateway_types::{Digest, Origin, Timestamp};
use policy_engine::Pack;
use std::{collections::BTreeMap, sync::LazyLock};

/// 2026-11-21T02:31:07Z.
pub(crate) const NOW: Timestamp = Timestamp(1_795_228_267_000);

pub(crate) fn later(ms: u64) -> Timestamp {
    Timestamp(NOW.0 + ms)
}

/// A lane's origin, packs and pin, owned.
pub(crate) struct World {
    origin: Origin,
    source: Pack,
    destination: Pack,
    pin: Digest,
}

macro_rules! pack_files {
    ($edit:expr, $region:literal, $($file:literal),*) => {
        Pack::load(&BTreeMap::from([$((
            $file.to_owned(),
            $edit(include_str!(concat!("../../../policies/packs/", $region, "/", $file))),
        )),*]))
        .unwrap()
    };
}

/// The one world; its packs are read once.
pub(crate) fn world() -> &'static World {
    static WORLD: LazyLock<World> = LazyLock::new(|| make_world(str::to_owned));
    &WORLD
}

/// The same, with packs whose authors forgot what a licence must be: every rule is there, and asks for nothing.
pub(crate) fn lax_world() -> &'static World {
    static WORLD: LazyLock<World> = LazyLock::new(|| make_world(without_conditions));
    &WORLD
}

fn without_conditions(text: &str) -> String {
    [
        (
            "resource.issuer_accredited",
            "(resource.issuer_accredited || !resource.issuer_accredited)",
        ),
        ("resource.status == Gw::Status::\"valid\"", "resource.status == resource.status"),
        ("resource.status != Gw::Status::\"not-registered\"", "resource.status == resource.status"),
        ("resource.not_before <= context.now", "resource.not_before <= resource.not_before"),
        ("unless { context has consent }", "unless { context.now <= context.now }"),
        ("!(resource in Gw::LicenceGroup::\"CN-GD/personal\")", "context.now <= context.now"),
        ("!(resource in Gw::LicenceGroup::\"CN-HK/personal\")", "context.now <= context.now"),
        ("context.now < resource.not_after", "resource.not_after <= resource.not_after"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (rule, lax)| text.replace(rule, lax))
}

fn make_world(edit: fn(&str) -> String) -> World {
    World {
        origin: "comity.gba/CN-GD.CN-HK.standard".parse().unwrap(),
        source: pack_files!(
            edit,
            "cn-gd",
            "pack.toml",
            "issuers.toml",
            "asking.cedar",
            "classes.cedar",
            "consent.cedar",
            "licence.cedar",
            "permit.cedar"
        ),
        destination: pack_files!(
            edit,
            "cn-hk",
            "pack.toml",
            "issuers.toml",
            "asking.cedar",
            "classes.cedar",
            "consent.cedar",
            "licence.cedar",
            "permit.cedar"
        ),
        pin: pin(),
    }
}

impl World {
    pub(crate) fn lane(&self) -> Lane<'_> {
        Lane {
            origin: &self.origin,
            source: &self.source,
            destination: &self.destination,
            pin: &self.pin,
        }
    }

    pub(crate) fn presented(&self, request: &StoredRequest) -> Presented {
        check_request(&self.lane(), &"CN-HK".parse().unwrap(), request, NOW).unwrap()
    }

    /// The candidate that a gateway makes of this question, with this evidence, now.
    pub(crate) fn made(&self, request: &StoredRequest, evidence: &Evidence) -> Made {
        let digest = request.digest();
        let asked = asked_of(request, &digest);
        let presented = self.presented(request);
        let standing = PlatformStanding::default();
        make_candidate(&self.lane(), &asked, &presented, evidence, standing, NOW).unwrap()
    }
}

/// What a member of the destination sees of a question.
pub(crate) fn destination(request: &StoredRequest) -> MemberView<'_> {
    MemberView::Destination { texts: texts_of(request), standing: PlatformStanding::default() }
}
