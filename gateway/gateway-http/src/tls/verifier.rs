//! What rustls asks us during a handshake.

use super::{PeerRefused, Trust, Usage};
use crate::Caller;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, PeerMisbehaved,
    SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::verify_tls13_signature,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use std::sync::Arc;

/// Checks who calls us. A caller may show no certificate; what it may ask then is the handler's word.
#[derive(Debug)]
pub(super) struct ClientVerifier {
    trust: Arc<Trust>,
    hints: Vec<DistinguishedName>,
}

impl ClientVerifier {
    pub(super) fn new(trust: Arc<Trust>) -> Self {
        let hints = trust.subjects().map(DistinguishedName::in_sequence).collect();
        Self { trust, hints }
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let checked = self.trust.check_peer(end_entity, intermediates, Usage::Client, now);
        checked.map(|_| ClientCertVerified::assertion()).map_err(refusal)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(never_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.trust.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.algorithms.supported_schemes()
    }
}

/// Checks whom we called: region, role and name must be those expected. Host names do not count.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    trust: Arc<Trust>,
    expected: Option<Caller>,
}

impl ServerVerifier {
    pub(super) const fn new(trust: Arc<Trust>, expected: Option<Caller>) -> Self {
        Self { trust, expected }
    }

    fn check(&self, got: Caller) -> Result<ServerCertVerified, PeerRefused> {
        match &self.expected {
            Some(expected) if *expected == got => Ok(ServerCertVerified::assertion()),
            Some(expected) => Err(PeerRefused::SomebodyElse {
                expected: Box::new(expected.clone()),
                got: Box::new(got),
            }),
            None => Err(PeerRefused::NoIdentity),
        }
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let got = self.trust.check_peer(end_entity, intermediates, Usage::Server, now);
        got.and_then(|got| self.check(got)).map_err(refusal)
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(never_tls12())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.trust.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.algorithms.supported_schemes()
    }
}

/// TLS 1.2 is not configured, so this is not reached.
fn never_tls12() -> Error {
    PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into()
}

/// The alert that says most, and our own reason for the log.
fn refusal(refused: PeerRefused) -> Error {
    let error = match &refused {
        PeerRefused::Unreadable => CertificateError::BadEncoding,
        PeerRefused::UnknownRegion { .. } => CertificateError::UnknownIssuer,
        PeerRefused::Chain { source, .. } => match source {
            webpki::Error::CertExpired { .. } => CertificateError::Expired,
            webpki::Error::CertRevoked => CertificateError::Revoked,
            webpki::Error::UnknownIssuer => CertificateError::UnknownIssuer,
            _ => CertificateError::Other(OtherError(Arc::new(refused))),
        },
        _ => CertificateError::Other(OtherError(Arc::new(refused))),
    };
    Error::InvalidCertificate(error)
}
