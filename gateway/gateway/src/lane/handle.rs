//! What the rest of a gateway holds of a lane.

use super::{
    engine::Dropped,
    log::LaneLog,
    view::{LaneEvent, LaneView},
};
use bytes::Bytes;
use gateway_agreement::build::SyncOffer;
use gateway_types::{
    MemberRef,
    link::{CandidateFrame, MemberFrame, PeerFrame},
};
use light_client::Misbehaviour;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{Notify, broadcast, mpsc, oneshot, watch};

/// Most inputs that wait for the lane's task. When it is full, [`LaneHandle::submit`] waits, and so does whoever
/// reads from a connection: the sender's own window fills.
pub const INPUTS_WAITING: usize = 4_096;

/// Most events kept for a receiver that is slow. One that lags more is told so, and reads the log.
pub const EVENTS_KEPT: usize = 8_192;

/// Most frames that wait on one connection. When it is full the connection is closed: who opens it again is sent
/// what is open.
pub const FRAMES_WAITING: usize = 1_024;

/// A lane, for the question side and the console. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LaneHandle {
    pub(super) input: mpsc::Sender<LaneInput>,
    pub(super) events: broadcast::Sender<LaneEvent>,
    pub(super) view: watch::Receiver<Arc<LaneView>>,
    pub(super) log: Arc<LaneLog>,
    pub(super) behind: Arc<Notify>,
    pub(super) lied: Arc<AtomicU64>,
}

/// What comes into a lane's task.
#[derive(Debug)]
pub(super) enum LaneInput {
    /// A candidate of a question that this gateway took.
    Candidate(Box<CandidateFrame>),
    /// A member opened its inbox.
    MemberOpened(MemberRef, mpsc::Sender<Bytes>),
    /// What a member says.
    Member(MemberRef, Box<MemberFrame>),
    /// Another leader listens.
    PeerOpened(u8, mpsc::Sender<Bytes>),
    /// What another leader says; who waits for what becomes of it is told.
    Peer(u8, Box<PeerFrame>, Option<oneshot::Sender<Result<(), PeerNotTaken>>>),
    /// A sync point, and whether licences recognised here changed up to there.
    Offer(Box<SyncOffer>, bool),
    /// The light client froze.
    Freeze(Box<Misbehaviour>),
    /// It is to misbehave, or to stop that.
    #[cfg(feature = "villains")]
    Villain(Option<super::engine::Villain>),
}

/// The lane's task has ended: the program is stopping, or its store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lane has stopped")]
pub struct LaneStopped;

/// What another gateway said was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PeerNotTaken {
    /// The lane has stopped.
    #[error(transparent)]
    Stopped(#[from] LaneStopped),
    /// The log in the store is not what was signed: nothing is taken until the operator has seen to it (A115).
    #[error("the log in the store was changed: the lane takes nothing more")]
    Halted,
    /// It is not what it is said to be: ask elsewhere.
    #[error(transparent)]
    Dropped(#[from] Dropped),
}

impl LaneHandle {
    /// Sends a candidate of this gateway's own question to all members (with `handed` to its own region's only)
    /// and to the other leaders, and keeps it until it is logged or lapses.
    ///
    /// The question and what members are asked must be written down before this is called. Waits while
    /// [`INPUTS_WAITING`] inputs are ahead. The same candidate twice is taken once, and sent again.
    ///
    /// # Errors
    ///
    /// [`LaneStopped`].
    pub async fn submit(&self, frame: CandidateFrame) -> Result<(), LaneStopped> {
        self.send(LaneInput::Candidate(Box::new(frame))).await
    }

    /// What happens from now on.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<LaneEvent> {
        self.events.subscribe()
    }

    /// How the lane stands, and each change of it.
    #[must_use]
    pub fn view(&self) -> watch::Receiver<Arc<LaneView>> {
        self.view.clone()
    }

    /// How it stands now.
    #[must_use]
    pub fn now(&self) -> Arc<LaneView> {
        Arc::clone(&self.view.borrow())
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> &Arc<LaneLog> {
        &self.log
    }

    /// Inputs that wait for its task, of [`INPUTS_WAITING`].
    #[must_use]
    pub fn inputs_waiting(&self) -> usize {
        self.input.max_capacity().saturating_sub(self.input.capacity())
    }

    /// Is notified when members are ahead of this gateway: the connections to the others may hang.
    #[must_use]
    pub fn behind(&self) -> &Arc<Notify> {
        &self.behind
    }

    /// Opens a member's inbox: the frames for it, until the connection is too slow or another takes its place.
    ///
    /// # Errors
    ///
    /// [`LaneStopped`].
    pub async fn open_inbox(&self, of: MemberRef) -> Result<mpsc::Receiver<Bytes>, LaneStopped> {
        let (sender, frames) = mpsc::channel(FRAMES_WAITING);
        self.send(LaneInput::MemberOpened(of, sender)).await?;
        Ok(frames)
    }

    /// Takes what `from` says over its own connection.
    ///
    /// # Errors
    ///
    /// [`LaneStopped`].
    pub async fn take_member(&self, from: MemberRef, said: MemberFrame) -> Result<(), LaneStopped> {
        self.send(LaneInput::Member(from, Box::new(said))).await
    }

    /// Takes what the leader at place `from` says. Of a batch that it says is final, waits until it was checked.
    ///
    /// # Errors
    ///
    /// [`PeerNotTaken`]. A candidate that is of no use is dropped without a word: it may just have been late.
    pub async fn take_peer(&self, from: u8, said: PeerFrame) -> Result<(), PeerNotTaken> {
        if !matches!(said, PeerFrame::Final(_)) {
            return Ok(self.send(LaneInput::Peer(from, Box::new(said), None)).await?);
        }
        let (tell, told) = oneshot::channel();
        self.send(LaneInput::Peer(from, Box::new(said), Some(tell))).await?;
        told.await.map_err(|_| LaneStopped)?
    }

    /// How often another gateway was left alone since the program began, because it said final what was not.
    #[must_use]
    pub fn peers_that_lied(&self) -> u64 {
        self.lied.load(Ordering::Relaxed)
    }

    pub(crate) fn note_peer_that_lied(&self) {
        self.lied.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes a sync point that this gateway's light client has proven; `changed` if licences that are recognised
    /// here changed up to there.
    ///
    /// # Errors
    ///
    /// [`LaneStopped`].
    pub async fn take_offer(&self, offer: SyncOffer, changed: bool) -> Result<(), LaneStopped> {
        self.send(LaneInput::Offer(Box::new(offer), changed)).await
    }

    /// Takes what froze this gateway's light client.
    ///
    /// # Errors
    ///
    /// [`LaneStopped`].
    pub async fn take_freeze(&self, freeze: Misbehaviour) -> Result<(), LaneStopped> {
        self.send(LaneInput::Freeze(Box::new(freeze))).await
    }

    /// Sends the leader at `place` this gateway's open candidates, and those to come.
    ///
    /// # Errors
    ///
    /// [`LaneStopped`].
    pub(crate) async fn open_peer(
        &self,
        place: u8,
        to: mpsc::Sender<Bytes>,
    ) -> Result<(), LaneStopped> {
        self.send(LaneInput::PeerOpened(place, to)).await
    }

    /// Makes this gateway misbehave in the lane, or stops that: for tests.
    ///
    /// # Errors
    ///
    /// [`LaneStopped`].
    #[cfg(feature = "villains")]
    pub async fn set_villain(
        &self,
        villain: Option<super::engine::Villain>,
    ) -> Result<(), LaneStopped> {
        self.send(LaneInput::Villain(villain)).await
    }

    /// Whether the lane's task has ended.
    #[cfg(test)]
    pub(crate) fn has_stopped(&self) -> bool {
        self.input.is_closed()
    }

    pub(super) async fn send(&self, input: LaneInput) -> Result<(), LaneStopped> {
        self.input.send(input).await.map_err(|_| LaneStopped)
    }
}
