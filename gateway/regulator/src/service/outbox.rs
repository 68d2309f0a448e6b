//! What goes to one leader, in order.

use super::{backoff::Backoff, link::LeaderLink};
use gateway_types::{link::MemberFrame, message::ToLeader};
use std::sync::Arc;
use tokio::{
    sync::mpsc,
    time::{Duration, timeout},
};

/// Frames that wait for one leader. When full, further ones are dropped; once there is room again the member repeats
/// what it last said, as to a leader that was away.
pub(super) const MAX_QUEUED: usize = 1024;

/// Most frames in one post.
const MAX_POSTED: usize = 64;

/// How long one post may take.
const POST: Duration = Duration::from_secs(10);

/// Posts what is queued for the leader at `place`, until the lane's task ends. All messages are idempotent: what may
/// have arrived is sent again.
pub(super) async fn run(
    place: u8,
    link: Arc<dyn LeaderLink>,
    mut frames: mpsc::Receiver<MemberFrame>,
    mut backoff: Backoff,
) {
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(frame) => frame,
            None => match frames.recv().await {
                Some(frame) => frame,
                None => return,
            },
        };
        let mut post = vec![first];
        while post.len() < MAX_POSTED && !post.iter().any(is_long) {
            match frames.try_recv() {
                Ok(frame) if is_long(&frame) => {
                    next = Some(frame);
                    break;
                }
                Ok(frame) => post.push(frame),
                Err(_) => break,
            }
        }
        while !matches!(timeout(POST, link.post(&post)).await, Ok(Ok(()))) {
            tracing::debug!(leader = place, frames = post.len(), "not posted, trying again");
            backoff.wait().await;
        }
        backoff.reset();
    }
}

/// A body goes by itself: it may be as long as a post may be.
fn is_long(frame: &MemberFrame) -> bool {
    matches!(frame, MemberFrame::Agree(message) if matches!(**message, ToLeader::Body(_)))
}
