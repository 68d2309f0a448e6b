//! What a relayer tells, checked by this gateway's own light client.
//!
//! Trust: the relayer is of this gateway's region and believed in nothing: headers, values and changes are proven
//! here, and a relayer that is silent or lies only makes the source *unavailable*.

use super::{
    asks::{Asks, Teller},
    changes::Changes,
    handle::{ChainView, ProvenEvidence},
    offers::{self, Shown, Step},
};
use crate::lane::LaneLog;
use chain_adapter::{FollowError, Follower};
use core::time::Duration;
use gateway_agreement::build::SyncOffer;
use gateway_core::SourceTrouble;
use gateway_types::{
    ChainId, LicenceKey, Platform, Timestamp,
    link::{RelayEvidence, RelayWork, ShownValue},
    registry::{RegistryChange, RegistryHead},
};
use light_client::{Height, Misbehaviour, ProofError, Status};
use std::{collections::VecDeque, sync::Arc};

/// How long before the relayer is asked again to tell headers and changes.
const FOLLOW_AGAIN: Duration = Duration::from_secs(5);

/// What is to be done.
#[derive(Debug)]
pub enum ChainOutput {
    /// Ask every relayer.
    Work(RelayWork),
    /// Offer a sync point to the lane at that place; whether licences recognised there changed up to it.
    Offer(usize, Box<SyncOffer>, bool),
    /// The client froze: write it down, then tell every lane.
    Freeze(Box<Misbehaviour>),
}

/// One source chain.
#[derive(Debug)]
pub struct ChainEngine {
    follower: Follower,
    lanes: Vec<(Arc<LaneLog>, Option<u64>)>,
    changes: Changes,
    head: Option<Shown<RegistryHead>>,
    /// A head under a header that is not verified yet.
    held_head: Option<ShownValue>,
    change: Option<Shown<RegistryChange>>,
    asks: Asks,
    follow_at: Timestamp,
    change_at: Timestamp,
    told_freeze: bool,
    dirty: bool,
    outputs: VecDeque<ChainOutput>,
}

impl ChainEngine {
    /// Starts with a light client, for the lanes whose logs these are.
    #[must_use]
    pub fn new(follower: Follower, lanes: Vec<Arc<LaneLog>>) -> Self {
        let lanes: Vec<_> = lanes.into_iter().map(|log| (log, None)).collect();
        let mut it = Self {
            follower,
            lanes,
            changes: Changes::default(),
            head: None,
            held_head: None,
            change: None,
            asks: Asks::default(),
            follow_at: Timestamp(0),
            change_at: Timestamp(0),
            told_freeze: false,
            dirty: false,
            outputs: VecDeque::new(),
        };
        it.changes = Changes::after(it.lowest());
        it.tell_freeze();
        it
    }

    /// The light client, for writing it down.
    #[must_use]
    pub fn follower(&self) -> &Follower {
        &self.follower
    }

    /// Whether it has moved since the last call.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// The next thing to do, if any.
    pub fn poll_output(&mut self) -> Option<ChainOutput> {
        self.outputs.pop_front()
    }

    /// What a relayer that connects is asked for.
    #[must_use]
    pub fn open_work(&self) -> Vec<RelayWork> {
        let fetch = |key| RelayWork::Fetch(self.chain(), key);
        std::iter::once(self.follow()).chain(self.asks.keys().into_iter().map(fetch)).collect()
    }

    /// A question of that platform wants evidence of a licence.
    pub(crate) fn handle_ask(
        &mut self,
        key: LicenceKey,
        of: Platform,
        teller: Teller,
        now: Timestamp,
    ) {
        if let Some(trouble) = self.trouble(now) {
            return drop(teller.send(Err(trouble)));
        }
        if self.asks.take(key, of, teller, now) {
            let work = RelayWork::Fetch(self.chain(), key);
            self.outputs.push_back(ChainOutput::Work(work));
        }
    }

    /// What a relayer found. Of another chain: nothing.
    pub fn handle_evidence(&mut self, evidence: RelayEvidence, now: Timestamp) {
        if chain_of(&evidence) != &self.follower.pin().chain {
            return;
        }
        match evidence {
            RelayEvidence::Headers(_, headers) => {
                let taken = self.follower.handle_headers(&headers, now).map(drop);
                self.followed(taken, now);
            }
            RelayEvidence::Head(_, shown) => self.take_head(shown, now),
            RelayEvidence::Changes(_, after, changes) => {
                self.changes.take(after, &changes);
                self.offer_to_all(now);
            }
            RelayEvidence::Record(_, key, shown) => self.take_record(key, shown, now),
            RelayEvidence::Change(_, n, shown) => self.take_change(n, shown, now),
            RelayEvidence::Unavailable(_, key) => self.take_unavailable(key.as_ref()),
            RelayEvidence::Conflict(_, a, b) => {
                let taken = self.follower.handle_conflict(a, b, now);
                self.followed(taken, now);
            }
        }
    }

    /// Tells the time, and looks whether lanes have moved.
    pub fn handle_time(&mut self, now: Timestamp) {
        // As long as was meant, from a clock that was set back too.
        let again = now.saturating_add(FOLLOW_AGAIN);
        (self.follow_at, self.change_at) = (self.follow_at.min(again), self.change_at.min(again));
        for key in self.asks.apply_time(now) {
            self.outputs.push_back(ChainOutput::Work(RelayWork::Fetch(self.chain(), key)));
        }
        let moved = self.lanes.iter().any(|(log, seen)| Some(log.next_k()) != *seen);
        if moved {
            self.offer_to_all(now);
        }
    }

    /// How it stands.
    #[must_use]
    pub fn view(&self, relayers: usize, now: Timestamp) -> ChainView {
        ChainView {
            chain: self.chain(),
            height: self.follower.height(),
            block_time: self.follower.block_time(),
            expires: self.expires(),
            status: self.follower.status(now),
            n: self.head.as_ref().map_or(0, |head| head.proven.value().n),
            relayers,
        }
    }

    fn expires(&self) -> Timestamp {
        let period = self.follower.client().client().trusting_period();
        self.follower.block_time().saturating_add(period)
    }

    fn followed(&mut self, taken: Result<(), FollowError>, now: Timestamp) {
        self.dirty = true;
        if let Err(error) = taken {
            tracing::warn!(chain = %self.chain(), %error, "what the relayer told of the chain was not taken");
            self.follow_again(now);
        }
        self.tell_freeze();
        for (key, shown) in self.asks.held() {
            self.take_record(key, shown, now);
        }
        if let Some(shown) = self.held_head.take() {
            self.take_head(shown, now);
        }
    }

    fn take_head(&mut self, shown: ShownValue, now: Timestamp) {
        match self.follower.prove_head(&shown, now) {
            Ok(proven) => {
                let last = self.head.as_ref().map(|head| head.proven.at().height);
                if last.is_none_or(|last| last < proven.at().height) {
                    self.head = Some(Shown { proven, shown });
                    self.offer_to_all(now);
                }
            }
            Err(ProofError::UnknownHeight { height }) if self.may_come(height) => {
                self.held_head = Some(shown);
            }
            Err(error) => tracing::warn!(chain = %self.chain(), %error, "a head was not proven"),
        }
    }

    fn take_change(&mut self, n: u64, shown: ShownValue, now: Timestamp) {
        match self.follower.prove_change(n, &shown, now) {
            Ok(proven) => {
                self.change = Some(Shown { proven, shown });
                self.offer_to_all(now);
            }
            Err(error) => {
                tracing::warn!(chain = %self.chain(), n, %error, "a change was not proven")
            }
        }
    }

    fn take_record(&mut self, key: LicenceKey, shown: ShownValue, now: Timestamp) {
        if !self.asks.wants(&key) {
            return;
        }
        match self.follower.prove_record(key, &shown, now) {
            Ok(evidence) => {
                let Some(header) = self.follower.header_at(shown.height) else { return };
                self.asks.tell(&key, &Ok(ProvenEvidence { evidence, shown, header }));
            }
            Err(ProofError::UnknownHeight { height }) if self.may_come(height) => {
                self.asks.hold(&key, shown);
            }
            // Not an answer: unknown, never absent. Whoever asks waits for a better one.
            Err(error) => tracing::warn!(chain = %self.chain(), %error, "a record was not proven"),
        }
    }

    fn take_unavailable(&mut self, key: Option<&LicenceKey>) {
        match key {
            Some(key) => self.asks.tell(key, &Err(SourceTrouble::Unavailable)),
            None => self.asks.tell_all(SourceTrouble::Unavailable),
        }
    }

    /// Offers to each lane what it lacks, and asks for what lacks here.
    fn offer_to_all(&mut self, now: Timestamp) {
        let lowest = self.lowest();
        self.changes.forget(lowest);
        for place in 0..self.lanes.len() {
            let step = self.step(place);
            match step {
                Step::Offer(offer, changed) => {
                    self.outputs.push_back(ChainOutput::Offer(place, offer, changed));
                }
                Step::Changes => self.follow_again(now),
                Step::Change(n) => self.fetch_change(n, now),
                Step::Rubbish => {
                    tracing::warn!(chain = %self.chain(), "the relayer's changes are not the registry's");
                    self.changes = Changes::after(lowest);
                    self.follow_again(now);
                }
                Step::Nothing => {}
            }
        }
    }

    fn step(&mut self, place: usize) -> Step {
        let Some((log, seen)) = self.lanes.get_mut(place) else { return Step::Nothing };
        *seen = Some(log.next_k());
        let Some(head) = &self.head else { return Step::Nothing };
        let (follower, changes, change) = (&self.follower, &self.changes, self.change.as_ref());
        log.with_state(|lane| offers::step(follower, changes, lane, head, change))
    }

    fn follow_again(&mut self, now: Timestamp) {
        if self.follow_at <= now {
            self.follow_at = now.saturating_add(FOLLOW_AGAIN);
            self.outputs.push_back(ChainOutput::Work(self.follow()));
        }
    }

    fn fetch_change(&mut self, n: u64, now: Timestamp) {
        if self.change_at <= now {
            self.change_at = now.saturating_add(FOLLOW_AGAIN);
            let work = RelayWork::FetchChange(self.chain(), n);
            self.outputs.push_back(ChainOutput::Work(work));
        }
    }

    /// Says once that it is frozen, to the lanes and to those who wait.
    fn tell_freeze(&mut self) {
        let frozen = self.follower.client().client().frozen().cloned();
        if let Some(frozen) = frozen.filter(|_| !self.told_freeze) {
            tracing::error!(chain = %self.chain(), "two valid headers contradict each other: frozen");
            self.told_freeze = true;
            self.outputs.push_back(ChainOutput::Freeze(Box::new(frozen)));
            self.asks.tell_all(SourceTrouble::Frozen);
        }
    }

    /// Whether a header of that height may still be on its way.
    fn may_come(&self, height: Height) -> bool {
        height.get() > self.follower.height()
    }

    fn trouble(&self, now: Timestamp) -> Option<SourceTrouble> {
        match self.follower.status(now) {
            Status::Active => None,
            Status::Frozen => Some(SourceTrouble::Frozen),
            Status::Expired => Some(SourceTrouble::Expired),
        }
    }

    fn follow(&self) -> RelayWork {
        RelayWork::Follow(self.chain(), self.follower.height(), self.changes.end())
    }

    fn chain(&self) -> ChainId {
        self.follower.pin().chain.clone()
    }

    /// The number of the last change that every lane has logged.
    fn lowest(&self) -> u64 {
        let last = |(log, _): &(Arc<LaneLog>, _)| log.with_state(|lane| lane.last_change().0);
        self.lanes.iter().map(last).min().unwrap_or_default()
    }
}

/// The chain that it is of.
pub(crate) fn chain_of(evidence: &RelayEvidence) -> &ChainId {
    match evidence {
        RelayEvidence::Headers(chain, _)
        | RelayEvidence::Head(chain, _)
        | RelayEvidence::Changes(chain, ..)
        | RelayEvidence::Record(chain, ..)
        | RelayEvidence::Change(chain, ..)
        | RelayEvidence::Unavailable(chain, _)
        | RelayEvidence::Conflict(chain, ..) => chain,
    }
}
