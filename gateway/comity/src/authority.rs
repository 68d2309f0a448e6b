//! A region's authority for TLS, and the certificates it gives: who is who between the programs.
//!
//! A certificate's SAN URI says region, role and name: `comity://CN-HK/gateway/gateway`. It counts only if
//! that region's own authority signed it. These certificates open connections; they sign no recognition.

mod key;
mod list;

use gateway_http::{Caller, Role};
use gateway_types::{Jurisdiction, Timestamp};
use key::key_pem;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519,
    PublicKeyData, SanType, date_time_ymd,
};
use std::{fmt, net::IpAddr};
use x509_parser::pem::Pem;
use zeroize::Zeroizing;

/// How long an authority's certificate counts, in days: ten years.
const AUTHORITY_DAYS: i64 = 3_652;

/// How long any other counts, in days.
const CERTIFICATE_DAYS: i64 = 397;

/// Hosts by which a gateway may be dialled too, as DNS names and addresses in its certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// DNS names.
    pub names: Vec<String>,
    /// Addresses.
    pub addresses: Vec<IpAddr>,
}

/// A certificate and its key, PEM. The key is wiped when dropped and never shown.
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: Zeroizing<String>,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Issued(key hidden)")
    }
}

/// A region's authority.
pub struct Authority {
    region: Jurisdiction,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({})", self.region)
    }
}

impl Authority {
    /// Makes a region's authority, Ed25519, for ten years; and what is to be kept of it.
    ///
    /// # Errors
    ///
    /// [`AuthorityError`] if the system gives no randomness.
    pub fn make(region: &Jurisdiction, now: Timestamp) -> Result<(Self, Issued), AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ED25519)?;
        let mut params = params(&authority_name(region), now, AUTHORITY_DAYS)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?.pem();
        let issued = Issued { certificate, key: key_pem(&key)? };
        Ok((Self { region: region.clone(), issuer: Issuer::new(params, key) }, issued))
    }

    /// Reads the authority of `region` back.
    ///
    /// # Errors
    ///
    /// [`AuthorityError`] if certificate or key is none, or the certificate is another region's.
    pub fn read(
        region: &Jurisdiction,
        certificate: &str,
        key: &str,
    ) -> Result<Self, AuthorityError> {
        if common_name(certificate).as_deref() != Some(authority_name(region).as_str()) {
            return Err(AuthorityError::NotIts { region: region.clone() });
        }
        let issuer = Issuer::from_ca_cert_pem(certificate, KeyPair::from_pem(key)?)?;
        Ok(Self { region: region.clone(), issuer })
    }

    /// Makes a key and its certificate, for 397 days.
    ///
    /// # Errors
    ///
    /// [`AuthorityError::OtherRegion`] for a subject of another region: no authority speaks for two.
    pub fn issue(
        &self,
        subject: &Caller,
        hosts: &Hosts,
        now: Timestamp,
    ) -> Result<Issued, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ED25519)?;
        let certificate = self.certify(subject, hosts, &key, now)?;
        Ok(Issued { certificate, key: key_pem(&key)? })
    }

    /// Signs a request that [`request`] wrote: its key, its name and its hosts, and nothing else that stands in
    /// it. The certificate, PEM, for 397 days, and whose it is.
    ///
    /// Trust: whoever wrote the request may have written anything; that it is theirs to ask, a person must know.
    ///
    /// # Errors
    ///
    /// [`AuthorityError`] if it is no request, is not signed by its own key, names nobody or two, or somebody of
    /// another region.
    pub fn sign(&self, request: &str, now: Timestamp) -> Result<(Caller, String), AuthorityError> {
        let request = CertificateSigningRequestParams::from_pem(request)?;
        let (subject, hosts) = asked_for(&request.params.subject_alt_names)?;
        let certificate = self.certify(&subject, &hosts, &request.public_key, now)?;
        Ok((subject, certificate))
    }

    fn certify(
        &self,
        subject: &Caller,
        hosts: &Hosts,
        key: &impl PublicKeyData,
        now: Timestamp,
    ) -> Result<String, AuthorityError> {
        if subject.region != self.region {
            return Err(AuthorityError::OtherRegion {
                got: subject.region.clone(),
                authority: self.region.clone(),
            });
        }
        let mut params = subject_params(subject, hosts, now)?;
        params.use_authority_key_identifier_extension = true;
        Ok(params.signed_by(key, &self.issuer)?.pem())
    }
}

/// What stands in an authority's certificate: the region that it speaks for.
fn authority_name(region: &Jurisdiction) -> String {
    format!("Comity authority of {region}")
}

/// The name in a certificate, PEM; nothing if it is none.
fn common_name(certificate: &str) -> Option<String> {
    let pem = Pem::iter_from_buffer(certificate.as_bytes()).next()?.ok()?;
    let parsed = pem.parse_x509().ok()?;
    let name = parsed.subject().iter_common_name().next()?;
    name.as_str().ok().map(str::to_owned)
}

/// Who a request is of, and where it is dialled.
fn asked_for(names: &[SanType]) -> Result<(Caller, Hosts), AuthorityError> {
    let (mut callers, mut hosts) = (Vec::new(), Hosts::default());
    for name in names {
        match name {
            SanType::URI(uri) => callers.push(uri.as_str().parse()),
            SanType::DnsName(name) => hosts.names.push(name.as_str().to_owned()),
            SanType::IpAddress(address) => hosts.addresses.push(*address),
            _ => return Err(AuthorityError::Nobody),
        }
    }
    match <[_; 1]>::try_from(callers) {
        Ok([Ok(caller)]) => Ok((caller, hosts)),
        _ => Err(AuthorityError::Nobody),
    }
}

/// Makes a key, and a request to its region's authority for a certificate: PKCS #10, PEM.
///
/// # Errors
///
/// [`AuthorityError`] if the system gives no randomness.
pub fn request(subject: &Caller, hosts: &Hosts, now: Timestamp) -> Result<Issued, AuthorityError> {
    let key = KeyPair::generate_for(&PKCS_ED25519)?;
    let request = subject_params(subject, hosts, now)?.serialize_request(&key)?.pem()?;
    Ok(Issued { certificate: request, key: key_pem(&key)? })
}

fn subject_params(
    subject: &Caller,
    hosts: &Hosts,
    now: Timestamp,
) -> Result<CertificateParams, AuthorityError> {
    let name = format!("{} {} {}", subject.region, subject.role.as_str(), subject.name);
    let mut params = params(&name, now, CERTIFICATE_DAYS)?;
    params.subject_alt_names.push(SanType::URI(subject.to_string().try_into()?));
    for name in &hosts.names {
        params.subject_alt_names.push(SanType::DnsName(name.clone().try_into()?));
    }
    params.subject_alt_names.extend(hosts.addresses.iter().copied().map(SanType::IpAddress));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = usages(subject.role);
    Ok(params)
}

/// A gateway is dialled, and dials others; all else only dials.
fn usages(role: Role) -> Vec<ExtendedKeyUsagePurpose> {
    match role {
        Role::Gateway => {
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth]
        }
        _ => vec![ExtendedKeyUsagePurpose::ClientAuth],
    }
}

/// A name, and a time from the day of `now` on.
fn params(name: &str, now: Timestamp, days: i64) -> Result<CertificateParams, AuthorityError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    let millis = i64::try_from(now.0).map_err(|_| AuthorityError::Time)?;
    let start = jiff::Timestamp::from_millisecond(millis).map_err(|_| AuthorityError::Time)?;
    let first = start.to_zoned(jiff::tz::TimeZone::UTC).date();
    let last =
        first.checked_add(jiff::Span::new().try_days(days).map_err(|_| AuthorityError::Time)?);
    let (year, month, day) = ymd(first)?;
    params.not_before = date_time_ymd(year, month, day);
    let (year, month, day) = ymd(last.map_err(|_| AuthorityError::Time)?)?;
    params.not_after = date_time_ymd(year, month, day);
    Ok(params)
}

fn ymd(date: jiff::civil::Date) -> Result<(i32, u8, u8), AuthorityError> {
    let month = u8::try_from(date.month()).map_err(|_| AuthorityError::Time)?;
    let day = u8::try_from(date.day()).map_err(|_| AuthorityError::Time)?;
    Ok((i32::from(date.year()), month, day))
}

/// Why no certificate was made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// One region's authority was asked for another's certificate.
    #[error("the authority of {authority} gives no certificate to {got}")]
    OtherRegion {
        /// Whose certificate.
        got: Jurisdiction,
        /// Whose authority.
        authority: Jurisdiction,
    },
    /// A certificate that is not of this region's authority.
    #[error(
        "this is not the authority of {region}: a certificate of {region} must be signed by {region}'s own"
    )]
    NotIts {
        /// Whose authority was wanted.
        region: Jurisdiction,
    },
    /// A request that does not say whose it is, or says it twice.
    #[error(
        "the request does not name one program or platform, as comity://CN-HK/gateway/NAME; `{} keys init` writes such requests",
        crate::typed::program()
    )]
    Nobody,
    /// A key of a form that is not known.
    #[error("a key came out in a form that is not known")]
    KeyForm,
    /// A moment that no calendar has.
    #[error("this moment has no date")]
    Time,
    /// A certificate or key that is none, a name that cannot stand in one, or no randomness.
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
}

#[cfg(test)]
mod tests;
