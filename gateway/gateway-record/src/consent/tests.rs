use super::*;
use crate::{
    fixture::{
        NOW, SHOWN, holder, holder_jws, jws, payload_of, platform, presented, terms, verified,
    },
    issue::{self, ConsentTerms},
};
use gateway_types::verdict::Reason;

const HEADER: &str = r#"{"alg":"EdDSA","typ":"comity-consent+jwt"}"#;

fn check_at(text: Option<&str>, now: Timestamp) -> Result<VerifiedConsent, ConsentError> {
    let record = verified(&presented(&SHOWN)).unwrap();
    verify_consent(&record, text, &"licence-exchange".parse().unwrap(), &platform(), now)
}

fn made(terms: &ConsentTerms) -> Result<VerifiedConsent, ConsentError> {
    check_at(Some(&issue::consent(terms, &holder()).unwrap()), NOW)
}

#[test]
fn a_consent_gives_its_terms_and_nothing_of_its_holder() {
    let text = issue::consent(&terms(), &holder()).unwrap();
    let consent = check_at(Some(&text), NOW).unwrap();
    assert_eq!(consent.digest(), sha256(text.as_bytes()));
    let facts = consent.facts(false);
    assert_eq!(facts.purpose.as_str(), "licence-exchange");
    assert_eq!(facts.recipient, platform());
    assert_eq!(facts.expires, terms().until);
    assert!(!facts.withdrawn && consent.facts(true).withdrawn);
}

#[test]
fn a45_a_consent_for_anything_else_is_refused() {
    let other = ConsentTerms { record: Digest([0; 32]), ..terms() };
    assert_eq!(made(&other), Err(ConsentError::OtherRecord));
    let other = ConsentTerms { purpose: "statistics".parse().unwrap(), ..terms() };
    assert_eq!(made(&other), Err(ConsentError::OtherPurpose));
    let other =
        ConsentTerms { recipient: "comity://CN-HK/platform/bank".parse().unwrap(), ..terms() };
    assert_eq!(made(&other), Err(ConsentError::OtherRecipient));
    assert_eq!(made(&other).unwrap_err().reason(), Reason::ConsentInvalid);
}

#[test]
fn a94_a_consent_by_another_key_or_of_another_type_is_refused() {
    let payload = payload_of(&issue::consent(&terms(), &holder()).unwrap());
    let by_another = jws(HEADER, &payload, &[77; 32]);
    assert_eq!(check_at(Some(&by_another), NOW), Err(ConsentError::Jws(JwsError::Signature)));
    let proof = holder_jws(r#"{"alg":"EdDSA","typ":"kb+jwt"}"#, &payload);
    let kind = ConsentError::Jws(JwsError::Type { expected: CONSENT_TYPE });
    assert_eq!(check_at(Some(&proof), NOW), Err(kind));
    let none = holder_jws(r#"{"alg":"none","typ":"comity-consent+jwt"}"#, &payload);
    assert_eq!(check_at(Some(&none), NOW), Err(ConsentError::Jws(JwsError::Algorithm)));
}

#[test]
fn no_consent_is_missing_and_an_old_one_expired() {
    let text = issue::consent(&terms(), &holder()).unwrap();
    assert_eq!(check_at(None, NOW).unwrap_err().reason(), Reason::ConsentMissing);
    let until = terms().until;
    assert!(check_at(Some(&text), Timestamp(until.0 - 1)).is_ok());
    let expired = check_at(Some(&text), until).unwrap_err();
    assert_eq!(expired, ConsentError::Expired { expires: until, now: until });
    assert_eq!(expired.reason(), Reason::ConsentExpired);
}

#[test]
fn a_consent_has_a_time_that_can_be() {
    let later = |from: u64, until: u64| {
        made(&ConsentTerms {
            from: Timestamp(NOW.0 + from),
            until: Timestamp(NOW.0 + until),
            ..terms()
        })
    };
    assert!(later(300_000, 400_000).is_ok());
    assert!(matches!(later(301_000, 400_000), Err(ConsentError::Time { .. })));
    assert!(matches!(later(1000, 1000), Err(ConsentError::Time { .. })));
    let year = 366 * 24 * 3_600_000;
    assert!(later(0, year).is_ok());
    assert!(matches!(later(0, year + 1000), Err(ConsentError::Time { .. })));
}

#[test]
fn a_consent_says_nothing_else_and_is_bounded() {
    let payload = payload_of(&issue::consent(&terms(), &holder()).unwrap());
    let more = holder_jws(HEADER, &payload.replacen('{', r#"{"onward":true,"#, 1));
    assert_eq!(check_at(Some(&more), NOW), Err(ConsentError::Claims(ClaimError::Unknown)));
    let long = "A".repeat(MAX_CONSENT + 1);
    assert_eq!(check_at(Some(&long), NOW), Err(ConsentError::TooLong { len: MAX_CONSENT + 1 }));
}

#[test]
fn a_consent_that_counted_may_count_no_more_later() {
    let consent = made(&terms()).unwrap();
    let expires = terms().until;
    assert_eq!(consent.check_counts_at(Timestamp(expires.0 - 1)), Ok(()));
    let expired = ConsentError::Expired { expires, now: expires };
    assert_eq!(consent.check_counts_at(expires), Err(expired));
}
