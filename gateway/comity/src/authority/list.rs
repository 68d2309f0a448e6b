//! The list of certificates that count no more.

use super::{Authority, AuthorityError, params};
use gateway_types::Timestamp;
use rcgen::{CertificateRevocationListParams, Error, KeyIdMethod, RevokedCertParams, SerialNumber};
use x509_parser::pem::parse_x509_pem;

impl Authority {
    /// Makes the list of this region's certificates that count no more, PEM: good from the day of `now` on, for so
    /// many days. `revoked` are the certificates, PEM; a list names all of them, also those of the list before.
    ///
    /// # Errors
    ///
    /// [`AuthorityError`] if one of them is no certificate.
    pub fn list(
        &self,
        revoked: &[&str],
        now: Timestamp,
        days: i64,
    ) -> Result<String, AuthorityError> {
        let valid = params("", now, days)?;
        let serial = |pem: &&str| {
            let unreadable = || AuthorityError::from(Error::CouldNotParseCertificate);
            let (_, pem) = parse_x509_pem(pem.as_bytes()).map_err(|_| unreadable())?;
            let certificate = pem.parse_x509().map_err(|_| unreadable())?;
            Ok(RevokedCertParams {
                serial_number: SerialNumber::from_slice(certificate.raw_serial()),
                revocation_time: valid.not_before,
                reason_code: None,
                invalidity_date: None,
            })
        };
        let list = CertificateRevocationListParams {
            this_update: valid.not_before,
            next_update: valid.not_after,
            crl_number: SerialNumber::from(now.0),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(serial).collect::<Result<_, AuthorityError>>()?,
            key_identifier_method: KeyIdMethod::Sha256,
        };
        Ok(list.signed_by(&self.issuer)?.pem()?)
    }
}
