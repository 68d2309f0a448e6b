//! Questions that have ended, as they are shown: from the store and the lane's log, the newest from memory.

use super::{
    Inner,
    kept::{End, Kept, Stood},
    served::{ProofError, ServedLane},
};
use gateway_core::{Failure, Logged, RecognitionId, Standing};
use gateway_types::{
    Digest, Jurisdiction, LaneId, Platform, Timestamp, candidate::request_digest, entry::ShortText,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// How many ended questions are kept in memory, some 4 KiB each. More: the oldest is read from the store again.
const CACHED: usize = 4_096;

/// A question that has ended. Nothing in it is personal.
#[derive(Clone, Debug)]
pub struct Closed {
    /// Who asked.
    pub platform: Platform,
    /// Where the licence was issued.
    pub from: Jurisdiction,
    /// Where it was to count.
    pub to: Jurisdiction,
    /// The lane that was asked.
    pub lane: LaneId,
    /// When it was stored.
    pub stored_at: Timestamp,
    /// The platform's own words for it.
    pub reference: Option<ShortText>,
    /// How it ended.
    pub ended: Ended,
    /// What is in the log, and the SHA-256 of its certificate. Beside an [`Ended`] that is not
    /// [`Ended::Decided`] it came too late to be an answer.
    pub logged: Option<(Arc<Logged>, Digest)>,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By an entry of the log; how each committee stood.
    Decided(Vec<Standing>),
    /// Nothing was decided.
    Failed(Failure),
    /// The platform took it back.
    Cancelled,
}

/// Ended questions in memory, the oldest first out.
#[derive(Debug, Default)]
pub(super) struct Cache {
    held: BTreeMap<RecognitionId, Arc<Closed>>,
    order: VecDeque<RecognitionId>,
}

impl Cache {
    pub(super) fn find(&self, id: &RecognitionId) -> Option<Arc<Closed>> {
        self.held.get(id).cloned()
    }

    pub(super) fn keep(&mut self, id: &RecognitionId, closed: Arc<Closed>) {
        if self.held.insert(id.clone(), closed).is_none() {
            self.order.push_back(id.clone());
        }
        while self.order.len() > CACHED {
            if let Some(oldest) = self.order.pop_front() {
                self.held.remove(&oldest);
            }
        }
    }
}

impl Closed {
    fn new(
        lane: &ServedLane,
        kept: &Kept,
        ended: Ended,
        logged: Option<(Arc<Logged>, Digest)>,
    ) -> Self {
        Self {
            platform: kept.platform.clone(),
            from: kept.from.clone(),
            to: kept.to.clone(),
            lane: lane.id().clone(),
            stored_at: kept.stored_at,
            reference: kept.reference.clone(),
            ended,
            logged,
        }
    }
}

/// A question that this entry has just decided, as it will be read from the store once it is there; nothing if it
/// ended otherwise.
pub(super) fn just_decided(lane: &ServedLane, kept: &Kept, logged: &Logged) -> Option<Closed> {
    let End::Decided(_, sha256, stood, _) = &kept.end else { return None };
    let ended = Ended::Decided(standings(stood, logged));
    Some(Closed::new(lane, kept, ended, Some((Arc::new(logged.clone()), *sha256))))
}

impl Inner {
    /// An ended question from what was kept of it; nothing while it is open.
    pub(super) fn closed(
        &self,
        id: &RecognitionId,
        kept: &Kept,
    ) -> Result<Option<Arc<Closed>>, ProofError> {
        if let Some(closed) = self.cache().find(id) {
            return Ok(Some(closed));
        }
        let Some(lane) = self.lane_of_kept(kept) else { return Ok(None) };
        let (ended, logged) = match &kept.end {
            End::Open => return Ok(None),
            End::Decided(index, sha256, stood, _) => {
                let logged = lane.logged(*index)?;
                if !answers(&logged, kept) {
                    return Err(ProofError::OtherQuestion { index: *index });
                }
                let standings = standings(stood, &logged);
                (Ended::Decided(standings), Some((Arc::new(logged), *sha256)))
            }
            End::Failed(why, _) => (Ended::Failed(why.into()), late(lane, kept)?),
            End::Cancelled(_) => (Ended::Cancelled, late(lane, kept)?),
        };
        let is_settled = logged.is_some();
        let closed = Arc::new(Closed::new(lane, kept, ended, logged));
        // To one that failed something may still come late.
        if is_settled {
            self.cache().keep(id, Arc::clone(&closed));
        }
        Ok(Some(closed))
    }
}

/// What came into the log under this request after the question was closed: kept, and no answer.
fn late(lane: &ServedLane, kept: &Kept) -> Result<Option<(Arc<Logged>, Digest)>, ProofError> {
    let request = request_digest(&kept.platform, &kept.key);
    let Some(answered) = lane.lane.log().find_request(&request)? else { return Ok(None) };
    let logged = lane.logged(answered.index)?;
    if !is_about(&logged, kept) {
        return Ok(None);
    }
    let sha256 = gateway_types::frame::sha256(&lane.certificate(answered.index)?);
    Ok(Some((Arc::new(logged), sha256)))
}

/// Whether an entry is the answer to this question.
fn answers(logged: &Logged, kept: &Kept) -> bool {
    let request = request_digest(&kept.platform, &kept.key);
    logged.candidate().request == request && is_about(logged, kept)
}

/// Whether an entry under a question's request digest is about what was asked here.
pub(super) fn is_about(logged: &Logged, kept: &Kept) -> bool {
    let candidate = logged.candidate();
    candidate.facts.purpose == kept.purpose
        && candidate.facts.platform == kept.platform
        && candidate.origin.lane.source == kept.from
        && candidate.origin.lane.destination == kept.to
        && kept.lane.as_ref().is_none_or(|lane| candidate.origin.lane == *lane)
}

/// How the committees stood, as it was seen; where nothing was seen, as the entry itself has it.
fn standings(stood: &[Stood], logged: &Logged) -> Vec<Standing> {
    let seen: Vec<Standing> = stood.iter().copied().map(Standing::from).collect();
    let is_whole = |s: &Standing| s.accept >= s.needed || s.refuse > 0;
    if seen.iter().any(is_whole) { seen } else { from_entry(&seen, logged) }
}

fn from_entry(seen: &[Standing], logged: &Logged) -> Vec<Standing> {
    use gateway_core::Outcome;
    let count = |bits: &u32| u8::try_from(bits.count_ones()).unwrap_or(u8::MAX);
    let size = |at: usize| seen.get(at).map_or((0, 0), |s| (s.needed, s.members));
    let standing = |(at, (accept, refuse))| {
        let (needed, members) = size(at);
        Standing { accept, refuse, later: 0, needed, members }
    };
    match logged.outcome() {
        Outcome::Recognised(entry) => {
            let counts = entry.accepted.iter().map(|bits| (count(bits), 0));
            counts.enumerate().map(standing).collect()
        }
        Outcome::Declined(entry) => {
            let counts = entry.refused.iter().map(|bits| (0, count(bits)));
            counts.enumerate().map(standing).collect()
        }
    }
}
