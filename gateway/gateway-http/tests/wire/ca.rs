//! A region's CA, and papers of all kinds.

use gateway_http::{Authority, Identity};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType,
    ExtendedKeyUsagePurpose as Eku, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};

/// A region's CA.
pub(crate) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    root_pem: String,
}

/// What is written on a certificate.
#[derive(Clone)]
pub(crate) struct Paper {
    pub(crate) uris: Vec<String>,
    pub(crate) dns: Vec<String>,
    pub(crate) common_name: String,
    pub(crate) usages: Vec<Eku>,
    pub(crate) serial: u64,
    pub(crate) until: (i32, u8, u8),
}

impl Paper {
    /// A good one for `uri`, to call and to serve.
    pub(crate) fn of(uri: &str) -> Self {
        Self {
            uris: vec![uri.to_owned()],
            dns: vec!["localhost".to_owned()],
            common_name: "whoever".to_owned(),
            usages: vec![Eku::ClientAuth, Eku::ServerAuth],
            serial: 7,
            until: (2045, 1, 1),
        }
    }
}

impl Ca {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) =
            (date_time_ymd(2020, 1, 1), date_time_ymd(2049, 1, 1));
        let key = KeyPair::generate().unwrap();
        let root_pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), root_pem }
    }

    pub(crate) fn authority(&self) -> Authority {
        Authority { roots_pem: self.root_pem.clone(), crls_pem: None }
    }

    pub(crate) fn root_pem(&self) -> &str {
        &self.root_pem
    }

    pub(crate) fn issue(&self, paper: &Paper) -> Identity {
        let mut params = CertificateParams::new(paper.dns.clone()).unwrap();
        let uris = paper.uris.iter().map(|uri| SanType::URI(uri.as_str().try_into().unwrap()));
        params.subject_alt_names.extend(uris);
        params.distinguished_name.push(DnType::CommonName, paper.common_name.as_str());
        params.extended_key_usages = paper.usages.clone();
        params.serial_number = Some(SerialNumber::from(paper.serial));
        let (year, month, day) = paper.until;
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, month, day);
        let key = KeyPair::generate().unwrap();
        let chain_pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Identity { chain_pem, key_pem: key.serialize_pem() }
    }

    /// A revocation list, PEM, good until 2045 or as said.
    pub(crate) fn list(&self, serials: &[u64], until: (i32, u8, u8)) -> String {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(until.0, until.1, until.2),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}
