//! The long response that another gateway reads: every final batch, then as they come, and candidates.

use crate::lane::{FRAMES_WAITING, LaneHandle, LaneStopped, LaneView};
use bytes::Bytes;
use gateway_http::frames;
use gateway_types::{
    cbor,
    link::PeerFrame,
    message::{FinalMessage, MAX_MESSAGE},
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};

/// How long a reader may take for one frame. Slower: it dials again.
const SLOWEST: Duration = Duration::from_secs(30);

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
    let (sender, frames) = mpsc::channel(FRAMES_WAITING);
    // The lane's task alone keeps the response open: when it lets go, this ends too.
    let weak = sender.downgrade();
    lane.open_peer(place, sender).await?;
    let next = after.map_or(0, |after| after.saturating_add(1));
    tokio::spawn(send_batches(lane.clone(), lane.view(), weak, next));
    Ok(frames)
}

async fn send_batches(
    lane: LaneHandle,
    mut view: watch::Receiver<Arc<LaneView>>,
    to: mpsc::WeakSender<Bytes>,
    mut next: u64,
) {
    loop {
        while next < lane.log().next_k() {
            let Some(frame) = frame(&lane, next) else { return };
            let Some(sender) = to.upgrade() else { return };
            match timeout(SLOWEST, sender.send(frame)).await {
                Ok(Ok(())) => next = next.saturating_add(1),
                _ => return,
            }
        }
        match timeout(SLOWEST, view.changed()).await {
            Ok(Err(_)) => return,
            Ok(Ok(())) | Err(_) if to.strong_count() == 0 => return,
            Ok(Ok(())) | Err(_) => {}
        }
    }
}

fn frame(lane: &LaneHandle, k: u64) -> Option<Bytes> {
    let bytes = match lane.log().encoded(k) {
        Ok(bytes) => bytes?,
        Err(error) => {
            tracing::error!(k, %error, "a final batch cannot be read");
            return None;
        }
    };
    let message: FinalMessage = cbor::decode(&bytes, MAX_MESSAGE).ok()?;
    frames::encode(&PeerFrame::Final(Box::new(message))).ok()
}
