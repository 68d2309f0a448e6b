//! Callers that are not our client: byte by byte, over a TLS stack as anybody has it.

use crate::world::World;
use gateway_http::Identity;
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
};
use std::{io, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The settings of a platform's own HTTP library: it believes the CA and the host name.
pub(crate) fn config(world: &World, identity: Option<&Identity>) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(world.hk.root_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let Some(identity) = identity else { return builder.with_no_client_auth() };
    let chain = CertificateDer::pem_slice_iter(identity.chain_pem.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).unwrap();
    builder.with_client_auth_cert(chain, key).unwrap()
}

pub(crate) async fn connect_with(
    world: &World,
    config: Arc<ClientConfig>,
) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(world.at).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(config).connect(name, stream).await
}

pub(crate) async fn connect(world: &World, identity: Option<&Identity>) -> TlsStream<TcpStream> {
    connect_with(world, Arc::new(config(world, identity))).await.unwrap()
}

/// Sends `bytes` and returns all that comes back until the server closes.
pub(crate) async fn exchange(stream: &mut TlsStream<TcpStream>, bytes: &[u8]) -> String {
    stream.write_all(bytes).await.unwrap();
    rest(stream).await
}

/// All that comes until the server closes, in whichever way.
pub(crate) async fn rest(stream: &mut TlsStream<TcpStream>) -> String {
    let mut got = Vec::new();
    let _end = timeout(PATIENCE, stream.read_to_end(&mut got)).await.expect("closed in time");
    String::from_utf8_lossy(&got).into_owned()
}

/// Sends a request and returns its answer as far as it comes in one piece.
pub(crate) async fn one_answer(stream: &mut TlsStream<TcpStream>, bytes: &[u8]) -> String {
    stream.write_all(bytes).await.unwrap();
    let mut got = vec![0; 4_096];
    let count = timeout(PATIENCE, stream.read(&mut got)).await.expect("in time").unwrap();
    String::from_utf8_lossy(got.get(..count).unwrap()).into_owned()
}
