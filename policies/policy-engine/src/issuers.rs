//! `issuers.toml`: who may issue what, with which key, from when to when.
//!
//! The list is the *source's* and lies under its pack's digest: so what a key was good for at any time can be
//! replayed. Source: the shape of the Guangdong and Hong Kong trust list for electronic signatures.

use crate::{
    manifest::{Manifest, Reader, Words, toml_problem},
    problem::{Problem, ProblemCode},
};
use base64::Engine as _;
use gateway_types::{
    PublicKey, Timestamp,
    id::{ClassCode, IssuerCode},
};
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::{Spanned, value::Datetime};

/// The list's file name.
pub(crate) const FILE: &str = "issuers.toml";

/// Most entries of a list.
const MAX_ISSUERS: usize = 1024;

/// One period of one issuing body with one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// Its name.
    pub name: Words,
    /// The classes that it may issue in this period.
    pub classes: BTreeSet<ClassCode>,
    /// Its code and key.
    pub key: IssuerKey,
    /// First moment of the period.
    pub from: Timestamp,
    /// First moment after it.
    pub until: Timestamp,
}

/// The key of an issuing body, from a pack that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerKey {
    /// Whose.
    pub code: IssuerCode,
    /// The Ed25519 key (RFC 8032) under which it signs records.
    pub key: PublicKey,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawList {
    #[serde(default)]
    issuer: Vec<Spanned<RawIssuer>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIssuer {
    code: IssuerCode,
    name: Words,
    classes: BTreeSet<ClassCode>,
    key: Spanned<Jwk>,
    from: Spanned<Datetime>,
    until: Spanned<Datetime>,
}

/// An Ed25519 key as RFC 8037 section 2 writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Jwk {
    kty: String,
    crv: String,
    x: String,
}

/// Reads the list; problems are added to `problems`.
pub(crate) fn parse(text: &str, manifest: &Manifest, problems: &mut Vec<Problem>) -> Vec<Issuer> {
    let raw = match toml::from_str::<RawList>(text) {
        Ok(raw) => raw,
        Err(error) => {
            problems.push(toml_problem(FILE, text, &error));
            return Vec::new();
        }
    };
    let mut reader = Reader { file: FILE, text, problems };
    let mut list: Vec<Issuer> = Vec::new();
    for item in raw.issuer.iter().take(MAX_ISSUERS) {
        if let Some(issuer) = reader.issuer(item, manifest) {
            if list.iter().any(|other| overlap(other, &issuer)) {
                let message = "this issuer has another entry for the same class and moment";
                reader.refuse(ProblemCode::Issuers, item, message);
            }
            list.push(issuer);
        }
    }
    if let Some(item) = raw.issuer.get(MAX_ISSUERS) {
        reader.refuse(ProblemCode::TooMuch, item, "more than 1024 issuers");
    }
    list
}

impl Reader<'_> {
    fn issuer(&mut self, item: &Spanned<RawIssuer>, manifest: &Manifest) -> Option<Issuer> {
        let raw = item.get_ref();
        let from = self.time(ProblemCode::Issuers, &raw.from);
        let until = self.time(ProblemCode::Issuers, &raw.until);
        if until <= from {
            self.refuse(ProblemCode::Issuers, &raw.until, "the period ends before it begins");
        }
        for class in raw.classes.iter().filter(|class| !manifest.classes.contains_key(class)) {
            let message = format!("`{class}` is not a class of this pack's [classes]");
            self.refuse(ProblemCode::Issuers, item, &message);
        }
        let Some(key) = public_key(raw.key.get_ref()) else {
            let message =
                "not an Ed25519 key: kty = \"OKP\", crv = \"Ed25519\", x = 43 of base64url";
            self.refuse(ProblemCode::Issuers, &raw.key, message);
            return None;
        };
        let key = IssuerKey { code: raw.code.clone(), key };
        Some(Issuer { name: raw.name.clone(), classes: raw.classes.clone(), key, from, until })
    }
}

fn public_key(jwk: &Jwk) -> Option<PublicKey> {
    if jwk.kty != "OKP" || jwk.crv != "Ed25519" {
        return None;
    }
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&jwk.x).ok()?;
    PublicKey::from_slice(&bytes)
}

/// Whether both could answer for one moment and class: then which key counts would depend on the order.
fn overlap(a: &Issuer, b: &Issuer) -> bool {
    a.key.code == b.key.code
        && !a.classes.is_disjoint(&b.classes)
        && a.from < b.until
        && b.from < a.until
}

/// The one entry of `list` that lets `issuer` issue `class` at `at`.
pub(crate) fn accredited<'a>(
    list: &'a [Issuer],
    issuer: &IssuerCode,
    class: &ClassCode,
    at: Timestamp,
) -> Option<&'a IssuerKey> {
    list.iter()
        .find(|entry| {
            entry.key.code == *issuer
                && entry.classes.contains(class)
                && entry.from <= at
                && at < entry.until
        })
        .map(|entry| &entry.key)
}
