//! Fourth and sixth row: both packs, on facts that are stated (source) or derived (destination).

use super::{Cell, Judgement};
use crate::{
    evidence::Evidence,
    facts::derive_facts,
    lane::{Lane, PlatformStanding},
    presented::{Asked, Presented},
};
use gateway_types::{SourceCode, Status, candidate::Candidate, facts::Facts, verdict::Reason};
use policy_engine::Decision;

/// The stated facts are those that this member derives itself; obligations are the packs' to judge.
pub(super) fn facts_are_derived(
    lane: &Lane<'_>,
    presented: &Presented,
    evidence: &Evidence,
    standing: PlatformStanding,
    candidate: &Candidate,
) -> Cell {
    let stated = &candidate.facts;
    let asked =
        Asked { request: &candidate.request, platform: &stated.platform, purpose: &stated.purpose };
    let derived = derive_facts(lane, &asked, presented, evidence, standing, stated.now);
    let derived = Facts { obligations: stated.obligations.clone(), ..derived };
    if derived == *stated { Ok(()) } else { Err(Reason::CandidateMismatch) }
}

/// Both packs say of the stated facts what the candidate says they do.
pub(super) fn check(lane: &Lane<'_>, candidate: &Candidate) -> Result<Judgement, Reason> {
    let decision = policy_engine::check(&lane.packs(), &candidate.facts);
    let as_stated = *decision.terms() == candidate.decision;
    match decision {
        Decision::Denied(denied) => Err(denied.reason()),
        _ if !as_stated => Err(Reason::CandidateMismatch),
        Decision::Permit(_) => no_pack_lets_through(&candidate.facts).map(|()| Judgement::Accept),
        Decision::Review(_) => no_pack_lets_through(&candidate.facts).map(|()| Judgement::Later),
    }
}

/// What no pack may let through, however it was written: a licence that is not registered as valid or not in
/// its time, and one of an issuer that is not accredited, of whose record no signature was looked at.
///
/// Source: `formats`, section 5: a `recognised` entry by itself proves *valid as of its batch's sync point*.
fn no_pack_lets_through(facts: &Facts) -> Cell {
    match facts.code.map(SourceCode::status) {
        None => return Err(Reason::LicenceNotRegistered),
        Some(Status::Valid) => {}
        Some(_) => return Err(Reason::LicenceNotValid),
    }
    if facts.not_after <= facts.now {
        return Err(Reason::LicenceExpired);
    }
    if facts.now < facts.not_before {
        return Err(Reason::LicenceNotYet);
    }
    if facts.issuer_accredited { Ok(()) } else { Err(Reason::IssuerNotAccredited) }
}
