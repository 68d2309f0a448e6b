//! Nodes behind TLS: who vouches for them, and for which name.

use crate::{
    replay::Behaviour,
    setup::{At, Setup},
};
use adapter_cometbft::CometBftNodes;
use async_trait::async_trait;
use chain_adapter::{ChainAdapter, FetchError};
use gateway_net::{BoxStream, Listener, Net};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use rcgen::{CertificateParams, CertifiedIssuer, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{io, net::SocketAddr, sync::Arc};
use tokio::io::{copy_bidirectional, duplex};
use tokio_rustls::TlsAcceptor;

/// The recorded nodes behind TLS: every name is at 127.0.0.1:1.
struct Secured {
    acceptor: TlsAcceptor,
    inner: Arc<dyn Net>,
}

impl std::fmt::Debug for Secured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secured")
    }
}

#[async_trait]
impl Net for Secured {
    async fn resolve(&self, _: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        Ok(vec![SocketAddr::from(([127, 0, 0, 1], port))])
    }

    async fn dial(&self, to: SocketAddr) -> io::Result<BoxStream> {
        let mut node = self.inner.dial(to).await?;
        let (here, there) = duplex(64 * 1024);
        let acceptor = self.acceptor.clone();
        tokio::spawn(async move {
            if let Ok(mut secure) = acceptor.accept(there).await {
                drop(copy_bidirectional(&mut secure, &mut node).await);
            }
        });
        Ok(Box::new(here))
    }

    async fn listen(&self, _: SocketAddr) -> io::Result<Box<dyn Listener>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server for `node.example`, vouched for by `authority`.
fn acceptor(authority: &Authority) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["node.example".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &**authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn ask(authority: &Authority, trusted: &Authority, url: &str) -> Result<u64, FetchError> {
    let setup = Setup::new();
    setup.net.node("127.0.0.1:443", Behaviour::Honest);
    let net = Secured { acceptor: acceptor(authority), inner: Arc::new(setup.net.clone()) };
    let mut settings = setup.settings("one", &[url]);
    settings.roots_pem = Some(trusted.pem());
    let (clock, rng) = (Arc::new(At(setup.now)), ChaCha20Rng::seed_from_u64(1));
    let source = CometBftNodes::new(&setup.pin, &settings, Arc::new(net), clock, rng).unwrap();
    let tip = source.fetch_tip().await?.height;
    source.fetch_header(tip).await?;
    Ok(tip)
}

#[tokio::test]
async fn a_node_is_who_an_authority_says() {
    let (good, other) = (authority(), authority());
    let tip = Setup::new().last();
    assert_eq!(ask(&good, &good, "https://node.example").await, Ok(tip));
    let unavailable =
        |answer: &Result<u64, FetchError>| matches!(answer, Err(FetchError::Unavailable { .. }));
    let stranger = ask(&other, &good, "https://node.example").await;
    assert!(unavailable(&stranger), "another authority: {stranger:?}");
    let misnamed = ask(&good, &good, "https://other.example").await;
    assert!(unavailable(&misnamed), "another name: {misnamed:?}");
}
