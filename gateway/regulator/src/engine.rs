//! What one member of one lane does, as a state machine without I/O.
//!
//! Whoever drives an [`Engine`] calls a `handle_*` for each thing that happens and carries out
//! [`Engine::poll_effect`] until it gives nothing more. Effects come in the order in which they must be done: what
//! is persisted is persisted before anyone is told. Time comes in as [`Moment`]s; the same calls give the same
//! effects.
//!
//! **Invariant:** no clock, no network, no randomness; of its store it reads one thing, whether a verdict list is
//! its own ([`OwnWords`]). Lane state and member move on together.

mod agree;
mod chain;
mod effect;
mod finish;
mod heard;
mod intake;
mod judge;
mod keep;
mod own;
mod refused;
mod say;

pub use effect::{ChainRefused, Dropped, Effect, NotJudged, Notice};
pub use own::{OwnWords, own_words};

use crate::{
    clock::{ClockGuard, ClockState},
    journal::{JournalEnd, Written},
    moment::Moment,
    restore::Restored,
    setup::{BadSetup, Setup},
    spaces::Keys,
    view::RegulatorView,
};
use core::time::Duration;
use gateway_agreement::{
    DigestedBody,
    check::{FormChecked, OwnHeads},
    member::{Member, MemberState},
};
use gateway_core::KnownPlatforms;
use gateway_lane::LaneState;
use gateway_store::Batch;
use gateway_types::{Digest, Timestamp, link::InboxFrame, message::Ballot};
use light_client::{ClientStore, LightClient};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How long something that may be written later waits for a write that comes along anyway.
const LATER: Duration = Duration::from_millis(500);

/// How often the clock's highest time and the light client are written down.
const MARKS_EVERY: Duration = Duration::from_secs(20);

/// How often a member without tips asks for them again, and for batches that it lacks.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// How often one leader is sent the same body at most.
const BODY_EVERY: Duration = Duration::from_secs(1);

/// One member of one lane.
#[derive(Debug)]
pub struct Engine {
    setup: Setup,
    keys: Keys,
    pin: Digest,
    of_destination: bool,
    member: Member,
    lane: LaneState,
    chain: Box<dyn LightClient>,
    client: ClientStore,
    heads: OwnHeads,
    clock: ClockGuard,
    own: own::Own,
    heard: heard::Heard,
    intake: intake::Intake,
    refused: refused::Refusals,
    /// The proposal whose body the member's rules may ask about next.
    proposed: Option<Ballot>,
    /// The last body whose form was checked, and what was found: good until the tip moves.
    checked: Option<(DigestedBody, FormChecked)>,
    connected: BTreeSet<u8>,
    // What the store holds, and what waits to be written.
    written: MemberState,
    bodies: BTreeSet<Digest>,
    journal: JournalEnd,
    evidence: u64,
    later: Option<(Timestamp, Batch)>,
    marks_at: Timestamp,
    asked_at: BTreeMap<u8, Timestamp>,
    /// When each leader was last sent which body, for [`BODY_EVERY`].
    bodies_told: BTreeMap<(u8, Digest), Timestamp>,
    proven_change: u64,
    given: u64,
    effects: VecDeque<Effect>,
    #[cfg(feature = "villains")]
    villain: Option<crate::villain::Villain>,
}

impl Engine {
    /// Starts a member from what its store holds; `words` tells which verdict lists it signed.
    ///
    /// Carry out the first effects before anything else is handled: they write down that it was started.
    ///
    /// # Errors
    ///
    /// [`BadSetup`]: correct the configuration.
    pub fn new(
        setup: Setup,
        restored: Restored,
        words: Box<dyn OwnWords>,
        now: Moment,
    ) -> Result<Self, BadSetup> {
        let config = setup.member_config()?;
        let clock = ClockGuard::new(restored.highest, now);
        let steady = clock.steady();
        let (member, began) = restored.member(config, steady);
        let mut engine = Self {
            keys: Keys::new(setup.keys.origin()),
            pin: setup.pin.id(),
            of_destination: setup.is_of_destination(),
            chain: (setup.chain)(),
            written: member.state(),
            member,
            lane: restored.lane,
            client: restored.client,
            heads: OwnHeads::default(),
            clock,
            own: own::Own::new(words),
            heard: heard::Heard::default(),
            intake: intake::Intake::default(),
            refused: refused::Refusals::default(),
            proposed: None,
            checked: None,
            connected: BTreeSet::new(),
            bodies: restored.bodies,
            journal: restored.journal,
            evidence: restored.evidence,
            later: None,
            marks_at: steady,
            asked_at: BTreeMap::new(),
            bodies_told: BTreeMap::new(),
            proven_change: 0,
            given: 0,
            effects: VecDeque::new(),
            #[cfg(feature = "villains")]
            villain: None,
            setup,
        };
        engine.own.restore(&engine.setup, restored.lists, steady);
        engine.begin(began, restored.mark);
        Ok(engine)
    }

    /// It misbehaves from now on.
    #[cfg(feature = "villains")]
    pub fn set_villain(&mut self, villain: crate::villain::Villain) {
        self.villain = Some(villain);
    }

    /// Takes a frame from the inbox of the leader at place `from`.
    ///
    /// Trust: the leader may lie in all of it. What was not taken is told by a [`Notice::Dropped`].
    pub fn handle_frame(&mut self, from: u8, frame: InboxFrame, now: Moment) {
        self.read_clock(now);
        let taken = match frame {
            InboxFrame::Alive => Ok(()),
            InboxFrame::Agree(message) => self.take_agreement(from, *message, now),
            InboxFrame::Candidate(frame) => {
                self.take_candidate(from, *frame, now);
                Ok(())
            }
            InboxFrame::Verdicts(signed) => self.take_verdicts(signed),
        };
        if let Err(why) = taken {
            self.effects.push_back(Effect::Note(Notice::Dropped { leader: from, why }));
        }
        self.settle(now);
    }

    /// The inbox of that leader is open (again): it is told all that was last said, and which batch is waited for.
    pub fn handle_connected(&mut self, leader: u8, now: Moment) {
        self.read_clock(now);
        self.connected.insert(leader);
        self.clock.handle_connected(leader, now);
        self.member.handle_connected(leader);
        self.ask_for_batches(leader);
        self.repeat_verdicts(leader);
        self.settle(now);
    }

    /// The inbox of that leader is closed.
    pub fn handle_disconnected(&mut self, leader: u8) {
        self.connected.remove(&leader);
    }

    /// Whether the inbox of that leader is open.
    pub(crate) fn is_connected(&self, leader: u8) -> bool {
        self.connected.contains(&leader)
    }

    /// Tells the time: at [`Engine::poll_deadline`], and often enough to notice a clock that steps.
    pub fn handle_time(&mut self, now: Moment) {
        self.read_clock(now);
        let steady = self.clock.steady();
        if self.intake.poll_deadline().is_some_and(|at| at <= steady) {
            self.judge_waiting(now);
        }
        self.member.handle_time(steady);
        self.heard.apply_time(steady);
        self.own.apply_time(steady);
        self.intake.apply_time(steady);
        if self.member.silence().is_some_and(|silence| silence.until.is_none()) {
            self.ask_for_tips(steady);
        }
        self.settle(now);
        self.keep_marks(steady);
        self.flush_if_due(steady);
    }

    /// Persons let it speak again although its journal was lost (design section 2.2).
    pub fn handle_release(&mut self, now: Moment) {
        self.read_clock(now);
        self.member.handle_release();
        self.settle(now);
    }

    /// Its operator has written down anew what its region knows of platforms: candidates to come are judged by it.
    pub fn handle_platforms(&mut self, platforms: KnownPlatforms) {
        self.setup.platforms = platforms;
    }

    /// When [`Engine::handle_time`] must next be called, in terms of [`Engine::steady`].
    #[must_use]
    pub fn poll_deadline(&self) -> Option<Timestamp> {
        let later = self.later.as_ref().map(|(since, _)| since.saturating_add(LATER));
        let marks = Some(self.marks_at.saturating_add(MARKS_EVERY));
        let all = [self.member.poll_deadline(), self.intake.poll_deadline(), later, marks];
        all.into_iter().flatten().min()
    }

    /// The next thing to do, if any.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// The time by which waits are measured; it never goes back.
    #[must_use]
    pub fn steady(&self) -> Timestamp {
        self.clock.steady()
    }

    /// The lane as it has seen it.
    #[must_use]
    pub fn lane(&self) -> &LaneState {
        &self.lane
    }

    /// Its own light client's storage.
    #[must_use]
    pub fn client(&self) -> &ClientStore {
        &self.client
    }

    /// How it stands. Sources and the disk are the service's to add.
    #[must_use]
    pub fn view(&self) -> RegulatorView {
        let tip = self.member.tip();
        let newest = self.client.newest();
        let period = self.client.client().trusting_period();
        let leaders = 0..u8::try_from(self.setup.keys.leader_count()).unwrap_or(u8::MAX);
        RegulatorView {
            me: self.setup.me,
            next_k: tip.k,
            tip: tip.head(),
            tip_time: tip.time,
            view: (self.written.view, self.member.asked()),
            leaders: leaders.map(|it| (it, self.connected.contains(&it))).collect(),
            silence: self.member.silence(),
            clock: self.clock.state(),
            clock_offset_ms: self.clock.offset_ms(),
            clock_stops: self.clock.stops(),
            chain: newest.map(|state| (state.height.get(), state.time.to_timestamp())),
            expires: newest.map(|state| state.time.to_timestamp().saturating_add(period)),
            frozen: self.client.client().frozen().is_some(),
            sources: BTreeMap::new(),
            source_conflicts: 0,
            proven_change: self.proven_change,
            last_sync: self.lane.sync().map(|sync| sync.block_time),
            verdicts: self.given,
            evidence: self.evidence,
            contradictions: BTreeMap::new(),
            journal: (self.journal.next, self.journal.chain),
            disk_full: false,
            queued: BTreeMap::new(),
            log: gateway_agreement::LogChecks::default(),
        }
    }

    /// Whether it may give its word: its journal is whole and its clock is right.
    fn may_speak(&self) -> bool {
        self.member.silence().is_none() && self.clock.state().is_right()
    }

    fn read_clock(&mut self, now: Moment) {
        let Some(state) = self.clock.handle_reading(now) else { return };
        self.effects.push_back(Effect::Note(Notice::Clock(state)));
        match state {
            ClockState::Right => {
                self.write_down(Written::ClockRight, now.wall);
                // What it held back while the clock was wrong is said now.
                let connected: Vec<u8> = self.connected.iter().copied().collect();
                connected.into_iter().for_each(|leader| self.member.handle_connected(leader));
            }
            _ => self.write_down(Written::ClockStopped, now.wall),
        }
    }
}

#[cfg(test)]
mod tests;
