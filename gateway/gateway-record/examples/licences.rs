//! Prints the example licences whose digests are in the recorded registry: `tests/vectors/wasmd/licences.json`.
//!
//! Everything in it is made up and follows from its name: keys are SHA-256 of `comity example issuer CODE` and
//! `comity example holder NAME`, salts of `comity example salt NAME FIELD`. So the same file comes out each time.
#![expect(clippy::print_stdout, reason = "an example that prints its result")]

use gateway_record::{
    issue::{Draft, Field, Issued, Key, issue},
    json::Json,
};
use gateway_types::{LicenceId, LicenceKey, Salt, Timestamp, frame::sha256, id::IssuerCode};
use serde::Serialize;

type AnyError = Box<dyn std::error::Error>;

/// What differs from one example licence to the next.
struct Spec {
    name: &'static str,
    class: &'static str,
    kind: &'static str,
    issuer: &'static str,
    serial: &'static str,
    not_before: &'static str,
    not_after: &'static str,
    holder: &'static str,
}

const GUANGDONG: &str = "11440000EXAMPLE11C";
const OTHER: &str = "11440100EXAMPLE22D";
const DRIVING: &str = "11100000EXAMPLE03W011";
const ENGINEER: &str = "11100000EXAMPLE38W032";

const SPECS: [Spec; 5] = [
    Spec {
        name: "driving-c1",
        class: "driving-c1",
        kind: DRIVING,
        issuer: GUANGDONG,
        serial: "EXAMPLE0001",
        not_before: "2025-06-01",
        not_after: "2031-05-31",
        holder: "示例甲",
    },
    Spec {
        name: "driving-c2",
        class: "driving-c2",
        kind: DRIVING,
        issuer: GUANGDONG,
        serial: "EXAMPLE0002",
        not_before: "2024-03-15",
        not_after: "2030-03-14",
        holder: "示例乙",
    },
    Spec {
        name: "engineer",
        class: "engineer",
        kind: ENGINEER,
        issuer: GUANGDONG,
        serial: "EXAMPLE0003",
        not_before: "2023-01-01",
        not_after: "2028-12-31",
        holder: "示例丙",
    },
    Spec {
        name: "suspended-one",
        class: "driving-c1",
        kind: DRIVING,
        issuer: GUANGDONG,
        serial: "EXAMPLE0004",
        not_before: "2025-06-01",
        not_after: "2031-05-31",
        holder: "示例丁",
    },
    Spec {
        name: "other-writer",
        class: "driving-c1",
        kind: DRIVING,
        issuer: OTHER,
        serial: "EXAMPLE0005",
        not_before: "2025-06-01",
        not_after: "2031-05-31",
        holder: "示例戊",
    },
];

/// One licence as the file has it.
#[derive(Serialize)]
struct Example {
    name: String,
    licence_id: LicenceId,
    class: String,
    issuer: String,
    issuer_key: String,
    holder_key: String,
    holder_seed: String,
    salt: String,
    key: String,
    digest: String,
    not_before: String,
    not_after: String,
    jws: String,
    disclosures: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    name: String,
    disclosure: String,
}

fn main() -> Result<(), AnyError> {
    let examples: Result<Vec<Example>, AnyError> = SPECS.iter().map(example).collect();
    println!("{}", serde_json::to_string_pretty(&examples?)?);
    Ok(())
}

fn example(spec: &Spec) -> Result<Example, AnyError> {
    let licence = licence_id(spec)?;
    let issuer =
        Key::from_seed(&sha256(format!("comity example issuer {}", spec.issuer).as_bytes()).0);
    let holder_seed = sha256(format!("comity example holder {}", spec.name).as_bytes());
    let holder = Key::from_seed(&holder_seed.0);
    let salt = salt(spec.name, "key");
    let draft = Draft {
        issuer: spec.issuer.parse::<IssuerCode>()?,
        // 2026-06-01T00:00:00+08:00
        issued_at: Timestamp(1_780_243_200_000),
        holder_key: holder.public(),
        key_salt: salt,
        class: spec.class.parse()?,
        fields: fields(spec, &licence),
    };
    let issued = issue(&draft, &issuer)?;
    Ok(Example {
        name: spec.name.into(),
        class: spec.class.into(),
        issuer: spec.issuer.into(),
        issuer_key: issuer.public().to_hex(),
        holder_key: holder.public().to_hex(),
        holder_seed: holder_seed.to_hex(),
        salt: salt.to_hex(),
        key: LicenceKey::of(&salt, &licence).0.to_hex(),
        digest: issued.digest().to_hex(),
        not_before: spec.not_before.into(),
        not_after: spec.not_after.into(),
        jws: issued.jws.clone(),
        disclosures: shown(issued),
        licence_id: licence,
    })
}

/// The six-part identifier with the check character that it must have.
fn licence_id(spec: &Spec) -> Result<LicenceId, AnyError> {
    let body = format!("1.2.156.3005.2.{}.{}.{}.001", spec.kind, spec.issuer, spec.serial);
    for check in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".chars() {
        let id: LicenceId = format!("{body}.{check}").parse()?;
        if id.verify_check_character().is_ok() {
            return Ok(id);
        }
    }
    Err("no check character fits".into())
}

fn fields(spec: &Spec, licence: &LicenceId) -> Vec<Field> {
    let id_number = format!("EXAMPLE{}", spec.serial);
    let photo = sha256(format!("comity example photo {}", spec.name).as_bytes()).to_hex();
    let values = [
        ("licence_id", licence.as_str()),
        ("not_before", spec.not_before),
        ("not_after", spec.not_after),
        ("holder_name", spec.holder),
        ("id_number", &id_number),
        ("birth_date", "1990-01-01"),
        ("address", "示例路1号"),
        ("photo_digest", &photo),
    ];
    let field = |(name, value): (&str, &str)| Field {
        name: name.into(),
        value: Json::Text(value.into()),
        salt: salt(spec.name, name),
    };
    values.into_iter().map(field).collect()
}

fn salt(name: &str, field: &str) -> Salt {
    let digest = sha256(format!("comity example salt {name} {field}").as_bytes());
    let mut bytes = [0; Salt::LEN];
    bytes.iter_mut().zip(digest.0).for_each(|(to, from)| *to = from);
    Salt(bytes)
}

fn shown(issued: Issued) -> Vec<Shown> {
    let pair = |(name, disclosure)| Shown { name, disclosure };
    issued.disclosures.into_iter().map(pair).collect()
}
