//! A regulator's way to a leader: over mutual TLS.

use async_trait::async_trait;
use gateway_http::{Client, FrameStream, Peer, frames};
use gateway_types::link::{InboxFrame, MemberFrame};
use regulator::{Inbox, LeaderLink, LinkError};
use std::sync::Arc;

/// One leader of one lane.
#[derive(Debug)]
pub(super) struct HttpLeader {
    pub(super) client: Arc<Client>,
    pub(super) peer: Peer,
    /// `/lane/v1/CN-GD.CN-HK.standard`.
    pub(super) base: String,
}

struct HttpInbox(FrameStream);

fn failed(error: impl std::fmt::Display) -> LinkError {
    LinkError { why: error.to_string() }
}

#[async_trait]
impl LeaderLink for HttpLeader {
    async fn open_inbox(&self) -> Result<Box<dyn Inbox>, LinkError> {
        let stream = self.client.stream(&self.peer, &format!("{}/inbox", self.base)).await;
        Ok(Box::new(HttpInbox(stream.map_err(failed)?)))
    }

    async fn post(&self, posted: &[MemberFrame]) -> Result<(), LinkError> {
        let mut body = Vec::new();
        for frame in posted {
            body.extend_from_slice(&frames::encode(frame).map_err(failed)?);
        }
        let path = format!("{}/messages", self.base);
        let answer =
            self.client.post_frames(&self.peer, &path, body.into()).await.map_err(failed)?;
        if answer.status.is_success() { Ok(()) } else { Err(failed(answer.status)) }
    }
}

#[async_trait]
impl Inbox for HttpInbox {
    async fn next(&mut self) -> Result<InboxFrame, LinkError> {
        self.0.next().await.map_err(failed)
    }
}
