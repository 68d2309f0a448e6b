//! A region's authority for TLS, and the certificates it gives: who is who between the programs.
//!
//! A certificate's SAN URI says region, role and name: `comity://CN-HK/gateway/gateway`. It counts only if
//! that region's own authority signed it. These certificates open connections; they sign no recognition.

mod list;

use gateway_http::{Caller, Role};
use gateway_types::{Jurisdiction, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519, SanType, date_time_ymd,
};
use std::{fmt, net::IpAddr};
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
        let mut params = params(&format!("Comity authority of {region}"), now, AUTHORITY_DAYS)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key)?.pem();
        let issued = Issued { certificate, key: Zeroizing::new(key.serialize_pem()) };
        Ok((Self { region: region.clone(), issuer: Issuer::new(params, key) }, issued))
    }

    /// Reads an authority back.
    ///
    /// # Errors
    ///
    /// [`AuthorityError`] if certificate or key is none.
    pub fn read(
        region: &Jurisdiction,
        certificate: &str,
        key: &str,
    ) -> Result<Self, AuthorityError> {
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
        if subject.region != self.region {
            return Err(AuthorityError::OtherRegion {
                got: subject.region.clone(),
                authority: self.region.clone(),
            });
        }
        let key = KeyPair::generate_for(&PKCS_ED25519)?;
        let mut params = subject_params(subject, hosts, now)?;
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Issued { certificate, key: Zeroizing::new(key.serialize_pem()) })
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
    Ok(Issued { certificate: request, key: Zeroizing::new(key.serialize_pem()) })
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
    /// A moment that no calendar has.
    #[error("this moment has no date")]
    Time,
    /// A certificate or key that is none, a name that cannot stand in one, or no randomness.
    #[error(transparent)]
    Certificate(#[from] rcgen::Error),
}

#[cfg(test)]
mod tests;
