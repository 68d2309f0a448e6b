//! The long response that another gateway reads: every final batch, then as they come, and candidates.

use crate::lane::{FRAMES_WAITING, LaneHandle, LaneStopped, LaneView, stored};
use bytes::Bytes;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{
        mpsc::{self, error::TryRecvError},
        watch,
    },
    time::timeout,
};

/// How long a reader may take for one frame. Slower: it dials again.
const SLOWEST: Duration = Duration::from_secs(30);

/// Most frames of the response in memory, each of up to 9 MiB. When there are as many, batches stay in the store, and
/// what the lane says waits with its own bounds.
const AHEAD: usize = 8;

/// Begins the response for the leader at `place`, with the batches after `after`, or all.
///
/// # Errors
///
/// [`LaneStopped`].
pub(super) async fn serve(
    lane: &LaneHandle,
    place: u8,
    after: Option<u64>,
) -> Result<mpsc::Receiver<Bytes>, LaneStopped> {
    let (sender, said) = mpsc::channel(FRAMES_WAITING);
    lane.open_peer(place, sender).await?;
    let (to, frames) = mpsc::channel(AHEAD);
    let next = after.map_or(0, |after| after.saturating_add(1));
    tokio::spawn(Response { lane: lane.clone(), view: lane.view(), said, to, next }.run());
    Ok(frames)
}

/// What is still to be sent.
struct Response {
    lane: LaneHandle,
    view: watch::Receiver<Arc<LaneView>>,
    /// What the lane's task says besides. When it lets go of it, the response ends.
    said: mpsc::Receiver<Bytes>,
    to: mpsc::Sender<Bytes>,
    /// The next batch.
    next: u64,
}

/// The response has ended.
struct Ended;

impl Response {
    async fn run(mut self) {
        while self.turn().await.is_ok() {}
    }

    /// Sends a batch, and one frame of what the lane said: a reader that is far behind hears of both.
    async fn turn(&mut self) -> Result<(), Ended> {
        let said = if self.next < self.lane.log().next_k() {
            let frame = batch(&self.lane, self.next).ok_or(Ended)?;
            self.send(frame).await?;
            self.next = self.next.saturating_add(1);
            match self.said.try_recv() {
                Ok(frame) => Some(frame),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => return Err(Ended),
            }
        } else {
            self.wait().await?
        };
        match said {
            Some(frame) => self.send(frame).await,
            None => Ok(()),
        }
    }

    /// Waits for what the lane says, or for a change of the lane.
    async fn wait(&mut self) -> Result<Option<Bytes>, Ended> {
        tokio::select! {
            biased;
            () = self.to.closed() => Err(Ended),
            said = self.said.recv() => said.map(Some).ok_or(Ended),
            changed = self.view.changed() => changed.map(|()| None).map_err(|_| Ended),
        }
    }

    async fn send(&self, frame: Bytes) -> Result<(), Ended> {
        let sent = timeout(SLOWEST, self.to.send(frame)).await;
        sent.map_err(|_| Ended)?.map_err(|_| Ended)
    }
}

fn batch(lane: &LaneHandle, k: u64) -> Option<Bytes> {
    match lane.log().encoded(k) {
        Ok(bytes) => stored::for_peer(&bytes?),
        Err(error) => {
            tracing::error!(k, %error, "a final batch cannot be read");
            None
        }
    }
}
