//! Opens connections.

use super::{ClientError, Peer, pool::Wire};
use crate::Tls;
use gateway_net::{BoxStream, Net};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::io;
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

/// Most addresses of one name that are tried. The rest is left.
const MAX_ADDRESSES: usize = 4;

/// Longest head of an answer, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// Opens a connection to `peer`, and to nobody else.
pub(super) async fn open(net: &dyn Net, tls: &Tls, peer: &Peer) -> Result<Wire, ClientError> {
    let current = tls.current();
    let name = ServerName::try_from(peer.host.clone()).map_err(|_| ClientError::BadRequest)?;
    let stream = dial(net, peer).await.map_err(ClientError::Connect)?;
    let connector = TlsConnector::from(current.client_for(&peer.who));
    let stream = connector.connect(name, stream).await.map_err(ClientError::Connect)?;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD);
    let shaken = builder.handshake(TokioIo::new(stream)).await;
    let (sender, connection) = shaken.map_err(ClientError::Broken)?;
    // It ends when the sender is dropped, or the peer hangs up.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "connection ended");
        }
    });
    Ok(Wire { sender, generation: current.generation, since: Instant::now() })
}

/// The first address that answers.
async fn dial(net: &dyn Net, peer: &Peer) -> io::Result<BoxStream> {
    let addresses = net.resolve(&peer.host, peer.port).await?;
    let mut last = io::Error::new(io::ErrorKind::NotFound, "no address");
    for address in addresses.into_iter().take(MAX_ADDRESSES) {
        match net.dial(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
