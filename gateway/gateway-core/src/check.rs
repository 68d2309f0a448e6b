//! A member's check of a candidate, side by side as in design section 8.
//!
//! | check | source's members | destination's members |
//! |---|---|---|
//! | header, registry proof, status, evidence age | [`evidence`] | [`evidence`] |
//! | issuer accredited for the class | [`issuer::as_stated`] | [`issuer::from_the_record`] |
//! | consent | [`consent::as_stated`] | the same, and [`consent::from_the_holder`] |
//! | source pack | [`policy`] | [`policy`] on the same facts |
//! | record, disclosures, holder's proof | – | [`record`] |
//! | destination pack | [`policy`] on the stated facts | [`policy`] on facts it derived itself |

mod consent;
mod evidence;
mod form;
mod issuer;
mod policy;
mod record;

use crate::{
    evidence::Evidence,
    lane::{Lane, PlatformStanding},
    presented::Texts,
};
use gateway_types::{
    Timestamp,
    candidate::Candidate,
    verdict::{Reason, Verdict, Word},
};

/// What a member sees beside the candidate and its evidence.
#[derive(Clone, Copy, Debug)]
pub enum View<'a> {
    /// A member of the source: it never gets the record.
    Source,
    /// A member of the destination.
    Destination {
        /// Record and consent, handed over by its own region's gateway.
        texts: Texts<'a>,
        /// What the destination knows of the platform.
        standing: PlatformStanding,
    },
}

/// What a member found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Every check of its side passed.
    Accept,
    /// One did not.
    Refuse(Reason),
    /// The packs ask for a person.
    Later,
}

impl Judgement {
    /// The verdict that says so.
    #[must_use]
    pub fn verdict(self, candidate: &Candidate) -> Verdict {
        let (word, reason) = match self {
            Self::Accept => (Word::Accept, None),
            Self::Refuse(reason) => (Word::Refuse, Some(reason)),
            Self::Later => (Word::Later, None),
        };
        Verdict { candidate: candidate.digest(), word, reason }
    }
}

/// Why a member says nothing at all on a candidate. Silence is not refusal: it may lapse, never be declined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoVerdict {
    /// A version that this program does not know.
    #[error("candidate of version {got}")]
    Version {
        /// The candidate's.
        got: u8,
    },
    /// For another lane.
    #[error("candidate of another lane")]
    OtherLane,
    /// Its time is too far from this member's clock.
    #[error("candidate time {} is more than 5 s from {}", time.0, now.0)]
    Clock {
        /// The candidate's time.
        time: Timestamp,
        /// This member's.
        now: Timestamp,
    },
    /// The evidence at hand is not that of this candidate.
    #[error("the evidence is of another licence or another height")]
    OtherEvidence,
    /// The evidence is too old to say anything.
    #[error("evidence {age_s} s old at the candidate's time")]
    EvidenceTooOld {
        /// Its age, in seconds.
        age_s: u64,
    },
}

/// What a cell finds: nothing to object to, or a reason to refuse.
pub(crate) type Cell = Result<(), Reason>;

/// Checks a candidate as a member of its side does before it says anything.
///
/// All is judged as of the candidate's time; `now` is only compared with it. `evidence` must be what this
/// member's own light client proved at the candidate's height.
///
/// Trust: a gateway made the candidate, and may have made up anything in it.
///
/// # Errors
///
/// [`NoVerdict`]: this member says nothing.
pub fn check_candidate(
    lane: &Lane<'_>,
    view: &View<'_>,
    candidate: &Candidate,
    evidence: &Evidence,
    now: Timestamp,
) -> Result<Judgement, NoVerdict> {
    form::can_be_judged(lane, candidate, now)?;
    evidence::is_of_this_candidate(candidate, evidence)?;
    Ok(judge(lane, view, candidate, evidence).unwrap_or_else(Judgement::Refuse))
}

fn judge(
    lane: &Lane<'_>,
    view: &View<'_>,
    candidate: &Candidate,
    evidence: &Evidence,
) -> Result<Judgement, Reason> {
    form::check(lane, candidate)?;
    evidence::check(lane, candidate, evidence)?;
    issuer::as_stated(lane, &candidate.facts)?;
    consent::as_stated(candidate)?;
    if let View::Destination { texts, standing } = view {
        let presented = record::check(lane, texts, candidate)?;
        issuer::from_the_record(&presented, &candidate.facts)?;
        consent::from_the_holder(&presented, candidate)?;
        policy::facts_are_derived(lane, &presented, evidence, *standing, candidate)?;
    }
    policy::check(lane, candidate)
}

#[cfg(test)]
mod tests;
