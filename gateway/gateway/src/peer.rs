//! Following another gateway of a lane: its final batches and the candidates that it asks members about.
//!
//! Trust: its TLS certificate says who it is; what it says is checked by the lane.

mod dial;

pub use dial::follow;

use crate::lane::{LaneHandle, PeerNotTaken};
use async_trait::async_trait;
use gateway_http::{Caller, ClientError};
use gateway_types::link::PeerFrame;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The first wait before it dials again.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The longest.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// How long it is left alone after a batch that no committee signed: it lies, or its store is broken.
const LIED_WAIT: Duration = Duration::from_secs(30);

/// How long it is left alone after this gateway's own lane took nothing more.
const HALTED_WAIT: Duration = Duration::from_secs(60);

/// A connection younger than this is not given up because members are ahead.
const YOUNG: Duration = Duration::from_secs(5);

/// The way to one gateway: over mutual TLS in a program, in memory in a test.
#[async_trait]
trait Dial: Send + Sync {
    /// Opens its long response, with the batches after `last`, or all.
    async fn open(&self, last: Option<u64>) -> Result<Box<dyn Said>, ClientError>;
}

/// What another gateway says, frame by frame.
#[async_trait]
trait Said: Send {
    /// The next frame. May be dropped while waiting: nothing is lost.
    async fn next(&mut self) -> Result<PeerFrame, ClientError>;
}

/// Why a connection ended for more than its own sake.
#[derive(Debug)]
enum Ended {
    /// The lane has stopped.
    Stopped,
    /// The lane takes nothing more, and can still be read.
    Halted,
    /// It could not be opened.
    Client(ClientError),
    /// It said that something is final which is not.
    Lied(crate::lane::engine::Dropped),
}

impl From<PeerNotTaken> for Ended {
    fn from(why: PeerNotTaken) -> Self {
        match why {
            PeerNotTaken::Stopped(_) => Self::Stopped,
            PeerNotTaken::Halted => Self::Halted,
            PeerNotTaken::Dropped(why) => Self::Lied(why),
        }
    }
}

/// Dials `who`, the gateway at `place` in the lane's list of leaders, again and again, and hands what it says to the
/// lane; until the lane stops.
async fn follow_by(dial: &dyn Dial, who: &Caller, place: u8, lane: &LaneHandle) {
    let mut wait = FIRST_WAIT;
    loop {
        match listen(dial, who, place, lane).await {
            Ok(heard) => wait = if heard { FIRST_WAIT } else { longer(wait) },
            Err(Ended::Stopped) => return,
            // The gateway goes on for those who read; nothing that the other says changes that.
            Err(Ended::Halted) => wait = HALTED_WAIT,
            Err(Ended::Client(error)) => {
                tracing::info!(peer = %who, %error, "another gateway cannot be followed now");
                wait = longer(wait);
            }
            Err(Ended::Lied(error)) => {
                lane.note_peer_that_lied();
                tracing::warn!(peer = %who, %error, "another gateway says final what is not: left alone for a while");
                wait = LIED_WAIT;
            }
        }
        sleep(wait).await;
    }
}

/// Reads one long response to its end. Gives whether anything came. One batch that is not final ends it: whatever is
/// behind it on the same connection is not looked at.
async fn listen(
    dial: &dyn Dial,
    who: &Caller,
    place: u8,
    lane: &LaneHandle,
) -> Result<bool, Ended> {
    let last = lane.log().next_k().checked_sub(1);
    let mut stream = dial.open(last).await.map_err(Ended::Client)?;
    let (begun, mut heard) = (Instant::now(), false);
    loop {
        let frame = tokio::select! {
            frame = stream.next() => frame,
            // Members are ahead, and this connection does not say so: it may hang.
            () = lane.behind().notified(), if begun.elapsed() >= YOUNG => return Ok(heard),
        };
        match frame {
            Ok(frame) => {
                heard = true;
                lane.take_peer(place, frame).await?;
            }
            Err(error) => {
                tracing::debug!(peer = %who, %error, "the connection ended");
                return Ok(heard);
            }
        }
    }
}

fn longer(wait: Duration) -> Duration {
    wait.saturating_mul(2).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests;
