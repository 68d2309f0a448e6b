//! What the rest of a gateway holds of a lane.

use super::{
    log::LaneLog,
    view::{LaneEvent, LaneView},
};
use gateway_types::link::CandidateFrame;
use std::sync::Arc;
use tokio::sync::{broadcast, mpsc, watch};

/// Most inputs that wait for the lane's task. When it is full, [`LaneHandle::submit`] waits, and so does whoever
/// reads from a connection: the sender's own window fills.
pub const INPUTS_WAITING: usize = 4_096;

/// Most events kept for a receiver that is slow. One that lags more is told so, and reads the log.
pub const EVENTS_KEPT: usize = 8_192;

/// A lane, for the question side and the console. Cheap to clone.
#[derive(Clone, Debug)]
pub struct LaneHandle {
    pub(super) input: mpsc::Sender<LaneInput>,
    pub(super) events: broadcast::Sender<LaneEvent>,
    pub(super) view: watch::Receiver<Arc<LaneView>>,
    pub(super) log: Arc<LaneLog>,
}

/// What comes into a lane's task.
#[derive(Debug)]
#[non_exhaustive]
pub(super) enum LaneInput {
    /// A candidate of a question that this gateway took.
    Candidate(Box<CandidateFrame>),
}

/// The lane's task has ended: the program is stopping, or its store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the lane has stopped")]
pub struct LaneStopped;

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
        let input = LaneInput::Candidate(Box::new(frame));
        self.input.send(input).await.map_err(|_| LaneStopped)
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
}
