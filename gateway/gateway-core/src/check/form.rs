//! Whether a candidate is one that this member can judge, and is put together as candidates are.

use super::{Cell, NoVerdict};
use crate::{
    candidate::CANDIDATE_VERSION,
    lane::{CANDIDATE_LIFE, Lane, MAX_CLOCK_DISTANCE},
};
use gateway_types::{Timestamp, candidate::Candidate, verdict::Reason};

/// Version, lane and time: if one is not this member's, it says nothing.
pub(super) fn can_be_judged(
    lane: &Lane<'_>,
    candidate: &Candidate,
    now: Timestamp,
) -> Result<(), NoVerdict> {
    if candidate.version != CANDIDATE_VERSION {
        return Err(NoVerdict::Version { got: candidate.version });
    }
    if candidate.origin != *lane.origin {
        return Err(NoVerdict::OtherLane);
    }
    let time = candidate.time();
    if time.abs_diff(now) > MAX_CLOCK_DISTANCE {
        return Err(NoVerdict::Clock { time, now });
    }
    Ok(())
}

/// The facts are of the lane, the platform is the destination's, the packs are those in force.
pub(super) fn check(lane: &Lane<'_>, candidate: &Candidate) -> Cell {
    let facts = &candidate.facts;
    let of_the_lane = facts.from == *lane.from()
        && facts.to == *lane.to()
        && facts.tier == lane.origin.lane.tier
        && facts.platform.region == *lane.to();
    let life_fits = u128::from(candidate.life_ms) == CANDIDATE_LIFE.as_millis();
    // A person's review is not built: nobody here can vouch for one.
    let claims_no_review = !facts.review;
    if of_the_lane && life_fits && claims_no_review && candidate.packs == lane.packs().references()
    {
        Ok(())
    } else {
        Err(Reason::CandidateMismatch)
    }
}
