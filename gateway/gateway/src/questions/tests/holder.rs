//! A holder with a licence, and what a platform asks for that holder.

use crate::{
    questions::NewQuestion,
    testing::{NOW, keys::origin},
};
use gateway_core::Question;
use gateway_record::{
    issue::{ConsentTerms, Draft, Field, Issued, Key, bind, consent, issue},
    json::Json,
};
use gateway_types::{
    LicenceId, LicenceKey, Platform, Salt, Timestamp, candidate::request_digest, frame::sha256,
};

/// What must never be seen in a log, a metric or an error.
pub(crate) const PERSONAL: [&str; 3] = ["EXAMPLE0001", "eyJ", "示例甲"];

pub(crate) fn platform() -> Platform {
    "comity://CN-HK/platform/counter".parse().unwrap()
}

pub(crate) fn licence() -> LicenceId {
    "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE0001.001.I".parse().unwrap()
}

pub(crate) fn licence_key() -> LicenceKey {
    LicenceKey::of(&Salt([3; 16]), &licence())
}

fn holder_key() -> Key {
    Key::from_seed(&[2; 32])
}

pub(crate) fn issued() -> Issued {
    let licence = licence();
    let field = |(name, value): (&str, &str)| Field {
        name: name.into(),
        value: Json::Text(value.into()),
        salt: Salt([u8::try_from(name.len()).unwrap(); 16]),
    };
    let fields = [
        ("licence_id", licence.as_str()),
        ("not_before", "2025-06-01"),
        ("not_after", "2031-05-31"),
        ("holder_name", "示例甲"),
    ];
    let draft = Draft {
        issuer: "11440000EXAMPLE11C".parse().unwrap(),
        issued_at: Timestamp(1_780_243_200_000),
        holder_key: holder_key().public(),
        key_salt: Salt([3; 16]),
        class: "driving-c1".parse().unwrap(),
        fields: fields.map(field).to_vec(),
    };
    let seed = sha256(b"comity example issuer 11440000EXAMPLE11C");
    issue(&draft, &Key::from_seed(&seed.0)).unwrap()
}

/// The question under this key.
pub(crate) fn question(key: &str) -> NewQuestion {
    let (platform, key) = (platform(), key.parse().unwrap());
    let digest = request_digest(&platform, &key);
    let text = issued().present(&["not_before", "not_after"]).unwrap();
    let purpose: gateway_types::id::PurposeCode = "licence-exchange".parse().unwrap();
    let terms = ConsentTerms {
        record: issued().digest(),
        purpose: purpose.clone(),
        recipient: platform.clone(),
        from: Timestamp(NOW.0 - 60_000),
        until: Timestamp(NOW.0 + 86_400_000),
    };
    let question = Question {
        licence: licence(),
        from: "CN-GD".parse().unwrap(),
        to: "CN-HK".parse().unwrap(),
        purpose,
        record: bind(&text, &holder_key(), &origin(), &digest, NOW).unwrap(),
        consent: Some(consent(&terms, &holder_key()).unwrap()),
        answer_by: None,
    };
    NewQuestion { platform, key, question, reference: None }
}
