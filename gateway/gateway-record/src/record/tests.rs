use super::*;
use crate::{
    ClaimError, DisclosureError, JwsError, RecordMismatch,
    fixture::{
        SHOWN, another_key, draft, field, issued, issuer, issuer_jws, licence, payload_of,
        presented, verified,
    },
    issue::{self, IssueError},
    json::JsonError,
    verify_issuer, verify_record,
};
use proptest::prelude::*;
use sd_jwt_payload::{Hasher as _, SdJwt, Sha256Hasher};

const HEADER: &str = r#"{"alg":"EdDSA","typ":"comity-licence+sd-jwt"}"#;

/// A record whose signed payload is the good one with `from` replaced by `to`.
fn signed_with(from: &str, to: &str) -> Result<Record, RecordError> {
    let payload = payload_of(&issued().jws);
    assert!(payload.contains(from), "{from} is not in {payload}");
    Record::parse(&format!("{}~", issuer_jws(HEADER, &payload.replacen(from, to, 1))))
}

fn refused(from: &str, to: &str, expected: RecordError) {
    assert_eq!(signed_with(from, to).unwrap_err(), expected, "{from} -> {to}");
}

#[test]
fn a_record_gives_what_its_issuer_signed() {
    let record = verified(&presented(&SHOWN)).unwrap();
    assert_eq!(record.record().digest(), issued().digest());
    assert_eq!(record.key(), LicenceKey::of(&Salt([3; 16]), &licence()));
    let record = record.record();
    assert_eq!(record.claims().issuer.as_str(), "11440000EXAMPLE11C");
    assert_eq!(record.claims().class.as_str(), "driving-c1");
    assert_eq!(record.shown().collect::<Vec<_>>(), ["not_after", "not_before"]);
    assert_eq!(record.hidden(), 2);
    let validity = record.validity().unwrap();
    assert_eq!(validity.not_before(), Timestamp(1_748_707_200_000));
    assert_eq!(validity.not_after(), Timestamp(1_938_009_600_000));
}

#[test]
fn hiding_a_field_does_not_change_the_digest() {
    let all = Record::parse(
        &issued().present(&["licence_id", "not_before", "not_after", "holder_name"]).unwrap(),
    )
    .unwrap();
    let none = Record::parse(&issued().present(&[]).unwrap()).unwrap();
    assert_eq!(all.digest(), none.digest());
    assert_ne!(all.presentation_digest(), none.presentation_digest());
    assert_eq!((all.hidden(), none.hidden()), (0, 4));
    assert_eq!((none.validity(), none.key_binding()), (None, None));
    assert_eq!(all.field("holder_name"), Some(&Json::Text("示例甲".into())));
    assert_eq!(none.field("holder_name"), None);
}

#[test]
fn one_date_alone_is_no_validity() {
    let record = Record::parse(&issued().present(&["not_before"]).unwrap()).unwrap();
    assert_eq!(record.validity(), None);
}

#[test]
fn another_readers_words_agree_with_ours() {
    let shown = ["licence_id", "not_after", "holder_name"];
    let text = issued().present(&shown).unwrap();
    let ours = Record::parse(&text).unwrap();
    let theirs = SdJwt::parse(&text).unwrap();
    let digests: Vec<String> = theirs
        .disclosures()
        .iter()
        .map(|d| Sha256Hasher::new().encoded_digest(d.as_str()))
        .collect();
    assert!(digests.iter().all(|digest| theirs.claims()._sd.contains(digest)));
    let object = theirs.into_disclosed_object(&Sha256Hasher::new()).unwrap();
    for name in shown {
        assert_eq!(object[name].as_str(), ours.field(name).and_then(Json::as_text), "{name}");
    }
    assert_eq!(object["class"], "driving-c1");
    assert!(!object.contains_key("not_before"));
}

#[test]
fn a_record_of_another_key_is_refused() {
    let record = Record::parse(&presented(&SHOWN)).unwrap();
    let error = verify_issuer(record, &licence(), &another_key()).unwrap_err();
    assert_eq!(error, RecordError::Jws(JwsError::Signature));
}

#[test]
fn a45_the_licence_asked_about_is_the_records() {
    let other: LicenceId = "HK-DL-0001".parse().unwrap();
    let shown = Record::parse(&presented(&["licence_id"])).unwrap();
    let error = verify_issuer(shown, &other, &issuer().public()).unwrap_err();
    assert_eq!(error, RecordError::OtherLicence);
    // Hidden, the number gives another key, under which the registry holds no such digest.
    let hidden = Record::parse(&presented(&SHOWN)).unwrap();
    let issued = verify_issuer(hidden, &other, &issuer().public()).unwrap();
    assert_ne!(issued.key(), LicenceKey::of(&Salt([3; 16]), &licence()));
}

#[test]
fn a45_a_digest_that_the_registry_does_not_hold_is_a_mismatch() {
    let issued = verified(&presented(&SHOWN)).unwrap();
    let registered = Digest([0; 32]);
    let got = issued.record().digest();
    let error = verify_record(issued.clone(), &registered).unwrap_err();
    assert_eq!(error, RecordMismatch { got, registered });
    assert_eq!(verify_record(issued, &got).unwrap().record().digest(), got);
}

#[test]
fn a45_no_byte_of_the_signed_text_can_change() {
    let text = issued().present(&[]).unwrap();
    let jws_len = issued().jws.len();
    let mut by_signature = 0;
    for at in 0..jws_len {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let error = verified(core::str::from_utf8(&changed).unwrap()).unwrap_err();
        by_signature += usize::from(error == RecordError::Jws(JwsError::Signature));
    }
    assert!(by_signature > 100, "only {by_signature} changes reached the signature");
}

#[test]
fn a45_disclosures_are_the_issuers_own() {
    let mut other = draft();
    other.fields[1] = field("not_before", "2020-01-01", 5);
    let forged = issue::issue(&other, &issuer()).unwrap().disclosures[1].1.clone();
    let jws = issued().jws;
    let text = format!("{jws}~{forged}~");
    assert_eq!(Record::parse(&text).unwrap_err(), RecordError::NotSigned { index: 0 });
    let own = &issued().disclosures[1].1;
    let text = format!("{jws}~{own}~{own}~");
    assert_eq!(Record::parse(&text).unwrap_err(), RecordError::NotSigned { index: 1 });
}

#[test]
fn two_disclosures_of_one_name_are_refused() {
    let mut twice = draft();
    twice.fields.push(field("not_after", "2099-12-31", 8));
    let error = issue::issue(&twice, &issuer()).unwrap_err();
    assert!(matches!(error, IssueError::Record(RecordError::NameTwice { index: 4 })));
}

#[test]
fn dates_must_be_dates_in_order() {
    let with = |first: &str, last: &str| {
        let mut draft = draft();
        draft.fields[1] = field("not_before", first, 5);
        draft.fields[2] = field("not_after", last, 6);
        match issue::issue(&draft, &issuer()) {
            Err(IssueError::Record(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(with("2025-06-02", "2025-06-01"), RecordError::EndsBeforeItBegins);
    assert_eq!(with("2025-06-31", "2026-06-01"), RecordError::Field { name: "not_before" });
    assert_eq!(with("2025-06-01", "20260601"), RecordError::Field { name: "not_after" });
}

#[test]
fn claims_are_exactly_those_of_the_format() {
    let claims = RecordError::Claims;
    refused(
        r#""iss":"11440000EXAMPLE11C""#,
        r#""iss":"11440000example11c""#,
        claims(ClaimError::Form { name: "iss" }),
    );
    refused(r#""iss":"#, r#""isu":"#, claims(ClaimError::Missing { name: "iss" }));
    refused(r#""iat":1780243200"#, r#""iat":-1"#, claims(ClaimError::Form { name: "iat" }));
    refused(
        r#""iat":1780243200"#,
        r#""iat":"1780243200""#,
        claims(ClaimError::Form { name: "iat" }),
    );
    refused(
        r#""class":"driving-c1""#,
        r#""class":"Driving C1""#,
        claims(ClaimError::Form { name: "class" }),
    );
    refused(r#""class":"#, r#""status":"valid","class":"#, claims(ClaimError::Unknown));
    refused(r#""class":"#, r#""exp":1,"class":"#, claims(ClaimError::Unknown));
    refused(r#""urn:comity:licence:1""#, r#""urn:comity:licence:2""#, RecordError::Kind);
    refused(r#""sha-256""#, r#""sha-512""#, RecordError::HashAlgorithm);
    refused(r#""kty":"OKP""#, r#""kty":"EC""#, claims(ClaimError::Form { name: "cnf" }));
    refused(r#""crv":"Ed25519""#, r#""crv":"X25519""#, claims(ClaimError::Form { name: "cnf" }));
    refused(
        r#""crv":"Ed25519","#,
        r#""crv":"Ed25519","d":"AA","#,
        claims(ClaimError::Form { name: "cnf" }),
    );
    refused(r#""cnf":{"#, r#""cnf":{"kid":"x","#, claims(ClaimError::Form { name: "cnf" }));
    refused(
        r#""key_salt":"AwMD"#,
        r#""key_salt":"AwMDAwMD"#,
        claims(ClaimError::Form { name: "key_salt" }),
    );
}

#[test]
fn a_list_of_digests_is_bounded_and_without_doubles() {
    let payload = payload_of(&issued().jws);
    let digests = payload.split_once("\"_sd\":[").unwrap().1.split_once("],").unwrap().0;
    let first = digests.split_once(',').unwrap().0;
    let list = format!("\"_sd\":[{digests}]");
    let list = list.as_str();
    refused(list, &format!("\"_sd\":[{first},{first}]"), RecordError::Digests);
    refused(list, "\"_sd\":[\"AA\"]", RecordError::Digests);
    refused(list, "\"_sd\":[1]", RecordError::Digests);
    refused(list, "\"_sd\":{}", RecordError::Digests);
    let many = |n: usize| {
        let digests: Vec<String> = (0..n)
            .map(|i| format!("\"{}\"", base64url::encode(&sha256(&i.to_be_bytes()).0)))
            .collect();
        format!("\"_sd\":[{}]", digests.join(","))
    };
    assert!(signed_with(list, &many(MAX_FIELDS)).is_ok());
    refused(list, &many(MAX_FIELDS + 1), RecordError::Digests);
}

#[test]
fn a96_a_claim_twice_is_refused_under_a_good_signature() {
    let twice = r#""class":"driving-c2","class":"driving-c1""#;
    let error = RecordError::Jws(JwsError::Payload(JsonError::DuplicateKey));
    refused(r#""class":"driving-c1""#, twice, error);
    let deep = format!(r#""class":{}1{}"#, "[".repeat(50_000), "]".repeat(50_000));
    let payload = payload_of(&issued().jws).replacen(r#""class":"driving-c1""#, &deep, 1);
    let text = format!("{}~", issuer_jws(HEADER, &payload));
    assert_eq!(Record::parse(&text).unwrap_err(), RecordError::TooLong { len: text.len() });
    let deep = format!(r#""class":{}1{}"#, "[".repeat(9), "]".repeat(9));
    let error = RecordError::Jws(JwsError::Payload(JsonError::TooDeep));
    refused(r#""class":"driving-c1""#, &deep, error);
    let float = RecordError::Jws(JwsError::Payload(JsonError::Number));
    refused(r#""iat":1780243200"#, r#""iat":1780243200.0"#, float);
}

#[test]
fn texts_that_are_not_records_are_refused() {
    let jws = issued().jws;
    assert_eq!(Record::parse("").unwrap_err(), RecordError::Parts);
    assert_eq!(Record::parse(&jws).unwrap_err(), RecordError::Parts);
    assert_eq!(Record::parse("~").unwrap_err(), RecordError::Jws(JwsError::Parts));
    let empty = RecordError::Disclosure {
        index: 0,
        source: DisclosureError::Json(JsonError::Syntax { line: 1, column: 0 }),
    };
    assert_eq!(Record::parse(&format!("{jws}~~")).unwrap_err(), empty);
    let long = format!("{jws}~{}~", "A".repeat(MAX_RECORD));
    assert_eq!(Record::parse(&long).unwrap_err(), RecordError::TooLong { len: long.len() });
}

#[test]
fn no_field_of_a_record_is_shown_by_debug() {
    let record = verified(&presented(&["licence_id", "holder_name"])).unwrap();
    let shown = format!("{record:?} {:?}", record.record());
    assert!(!shown.contains("示例甲") && !shown.contains("EXAMPLE0001"), "{shown}");
}

#[test]
fn a_record_cut_short_anywhere_is_another_record_or_none() {
    let good = presented(&SHOWN);
    let whole = Record::parse(&good).unwrap();
    for at in 0..good.len() {
        let Some(Ok(cut)) = good.get(..at).map(Record::parse) else { continue };
        let proof_is_cut = cut.key_binding() != whole.key_binding();
        assert!(proof_is_cut || cut.presentation_digest() != whole.presentation_digest());
    }
}

proptest! {
    #[test]
    fn any_other_text_is_refused_without_panic(text in "[ -~]{0,300}", bytes in "\\PC{0,80}") {
        prop_assert!(Record::parse(&text).is_err());
        prop_assert!(Record::parse(&bytes).is_err());
    }

    #[test]
    fn a_good_record_with_anything_put_into_it_is_refused_or_another(
        at in 0usize..2000, what in "[A-Za-z0-9_.~=-]{1,4}",
    ) {
        let good = presented(&SHOWN);
        let at = at.min(good.len());
        let changed = format!("{}{what}{}", good.get(..at).unwrap(), good.get(at..).unwrap());
        if let Ok(record) = verified(&changed) {
            let (ours, whole) = (record.record(), Record::parse(&good).unwrap());
            let same_proof = ours.key_binding() == whole.key_binding();
            prop_assert!(!same_proof || ours.presentation_digest() != whole.presentation_digest());
        }
    }
}
