//! What goes to one leader, in order.

use super::{
    Event,
    backoff::Backoff,
    link::LeaderLink,
    queue::{is_long, size},
};
use gateway_types::link::MemberFrame;
use std::sync::Arc;
use tokio::{
    sync::mpsc,
    time::{Duration, timeout},
};

/// Most frames in one post.
const MAX_POSTED: usize = 64;

/// How long one post may take, but for [`POST_MEBIBYTE`].
const POST: Duration = Duration::from_secs(10);

/// How much longer it may take for each MiB of it.
const POST_MEBIBYTE: Duration = Duration::from_secs(2);

/// How often a post is refused, or not answered in time, before it is dropped. One that does not get there at all is
/// tried until it does.
const TRIES: u32 = 3;

/// Takes what is queued for one leader there.
struct Outbox {
    place: u8,
    link: Arc<dyn LeaderLink>,
    backoff: Backoff,
}

/// Why a post was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lost {
    Refused,
    Late,
}

/// Posts what is queued for the leader at `place`, until the lane's task ends. All messages are idempotent: what may
/// have arrived is sent again. What it does not take is dropped, and the lane's task told: nothing may keep all that
/// comes after it from the leader.
pub(super) async fn run(
    place: u8,
    link: Arc<dyn LeaderLink>,
    mut frames: mpsc::Receiver<MemberFrame>,
    events: mpsc::Sender<Event>,
    backoff: Backoff,
) {
    let mut outbox = Outbox { place, link, backoff };
    let mut next = None;
    while let Some(post) = gather(&mut frames, &mut next).await {
        if !outbox.deliver(&post).await && events.send(Event::NotTaken(place)).await.is_err() {
            return;
        }
    }
}

/// The next post; `next` is a frame that was taken from the queue and did not fit into the one before.
async fn gather(
    frames: &mut mpsc::Receiver<MemberFrame>,
    next: &mut Option<MemberFrame>,
) -> Option<Vec<MemberFrame>> {
    let first = match next.take() {
        Some(frame) => frame,
        None => frames.recv().await?,
    };
    let mut post = vec![first];
    while post.len() < MAX_POSTED && !post.iter().any(is_long) {
        match frames.try_recv() {
            Ok(frame) if is_long(&frame) => *next = Some(frame),
            Ok(frame) => {
                post.push(frame);
                continue;
            }
            Err(_) => {}
        }
        break;
    }
    Some(post)
}

impl Outbox {
    /// Posts them all; where they are refused together, each by itself. False if any was dropped.
    async fn deliver(&mut self, post: &[MemberFrame]) -> bool {
        let lost = match self.post(post, TRIES).await {
            Ok(()) => return true,
            Err(lost) => lost,
        };
        let mut dropped = post.len();
        if lost == Lost::Refused && post.len() > 1 {
            for frame in post {
                let taken = self.post(std::slice::from_ref(frame), 1).await.is_ok();
                dropped = dropped.saturating_sub(usize::from(taken));
            }
        }
        if dropped > 0 {
            tracing::warn!(leader = self.place, dropped, why = ?lost, "a leader does not take what is posted");
        }
        dropped == 0
    }

    async fn post(&mut self, post: &[MemberFrame], tries: u32) -> Result<(), Lost> {
        let mut left = tries;
        loop {
            let lost = match timeout(patience(post), self.link.post(post)).await {
                Ok(Ok(())) => {
                    self.backoff.reset();
                    return Ok(());
                }
                Ok(Err(error)) => error.is_refused.then_some(Lost::Refused),
                Err(_) => Some(Lost::Late),
            };
            if let Some(lost) = lost {
                left = left.saturating_sub(1);
                if left == 0 {
                    return Err(lost);
                }
            }
            tracing::debug!(leader = self.place, frames = post.len(), "not posted, trying again");
            self.backoff.wait().await;
        }
    }
}

fn patience(post: &[MemberFrame]) -> Duration {
    let bytes = post.iter().map(size).fold(0, usize::saturating_add);
    let mebibytes = u32::try_from(bytes.div_ceil(1024 * 1024)).unwrap_or(u32::MAX);
    POST.saturating_add(POST_MEBIBYTE.saturating_mul(mebibytes))
}

#[cfg(test)]
mod tests;
