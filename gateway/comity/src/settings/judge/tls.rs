//! The program's own certificate and the regions' authorities.

use super::{Finding, Judge, lists};
use gateway_http::Role;
use gateway_net::SystemClock;
use gateway_types::{Jurisdiction, Timestamp};
use rcgen::KeyPair;
use x509_parser::prelude::{FromDer as _, GeneralName, Pem, X509Certificate};

use crate::{
    load,
    settings::{Program, Tls},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Longest PEM file, in bytes.
pub(super) const MAX_PEM: u64 = 64 * 1024;

/// So long before its end a certificate is spoken of, in milliseconds: 30 days.
const SOON_MS: u64 = 30 * 24 * 3_600_000;

pub(super) fn check(judge: &mut Judge<'_>) {
    let regions: toml::Table = judge.value("tls.authorities").unwrap_or_default();
    let own = judge.region();
    let mut own_authority = None;
    let mut seen: BTreeMap<Vec<u8>, &str> = BTreeMap::new();
    for region in regions.keys() {
        let path = format!("tls.authorities.{region}");
        let Some(bytes) = judge.read(&path, MAX_PEM) else { continue };
        let Some(der) = first_certificate(judge, &path, &bytes) else { continue };
        check_authority(judge, &path, &der);
        if let Some(other) = seen.insert(der.clone(), region) {
            let says =
                format!("{other} and {region} name the same authority, which would speak for both");
            let finding = Finding::error("C-159", judge.at(&path), says);
            judge.push(finding.advise(format!("name {region}'s own authority")));
        }
        if own.as_ref().is_some_and(|own| own.as_str() == region) {
            own_authority = Some(der);
        }
    }
    let said = judge.raw("tls.authorities").is_some();
    if let Some(own) = own.filter(|own| said && !regions.contains_key(own.as_str())) {
        let says = format!("no authority of {own}, its own region");
        let place = judge.at_key("tls.authorities");
        judge.push(Finding::error("C-154", place, says).advise(format!("write {own} = \"…\"")));
    }
    if let Some(bytes) = judge.read("tls.certificate", MAX_PEM)
        && let Some(der) = first_certificate(judge, "tls.certificate", &bytes)
    {
        check_own(judge, &der, own_authority.as_deref());
    }
    check_remotes(judge, &regions);
    lists::check(judge, &regions);
    check_usable(judge);
}

/// Whoever is dialled is believed by its own region's authority alone.
fn check_remotes(judge: &mut Judge<'_>, authorities: &toml::Table) {
    let mut told = BTreeSet::new();
    for (path, remote) in judge.remotes() {
        let region = remote.region;
        if !authorities.contains_key(region.as_str()) && told.insert(region.clone()) {
            let says = format!("no authority of {region} is named: its gateway is not believed");
            let place = judge.at(&format!("{path}.region"));
            judge.push(
                Finding::error("C-154", place, says)
                    .advise(format!("write {region} = \"…\" under [tls.authorities]")),
            );
        }
    }
    if judge.given.program == Program::Gateway && judge.raw("tls.authorities").is_some() {
        check_lanes(judge, authorities, told);
    }
}

/// Regulators of both ends of a lane dial its gateways. Regions that are told of already are passed over.
fn check_lanes(judge: &mut Judge<'_>, authorities: &toml::Table, mut told: BTreeSet<Jurisdiction>) {
    // Of its own region it has been told in any case.
    told.extend(judge.region());
    for (number, lane) in judge.lanes().into_iter().enumerate() {
        for region in [lane.source, lane.destination] {
            if authorities.contains_key(region.as_str()) || !told.insert(region.clone()) {
                continue;
            }
            let says =
                format!("no authority of {region} is named: none of its regulators is let in");
            let place = judge.at(&format!("lane[{number}].name"));
            judge.push(
                Finding::error("C-154", place, says)
                    .advise(format!("write {region} = \"…\" under [tls.authorities]")),
            );
        }
    }
}

/// What the library refuses at the start is refused here, if nothing else has been found in these files.
fn check_usable(judge: &mut Judge<'_>) {
    let is_of_tls = |code: &str| ["C-11", "C-15"].iter().any(|start| code.starts_with(start));
    if judge.findings.iter().any(|it| it.is_error() && is_of_tls(it.code)) {
        return;
    }
    let Some(tls) = judge.value::<Tls>("tls") else { return };
    let Ok(settings) = load::tls(judge.given.folder, &tls) else { return };
    if let Err(error) = gateway_http::Tls::new(&settings, Arc::new(SystemClock)) {
        let says = format!("these files cannot be used: {:#}", anyhow::Error::from(error));
        judge.push(
            Finding::error("C-159", judge.at_key("tls"), says)
                .advise("each region has one authority of its own, and a certificate its key"),
        );
    }
}

pub(super) fn first_certificate(
    judge: &mut Judge<'_>,
    path: &str,
    bytes: &[u8],
) -> Option<Vec<u8>> {
    let mut pems = Pem::iter_from_buffer(bytes).filter_map(Result::ok);
    let found = pems.find(|pem| pem.label == "CERTIFICATE").map(|pem| pem.contents);
    let found = found.filter(|der| X509Certificate::from_der(der).is_ok());
    if found.is_none() {
        let finding = Finding::error("C-112", judge.at(path), "this file holds no certificate");
        judge.push(finding.advise("must be PEM, -----BEGIN CERTIFICATE-----"));
    }
    found
}

pub(super) fn check_authority(judge: &mut Judge<'_>, path: &str, der: &[u8]) {
    let Ok((_, authority)) = X509Certificate::from_der(der) else { return };
    if !authority.is_ca() {
        let finding = Finding::error("C-154", judge.at(path), "this certificate is no authority's");
        judge.push(finding.advise("name the authority, not a certificate that it gave"));
    }
    check_time(judge, path, &authority);
}

fn check_own(judge: &mut Judge<'_>, der: &[u8], authority: Option<&[u8]>) {
    let path = "tls.certificate";
    let Ok((_, own)) = X509Certificate::from_der(der) else { return };
    check_time(judge, path, &own);
    check_identity(judge, path, &own);
    if let Some(authority) = authority.and_then(|der| X509Certificate::from_der(der).ok())
        && own.verify_signature(Some(authority.1.public_key())).is_err()
    {
        let says = "its own region's authority did not sign this certificate";
        judge.push(
            Finding::error("C-152", judge.at(path), says)
                .advise("have it signed by the authority named in [tls.authorities]"),
        );
    }
    let Some(key) = judge.read_secret("tls.key_file") else { return };
    let key = std::str::from_utf8(&key).ok().and_then(|text| KeyPair::from_pem(text).ok());
    let finding = match key {
        None => Finding::error("C-112", judge.at("tls.key_file"), "this file holds no key")
            .advise("must be PEM, PKCS #8"),
        Some(key) if key.public_key_raw() != &*own.public_key().subject_public_key.data => {
            Finding::error("C-153", judge.at("tls.key_file"), "this is not the certificate's key")
                .advise("name the key that the certificate was asked for with")
        }
        Some(_) => return,
    };
    judge.push(finding);
}

/// The SAN URI says what the settings say.
fn check_identity(judge: &mut Judge<'_>, path: &str, own: &X509Certificate<'_>) {
    let (Some(region), Some(name)) = (judge.region(), judge.name()) else { return };
    let role = match judge.given.program {
        Program::Gateway => Role::Gateway,
        Program::Relayer => Role::Relayer,
        Program::Regulator => Role::Regulator,
        Program::Platform => Role::Platform,
    };
    let wanted = gateway_http::Caller { region, role, name }.to_string();
    let names = own.subject_alternative_name().ok().flatten();
    let uris: Vec<&str> = names
        .iter()
        .flat_map(|names| &names.value.general_names)
        .filter_map(|name| match name {
            GeneralName::URI(uri) => Some(*uri),
            _ => None,
        })
        .collect();
    if uris != [wanted.as_str()] {
        let is: String = uris.join(", ").chars().filter(|c| !c.is_control()).take(120).collect();
        let is = if is.is_empty() { "nobody by a SAN URI".to_owned() } else { is };
        let finding =
            Finding::error("C-150", judge.at(path), format!("this certificate is for {is}"));
        judge.push(finding.advise(format!("must be for {wanted}")));
    }
}

fn check_time(judge: &mut Judge<'_>, path: &str, certificate: &X509Certificate<'_>) {
    let millis = |seconds: i64| u64::try_from(seconds).unwrap_or(0).saturating_mul(1_000);
    let from = Timestamp(millis(certificate.validity().not_before.timestamp()));
    let until = Timestamp(millis(certificate.validity().not_after.timestamp()));
    let now = judge.given.now;
    let place = judge.at(path);
    let finding = if now < from {
        Finding::error("C-151", place, format!("this certificate counts from {} on", day(from)))
            .advise("see whether the clock is right")
    } else if now >= until {
        Finding::error("C-151", place, format!("this certificate ended on {}", day(until)))
            .advise("ask its authority for a new one")
    } else if until.0.saturating_sub(now.0) < SOON_MS {
        Finding::error("C-155", place, format!("this certificate ends on {}", day(until)))
            .advise("ask its authority for a new one")
            .warning()
    } else {
        return;
    };
    judge.push(finding);
}

/// `2026-11-21`, in UTC.
pub(super) fn day(time: Timestamp) -> String {
    let millis = i64::try_from(time.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis)
        .map_or_else(|_| "a day far off".to_owned(), |time| time.strftime("%Y-%m-%d").to_string())
}
