//! The example licences of `tests/vectors`, whose digests are in a recorded registry, are records of ours.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a wrong file fails them")]

use gateway_record::{Record, RecordError, verify_issuer, verify_record};
use gateway_types::{Digest, LicenceId, LicenceKey, PublicKey, Salt};
use serde_json::Value;

const FILE: &str = include_str!("../../../tests/vectors/wasmd/licences.json");

/// The five licences.
fn licences() -> Vec<Value> {
    serde_json::from_str(FILE).unwrap()
}

fn text<'a>(licence: &'a Value, name: &str) -> &'a str {
    licence[name].as_str().unwrap()
}

/// The record with these fields shown.
fn presented(licence: &Value, shown: impl Fn(&str) -> bool) -> String {
    let disclosures = licence["disclosures"].as_array().unwrap();
    let shown = disclosures.iter().filter(|disclosure| shown(text(disclosure, "name")));
    let texts = shown.map(|disclosure| format!("{}~", text(disclosure, "disclosure")));
    format!("{}~{}", text(licence, "jws"), texts.collect::<String>())
}

#[test]
fn each_is_signed_by_its_issuer_and_stands_under_its_key() {
    for licence in licences() {
        let record = Record::parse(&presented(&licence, |_| true)).unwrap();
        let id: LicenceId = text(&licence, "licence_id").parse().unwrap();
        let salt = Salt::from_hex(text(&licence, "salt")).unwrap();
        let digest = Digest::from_hex(text(&licence, "digest")).unwrap();
        let issuer = PublicKey::from_hex(text(&licence, "issuer_key")).unwrap();
        id.verify_check_character().unwrap();
        assert_eq!(record.claims().class.as_str(), text(&licence, "class"));
        assert_eq!(record.claims().issuer.as_str(), text(&licence, "issuer"));
        let issued = verify_issuer(record, &id, &issuer).unwrap();
        assert_eq!(issued.key().0.to_hex(), text(&licence, "key"));
        assert_eq!(issued.key(), LicenceKey::of(&salt, &id));
        verify_record(issued, &digest).unwrap();
    }
}

#[test]
fn five_fields_stay_hidden_where_the_holder_shows_three() {
    let shown = ["licence_id", "not_before", "not_after"];
    for licence in licences() {
        let record = Record::parse(&presented(&licence, |name| shown.contains(&name))).unwrap();
        assert_eq!(record.hidden(), 5);
        assert_eq!(record.digest().to_hex(), text(&licence, "digest"));
        let validity = record.validity().unwrap();
        assert_eq!(validity.first.to_string(), text(&licence, "not_before"));
        assert_eq!(validity.last.to_string(), text(&licence, "not_after"));
    }
}

#[test]
fn a_field_of_one_licence_cannot_be_shown_with_another() {
    let all = licences();
    for (one, other) in all.iter().zip(all.iter().cycle().skip(1)) {
        let stolen = presented(other, |name| name == "not_after");
        let (_, disclosure) = stolen.split_once('~').unwrap();
        let text = format!("{}~{disclosure}", text(one, "jws"));
        assert_eq!(Record::parse(&text).unwrap_err(), RecordError::NotSigned { index: 0 });
    }
}
