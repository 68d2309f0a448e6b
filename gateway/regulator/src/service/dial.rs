//! The way to a leader over mutual TLS.

use super::link::{Inbox, LeaderLink, LinkError};
use async_trait::async_trait;
use bytes::BytesMut;
use gateway_http::{
    Client, ClientError, FrameStream, Peer,
    frames::{self, FrameError},
};
use gateway_types::{
    LaneId,
    link::{InboxFrame, MemberFrame},
};

/// Longest post, in bytes: a body and some room. A frame that would make it longer goes in the next.
const MAX_POST: usize = gateway_types::link::MAX_FRAME + 4;

/// One leader, by its TLS identity and where it is dialled.
#[derive(Clone, Debug)]
pub struct HttpLink {
    client: Client,
    peer: Peer,
    inbox: String,
    messages: String,
}

impl HttpLink {
    /// The way to the gateway `peer`, for `lane`. The client has this regulator's identity.
    #[must_use]
    pub fn new(client: Client, peer: Peer, lane: &LaneId) -> Self {
        let inbox = format!("/lane/v1/{lane}/inbox");
        let messages = format!("/lane/v1/{lane}/messages");
        Self { client, peer, inbox, messages }
    }

    async fn post_once(&self, body: BytesMut) -> Result<(), LinkError> {
        let answer = self.client.post_frames(&self.peer, &self.messages, body.freeze()).await;
        let status = answer.map_err(|why| not_reached(&why))?.status;
        if status.is_success() { Ok(()) } else { Err(LinkError::status(status.as_u16())) }
    }
}

#[async_trait]
impl LeaderLink for HttpLink {
    async fn open_inbox(&self) -> Result<Box<dyn Inbox>, LinkError> {
        let stream =
            self.client.stream(&self.peer, &self.inbox).await.map_err(|why| not_reached(&why))?;
        Ok(Box::new(HttpInbox(stream)))
    }

    async fn post(&self, posted: &[MemberFrame]) -> Result<(), LinkError> {
        let mut body = BytesMut::new();
        for frame in posted {
            let never = |why: FrameError| LinkError { why: why.to_string(), is_refused: true };
            let bytes = frames::encode(frame).map_err(never)?;
            if body.len().saturating_add(bytes.len()) > MAX_POST {
                self.post_once(std::mem::take(&mut body)).await?;
            }
            body.extend_from_slice(&bytes);
        }
        self.post_once(body).await
    }
}

/// An open inbox over TLS.
#[derive(Debug)]
struct HttpInbox(FrameStream);

#[async_trait]
impl Inbox for HttpInbox {
    async fn next(&mut self) -> Result<InboxFrame, LinkError> {
        self.0.next().await.map_err(|why| not_reached(&why))
    }
}

fn not_reached(why: &ClientError) -> LinkError {
    LinkError::unreachable(why)
}
