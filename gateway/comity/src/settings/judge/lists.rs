//! Revocation lists: of which certificates a region's authority says that they count no more.

use super::{Finding, Judge, tls::day};
use crate::load::MAX_LIST;
use gateway_types::Timestamp;
use toml::Table;
use x509_parser::prelude::{CertificateRevocationList, FromDer as _, Pem, X509Certificate};

/// So long before its end a list is spoken of, in milliseconds: a day. Lists are made for some days.
const SOON_MS: u64 = 24 * 3_600_000;

/// Checks the list of every region that has one; `authorities` are those that are named.
pub(super) fn check(judge: &mut Judge<'_>, authorities: &Table) {
    let regions: Table = judge.value("tls.revocation_lists").unwrap_or_default();
    for region in regions.keys() {
        let path = format!("tls.revocation_lists.{region}");
        if !authorities.contains_key(region) {
            let says = format!("{region} has no authority here, so its list says nothing");
            let advice = format!("write {region} = \"…\" under [tls.authorities], or take it out");
            judge.push(Finding::error("C-156", judge.at_key(&path), says).advise(advice));
            continue;
        }
        let Some(bytes) = judge.read(&path, MAX_LIST) else { continue };
        check_file(judge, region, &path, &bytes);
    }
}

fn check_file(judge: &mut Judge<'_>, region: &str, path: &str, bytes: &[u8]) {
    let lists: Vec<Pem> = pems(bytes, "X509 CRL");
    if lists.is_empty() {
        let finding = Finding::error("C-112", judge.at(path), "this file holds no revocation list");
        judge.push(finding.advise("must be PEM, -----BEGIN X509 CRL-----"));
    }
    for list in lists {
        match CertificateRevocationList::from_der(&list.contents) {
            Ok((_, list)) => check_list(judge, region, path, &list),
            Err(_) => {
                let says = "this revocation list cannot be read";
                let finding = Finding::error("C-112", judge.at(path), says);
                judge.push(finding.advise(format!("get it anew from {region}'s authority")));
            }
        }
    }
}

fn check_list(
    judge: &mut Judge<'_>,
    region: &str,
    path: &str,
    list: &CertificateRevocationList<'_>,
) {
    if !is_signed(judge, region, list) {
        let says = format!("{region}'s authority did not sign this list");
        let advice = "get the list from the authority named in [tls.authorities]";
        return judge.push(Finding::error("C-156", judge.at(path), says).advise(advice));
    }
    let millis = |seconds: i64| u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000);
    let Some(end) = list.next_update().map(|end| Timestamp(millis(end.timestamp()))) else {
        let says = "this list says no time of its next update: it would be believed for ever";
        let advice = "have the authority make it with one";
        return judge.push(Finding::error("C-156", judge.at(path), says).advise(advice));
    };
    check_end(judge, region, path, end);
    check_own(judge, region, path, list);
}

fn is_signed(judge: &mut Judge<'_>, region: &str, list: &CertificateRevocationList<'_>) -> bool {
    let path = format!("tls.authorities.{region}");
    let Some(bytes) = judge.read(&path, super::tls::MAX_PEM) else { return false };
    let signed = |pem: &Pem| {
        X509Certificate::from_der(&pem.contents)
            .is_ok_and(|(_, authority)| list.verify_signature(authority.public_key()).is_ok())
    };
    pems(&bytes, "CERTIFICATE").iter().any(signed)
}

/// A list that has ended is no reason not to start: other regions are served.
fn check_end(judge: &mut Judge<'_>, region: &str, path: &str, end: Timestamp) {
    let now = judge.given.now;
    let says = if now >= end {
        format!("this list ended on {}: everybody of {region} is refused", day(end))
    } else if end.0.saturating_sub(now.0) < SOON_MS {
        format!("this list ends on {}: then everybody of {region} is refused", day(end))
    } else {
        return;
    };
    let advice = format!("fetch the next one from {region}'s authority, and send SIGHUP");
    judge.push(Finding::error("C-157", judge.at(path), says).advise(advice).warning());
}

/// Whether this program itself is on the list.
fn check_own(
    judge: &mut Judge<'_>,
    region: &str,
    path: &str,
    list: &CertificateRevocationList<'_>,
) {
    if judge.region().is_none_or(|own| own.as_str() != region) {
        return;
    }
    let Some(bytes) = judge.path("tls.certificate").and_then(|path| std::fs::read(path).ok())
    else {
        return;
    };
    let own = pems(&bytes, "CERTIFICATE");
    let Some((_, own)) = own.first().and_then(|pem| X509Certificate::from_der(&pem.contents).ok())
    else {
        return;
    };
    if list.iter_revoked_certificates().any(|revoked| revoked.raw_serial() == own.raw_serial()) {
        let finding =
            Finding::error("C-158", judge.at(path), "this program's own certificate is revoked");
        judge.push(finding.advise(format!("ask {region}'s authority for a new one, and why")));
    }
}

fn pems(bytes: &[u8], label: &str) -> Vec<Pem> {
    Pem::iter_from_buffer(bytes).filter_map(Result::ok).filter(|pem| pem.label == label).collect()
}
