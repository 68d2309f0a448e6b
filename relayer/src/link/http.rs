//! The link over HTTP and mutual TLS.

use super::{GatewayLink, LinkError, WorkStream};
use async_trait::async_trait;
use bytes::BytesMut;
use gateway_http::{Client, ClientError, FrameStream, Peer, frames};
use gateway_types::link::{RelayEvidence, RelayWork};

const WORK: &str = "/relay/v1/work";
const EVIDENCE: &str = "/relay/v1/evidence";

/// One gateway, dialled over mutual TLS: `GET /relay/v1/work`, `POST /relay/v1/evidence`.
#[derive(Clone, Debug)]
pub struct HttpLink {
    client: Client,
    peer: Peer,
}

impl HttpLink {
    /// A link to `peer`. The client has the relayer's certificate.
    #[must_use]
    pub fn new(client: Client, peer: Peer) -> Self {
        Self { client, peer }
    }
}

#[async_trait]
impl GatewayLink for HttpLink {
    fn name(&self) -> String {
        format!("{}:{}", self.peer.host, self.peer.port)
    }

    async fn open_work(&self) -> Result<Box<dyn WorkStream>, LinkError> {
        Ok(Box::new(HttpWork(self.client.stream(&self.peer, WORK).await?)))
    }

    async fn post(&self, found: &[RelayEvidence]) -> Result<(), LinkError> {
        let mut body = BytesMut::new();
        for evidence in found {
            match frames::encode(evidence) {
                Ok(frame) => body.extend_from_slice(&frame),
                Err(error) => tracing::error!(%error, "evidence that no frame can hold"),
            }
        }
        let answer = self.client.post_frames(&self.peer, EVIDENCE, body.freeze()).await?;
        let status = answer.status;
        if status.is_success() {
            Ok(())
        } else {
            Err(LinkError::Refused { status: status.as_u16() })
        }
    }
}

struct HttpWork(FrameStream);

#[async_trait]
impl WorkStream for HttpWork {
    async fn next(&mut self) -> Result<RelayWork, LinkError> {
        Ok(self.0.next().await?)
    }
}

impl From<ClientError> for LinkError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Refused { status, .. } => Self::Refused { status: status.as_u16() },
            other => Self::Unreachable { why: other.to_string() },
        }
    }
}
