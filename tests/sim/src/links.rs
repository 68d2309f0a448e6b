//! A regulator's way to its leaders: HTTP over mutual TLS, as in a program.

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use gateway_http::{Client, FrameStream, Peer, frames};
use gateway_types::link::{InboxFrame, MemberFrame};
use regulator::{Inbox, LeaderLink, LinkError};

/// One leader.
#[derive(Clone, Debug)]
pub struct HttpLeader {
    /// Dials.
    pub client: Client,
    /// Whom.
    pub peer: Peer,
    /// The lane, as in paths.
    pub lane: String,
}

fn link_error(why: impl ToString) -> LinkError {
    LinkError::unreachable(&why)
}

#[async_trait]
impl LeaderLink for HttpLeader {
    async fn open_inbox(&self) -> Result<Box<dyn Inbox>, LinkError> {
        let path = format!("/lane/v1/{}/inbox", self.lane);
        let stream = self.client.stream(&self.peer, &path).await.map_err(link_error)?;
        Ok(Box::new(HttpInbox(stream)))
    }

    async fn post(&self, said: &[MemberFrame]) -> Result<(), LinkError> {
        let mut body = BytesMut::new();
        for frame in said {
            body.extend_from_slice(&frames::encode(frame).map_err(link_error)?);
        }
        self.post_bytes(body.freeze()).await
    }
}

impl HttpLeader {
    async fn post_bytes(&self, body: Bytes) -> Result<(), LinkError> {
        let path = format!("/lane/v1/{}/messages", self.lane);
        let answer = self.client.post_frames(&self.peer, &path, body).await.map_err(link_error)?;
        let status = answer.status;
        if status.is_success() { Ok(()) } else { Err(LinkError::status(status.as_u16())) }
    }
}

struct HttpInbox(FrameStream);

#[async_trait]
impl Inbox for HttpInbox {
    async fn next(&mut self) -> Result<InboxFrame, LinkError> {
        self.0.next().await.map_err(link_error)
    }
}
