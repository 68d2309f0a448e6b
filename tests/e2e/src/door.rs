//! Knocking at a gateway by hand: bytes over TLS, with certificates of the caller's choice.

use crate::{Running, ask::Asked};
use anyhow::{Context as _, Result};
use comity::ask::Question;
use gateway_http::{Answer, Bytes, Client, HeaderMap, HeaderValue, Method, Peer};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _},
    version::TLS13,
};
use serde_json::{Value, json};
use std::{fs, net::SocketAddr, path::Path, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Nothing here takes longer.
const PATIENCE: Duration = Duration::from_secs(40);

/// A way in: an address, and TLS with one certificate or none.
#[derive(Clone)]
pub struct Door {
    at: SocketAddr,
    config: Arc<ClientConfig>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Door({})", self.at)
    }
}

impl Door {
    /// A way to the gateway at `at`, which `authority` vouches for; with a certificate and its key, PEM, or none.
    ///
    /// # Errors
    ///
    /// If one of the files is none.
    pub fn new(at: SocketAddr, authority: &Path, identity: Option<(&str, &str)>) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&fs::read(authority)?)?)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(roots);
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => config.with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes())?],
                PrivateKeyDer::from_pem_slice(key.as_bytes())?,
            )?,
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { at, config: Arc::new(config) })
    }

    /// Opens a connection. With TLS 1.3 a certificate that is refused is noticed at the first reading only.
    ///
    /// # Errors
    ///
    /// If nobody is there, or is not who it should be.
    pub async fn open(&self) -> Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.at).await?;
        let name = ServerName::from(self.at.ip());
        Ok(TlsConnector::from(Arc::clone(&self.config)).connect(name, stream).await?)
    }

    /// Sends `bytes` in pieces, pausing after each, and reads until the gateway closes: its whole answer as text.
    ///
    /// # Errors
    ///
    /// If the connection is refused.
    pub async fn send(&self, pieces: &[&[u8]], pause: Duration) -> Result<String> {
        let all = timeout(PATIENCE, async {
            let mut stream = self.open().await?;
            for piece in pieces {
                // Who has been answered already need not take more.
                if stream.write_all(piece).await.is_err() || stream.flush().await.is_err() {
                    break;
                }
                tokio::time::sleep(pause).await;
            }
            let mut answer = Vec::new();
            let read = stream.read_to_end(&mut answer).await;
            if answer.is_empty() {
                read?;
            }
            anyhow::Ok(String::from_utf8_lossy(&answer).into_owned())
        });
        all.await.context("no answer in time")?
    }
}

/// Posts `body` as a question under the given key.
///
/// # Errors
///
/// If there is no answer.
pub async fn post(client: &Client, peer: &Peer, key: &str, body: String) -> Result<Answer> {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("idempotency-key", HeaderValue::from_str(key)?);
    let path = "/v1/recognitions";
    Ok(client.send(peer, Method::POST, path, headers, Bytes::from(body)).await?)
}

/// Status, code and pointer of an answer.
#[must_use]
pub fn answer_of(answer: &Answer) -> (u16, String, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    (answer.status.as_u16(), text("code"), text("pointer"))
}

impl Running {
    /// A question's body as the platform sends it.
    #[must_use]
    pub fn body_of(question: &Question) -> Value {
        json!({
            "licence": question.licence.as_str(),
            "from": question.from,
            "to": question.to,
            "purpose": question.purpose,
            "record": question.record,
            "consent": question.consent,
        })
    }

    /// The path of a question.
    #[must_use]
    pub fn path_of(asked: &Asked) -> String {
        format!("/v1/recognitions/{}", asked.id)
    }
}
