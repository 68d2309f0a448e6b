//! Running a lane: inputs in bulk, then the rules, then what they want done, in order.

use super::{
    engine::{Dropped, Engine, LaneConfig, OpenError, Output},
    handle::{EVENTS_KEPT, INPUTS_WAITING, LaneHandle, LaneInput, PeerNotTaken},
    outbox::Outbox,
    view::{LaneEvent, LaneView},
};
use crate::footing::Footing;
use bytes::Bytes;
use gateway_http::frames;
use gateway_store::{Batch, StoreError};
use gateway_types::{
    MemberRef, Timestamp,
    link::{InboxFrame, PeerFrame},
};
use rand_chacha::ChaCha20Rng;
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, broadcast, mpsc, oneshot, watch},
    time::{MissedTickBehavior, interval, sleep},
};

/// How often every open connection is told that it lives, and who has left is noticed.
pub const ALIVE: Duration = Duration::from_secs(5);

/// Most inputs taken before the rules work: then what waits goes into one batch.
const BULK: usize = 1_024;

/// How long it waits before it writes again what the disk had no room for.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// The longest it sleeps, whatever the deadline says: clocks may step.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// A lane's one task.
#[derive(Debug)]
pub struct LaneTask {
    engine: Engine,
    footing: Footing,
    input: mpsc::Receiver<LaneInput>,
    events: broadcast::Sender<LaneEvent>,
    view: watch::Sender<Arc<LaneView>>,
    behind: Arc<Notify>,
    members: BTreeMap<MemberRef, Outbox>,
    peers: BTreeMap<u8, Outbox>,
}

/// Makes a lane's task and its handle; the task does nothing until it is run.
///
/// `rng` draws salts and waits.
///
/// # Errors
///
/// [`OpenError`]: do not start.
pub fn open(
    config: LaneConfig,
    footing: Footing,
    rng: ChaCha20Rng,
) -> Result<(LaneHandle, LaneTask), OpenError> {
    let engine = Engine::open(config, Arc::clone(&footing.store), rng, footing.clock.now())?;
    let (input, inputs) = mpsc::channel(INPUTS_WAITING);
    let (events, _) = broadcast::channel(EVENTS_KEPT);
    let (view, views) = watch::channel(Arc::new(engine.view()));
    let behind = Arc::new(Notify::new());
    let handle = LaneHandle {
        input,
        events: events.clone(),
        view: views,
        log: Arc::clone(engine.log()),
        behind: Arc::clone(&behind),
        lied: Arc::default(),
    };
    let task = LaneTask {
        engine,
        footing,
        input: inputs,
        events,
        view,
        behind,
        members: BTreeMap::new(),
        peers: BTreeMap::new(),
    };
    Ok((handle, task))
}

impl LaneTask {
    /// The engine, for tests that make it misbehave.
    #[cfg(feature = "villains")]
    pub fn engine(&mut self) -> &mut Engine {
        &mut self.engine
    }

    /// Runs until every handle is dropped, or the store fails.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: what is on the disk is unknown. Stop the program; it starts again from what is there.
    pub async fn run(mut self) -> Result<(), StoreError> {
        let mut alive = interval(ALIVE);
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let ended = loop {
            let wait = self.wait();
            tokio::select! {
                input = self.input.recv() => match input {
                    Some(input) => {
                        if let Err(error) = self.take_bulk(input).await {
                            break Err(error);
                        }
                    }
                    None => break Ok(()),
                },
                () = sleep(wait) => {}
                _ = alive.tick() => self.tell_alive(),
            }
            if let Err(error) = self.work().await {
                break Err(error);
            }
        };
        if let Err(error) = &ended {
            tracing::error!(%error, "the lane stops");
        }
        self.tell(LaneEvent::Stopped);
        ended
    }

    /// Takes that input and those that wait behind it. The agreement's effects follow each at once; what becomes
    /// ready to be logged waits until all are taken.
    async fn take_bulk(&mut self, first: LaneInput) -> Result<(), StoreError> {
        let mut next = Some(first);
        for _ in 0..BULK {
            let Some(input) = next.take() else { break };
            self.take(input);
            self.carry_out().await?;
            next = self.input.try_recv().ok();
        }
        match next {
            Some(input) => self.take(input),
            None => return Ok(()),
        }
        self.carry_out().await
    }

    async fn work(&mut self) -> Result<(), StoreError> {
        if self.is_halted() {
            return Ok(());
        }
        let now = self.footing.clock.now();
        self.engine.handle_time(now);
        self.carry_out().await?;
        self.engine.handle_work(now);
        self.carry_out().await?;
        self.view.send_replace(Arc::new(self.engine.view()));
        Ok(())
    }

    /// The log in the store is not what was signed: it leads, signs and keeps nothing more.
    fn is_halted(&self) -> bool {
        self.engine.log().checks().changed.is_some()
    }

    fn take(&mut self, input: LaneInput) {
        if self.is_halted() {
            return refuse(input);
        }
        let now = self.footing.clock.now();
        match input {
            LaneInput::Candidate(frame) => self.engine.handle_candidate(*frame, now),
            LaneInput::MemberOpened(member, sender) => {
                self.members.insert(member, Outbox::new(sender));
                self.engine.handle_connected(member, now);
            }
            LaneInput::Member(member, frame) => {
                if let Err(error) = self.engine.handle_member(member, *frame, now) {
                    tracing::warn!(%member, %error, "what a member said was dropped");
                }
            }
            LaneInput::PeerOpened(from, sender) => {
                self.peers.insert(from, Outbox::new(sender));
                self.engine.handle_peer_connected(from, now);
            }
            LaneInput::Peer(from, frame, told) => {
                let taken = self.take_peer(from, *frame, now);
                tell_peer(from, taken, told);
            }
            LaneInput::Offer(offer, changed) => self.engine.handle_offer(*offer, changed, now),
            LaneInput::Freeze(freeze) => self.engine.handle_freeze(*freeze),
            #[cfg(feature = "villains")]
            LaneInput::Villain(villain) => self.engine.set_villain(villain),
        }
    }

    fn take_peer(&mut self, from: u8, frame: PeerFrame, now: Timestamp) -> Result<(), Dropped> {
        match frame {
            PeerFrame::Alive => Ok(()),
            PeerFrame::Final(message) => self.engine.handle_peer_final(from, *message),
            PeerFrame::Candidate(candidate) => {
                self.engine.handle_peer_candidate(from, *candidate, now)
            }
        }
    }

    async fn carry_out(&mut self) -> Result<(), StoreError> {
        while let Some(output) = self.engine.poll_output() {
            match output {
                Output::Persist(batch) => self.persist(batch).await?,
                Output::ToMembers(to, frame) => {
                    to.into_iter().for_each(|member| self.send_member(member, &frame));
                    self.footing.faults.reach("gateway/lane/after-send");
                }
                Output::ToPeer(to, frame) => self.send_peer(to, &frame),
                Output::ToPeers(frame) => {
                    let all: Vec<u8> = self.peers.keys().copied().collect();
                    all.into_iter().for_each(|to| self.send_peer(to, &frame));
                }
                Output::Event(event) => self.tell(event),
                Output::Behind => self.behind.notify_waiters(),
            }
        }
        Ok(())
    }

    /// Writes; while there is no room, again and again: nothing after it may be told.
    async fn persist(&self, batch: Batch) -> Result<(), StoreError> {
        let faults = self.footing.faults;
        faults.reach("gateway/lane/before-commit");
        loop {
            match self.footing.store.commit(batch.clone()).await {
                Err(StoreError::Full) => {
                    tracing::error!("the disk is full: the lane waits for room");
                    sleep(WRITE_AGAIN).await;
                }
                done => {
                    faults.reach("gateway/lane/after-commit");
                    return done;
                }
            }
        }
    }

    fn send_member(&mut self, member: MemberRef, frame: &Bytes) {
        let Some(outbox) = self.members.get_mut(&member) else { return };
        if !outbox.send(frame) {
            tracing::info!(%member, "a member's connection is gone or too slow");
            self.members.remove(&member);
            self.engine.handle_disconnected(member);
        }
    }

    fn send_peer(&mut self, to: u8, frame: &Bytes) {
        let sent = self.peers.get_mut(&to).map(|outbox| outbox.send(frame));
        if sent == Some(false) {
            tracing::info!(leader = to, "another gateway's connection is gone or too slow");
            self.peers.remove(&to);
        }
    }

    /// Every connection hears something, and those that nobody reads any more are forgotten.
    fn tell_alive(&mut self) {
        let members: Vec<MemberRef> = self.members.keys().copied().collect();
        if let Ok(frame) = frames::encode(&InboxFrame::Alive) {
            members.into_iter().for_each(|member| self.send_member(member, &frame));
        }
        let peers: Vec<u8> = self.peers.keys().copied().collect();
        if let Ok(frame) = frames::encode(&PeerFrame::Alive) {
            peers.into_iter().for_each(|peer| self.send_peer(peer, &frame));
        }
    }

    fn tell(&self, event: LaneEvent) {
        // Nobody listens while the program starts or stops: those who come later read the log.
        drop(self.events.send(event));
    }

    fn wait(&self) -> Duration {
        if self.is_halted() {
            return LONGEST_SLEEP;
        }
        let (now, deadline) = (self.footing.clock.now(), self.engine.poll_deadline());
        deadline.since(now).max(Duration::from_millis(1)).min(LONGEST_SLEEP)
    }
}

/// The log is not what was signed, so nothing is taken: whoever waits for what becomes of its word is told that, and not
/// that the lane has stopped.
fn refuse(input: LaneInput) {
    if let LaneInput::Peer(.., Some(told)) = input {
        // Who waited may have gone.
        drop(told.send(Err(PeerNotTaken::Halted)));
    }
}

/// Whoever waits for what became of a peer's word decides what follows from it; else it is only told of.
fn tell_peer(
    from: u8,
    taken: Result<(), Dropped>,
    told: Option<oneshot::Sender<Result<(), PeerNotTaken>>>,
) {
    match (told, taken) {
        // Who waited may have gone.
        (Some(told), taken) => drop(told.send(taken.map_err(PeerNotTaken::from))),
        (None, Err(error)) => {
            tracing::debug!(from, %error, "what another gateway said was dropped")
        }
        (None, Ok(())) => {}
    }
}
