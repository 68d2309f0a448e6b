//! One CA a region: a certificate that says region X must chain to X's CA (A107).

use crate::Caller;
use gateway_types::{Jurisdiction, id::BadIdentifier};
use rustls::{
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs},
    pki_types::{CertificateDer, TrustAnchor, UnixTime},
};
use std::collections::BTreeMap;
use webpki::{
    CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage, RevocationCheckDepth,
    RevocationOptions, RevocationOptionsBuilder, UnknownStatusPolicy,
};
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// Extended key usage id-kp-serverAuth, 1.3.6.1.5.5.7.3.1.
const SERVER_AUTH: &[u8] = &[43, 6, 1, 5, 5, 7, 3, 1];

/// Extended key usage id-kp-clientAuth, 1.3.6.1.5.5.7.3.2.
const CLIENT_AUTH: &[u8] = &[43, 6, 1, 5, 5, 7, 3, 2];

/// What a certificate is shown for. It must say so itself: one without extended key usages serves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    /// To serve.
    Server,
    /// To call.
    Client,
}

/// Why a peer's certificate is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeerRefused {
    /// The certificate cannot be read.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// It names no URI; its common name does not count.
    #[error("the certificate names no identity")]
    NoIdentity,
    /// It names several URIs.
    #[error("the certificate names {count} URIs, one is expected")]
    SeveralUris {
        /// How many.
        count: usize,
    },
    /// Its URI is no identity of ours.
    #[error("the certificate's URI is no identity")]
    BadIdentity(#[source] BadIdentifier),
    /// It is of a region that has no CA here.
    #[error("no CA is known for {region}")]
    UnknownRegion {
        /// Which.
        region: Jurisdiction,
    },
    /// It does not chain to its region's CA, has ended, is revoked, or is for another use.
    #[error("the certificate of {caller} does not hold")]
    Chain {
        /// Who it says it is.
        caller: Box<Caller>,
        /// Why.
        #[source]
        source: webpki::Error,
    },
    /// It is somebody else's.
    #[error("{expected} was called, {got} answered")]
    SomebodyElse {
        /// Who was called.
        expected: Box<Caller>,
        /// Who answered.
        got: Box<Caller>,
    },
}

/// Whom we believe, by region.
#[derive(Debug)]
pub(crate) struct Trust {
    regions: BTreeMap<Jurisdiction, RegionTrust>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

/// One region's CA.
#[derive(Debug)]
pub(super) struct RegionTrust {
    pub(super) roots: Vec<TrustAnchor<'static>>,
    pub(super) crls: Vec<CertRevocationList<'static>>,
}

impl Trust {
    pub(super) fn new(regions: BTreeMap<Jurisdiction, RegionTrust>) -> Self {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        Self { regions, algorithms }
    }

    /// The subjects of all roots, DER.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &[u8]> {
        self.regions.values().flat_map(|region| region.roots.iter().map(|r| r.subject.as_ref()))
    }

    /// Checks a certificate and says whose it is.
    ///
    /// Source: RFC 5280 section 6; identities: `formats`, section 4. Trust: anybody may show any certificate.
    pub(crate) fn check_peer(
        &self,
        own: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        usage: Usage,
        now: UnixTime,
    ) -> Result<Caller, PeerRefused> {
        let caller = identity_of(own)?;
        let unknown = || PeerRefused::UnknownRegion { region: caller.region.clone() };
        let region = self.regions.get(&caller.region).ok_or_else(unknown)?;
        let checked = self.check_chain(region, own, intermediates, usage, now);
        match checked {
            Ok(()) => Ok(caller),
            Err(source) => Err(PeerRefused::Chain { caller: Box::new(caller), source }),
        }
    }

    fn check_chain(
        &self,
        region: &RegionTrust,
        own: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        usage: Usage,
        now: UnixTime,
    ) -> Result<(), webpki::Error> {
        let usage = KeyUsage::required(match usage {
            Usage::Server => SERVER_AUTH,
            Usage::Client => CLIENT_AUTH,
        });
        let crls: Vec<&CertRevocationList<'_>> = region.crls.iter().collect();
        let (roots, algorithms) = (&region.roots, self.algorithms.all);
        let revocation = revocation(&crls);
        let own = EndEntityCert::try_from(own)?;
        own.verify_for_usage(algorithms, roots, intermediates, now, usage, revocation, None)?;
        Ok(())
    }
}

/// Nothing if the region has no list: then nothing is revoked. With lists, what they do not cover is refused.
fn revocation<'a>(crls: &'a [&'a CertRevocationList<'a>]) -> Option<RevocationOptions<'a>> {
    let builder = RevocationOptionsBuilder::new(crls).ok()?;
    let builder = builder.with_depth(RevocationCheckDepth::Chain);
    let builder = builder.with_status_policy(UnknownStatusPolicy::Deny);
    Some(builder.with_expiration_policy(ExpirationPolicy::Enforce).build())
}

/// The one URI among a certificate's alternative names, as an identity. Only a claim until its chain is checked.
pub(super) fn identity_of(certificate: &CertificateDer<'_>) -> Result<Caller, PeerRefused> {
    let unreadable = |_| PeerRefused::Unreadable;
    let (rest, read) =
        X509Certificate::from_der(certificate).map_err(|_| PeerRefused::Unreadable)?;
    if !rest.is_empty() {
        return Err(PeerRefused::Unreadable);
    }
    let names = read.subject_alternative_name().map_err(unreadable)?;
    let names = names.ok_or(PeerRefused::NoIdentity)?;
    let uris: Vec<&str> = names
        .value
        .general_names
        .iter()
        .filter_map(|name| if let GeneralName::URI(uri) = name { Some(*uri) } else { None })
        .collect();
    match uris.as_slice() {
        [] => Err(PeerRefused::NoIdentity),
        [uri] => uri.parse().map_err(PeerRefused::BadIdentity),
        several => Err(PeerRefused::SeveralUris { count: several.len() }),
    }
}
