//! Following another gateway of a lane: its final batches and the candidates that it asks members about.
//!
//! Trust: its TLS certificate says who it is; what it says is checked by the lane.

use crate::lane::{LaneHandle, LaneStopped};
use gateway_http::{Client, ClientError, FrameStream, Peer};
use gateway_types::link::PeerFrame;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The first wait before it dials again.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The longest.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// A connection younger than this is not given up because members are ahead.
const YOUNG: Duration = Duration::from_secs(5);

/// Dials the gateway at `place` in the lane's list of leaders, again and again, and hands what it says to the lane;
/// until the lane stops.
pub async fn follow(client: Client, peer: Peer, place: u8, lane: LaneHandle) {
    let mut wait = FIRST_WAIT;
    loop {
        match listen(&client, &peer, place, &lane).await {
            Ok(heard) => wait = if heard { FIRST_WAIT } else { longer(wait) },
            Err(Ended::Stopped) => return,
            Err(Ended::Client(error)) => {
                tracing::info!(peer = %peer.who, error = %error, "another gateway cannot be followed now");
                wait = longer(wait);
            }
        }
        sleep(wait).await;
    }
}

enum Ended {
    Stopped,
    Client(ClientError),
}

impl From<LaneStopped> for Ended {
    fn from(_: LaneStopped) -> Self {
        Self::Stopped
    }
}

/// Reads one long response to its end. Gives whether anything came.
async fn listen(client: &Client, peer: &Peer, place: u8, lane: &LaneHandle) -> Result<bool, Ended> {
    let path = path(lane);
    let mut stream = client.stream(peer, &path).await.map_err(Ended::Client)?;
    let (begun, mut heard) = (Instant::now(), false);
    loop {
        let frame = tokio::select! {
            frame = next(&mut stream) => frame,
            // Members are ahead, and this connection does not say so: it may hang.
            () = lane.behind().notified(), if begun.elapsed() >= YOUNG => return Ok(heard),
        };
        match frame {
            Ok(frame) => {
                heard = true;
                lane.take_peer(place, frame).await?;
            }
            Err(error) => {
                tracing::debug!(peer = %peer.who, %error, "the connection ended");
                return Ok(heard);
            }
        }
    }
}

async fn next(stream: &mut FrameStream) -> Result<PeerFrame, ClientError> {
    stream.next().await
}

fn path(lane: &LaneHandle) -> String {
    let name = &lane.log().keys().origin().lane;
    match lane.log().next_k().checked_sub(1) {
        Some(last) => format!("/peer/v1/lanes/{name}/batches?after={last}"),
        None => format!("/peer/v1/lanes/{name}/batches"),
    }
}

fn longer(wait: Duration) -> Duration {
    wait.saturating_mul(2).min(LONGEST_WAIT)
}
