//! gateway-record: JSON, dates, records, disclosures, the holder's proof and consent.
//!
//! Texts come as they are, and as payloads that the target signs with keys it knows: what stands behind a
//! signature is read by another JSON reader, and must say what the check says.
#![no_main]

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use fuzz::{input, parts, plant};
use gateway_record::{
    Date, IssuedRecord, Record, json, verify_binding, verify_consent, verify_issuer, verify_record,
};
use gateway_types::{
    Digest, LicenceId, Origin, Platform, PublicKey, Timestamp, frame::sha256, id::PurposeCode,
};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

/// The example licences, whose records are the only ones that their issuers signed.
static LICENCES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../vectors/wasmd/licences.json")).expect("JSON")
});

/// When all is judged: 2026-11-21.
const NOW: Timestamp = Timestamp(1_795_228_267_000);

/// The request that holders prove themselves for.
const REQUEST: Digest = Digest([7; 32]);

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 6 {
        0 => strict_json(bytes),
        1 => date(bytes),
        2 => record(bytes),
        3 => signed_record(bytes),
        4 => signed_header(bytes),
        _ => signed_by_holder(bytes),
    }
});

/// What is read strictly, any reader reads the same.
fn strict_json(bytes: &[u8]) {
    let Ok(value) = json::parse(bytes) else { return };
    let other: Value = serde_json::from_slice(bytes).expect("JSON for any reader");
    assert_eq!(serde_json::to_value(&value).expect("JSON"), other);
    assert!(depth(&other) <= json::MAX_DEPTH);
    let text = serde_json::to_vec(&value).expect("JSON");
    assert_eq!(json::parse(&text).as_ref(), Ok(&value));
    assert_eq!(json::parse_object(bytes).is_ok(), other.is_object());
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn date(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(date) = text.parse::<Date>() else { return };
    assert_eq!(date.to_string(), text);
    assert_eq!(date.ends().0 - date.begins().0, 86_400_000);
    assert!(date.begins().0 > 0);
}

/// A text as it came: only the example licences are signed by their issuers.
fn record(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(record) = Record::parse(text) else { return };
    let jws = text.split('~').next().unwrap_or_default();
    assert_eq!(record.digest(), sha256(jws.as_bytes()));
    for licence in LICENCES.iter() {
        let id: LicenceId = text_of(licence, "licence_id").parse().expect("a number");
        let key = PublicKey::from_hex(text_of(licence, "issuer_key")).expect("a key");
        if let Ok(issued) = verify_issuer(record.clone(), &id, &key) {
            let known = LICENCES.iter().any(|known| text_of(known, "jws") == jws);
            assert!(known, "a made-up record is signed");
            fields_are_the_issuers(issued.record());
            assert!(
                verify_binding(&issued, &origin(), &REQUEST, NOW).is_err(),
                "no holder proved it"
            );
        }
    }
}

/// Every shown field is one that the example's issuer signed.
fn fields_are_the_issuers(record: &Record) {
    let all =
        LICENCES.iter().flat_map(|licence| licence["disclosures"].as_array().expect("a list"));
    let read = |text| {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).expect("base64")).expect("JSON")
    };
    let known: Vec<Value> = all.map(|disclosure| read(text_of(disclosure, "disclosure"))).collect();
    for name in record.shown() {
        let value = serde_json::to_value(record.field(name).expect("shown")).expect("JSON");
        let is_it = |field: &Value| field[1] == name && field[2] == value;
        assert!(known.iter().any(is_it), "a made-up field is shown: {name}");
    }
}

/// A payload and two disclosures, signed.
fn signed_record(bytes: &[u8]) {
    let [flags, payload, one, two] = parts(bytes);
    let flags = flags.first().copied().unwrap_or(0);
    let disclosures: Vec<String> =
        [one, two].iter().filter(|d| !d.is_empty()).map(|d| URL_SAFE_NO_PAD.encode(d)).collect();
    let Some(payload) = filled(payload, &disclosures, flags) else { return };
    let jws = sign(&issuer(), RECORD_HEADER, &payload);
    let text = format!("{jws}~{}", disclosures.iter().map(|d| format!("{d}~")).collect::<String>());
    let Ok(record) = Record::parse(&text) else { return };
    claims_are_the_payloads(&record, &payload);
    assert_eq!(record.shown().count(), disclosures.len());
    let id = record.field("licence_id").and_then(|field| field.as_text()).map(str::to_owned);
    let id: LicenceId = id.unwrap_or(some_licence()).parse().expect("it was read as a number");
    assert!(
        verify_issuer(record.clone(), &id, &public(&holder())).is_err(),
        "another key signed it"
    );
    let digest = record.digest();
    let issued = verify_issuer(record, &id, &public(&issuer())).expect("it is signed");
    assert!(verify_record(issued.clone(), &Digest([1; 32])).is_err());
    assert!(verify_record(issued, &digest).is_ok());
}

/// The payload with what no fuzzer guesses, where the flags ask for it.
fn filled(payload: &[u8], disclosures: &[String], flags: u8) -> Option<Vec<u8>> {
    if flags & 1 == 0 {
        return Some(payload.to_vec());
    }
    let mut payload: Map<String, Value> = serde_json::from_slice(payload).ok()?;
    let digests: Vec<String> =
        disclosures.iter().map(|d| URL_SAFE_NO_PAD.encode(sha256(d.as_bytes()).0)).collect();
    payload.insert("_sd".into(), json!(digests));
    serde_json::to_vec(&payload).ok()
}

/// What the record says of itself is what any other reader finds under the signature.
fn claims_are_the_payloads(record: &Record, payload: &[u8]) {
    let read: Value = serde_json::from_slice(payload).expect("JSON for any reader");
    let claims = record.claims();
    assert_eq!(read["iss"], claims.issuer.as_str());
    assert_eq!(read["class"], claims.class.as_str());
    assert_eq!(read["iat"].as_u64().and_then(|s| s.checked_mul(1000)), Some(claims.issued_at.0));
    assert_eq!(read["vct"], "urn:comity:licence:1");
    assert_eq!(read["_sd_alg"], "sha-256");
    assert_eq!(read["cnf"]["jwk"]["x"], URL_SAFE_NO_PAD.encode(claims.holder_key.0));
    assert_eq!(read["key_salt"], URL_SAFE_NO_PAD.encode(claims.key_salt.0));
    assert_eq!(read.as_object().map(Map::len), Some(8), "an unknown claim is taken");
    assert_eq!(
        read["_sd"].as_array().map(Vec::len),
        Some(record.hidden() + record.shown().count())
    );
}

/// A header over an honest payload: nothing but algorithm, type and key's name may stand in it.
fn signed_header(bytes: &[u8]) {
    let payload = serde_json::to_vec(&honest_payload(&[])).expect("JSON");
    let text = format!("{}~", sign(&issuer(), bytes, &payload));
    if Record::parse(&text).is_err() {
        return;
    }
    let header: Map<String, Value> = serde_json::from_slice(bytes).expect("JSON for any reader");
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&json!("EdDSA"), &json!("comity-licence+sd-jwt"))
    );
    assert!(header.keys().all(|name| ["alg", "typ", "kid"].contains(&name.as_str())));
}

/// The holder's proof and consent: payloads that the target signs with the holder's key.
fn signed_by_holder(bytes: &[u8]) {
    let [binding, consent, at] = parts(bytes);
    let now = Timestamp(NOW.0.wrapping_add_signed(i64::from_be_bytes(fuzz::array(at))));
    let payload = serde_json::to_vec(&honest_payload(&[])).expect("JSON");
    let jws = sign(&issuer(), RECORD_HEADER, &payload);
    let proof = sign(&holder(), br#"{"alg":"EdDSA","typ":"kb+jwt"}"#, binding);
    let Ok(record) = Record::parse(&format!("{jws}~{proof}")) else { return };
    let id = some_licence().parse().expect("a number");
    let issued = verify_issuer(record, &id, &public(&issuer())).expect("it is signed");
    check_binding(&issued, binding, now);
    check_consent(&issued, consent, now);
}

fn check_binding(issued: &IssuedRecord, payload: &[u8], now: Timestamp) {
    if verify_binding(issued, &origin(), &REQUEST, now).is_err() {
        return;
    }
    let read: Value = serde_json::from_slice(payload).expect("JSON for any reader");
    assert_eq!(read["aud"], origin().to_string());
    assert_eq!(read["nonce"], URL_SAFE_NO_PAD.encode(REQUEST.0));
    assert_eq!(read["sd_hash"], URL_SAFE_NO_PAD.encode(issued.record().presentation_digest().0));
    assert_eq!(read.as_object().map(Map::len), Some(4));
    let issued_at = read["iat"].as_u64().expect("a time") * 1000;
    assert!(
        issued_at <= now.0.saturating_add(300_000) && now.0.saturating_sub(issued_at) <= 86_400_000
    );
}

fn check_consent(issued: &IssuedRecord, payload: &[u8], now: Timestamp) {
    let text = sign(&holder(), br#"{"alg":"EdDSA","typ":"comity-consent+jwt"}"#, payload);
    let Ok(consent) = verify_consent(issued, Some(&text), &purpose(), &platform(), now) else {
        return;
    };
    let read: Value = serde_json::from_slice(payload).expect("JSON for any reader");
    assert_eq!(read["record"], URL_SAFE_NO_PAD.encode(issued.record().digest().0));
    assert_eq!(read["purpose"], purpose().as_str());
    assert_eq!(read["recipient"], platform().to_string());
    assert_eq!(read.as_object().map(Map::len), Some(5));
    let (iat, exp) = (read["iat"].as_u64().expect("a time"), read["exp"].as_u64().expect("a time"));
    assert!(iat < exp && exp - iat <= 366 * 86_400 && exp * 1000 > now.0);
    assert_eq!(consent.digest(), sha256(text.as_bytes()));
    assert!(consent.check_counts_at(Timestamp(exp * 1000)).is_err());
}

const RECORD_HEADER: &[u8] = br#"{"alg":"EdDSA","typ":"comity-licence+sd-jwt"}"#;

fn sign(key: &SigningKey, header: &[u8], payload: &[u8]) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = key.sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn issuer() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn holder() -> SigningKey {
    SigningKey::from_bytes(&[2; 32])
}

fn public(key: &SigningKey) -> PublicKey {
    PublicKey(key.verifying_key().to_bytes())
}

fn origin() -> Origin {
    "comity.gba/CN-GD.CN-HK.standard".parse().expect("an origin")
}

fn platform() -> Platform {
    "comity://CN-HK/platform/counter".parse().expect("a platform")
}

fn purpose() -> PurposeCode {
    "licence-exchange".parse().expect("a purpose")
}

fn some_licence() -> String {
    text_of(&LICENCES[0], "licence_id").to_owned()
}

fn text_of<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().expect("text")
}

fn honest_payload(digests: &[String]) -> Value {
    let x = URL_SAFE_NO_PAD.encode(public(&holder()).0);
    json!({
        "iss": "11440000EXAMPLE11C", "iat": 1_780_243_200, "vct": "urn:comity:licence:1",
        "cnf": { "jwk": { "kty": "OKP", "crv": "Ed25519", "x": x } },
        "key_salt": URL_SAFE_NO_PAD.encode([3; 16]), "class": "driving-c1",
        "_sd": digests, "_sd_alg": "sha-256",
    })
}

/// An honest proof and consent for the record without disclosures.
fn honest_holder() -> (Value, Value) {
    let payload = serde_json::to_vec(&honest_payload(&[])).expect("JSON");
    let jws = sign(&issuer(), RECORD_HEADER, &payload);
    let sd_hash = URL_SAFE_NO_PAD.encode(sha256(format!("{jws}~").as_bytes()).0);
    let (seconds, nonce) = (NOW.0 / 1000, URL_SAFE_NO_PAD.encode(REQUEST.0));
    let binding = json!({
        "aud": origin().to_string(), "nonce": nonce, "sd_hash": sd_hash, "iat": seconds - 60,
    });
    let consent = json!({
        "record": URL_SAFE_NO_PAD.encode(sha256(jws.as_bytes()).0), "purpose": purpose().as_str(),
        "recipient": platform().to_string(), "iat": seconds - 60, "exp": seconds + 86_400,
    });
    (binding, consent)
}

fn seeds() -> Vec<Vec<u8>> {
    let disclosures: [&[u8]; 4] = [
        br#"["c2FsdA","not_before","2025-06-01"]"#,
        br#"["c2FsdA","not_after","2031-05-31"]"#,
        "[\"c2FsdA\",\"holder_name\",\"示例甲\"]".as_bytes(),
        br#"["c2FsdA","list",[1,{"a":[true,null,-5]}]]"#,
    ];
    let payload = serde_json::to_vec(&honest_payload(&[])).expect("JSON");
    let (binding, consent) = honest_holder();
    let (binding, consent) = (binding.to_string(), consent.to_string());
    let mut seeds = vec![
        input(0, &[&payload]),
        input(0, &[disclosures[3]]),
        input(1, &[b"2024-02-29"]),
        input(1, &[b"9999-12-31"]),
        input(3, &[&[1], &payload, disclosures[0], disclosures[1]]),
        input(3, &[&[1], &payload, disclosures[2], disclosures[3]]),
        input(3, &[&[0], &payload, b"", b""]),
        input(4, &[br#"{"alg":"EdDSA","typ":"comity-licence+sd-jwt","kid":"key-1"}"#]),
        input(5, &[binding.as_bytes(), consent.as_bytes(), &[]]),
    ];
    for licence in LICENCES.iter().take(2) {
        let disclosures = licence["disclosures"].as_array().expect("a list");
        let all: String =
            disclosures.iter().map(|d| format!("{}~", text_of(d, "disclosure"))).collect();
        seeds.push(input(2, &[format!("{}~{all}", text_of(licence, "jws")).as_bytes()]));
    }
    seeds
}
