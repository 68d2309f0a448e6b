//! What came back.

use super::{ClientError, pool::Wire};
use crate::{Code, frames::FrameReader};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use minicbor::{Decode, Encode};
use serde::Deserialize;
use std::time::Duration;
use tokio::time::timeout;

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The code of the problem that this answer is, if it is one of ours.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        #[derive(Deserialize)]
        struct Coded {
            code: String,
        }
        let coded: Coded = serde_json::from_slice(&self.body).ok()?;
        coded.code.parse().ok()
    }
}

/// Reads a body of at most `limit` bytes.
pub(super) async fn read_whole(
    response: http::Response<Incoming>,
    limit: usize,
) -> Result<Answer, ClientError> {
    let (parts, mut incoming) = response.into_parts();
    let mut body = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let piece = frame.map_err(ClientError::Broken)?.into_data().unwrap_or_default();
        if body.len().saturating_add(piece.len()) > limit {
            return Err(ClientError::TooLong { limit });
        }
        body.extend_from_slice(&piece);
    }
    Ok(Answer { status: parts.status, headers: parts.headers, body: body.freeze() })
}

/// A long response, frame by frame.
#[derive(Debug)]
pub struct FrameStream {
    body: Incoming,
    reader: FrameReader,
    silence: Duration,
    /// The connection stands as long as this.
    _wire: Wire,
}

impl FrameStream {
    pub(super) fn new(body: Incoming, wire: Wire, silence: Duration) -> Self {
        Self { body, reader: FrameReader::new(), silence, _wire: wire }
    }

    /// The next frame. May be dropped while waiting: nothing is lost.
    ///
    /// # Errors
    ///
    /// [`ClientError`]: the stream is over, connect anew. `Frame` says that the peer broke the rules.
    pub async fn next<T>(&mut self) -> Result<T, ClientError>
    where
        T: Encode<()> + for<'b> Decode<'b, ()>,
    {
        loop {
            if let Some(frame) = self.reader.next()? {
                return Ok(frame);
            }
            let piece = timeout(self.silence, self.body.frame()).await;
            match piece.map_err(|_| ClientError::Silence)? {
                None => return Err(ClientError::Ended),
                Some(Err(error)) => return Err(ClientError::Broken(error)),
                Some(Ok(frame)) => self.reader.push(&frame.into_data().unwrap_or_default()),
            }
        }
    }
}
