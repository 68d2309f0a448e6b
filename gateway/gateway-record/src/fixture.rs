//! One licence, its issuer and its holder, for the tests of this crate.

use crate::{
    base64url,
    evidence::{IssuedRecord, verify_issuer},
    issue::{self, ConsentTerms, Draft, Field, Issued, Key},
    json::Json,
    record::{Record, RecordError},
};
use ed25519_dalek::{Signer as _, SigningKey};
use gateway_types::{Digest, LicenceId, Origin, Platform, PublicKey, Salt, Timestamp};

pub(crate) const NOW: Timestamp = Timestamp(1_795_228_267_000);
pub(crate) const REQUEST: Digest = Digest([9; 32]);
pub(crate) const SHOWN: [&str; 2] = ["not_before", "not_after"];

const ISSUER_SEED: [u8; 32] = [1; 32];
const HOLDER_SEED: [u8; 32] = [2; 32];

pub(crate) fn issuer() -> Key {
    Key::from_seed(&ISSUER_SEED)
}

pub(crate) fn holder() -> Key {
    Key::from_seed(&HOLDER_SEED)
}

pub(crate) fn licence() -> LicenceId {
    "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE0001.001.I".parse().unwrap()
}

pub(crate) fn origin() -> Origin {
    "comity.gba/CN-GD.CN-HK.standard".parse().unwrap()
}

pub(crate) fn platform() -> Platform {
    "comity://CN-HK/platform/counter".parse().unwrap()
}

pub(crate) fn field(name: &str, value: &str, salt: u8) -> Field {
    Field { name: name.into(), value: Json::Text(value.into()), salt: Salt([salt; 16]) }
}

pub(crate) fn draft() -> Draft {
    Draft {
        issuer: "11440000EXAMPLE11C".parse().unwrap(),
        issued_at: Timestamp(1_780_243_200_000),
        holder_key: holder().public(),
        key_salt: Salt([3; 16]),
        class: "driving-c1".parse().unwrap(),
        fields: vec![
            field("licence_id", licence().as_str(), 4),
            field("not_before", "2025-06-01", 5),
            field("not_after", "2031-05-31", 6),
            field("holder_name", "示例甲", 7),
        ],
    }
}

pub(crate) fn issued() -> Issued {
    issue::issue(&draft(), &issuer()).unwrap()
}

/// The record with these fields, bound to [`REQUEST`] at [`NOW`].
pub(crate) fn presented(shown: &[&str]) -> String {
    let text = issued().present(shown).unwrap();
    issue::bind(&text, &holder(), &origin(), &REQUEST, NOW).unwrap()
}

pub(crate) fn verified(text: &str) -> Result<IssuedRecord, RecordError> {
    verify_issuer(Record::parse(text)?, &licence(), &issuer().public())
}

pub(crate) fn terms() -> ConsentTerms {
    ConsentTerms {
        record: issued().digest(),
        purpose: "licence-exchange".parse().unwrap(),
        recipient: platform(),
        from: NOW,
        until: Timestamp(NOW.0 + 86_400_000),
    }
}

/// A compact JWS over these very texts, signed with the seed.
pub(crate) fn jws(header: &str, payload: &str, seed: &[u8; 32]) -> String {
    let part = |text: &str| base64url::encode(text.as_bytes());
    let signed = format!("{}.{}", part(header), part(payload));
    let signature = SigningKey::from_bytes(seed).sign(signed.as_bytes()).to_bytes();
    format!("{signed}.{}", base64url::encode(&signature))
}

pub(crate) fn issuer_jws(header: &str, payload: &str) -> String {
    jws(header, payload, &ISSUER_SEED)
}

pub(crate) fn holder_jws(header: &str, payload: &str) -> String {
    jws(header, payload, &HOLDER_SEED)
}

/// The payload of a compact JWS as text.
pub(crate) fn payload_of(jws: &str) -> String {
    let payload = jws.split('.').nth(1).unwrap();
    String::from_utf8(base64url::decode(payload).unwrap()).unwrap()
}

pub(crate) fn another_key() -> PublicKey {
    Key::from_seed(&[77; 32]).public()
}
