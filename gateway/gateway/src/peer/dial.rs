//! The way to another gateway over mutual TLS.

use super::{Dial, Said, follow_by};
use crate::lane::LaneHandle;
use async_trait::async_trait;
use gateway_http::{Client, ClientError, FrameStream, Peer};
use gateway_types::{LaneId, link::PeerFrame};

/// Dials the gateway at `place` in the lane's list of leaders, again and again, and hands what it says to the lane;
/// until the lane stops. One that says final what is not is left alone for half a minute each time.
pub async fn follow(client: Client, peer: Peer, place: u8, lane: LaneHandle) {
    let (who, name) = (peer.who.clone(), lane.log().keys().origin().lane.clone());
    follow_by(&Http { client, peer, lane: name }, &who, place, &lane).await;
}

struct Http {
    client: Client,
    peer: Peer,
    lane: LaneId,
}

#[async_trait]
impl Dial for Http {
    async fn open(&self, last: Option<u64>) -> Result<Box<dyn Said>, ClientError> {
        let name = &self.lane;
        let path = match last {
            Some(last) => format!("/peer/v1/lanes/{name}/batches?after={last}"),
            None => format!("/peer/v1/lanes/{name}/batches"),
        };
        Ok(Box::new(self.client.stream(&self.peer, &path).await?))
    }
}

#[async_trait]
impl Said for FrameStream {
    async fn next(&mut self) -> Result<PeerFrame, ClientError> {
        Self::next(self).await
    }
}
