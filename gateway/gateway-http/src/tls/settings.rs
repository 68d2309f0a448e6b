//! From PEM texts to what runs.

use super::{
    PeerRefused, Trust,
    authority::{RegionTrust, identity_of},
};
use crate::Caller;
use gateway_types::{Jurisdiction, Timestamp};
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, PrivateKeyDer,
    pem::{self, PemObject},
};
use std::{collections::BTreeMap, fmt};
use webpki::{CertRevocationList, OwnedCertRevocationList, anchor_from_trusted_cert};
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, X509Certificate};

/// Most certificates or lists in one PEM text. More: refused.
const MAX_IN_ONE_TEXT: usize = 16;

/// Who we are and whom we believe.
#[derive(Clone, Debug, Default)]
pub struct TlsSettings {
    /// Our certificate and key. A server needs one; a client may do without.
    pub identity: Option<Identity>,
    /// The one CA of each region: who is signed by another region's is not believed.
    pub authorities: BTreeMap<Jurisdiction, Authority>,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Identity {
    /// PEM: our certificate, then its intermediates.
    pub chain_pem: String,
    /// PEM: its private key, PKCS#8, SEC1 or PKCS#1.
    pub key_pem: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(hidden)")
    }
}

/// A region's CA.
#[derive(Clone, Debug, Default)]
pub struct Authority {
    /// PEM: its root, or two of them during a change.
    pub roots_pem: String,
    /// PEM: its revocation lists. Without one nothing is revoked; with one, a certificate that no list
    /// speaks of is refused, and so is everybody once the list has ended.
    pub crls_pem: Option<String>,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A text is not PEM of the kind expected.
    #[error("{what} is not the PEM text that is expected")]
    Pem {
        /// Which text.
        what: String,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// A text holds nothing of the kind expected, or too much.
    #[error("{what} holds {count}, 1 to {MAX_IN_ONE_TEXT} are expected")]
    Count {
        /// Which text.
        what: String,
        /// How many were found, at most one more than are taken.
        count: usize,
    },
    /// A root or a revocation list cannot be read.
    #[error("{what} cannot be read")]
    Malformed {
        /// Which text.
        what: String,
        /// Why.
        #[source]
        source: webpki::Error,
    },
    /// A revocation list has no end: it would be believed for ever.
    #[error("a revocation list of {region} says no time of its next update")]
    EndlessList {
        /// Whose.
        region: Jurisdiction,
    },
    /// Two regions name the same key: one could make the other's regulators.
    #[error("{first} and {second} name the same CA")]
    SharedAuthority {
        /// One region.
        first: Jurisdiction,
        /// The other.
        second: Jurisdiction,
    },
    /// Our own certificate says nothing of who we are.
    #[error("our own certificate names no identity")]
    Identity(#[source] PeerRefused),
    /// The certificate does not fit its key, or TLS cannot be had this way.
    #[error("certificate and key cannot be used")]
    Unusable(#[source] rustls::Error),
    /// A server without an identity.
    #[error("a server needs a certificate")]
    NoIdentity,
}

/// Settings, read.
pub(super) struct Loaded {
    pub(super) identity: Option<LoadedIdentity>,
    pub(super) trust: Trust,
    pub(super) lists_expire_at: Option<Timestamp>,
}

/// An identity, read.
pub(super) struct LoadedIdentity {
    pub(super) caller: Caller,
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) expires_at: Timestamp,
}

impl Loaded {
    pub(super) fn new(settings: &TlsSettings) -> Result<Self, TlsError> {
        let mut regions = BTreeMap::new();
        let mut lists_expire_at = None;
        for (region, authority) in &settings.authorities {
            let lists = load_lists(region, authority)?;
            let ends = lists.iter().map(|(_, ends)| *ends).min();
            lists_expire_at = [lists_expire_at, ends].into_iter().flatten().min();
            let crls = lists.into_iter().map(|(list, _)| list).collect();
            regions.insert(
                region.clone(),
                RegionTrust { roots: load_roots(region, authority)?, crls },
            );
        }
        check_no_key_is_shared(&regions)?;
        let identity = settings.identity.as_ref().map(LoadedIdentity::new).transpose()?;
        Ok(Self { identity, trust: Trust::new(regions), lists_expire_at })
    }
}

impl LoadedIdentity {
    fn new(identity: &Identity) -> Result<Self, TlsError> {
        let chain: Vec<_> = read_all("our certificate", &identity.chain_pem)?;
        let own = chain.first().ok_or(TlsError::NoIdentity)?;
        let caller = identity_of(own).map_err(TlsError::Identity)?;
        let expires_at = expiry(own).ok_or(TlsError::Identity(PeerRefused::Unreadable))?;
        let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes())
            .map_err(|source| TlsError::Pem { what: "our key".into(), source })?;
        Ok(Self { caller, chain, key, expires_at })
    }
}

fn load_roots(
    region: &Jurisdiction,
    authority: &Authority,
) -> Result<Vec<rustls::pki_types::TrustAnchor<'static>>, TlsError> {
    let what = format!("the CA of {region}");
    let roots: Vec<CertificateDer<'static>> = read_all(&what, &authority.roots_pem)?;
    let anchor = |root| match anchor_from_trusted_cert(root) {
        Ok(anchor) => Ok(anchor.to_owned()),
        Err(source) => Err(TlsError::Malformed { what: what.clone(), source }),
    };
    roots.iter().map(anchor).collect()
}

/// The revocation lists, each with its end.
fn load_lists(
    region: &Jurisdiction,
    authority: &Authority,
) -> Result<Vec<(CertRevocationList<'static>, Timestamp)>, TlsError> {
    let Some(text) = &authority.crls_pem else { return Ok(Vec::new()) };
    let what = format!("the revocation list of {region}");
    let lists: Vec<CertificateRevocationListDer<'static>> = read_all(&what, text)?;
    let list = |der: &CertificateRevocationListDer<'static>| {
        let list = OwnedCertRevocationList::from_der(der)
            .map_err(|source| TlsError::Malformed { what: what.clone(), source })?;
        let ends = end_of_list(der).ok_or(TlsError::EndlessList { region: region.clone() })?;
        Ok((CertRevocationList::Owned(list), ends))
    };
    lists.iter().map(list).collect()
}

fn read_all<T: PemObject>(what: &str, text: &str) -> Result<Vec<T>, TlsError> {
    let items = T::pem_slice_iter(text.as_bytes()).take(MAX_IN_ONE_TEXT.saturating_add(1));
    let items: Vec<T> = items
        .collect::<Result<_, _>>()
        .map_err(|source| TlsError::Pem { what: what.into(), source })?;
    if (1..=MAX_IN_ONE_TEXT).contains(&items.len()) {
        Ok(items)
    } else {
        Err(TlsError::Count { what: what.into(), count: items.len() })
    }
}

/// One region's CA must not be another's: compared by public key.
fn check_no_key_is_shared(regions: &BTreeMap<Jurisdiction, RegionTrust>) -> Result<(), TlsError> {
    let mut owners = BTreeMap::new();
    for (region, trust) in regions {
        for root in &trust.roots {
            let owner = owners.insert(root.subject_public_key_info.as_ref().to_vec(), region);
            if let Some(first) = owner.filter(|first| *first != region) {
                let (first, second) = (first.clone(), region.clone());
                return Err(TlsError::SharedAuthority { first, second });
            }
        }
    }
    Ok(())
}

fn expiry(certificate: &CertificateDer<'_>) -> Option<Timestamp> {
    let (_, read) = X509Certificate::from_der(certificate).ok()?;
    from_seconds(read.validity().not_after.timestamp())
}

fn end_of_list(list: &CertificateRevocationListDer<'_>) -> Option<Timestamp> {
    let (_, read) = CertificateRevocationList::from_der(list).ok()?;
    from_seconds(read.next_update()?.timestamp())
}

fn from_seconds(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp(u64::try_from(seconds).ok()?.saturating_mul(1_000)))
}
