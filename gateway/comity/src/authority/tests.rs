//! Certificates, read back by another library.

use super::*;
use x509_parser::prelude::{FromDer as _, GeneralName, Pem, X509Certificate};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn caller(text: &str) -> Caller {
    text.parse().unwrap()
}

fn pem(text: &str) -> Vec<u8> {
    Pem::iter_from_buffer(text.as_bytes()).next().unwrap().unwrap().contents
}

#[test]
fn a_certificate_says_who_and_its_authority_signed_it() {
    let region: Jurisdiction = "CN-HK".parse().unwrap();
    let (authority, kept) = Authority::make(&region, NOW).unwrap();
    let hosts =
        Hosts { names: vec!["gw.example".into()], addresses: vec![IpAddr::from([127, 0, 0, 1])] };
    let again = Authority::read(&region, &kept.certificate, &kept.key).unwrap();
    for maker in [&authority, &again] {
        let made = maker.issue(&caller("comity://CN-HK/gateway/gw-1"), &hosts, NOW).unwrap();
        let (root, leaf) = (pem(&kept.certificate), pem(&made.certificate));
        let root = X509Certificate::from_der(&root).unwrap().1;
        let leaf = X509Certificate::from_der(&leaf).unwrap().1;
        assert!(root.is_ca() && !leaf.is_ca());
        assert_eq!(leaf.issuer(), root.subject());
        leaf.verify_signature(Some(root.public_key())).unwrap();
        let names = &leaf.subject_alternative_name().unwrap().unwrap().value.general_names;
        assert!(names.contains(&GeneralName::URI("comity://CN-HK/gateway/gw-1")));
        assert!(names.contains(&GeneralName::DNSName("gw.example")));
        let days = (leaf.validity().not_after.timestamp() - leaf.validity().not_before.timestamp())
            / 86_400;
        assert_eq!(days, 397);
        let usage = leaf.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && usage.client_auth);
    }
}

#[test]
fn a107_only_a_gateway_s_certificate_serves() {
    let (authority, _) = Authority::make(&"CN-HK".parse().unwrap(), NOW).unwrap();
    for who in ["relayer/r", "regulator/office-1", "platform/counter"] {
        let who = caller(&format!("comity://CN-HK/{who}"));
        let made = authority.issue(&who, &Hosts::default(), NOW).unwrap();
        let leaf = pem(&made.certificate);
        let leaf = X509Certificate::from_der(&leaf).unwrap().1;
        let usage = leaf.extended_key_usage().unwrap().unwrap().value;
        assert!(!usage.server_auth && usage.client_auth);
    }
}

#[test]
fn an_authority_gives_nothing_to_another_region() {
    let (authority, _) = Authority::make(&"CN-HK".parse().unwrap(), NOW).unwrap();
    let refused =
        authority.issue(&caller("comity://CN-GD/regulator/office-1"), &Hosts::default(), NOW);
    assert!(matches!(refused, Err(AuthorityError::OtherRegion { .. })));
}

#[test]
fn another_region_s_authority_is_not_taken_for_ours() {
    let (_, kept) = Authority::make(&"CN-HK".parse().unwrap(), NOW).unwrap();
    let read = Authority::read(&"CN-GD".parse().unwrap(), &kept.certificate, &kept.key);
    assert!(matches!(read, Err(AuthorityError::NotIts { .. })), "{read:?}");
}

#[test]
fn a_request_is_signed_for_who_asks_and_nobody_else() {
    let (authority, kept) = Authority::make(&"CN-HK".parse().unwrap(), NOW).unwrap();
    let hosts = Hosts { names: vec!["gw.example".into()], addresses: vec![] };
    let who = caller("comity://CN-HK/gateway/gw-1");
    let asked = request(&who, &hosts, NOW).unwrap();
    let (subject, certificate) = authority.sign(&asked.certificate, NOW).unwrap();
    assert_eq!(subject, who);
    let (root, leaf) = (pem(&kept.certificate), pem(&certificate));
    let root = X509Certificate::from_der(&root).unwrap().1;
    let leaf = X509Certificate::from_der(&leaf).unwrap().1;
    leaf.verify_signature(Some(root.public_key())).unwrap();
    let names = &leaf.subject_alternative_name().unwrap().unwrap().value.general_names;
    assert!(names.contains(&GeneralName::URI("comity://CN-HK/gateway/gw-1")));
    assert!(names.contains(&GeneralName::DNSName("gw.example")));
    let own = KeyPair::from_pem(&asked.key).unwrap();
    assert_eq!(leaf.public_key().raw, own.subject_public_key_info());
    let foreign = request(&caller("comity://CN-GD/gateway/gw-1"), &hosts, NOW).unwrap();
    let refused = authority.sign(&foreign.certificate, NOW);
    assert!(matches!(refused, Err(AuthorityError::OtherRegion { .. })), "{refused:?}");
}

#[test]
fn a_request_that_names_nobody_or_two_is_refused() {
    let (authority, _) = Authority::make(&"CN-HK".parse().unwrap(), NOW).unwrap();
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let uri = |text: &str| SanType::URI(text.try_into().unwrap());
    let (one, two) = (uri("comity://CN-HK/platform/a"), uri("comity://CN-HK/platform/b"));
    for names in [vec![], vec![one, two], vec![uri("https://example.org/")]] {
        let mut params = CertificateParams::default();
        params.subject_alt_names = names;
        let text = params.serialize_request(&key).unwrap().pem().unwrap();
        let refused = authority.sign(&text, NOW);
        assert!(matches!(refused, Err(AuthorityError::Nobody)), "{refused:?}");
    }
    assert!(authority.sign("-----BEGIN CERTIFICATE REQUEST-----", NOW).is_err());
}

#[test]
fn keys_are_of_the_version_that_everybody_reads() {
    let made = request(&caller("comity://CN-MO/relayer/r-1"), &Hosts::default(), NOW).unwrap();
    assert_eq!(pem(&made.key).len(), 48);
    assert!(made.key.starts_with("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI"));
}

#[test]
fn a_request_names_its_maker() {
    let made = request(&caller("comity://CN-MO/relayer/r-1"), &Hosts::default(), NOW).unwrap();
    let bytes = pem(&made.certificate);
    let request =
        x509_parser::certification_request::X509CertificationRequest::from_der(&bytes).unwrap().1;
    let names: Vec<_> = request
        .requested_extensions()
        .unwrap()
        .filter_map(|extension| match extension {
            x509_parser::extensions::ParsedExtension::SubjectAlternativeName(names) => {
                Some(names.general_names.clone())
            }
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(names, [GeneralName::URI("comity://CN-MO/relayer/r-1")]);
    assert!(!format!("{made:?}").contains("PRIVATE"));
}
