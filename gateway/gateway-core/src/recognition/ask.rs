//! From evidence to candidate: what is shown is judged again, the packs are asked, members are asked.

use super::{Effect, Progress, Recognition, State, asked_of, state::Asked};
use crate::{
    candidate::{CandidateError, Made, make_candidate},
    evidence::Evidence,
    failure::{EvidenceError, Failure},
    intake::texts_of,
    lane::{Lane, PlatformStanding},
    presented::Presented,
    tally::Tally,
};
use gateway_cosign::EpochKeys;
use gateway_types::Timestamp;

pub(super) fn handle_evidence(
    recognition: &mut Recognition,
    presented: Presented,
    lane: &Lane<'_>,
    epoch: &EpochKeys,
    (evidence, standing): (&Evidence, PlatformStanding),
    now: Timestamp,
) -> Result<(), EvidenceError> {
    let digest = recognition.digest;
    let asked = asked_of(&recognition.request, &digest);
    let presented = match presented.again(lane, &texts_of(&recognition.request), &asked, now) {
        Ok(presented) => presented,
        Err(error) => {
            // Members who judged it while it counted may still suffice.
            match recognition.state.renewal() {
                Some(renewal) => renewal.apply_failed(None),
                None => recognition.fail(Failure::from(&error)),
            }
            return Err(error.into());
        }
    };
    let made = make_candidate(lane, &asked, &presented, evidence, standing, now);
    recognition.presented = Some(presented);
    match made {
        Ok(made) => send(recognition, made, epoch),
        Err(error) => {
            refuse(recognition, &error, now);
            return Err(error.into());
        }
    }
    Ok(())
}

/// A record that is not the registered one ends it; anything else is the evidence's fault.
fn refuse(recognition: &mut Recognition, error: &CandidateError, now: Timestamp) {
    let retry_at = now.saturating_add(super::SOURCE_RETRY);
    if let CandidateError::RecordMismatch { .. } = error {
        recognition.fail(Failure::RecordMismatch);
    } else if let Some(renewal) = recognition.state.renewal() {
        renewal.apply_failed(Some(retry_at));
    } else if let Some(since) = recognition.state.checking_since() {
        recognition.state = State::Waiting { since, retry_at };
    }
}

/// Written down, then the record to our own members, then the candidate to all.
fn send(recognition: &mut Recognition, made: Made, epoch: &EpochKeys) {
    let sizes: Vec<_> = epoch.committees().iter().map(|committee| committee.size()).collect();
    let Ok(tally) = Tally::new(made.candidate.digest(), epoch.epoch(), &sizes) else {
        return recognition.fail(Failure::Internal);
    };
    let candidate = Box::new(made.candidate.clone());
    recognition.effects.push(Effect::Save(Progress::Asked(candidate.clone())));
    recognition.effects.push(Effect::GiveRecord);
    recognition.effects.push(Effect::SendCandidate(candidate));
    let asked = Asked::new(made, tally, recognition.state.asked());
    recognition.state = State::AwaitingVerdicts(Box::new(asked));
}
