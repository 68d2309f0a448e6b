//! `recognised` and `declined` entries: what their form must show.

use crate::{check::Draft, error::EntryError, state::Recognition, sync::evidence_floor};
use core::time::Duration;
use gateway_types::{
    CommitteeSize, Digest, SourceCode, Status,
    candidate::{Candidate, Form},
    entry::{DeclinedEntry, RecognisedEntry},
};

/// Greatest age of a sync point under which something is recognised, counted from its block's time to
/// the batch's. Older, status answers say *stale*.
pub const FRESH_SYNC: Duration = Duration::from_secs(60);

/// The version of candidates that is built.
const VERSION: u8 = 1;

impl Draft<'_> {
    pub(crate) fn take_recognised(
        &mut self,
        at: usize,
        entry: &RecognisedEntry,
    ) -> Result<(), EntryError> {
        let candidate = &entry.candidate;
        self.check_candidate(candidate)?;
        check_accepted(&self.sizes(), &entry.accepted)?;
        if candidate.decision.form == Form::Denied {
            return Err(EntryError::Denied);
        }
        self.check_packs(candidate)?;
        self.check_evidence(candidate)?;
        match candidate.facts.code.map(SourceCode::status) {
            Some(status @ Status::Valid) => self.push(at, entry, status.list_value()),
            Some(status) => Err(EntryError::NotValid { status }),
            None => Err(EntryError::NotRegistered),
        }
    }

    pub(crate) fn take_declined(&mut self, entry: &DeclinedEntry) -> Result<(), EntryError> {
        self.check_candidate(&entry.candidate)?;
        check_refused(&self.sizes(), &entry.refused)?;
        let rising = entry.reasons.iter().zip(entry.reasons.iter().skip(1)).all(|(a, b)| a < b);
        if entry.reasons.is_empty() || !rising {
            return Err(EntryError::Reasons);
        }
        self.batch.requests.insert(entry.candidate.request);
        Ok(())
    }

    /// What both kinds must show of their candidate: this lane, not answered yet, not lapsed.
    fn check_candidate(&self, candidate: &Candidate) -> Result<(), EntryError> {
        if candidate.version != VERSION {
            return Err(EntryError::Version { version: candidate.version });
        }
        let lane = &self.state.origin.lane;
        let facts = (&candidate.facts.from, &candidate.facts.to, &candidate.facts.tier);
        if candidate.origin != self.state.origin
            || facts != (&lane.source, &lane.destination, &lane.tier)
        {
            return Err(EntryError::OtherLane);
        }
        let (request, time) = (candidate.request, self.batch.tip.time);
        if self.is_answered(&request) {
            return Err(EntryError::RequestTwice { request });
        }
        let lapsed_at = candidate.lapses_at();
        if time >= lapsed_at { Err(EntryError::Lapsed { lapsed_at, time }) } else { Ok(()) }
    }

    fn is_answered(&self, request: &Digest) -> bool {
        self.batch.requests.contains(request)
            || self.state.requests.answered(request, self.batch.tip.time)
    }

    /// The packs that judged are those in force at the candidate's time: the source's, the destination's.
    fn check_packs(&self, candidate: &Candidate) -> Result<(), EntryError> {
        let lane = &self.state.origin.lane;
        let in_force = [&lane.source, &lane.destination]
            .map(|region| self.state.pack_in_force(region, candidate.time()));
        let judged = candidate.packs.iter().map(Some);
        if judged.eq(in_force) { Ok(()) } else { Err(EntryError::Packs) }
    }

    /// Evidence of the pinned client; a sync point that is fresh; evidence not below the last one, or after
    /// a catch-up not below this one.
    fn check_evidence(&self, candidate: &Candidate) -> Result<(), EntryError> {
        let (evidence, client) = (&candidate.evidence, &self.batch.tip.client);
        if client.freeze.is_some() {
            return Err(EntryError::Frozen);
        }
        if evidence.chain != client.pin.chain || evidence.pin != client.id {
            return Err(EntryError::OtherClient);
        }
        if evidence.sequence.is_none() {
            return Err(EntryError::NotRegistered);
        }
        if !self.sync_is_fresh() {
            return Err(EntryError::NoFreshSync);
        }
        match self.lowest_evidence() {
            last if evidence.height < last => {
                Err(EntryError::OldEvidence { got: evidence.height, last })
            }
            _ => Ok(()),
        }
    }

    fn lowest_evidence(&self) -> u64 {
        let next = self.batch.tip.sync.as_ref();
        self.state.tip.as_ref().map_or(u64::MAX, |last| evidence_floor(next, last))
    }

    fn sync_is_fresh(&self) -> bool {
        let tip = &self.batch.tip;
        let age = tip.sync.as_ref().map(|sync| tip.time.since(sync.block_time));
        !tip.caught_up && age.is_some_and(|age| age <= FRESH_SYNC)
    }

    fn push(&mut self, at: usize, entry: &RecognisedEntry, value: u8) -> Result<(), EntryError> {
        let (got, expected) = (entry.list_index, self.batch.list.count());
        if got != expected {
            return Err(EntryError::ListIndex { got, expected });
        }
        self.batch.list.push(value).map_err(EntryError::ListFull)?;
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        let log_index = self.batch.base_size.saturating_add(at);
        let recognition = Recognition { list_index: got, log_index };
        self.batch.recognised.push((entry.candidate.licence, recognition));
        self.batch.requests.insert(entry.candidate.request);
        Ok(())
    }

    fn sizes(&self) -> Vec<CommitteeSize> {
        self.batch.tip.committee.committees.iter().map(|committee| committee.size).collect()
    }
}

/// t members of every committee accepted. Source: design section 2.1, step 6.
fn check_accepted(sizes: &[CommitteeSize], accepted: &[u32]) -> Result<(), EntryError> {
    check_members(sizes, accepted)?;
    let counted = sizes.iter().zip(accepted).enumerate();
    let mut too_few = counted.filter(|(_, (size, bits))| bits.count_ones() < u32::from(size.t()));
    too_few.next().map_or(Ok(()), |(committee, (size, bits))| {
        Err(EntryError::Accepted { committee, got: bits.count_ones(), needed: size.t() })
    })
}

/// In one committee so many refused that t can no longer accept. Silence is not refusal.
fn check_refused(sizes: &[CommitteeSize], refused: &[u32]) -> Result<(), EntryError> {
    check_members(sizes, refused)?;
    let mut counted = sizes.iter().zip(refused);
    let blocked = counted.any(|(size, bits)| bits.count_ones() >= u32::from(size.blocking()));
    if blocked { Ok(()) } else { Err(EntryError::Refused) }
}

/// One number a committee, and no bit of a member that does not exist.
fn check_members(sizes: &[CommitteeSize], bits: &[u32]) -> Result<(), EntryError> {
    let exist = |(size, bits): (&CommitteeSize, &u32)| {
        bits.checked_shr(u32::from(size.n())).unwrap_or(0) == 0
    };
    let all = sizes.len() == bits.len() && sizes.iter().zip(bits).all(exist);
    if all { Ok(()) } else { Err(EntryError::Members) }
}
