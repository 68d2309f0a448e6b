//! Example licences, as the issuers of the example packs would make them.
//!
//! Everything follows from region and number: the issuer's key is SHA-256 of `comity example issuer CODE`, as the
//! packs' `issuers.toml` say; the holder's of `comity example holder REGION N`; salts of `comity example salt …`.

use gateway_record::{
    issue::{ConsentTerms, Draft, Field, IssueError, Issued, Key, bind, consent, issue},
    json::Json,
};
use gateway_types::{
    Digest, LicenceId, LicenceKey, Origin, Platform, Salt, Timestamp,
    candidate::request_digest,
    frame::sha256,
    id::{BadIdentifier, ClassCode, IdempotencyKey, IssuerCode, Jurisdiction, PurposeCode},
};
use std::time::Duration;

/// The fields that every pack judges, and all that an example's holder shows.
pub const SHOWN: [&str; 3] = ["licence_id", "not_before", "not_after"];

/// How long an example's holder agrees.
pub const CONSENT: Duration = Duration::from_secs(24 * 60 * 60);

/// When all of them were issued: 2026-06-01 00:00 in China.
const ISSUED_AT: Timestamp = Timestamp(1_780_243_200_000);

/// What check characters are chosen from.
const CHECKS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Why there is no such example.
#[derive(Debug, thiserror::Error)]
pub enum ExampleError {
    /// The example packs name no issuer there.
    #[error("no example issuer in {region}")]
    NoIssuer {
        /// The region asked for.
        region: Jurisdiction,
    },
    /// A name of the examples is not one that would be taken.
    #[error("an example's identifier")]
    Identifier(#[from] BadIdentifier),
    /// The record would not be taken.
    #[error("an example's record")]
    Issue(#[from] IssueError),
}

/// A licence with all that its issuer and its holder keep.
#[derive(Clone, Debug)]
pub struct ExampleLicence {
    /// Its identifier.
    pub licence: LicenceId,
    /// Where it stands in the registry.
    pub key: LicenceKey,
    /// Who issued it.
    pub issuer: IssuerCode,
    /// Its class.
    pub class: ClassCode,
    /// The record; its digest goes on chain.
    pub issued: Issued,
    /// The seed of the holder's key: an example's, published on purpose.
    pub holder_seed: Digest,
}

impl ExampleLicence {
    /// The holder's key.
    #[must_use]
    pub fn holder(&self) -> Key {
        Key::from_seed(&self.holder_seed.0)
    }

    /// The holder's part of one question, which `platform` asks under `key`: no more than is needed, bound to this
    /// question, for one purpose, from `at` on for [`CONSENT`].
    ///
    /// # Errors
    ///
    /// [`IssueError`]: the record lacks a field of [`SHOWN`].
    pub fn hand_over(
        &self,
        origin: &Origin,
        platform: &Platform,
        purpose: &PurposeCode,
        key: &IdempotencyKey,
        at: Timestamp,
    ) -> Result<HandedOver, IssueError> {
        let (holder, request) = (self.holder(), request_digest(platform, key));
        let terms = ConsentTerms {
            record: self.issued.digest(),
            purpose: purpose.clone(),
            recipient: platform.clone(),
            from: at,
            until: at.saturating_add(CONSENT),
        };
        Ok(HandedOver {
            record: bind(&self.issued.present(&SHOWN)?, &holder, origin, &request, at)?,
            consent: consent(&terms, &holder)?,
        })
    }
}

/// What a holder hands over for one question.
#[derive(Clone, Debug)]
pub struct HandedOver {
    /// The record with the holder's proof.
    pub record: String,
    /// The consent.
    pub consent: String,
}

/// What the issuers of the example packs issue.
struct Office {
    issuer: &'static str,
    class: &'static str,
    /// Before a licence's number.
    prefix: &'static str,
    /// Whether a check character follows.
    checked: bool,
}

/// The example licence number `n` of a region: CN-GD, CN-HK or CN-MO. Valid from June 2025 to May 2031.
///
/// # Errors
///
/// [`ExampleError::NoIssuer`] for another region.
pub fn example_licence(region: &Jurisdiction, n: u32) -> Result<ExampleLicence, ExampleError> {
    let office = office(region)?;
    let licence = licence_id(&office, n)?;
    let name = format!("{region} {n}");
    let named = |what: &str, name: &str| sha256(format!("comity example {what} {name}").as_bytes());
    let holder_seed = named("holder", &name);
    let key_salt = salt(&name, "key");
    let draft = Draft {
        issuer: office.issuer.parse()?,
        issued_at: ISSUED_AT,
        holder_key: Key::from_seed(&holder_seed.0).public(),
        key_salt,
        class: office.class.parse()?,
        fields: fields(&name, &licence),
    };
    let issued = issue(&draft, &Key::from_seed(&named("issuer", office.issuer).0))?;
    let key = LicenceKey::of(&key_salt, &licence);
    let Draft { issuer, class, .. } = draft;
    Ok(ExampleLicence { licence, key, issuer, class, issued, holder_seed })
}

fn office(region: &Jurisdiction) -> Result<Office, ExampleError> {
    let (issuer, class, prefix) = match region.as_str() {
        "CN-GD" => {
            let kind = "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE";
            ("11440000EXAMPLE11C", "driving-c1", kind)
        }
        "CN-HK" => ("HKEXAMPLETD", "private-car", "HK-EXAMPLE-"),
        "CN-MO" => ("MOEXAMPLEDSAT", "ligeiro", "MO-EXAMPLE-"),
        _ => return Err(ExampleError::NoIssuer { region: region.clone() }),
    };
    Ok(Office { issuer, class, prefix, checked: region.as_str() == "CN-GD" })
}

/// The identifier, with the check character that it must have.
fn licence_id(office: &Office, n: u32) -> Result<LicenceId, BadIdentifier> {
    let body = format!("{}{n:04}", office.prefix);
    if !office.checked {
        return body.parse();
    }
    let candidates = CHECKS.chars().map(|check| format!("{body}.001.{check}").parse::<LicenceId>());
    let fits =
        |id: &Result<LicenceId, _>| id.as_ref().is_ok_and(|id| id.verify_check_character().is_ok());
    let none = BadIdentifier { expected: "a check character that fits" };
    candidates.into_iter().find(fits).unwrap_or(Err(none))
}

fn fields(name: &str, licence: &LicenceId) -> Vec<Field> {
    let photo = sha256(format!("comity example photo {name}").as_bytes()).to_hex();
    let id_number = format!("EXAMPLE {name}");
    let values = [
        ("licence_id", licence.as_str()),
        ("not_before", "2025-06-01"),
        ("not_after", "2031-05-31"),
        ("holder_name", "示例甲"),
        ("id_number", &id_number),
        ("birth_date", "1990-01-01"),
        ("address", "示例路1号"),
        ("photo_digest", &photo),
    ];
    let field = |(field, value): (&str, &str)| Field {
        name: field.into(),
        value: Json::Text(value.into()),
        salt: salt(name, field),
    };
    values.into_iter().map(field).collect()
}

fn salt(name: &str, field: &str) -> Salt {
    let digest = sha256(format!("comity example salt {name} {field}").as_bytes());
    let mut bytes = [0; Salt::LEN];
    bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    Salt(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gateway_record::{Record, verify_issuer};
    use gateway_types::PublicKey;

    /// The key that a region's pack names for an issuer.
    fn key_in_pack(region: &str, issuer: &str) -> PublicKey {
        let path = format!("{}/../../policies/packs/{region}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(format!("{path}/issuers.toml")).unwrap();
        let (_, entry) = text.split_once(&format!("code = \"{issuer}\"")).unwrap();
        let (_, x) = entry.split_once("x = \"").unwrap();
        let bytes = base64::Engine::decode(
            &base64::engine::general_purpose::URL_SAFE_NO_PAD,
            x.split_once('"').unwrap().0,
        );
        PublicKey::from_slice(&bytes.unwrap()).unwrap()
    }

    #[test]
    fn examples_are_signed_by_the_issuers_that_the_packs_name() {
        for (region, pack) in [("CN-GD", "cn-gd"), ("CN-HK", "cn-hk"), ("CN-MO", "cn-mo")] {
            for n in 1..=20 {
                let example = example_licence(&region.parse().unwrap(), n).unwrap();
                example.licence.verify_check_character().unwrap();
                let shown = example.issued.present(&["licence_id", "not_before"]).unwrap();
                let key = key_in_pack(pack, example.issuer.as_str());
                let record = Record::parse(&shown).unwrap();
                let issued = verify_issuer(record, &example.licence, &key).unwrap();
                assert_eq!(issued.key(), example.key);
                assert_eq!(issued.record().digest(), example.issued.digest());
            }
        }
    }

    #[test]
    fn examples_differ_and_come_out_the_same_each_time() {
        let region: Jurisdiction = "CN-GD".parse().unwrap();
        let one = example_licence(&region, 1).unwrap();
        assert_eq!(one.issued, example_licence(&region, 1).unwrap().issued);
        assert_ne!(one.key, example_licence(&region, 2).unwrap().key);
        let nowhere = example_licence(&"CN-SH".parse().unwrap(), 1);
        assert!(matches!(nowhere, Err(ExampleError::NoIssuer { .. })));
    }
}
