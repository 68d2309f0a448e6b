//! The client: calls a gateway that it knows by identity, over connections that are kept and used again.

mod answer;
mod dial;
mod error;
mod pool;

use crate::{Caller, Tls};
pub use answer::{Answer, FrameStream};
use bytes::Bytes;
pub use error::ClientError;
use gateway_net::Net;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::Full;
use hyper::body::Incoming;
use pool::{Pool, Wire};
use std::{fmt, sync::Arc, time::Duration};
use tokio::time::timeout;

/// Whom to call, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Peer {
    /// Who must answer: its certificate says so, or nothing is sent.
    pub who: Caller,
    /// Host name or address. It is only where, never who.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// A client's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// To find the address, connect and shake hands.
    pub connect: Duration,
    /// From the request to its whole answer; of a long response, to its head.
    pub answer: Duration,
    /// Between two pieces of a long response. Gateways send one at least every five seconds.
    pub silence: Duration,
    /// Longest answer, in bytes. Longer: refused.
    pub answer_bytes: usize,
    /// A kept connection is not used again after so long: shorter than the server's [`crate::Limits::idle`].
    pub keep: Duration,
    /// Kept connections to one peer. More: closed.
    pub kept: usize,
    /// Calls to one peer at once. More: they wait.
    pub at_once: usize,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(40),
            silence: Duration::from_secs(16),
            answer_bytes: 8 * 1024 * 1024,
            keep: Duration::from_secs(30),
            kept: 8,
            at_once: 32,
        }
    }
}

/// Calls gateways. Cheap to clone; all clones share their connections.
///
/// There is no plaintext: what cannot be had over TLS with the right peer is an error (A87).
#[derive(Clone)]
pub struct Client {
    net: Arc<dyn Net>,
    tls: Arc<Tls>,
    limits: ClientLimits,
    pool: Arc<Pool>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Client {
    /// A client with the identity of `tls`, or with none.
    #[must_use]
    pub fn new(net: Arc<dyn Net>, tls: Arc<Tls>, limits: ClientLimits) -> Self {
        Self { net, tls, limits, pool: Arc::new(Pool::new(limits)) }
    }

    /// `GET`s `path`, which begins with `/` and may have a query.
    ///
    /// # Errors
    ///
    /// [`ClientError`]. Any status is an answer and no error.
    pub async fn get(&self, peer: &Peer, path: &str) -> Result<Answer, ClientError> {
        self.send(peer, Method::GET, path, HeaderMap::new(), Bytes::new()).await
    }

    /// `POST`s `body` to `path`.
    ///
    /// # Errors
    ///
    /// [`ClientError`]. Any status is an answer and no error.
    pub async fn post(
        &self,
        peer: &Peer,
        path: &str,
        media_type: &'static str,
        body: Bytes,
    ) -> Result<Answer, ClientError> {
        let kind = (header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        self.send(peer, Method::POST, path, HeaderMap::from_iter([kind]), body).await
    }

    /// `POST`s frames, made by [`crate::frames::encode`], to `path`.
    ///
    /// # Errors
    ///
    /// [`ClientError`]. Any status is an answer and no error.
    pub async fn post_frames(
        &self,
        peer: &Peer,
        path: &str,
        frames: Bytes,
    ) -> Result<Answer, ClientError> {
        self.post(peer, path, crate::frames::MEDIA_TYPE, frames).await
    }

    /// Sends a request with headers of the caller's choice, and waits for its whole answer.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; `Connect` says that nothing was sent, all others that the peer may have acted.
    pub async fn send(
        &self,
        peer: &Peer,
        method: Method,
        path: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, ClientError> {
        let request = request(peer, method, path, headers, body)?;
        let _turn = self.pool.turn(peer).await;
        let within = timeout(self.limits.answer, async {
            let (response, wire) = self.exchange(peer, request).await?;
            let answer = answer::read_whole(response, self.limits.answer_bytes).await?;
            self.pool.keep(peer, wire);
            Ok(answer)
        });
        within.await.map_err(|_| ClientError::NoAnswer)?
    }

    /// `GET`s a long response on a connection of its own.
    ///
    /// # Errors
    ///
    /// [`ClientError`]; `Refused` if the status is not 200.
    pub async fn stream(&self, peer: &Peer, path: &str) -> Result<FrameStream, ClientError> {
        let request = request(peer, Method::GET, path, HeaderMap::new(), Bytes::new())?;
        let within = timeout(self.limits.answer, async {
            let mut wire = self.open(peer).await?;
            let response = wire.sender.send_request(request).await.map_err(ClientError::Broken)?;
            if response.status() == http::StatusCode::OK {
                return Ok(FrameStream::new(response.into_body(), wire, self.limits.silence));
            }
            let answer = answer::read_whole(response, self.limits.answer_bytes).await?;
            Err(ClientError::Refused { status: answer.status, code: answer.code() })
        });
        within.await.map_err(|_| ClientError::NoAnswer)?
    }

    /// Sends on a kept connection; if that is gone before anything was sent, on a new one.
    async fn exchange(
        &self,
        peer: &Peer,
        mut request: Request<Full<Bytes>>,
    ) -> Result<(http::Response<Incoming>, Wire), ClientError> {
        while let Some(mut wire) = self.pool.take(peer, self.tls.current().generation) {
            if wire.sender.ready().await.is_err() {
                continue;
            }
            match wire.sender.try_send_request(request).await {
                Ok(response) => return Ok((response, wire)),
                Err(mut error) => match error.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(ClientError::Broken(error.into_error())),
                },
            }
        }
        let mut wire = self.open(peer).await?;
        let response = wire.sender.send_request(request).await.map_err(ClientError::Broken)?;
        Ok((response, wire))
    }

    async fn open(&self, peer: &Peer) -> Result<Wire, ClientError> {
        let opened = timeout(self.limits.connect, dial::open(self.net.as_ref(), &self.tls, peer));
        opened.await.map_err(|_| ClientError::NoConnection)?
    }
}

fn request(
    peer: &Peer,
    method: Method,
    path: &str,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, ClientError> {
    let host = if peer.host.contains(':') {
        format!("[{}]:{}", peer.host, peer.port)
    } else {
        format!("{}:{}", peer.host, peer.port)
    };
    let bad = |_| ClientError::BadRequest;
    let mut request =
        Request::builder().method(method).uri(path).body(Full::new(body)).map_err(bad)?;
    *request.headers_mut() = headers;
    let host = HeaderValue::from_str(&host).map_err(|_| ClientError::BadRequest)?;
    request.headers_mut().insert(HeaderName::from_static("host"), host);
    Ok(request)
}
