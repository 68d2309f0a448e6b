//! Facts from what was shown and what was proven: derived in one place, for gateway and members alike.

use crate::{
    evidence::Evidence,
    lane::{Lane, PlatformStanding},
    presented::{Asked, Presented},
};
use gateway_types::{Bounded, SourceCode, Timestamp, facts::Facts};

/// The facts of a question at `now`, before any obligation is taken on and any person has looked.
///
/// Every field comes from proven or signed bytes, or from what the destination itself knows (A45).
#[must_use]
pub fn derive_facts(
    lane: &Lane<'_>,
    asked: &Asked<'_>,
    presented: &Presented,
    evidence: &Evidence,
    standing: PlatformStanding,
    now: Timestamp,
) -> Facts {
    facts_of(lane, asked, presented, (evidence.code(), evidence.age_s(now)), standing, now)
}

/// The same, where `source` is what the source would say: its code, and how old that is, in seconds.
pub(crate) fn facts_of(
    lane: &Lane<'_>,
    asked: &Asked<'_>,
    presented: &Presented,
    source: (Option<SourceCode>, u64),
    standing: PlatformStanding,
    now: Timestamp,
) -> Facts {
    let claims = presented.record().claims();
    let validity = presented.validity();
    Facts {
        now,
        from: lane.from().clone(),
        to: lane.to().clone(),
        tier: lane.origin.lane.tier.clone(),
        class: claims.class.clone(),
        issuer: claims.issuer.clone(),
        issuer_accredited: presented.is_accredited(),
        code: source.0,
        not_before: validity.not_before(),
        not_after: validity.not_after(),
        purpose: asked.purpose.clone(),
        platform: asked.platform.clone(),
        platform_suspended: standing.suspended,
        // A withdrawn consent is taken off the question before it comes here.
        consent: presented.consent().map(|consent| consent.facts(false)),
        evidence_age_s: source.1,
        contract_filed: standing.contract_filed,
        onward: standing.onward,
        review: false,
        obligations: Bounded::default(),
    }
}
