//! One connection to a node: resolved, checked, dialled, and asked over.

use crate::{AddressError, Egress, Endpoint, endpoint::Host};
use bytes::Bytes;
use gateway_net::{BoxStream, Net};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    time::Duration,
};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// How long one request may take, the dialling included; then the node counts as silent.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);

/// Longest answer, in bytes: a page of 100 validators is 30 kB, the greatest proof 90 kB. More is not read.
pub const MAX_ANSWER: usize = 512 * 1024;

/// Most header fields of an answer.
const MAX_HEADER_FIELDS: usize = 64;

/// Why a node gave no answer. All of them: ask another node.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error("no answer in time")]
    Silent,
    #[error("no address that may be dialled")]
    NoAddress(#[source] Option<AddressError>),
    #[error("cannot be reached: {0}")]
    Io(#[from] io::Error),
    #[error("not HTTP/1.1: {0}")]
    Http(#[from] hyper::Error),
    #[error("the answer is longer than {MAX_ANSWER} bytes")]
    TooLong,
    #[error("the answer broke off")]
    BrokeOff,
    #[error("HTTP status {0}")]
    Status(StatusCode),
    #[error("a request that cannot be written")]
    Request(#[from] http::Error),
}

/// How nodes are reached.
#[derive(Clone)]
pub(crate) struct Dialler {
    pub(crate) egress: Egress,
    pub(crate) tls: Option<TlsConnector>,
}

impl fmt::Debug for Dialler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialler").field("egress", &self.egress).finish_non_exhaustive()
    }
}

/// An open connection; requests go one after the other.
pub(crate) struct Connection {
    host: String,
    sender: SendRequest<Empty<Bytes>>,
    driver: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Dialler {
    /// Opens a connection within [`REQUEST_TIMEOUT`].
    pub(crate) async fn open(&self, net: &dyn Net, to: &Endpoint) -> Result<Connection, AskError> {
        timeout(REQUEST_TIMEOUT, self.dial(net, to)).await.map_err(|_| AskError::Silent)?
    }

    async fn dial(&self, net: &dyn Net, to: &Endpoint) -> Result<Connection, AskError> {
        // The address that was checked is the one that is dialled: a name is resolved once (DNS rebinding).
        let address = self.allowed(net, to).await?;
        let stream = net.dial(address).await?;
        let stream = if to.is_tls { self.secure(to, stream).await? } else { stream };
        let mut http = http1::Builder::new();
        http.max_headers(MAX_HEADER_FIELDS);
        let (sender, connection) = http.handshake(TokioIo::new(stream)).await?;
        // When it ends, requests on it fail by themselves.
        let driver = Box::pin(async move { drop(connection.await) });
        Ok(Connection { host: to.authority(), sender, driver })
    }

    /// The first address of the host that may be dialled.
    async fn allowed(&self, net: &dyn Net, to: &Endpoint) -> Result<SocketAddr, AskError> {
        let resolved = match &to.host {
            Host::Address(address) => vec![SocketAddr::new(*address, to.port)],
            Host::Name(name) => net.resolve(name, to.port).await?,
        };
        let mut refused = None;
        for address in resolved {
            let address = SocketAddr::new(address.ip(), to.port);
            match self.check(address.ip(), to) {
                Ok(()) => return Ok(address),
                Err(error) => refused = Some(error),
            }
        }
        Err(AskError::NoAddress(refused))
    }

    fn check(&self, address: IpAddr, to: &Endpoint) -> Result<(), AddressError> {
        self.egress.check_address(address, !to.is_tls)
    }

    async fn secure(&self, to: &Endpoint, stream: BoxStream) -> Result<BoxStream, AskError> {
        let name = ServerName::try_from(to.host()).map_err(io::Error::other)?;
        let tls = self.tls.as_ref().ok_or_else(|| io::Error::other("no authority is trusted"))?;
        Ok(Box::new(tls.connect(name, stream).await?))
    }
}

impl Connection {
    /// Asks for `path` and gives the body, within [`REQUEST_TIMEOUT`]. Redirects are not followed.
    ///
    /// A node's own errors come with status 500 and a body, which is given too.
    pub(crate) async fn ask(&mut self, path: &str) -> Result<Vec<u8>, AskError> {
        let request = Request::builder()
            .method(Method::GET)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::ACCEPT, "application/json")
            .body(Empty::new())?;
        let Self { sender, driver, .. } = self;
        let exchange = async {
            sender.ready().await?;
            read(sender.send_request(request).await?).await
        };
        tokio::select! {
            biased;
            answer = timeout(REQUEST_TIMEOUT, exchange) => answer.map_err(|_| AskError::Silent)?,
            () = driven(driver) => Err(AskError::BrokeOff),
        }
    }
}

/// Drives the connection. When it has ended, what was read is still to be taken: waits for ever.
async fn driven(driver: &mut Pin<Box<dyn Future<Output = ()> + Send>>) {
    driver.as_mut().await;
    *driver = Box::pin(std::future::pending());
    std::future::pending::<()>().await;
}

async fn read(answer: http::Response<hyper::body::Incoming>) -> Result<Vec<u8>, AskError> {
    let status = answer.status();
    if status != StatusCode::OK && status != StatusCode::INTERNAL_SERVER_ERROR {
        return Err(AskError::Status(status));
    }
    let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await;
    match body {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(error) if error.is::<LengthLimitError>() => Err(AskError::TooLong),
        Err(_) => Err(AskError::BrokeOff),
    }
}
