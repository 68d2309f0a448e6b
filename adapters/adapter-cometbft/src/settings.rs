//! From an operator's words to what runs.

use crate::{BadNetwork, Egress, Endpoint, EndpointError, Network, egress::MAX_NETWORKS};
use chain_adapter::{MAX_NODES, SourceSettings};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem, pem::PemObject as _},
};
use std::sync::Arc;
use tokio_rustls::TlsConnector;

/// Why a source's settings are refused at start-up.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// No node, or more than one source may have.
    #[error("{got} nodes, from 1 to {MAX_NODES} are allowed")]
    Nodes {
        /// How many there are.
        got: usize,
    },
    /// More networks than settings may name.
    #[error("{got} networks, at most {MAX_NETWORKS} are allowed")]
    TooManyNetworks {
        /// How many there are.
        got: usize,
    },
    /// A text that is no network.
    #[error(transparent)]
    Network(#[from] BadNetwork),
    /// A node's URL is refused.
    #[error("node {place} of the source")]
    Endpoint {
        /// Its place, from 0.
        place: usize,
        /// Why.
        #[source]
        reason: EndpointError,
    },
    /// A node twice would answer for itself.
    #[error("node {place} is named twice")]
    Twice {
        /// Its place, from 0.
        place: usize,
    },
    /// The authorities' certificates cannot be read.
    #[error("the authorities' certificates cannot be read")]
    Roots(#[source] pem::Error),
    /// `https` without an authority that could vouch for a node.
    #[error("no authority's certificate is given for https nodes")]
    NoRoots,
    /// TLS cannot be set up.
    #[error("tls cannot be set up")]
    Tls(#[from] rustls::Error),
}

pub(crate) fn networks(settings: &SourceSettings) -> Result<Vec<Network>, SettingsError> {
    let got = settings.networks.len();
    if got > MAX_NETWORKS {
        return Err(SettingsError::TooManyNetworks { got });
    }
    Ok(settings.networks.iter().map(|text| text.parse()).collect::<Result<_, _>>()?)
}

pub(crate) fn nodes(
    settings: &SourceSettings,
    egress: &Egress,
) -> Result<Vec<Endpoint>, SettingsError> {
    let got = settings.nodes.len();
    if !(1..=MAX_NODES).contains(&got) {
        return Err(SettingsError::Nodes { got });
    }
    let mut nodes = Vec::with_capacity(got);
    for (place, url) in settings.nodes.iter().enumerate() {
        let node = Endpoint::parse(url, egress);
        let node = node.map_err(|reason| SettingsError::Endpoint { place, reason })?;
        if nodes.contains(&node) {
            return Err(SettingsError::Twice { place });
        }
        nodes.push(node);
    }
    Ok(nodes)
}

/// TLS 1.3 by the authorities given; nothing if no node needs it.
pub(crate) fn tls(
    settings: &SourceSettings,
    nodes: &[Endpoint],
) -> Result<Option<TlsConnector>, SettingsError> {
    if nodes.iter().all(|node| !node.is_tls) {
        return Ok(None);
    }
    let mut roots = RootCertStore::empty();
    let pem = settings.roots_pem.as_deref().unwrap_or_default();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.map_err(SettingsError::Roots)?)?;
    }
    if roots.is_empty() {
        return Err(SettingsError::NoRoots);
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsConnector::from(Arc::new(config))))
}
