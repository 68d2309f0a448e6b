use super::*;
use crate::{
    fixture::{
        NOW, REQUEST, SHOWN, another_key, holder, holder_jws, issued, jws, origin, payload_of,
        presented, verified,
    },
    issue,
};

const HEADER: &str = r#"{"alg":"EdDSA","typ":"kb+jwt"}"#;

fn bound(text: &str) -> Result<VerifiedBinding, BindingError> {
    verify_binding(&verified(text).unwrap(), &origin(), &REQUEST, NOW)
}

fn at(issued_at: u64) -> Result<VerifiedBinding, BindingError> {
    let text = issued().present(&SHOWN).unwrap();
    bound(&issue::bind(&text, &holder(), &origin(), &REQUEST, Timestamp(issued_at)).unwrap())
}

/// The proof with `from` replaced by `to` in what it says, signed by the holder.
fn refused(from: &str, to: &str, expected: BindingError) {
    let text = presented(&SHOWN);
    let (record, proof) = text.rsplit_once('~').unwrap();
    let payload = payload_of(proof);
    assert!(payload.contains(from), "{from} is not in {payload}");
    let proof = holder_jws(HEADER, &payload.replacen(from, to, 1));
    assert_eq!(bound(&format!("{record}~{proof}")), Err(expected), "{from} -> {to}");
}

#[test]
fn a_proof_binds_one_record_to_one_request() {
    let binding = bound(&presented(&SHOWN)).unwrap();
    assert_eq!(binding.request(), REQUEST);
    let record = verified(&presented(&SHOWN)).unwrap();
    assert_eq!(binding.presentation(), record.record().presentation_digest());
}

#[test]
fn a45_a_proof_for_anything_else_is_refused() {
    let text = presented(&SHOWN);
    let record = verified(&text).unwrap();
    let other: Origin = "comity.test/CN-GD.CN-HK.standard".parse().unwrap();
    assert_eq!(verify_binding(&record, &other, &REQUEST, NOW), Err(BindingError::Audience));
    let other: Origin = "comity.gba/CN-GD.CN-MO.standard".parse().unwrap();
    assert_eq!(verify_binding(&record, &other, &REQUEST, NOW), Err(BindingError::Audience));
    let other = Digest([8; 32]);
    assert_eq!(verify_binding(&record, &origin(), &other, NOW), Err(BindingError::Request));
    let (_, proof) = text.rsplit_once('~').unwrap();
    let more = issued().present(&["not_before", "not_after", "holder_name"]).unwrap();
    assert_eq!(bound(&format!("{more}{proof}")), Err(BindingError::Presentation));
    let order = issued().present(&["not_after", "not_before"]).unwrap();
    assert_eq!(bound(&format!("{order}{proof}")), Err(BindingError::Presentation));
}

#[test]
fn a94_a_proof_by_another_key_or_of_another_type_is_refused() {
    let text = presented(&SHOWN);
    let (record, proof) = text.rsplit_once('~').unwrap();
    let payload = payload_of(proof);
    let by_another = jws(HEADER, &payload, &[77; 32]);
    let signature = Err(BindingError::Jws(JwsError::Signature));
    assert_eq!(bound(&format!("{record}~{by_another}")), signature);
    let x = base64url::encode(&another_key().0);
    let header = format!(
        r#"{{"alg":"EdDSA","typ":"kb+jwt","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}}}"#
    );
    let with_its_key = jws(&header, &payload, &[77; 32]);
    let member = Err(BindingError::Jws(JwsError::HeaderMember));
    assert_eq!(bound(&format!("{record}~{with_its_key}")), member);
    let consent = holder_jws(r#"{"alg":"EdDSA","typ":"comity-consent+jwt"}"#, &payload);
    let kind = Err(BindingError::Jws(JwsError::Type { expected: BINDING_TYPE }));
    assert_eq!(bound(&format!("{record}~{consent}")), kind);
}

#[test]
fn a_record_without_proof_is_not_bound() {
    assert_eq!(bound(&issued().present(&SHOWN).unwrap()), Err(BindingError::Missing));
    let long = format!("{}{}", issued().present(&SHOWN).unwrap(), "A".repeat(MAX_BINDING + 1));
    assert_eq!(bound(&long), Err(BindingError::TooLong { len: MAX_BINDING + 1 }));
}

#[test]
fn a_proof_is_young_and_not_from_the_future() {
    let day = 24 * 3_600_000;
    assert!(at(NOW.0).is_ok());
    assert!(at(NOW.0 - day).is_ok());
    assert!(at(NOW.0 + 300_000).is_ok());
    let time = |issued_at| Err(BindingError::Time { issued_at: Timestamp(issued_at), now: NOW });
    assert_eq!(at(NOW.0 - day - 1000), time(NOW.0 - day - 1000));
    assert_eq!(at(NOW.0 + 301_000), time(NOW.0 + 301_000));
}

#[test]
fn a_proof_says_nothing_else() {
    refused(r#""aud":"#, r#""extra":1,"aud":"#, BindingError::Claims(ClaimError::Unknown));
    refused(r#""aud":"#, r#""auds":"#, BindingError::Claims(ClaimError::Missing { name: "aud" }));
    refused(
        r#""aud":"comity.gba/CN-GD.CN-HK.standard""#,
        r#""aud":["comity.gba/CN-GD.CN-HK.standard"]"#,
        BindingError::Claims(ClaimError::Form { name: "aud" }),
    );
    refused(
        r#""aud":"comity.gba/CN-GD.CN-HK.standard""#,
        r#""aud":"comity.gba/CN-GD.CN-HK.standard/""#,
        BindingError::Audience,
    );
}

#[test]
fn a_proof_that_counted_may_count_no_more_later() {
    let binding = bound(&presented(&SHOWN)).unwrap();
    let day = 24 * 3_600_000;
    assert_eq!(binding.check_counts_at(Timestamp(NOW.0 + day)), Ok(()));
    let later = Timestamp(NOW.0 + day + 1);
    let expected = BindingError::Time { issued_at: NOW, now: later };
    assert_eq!(binding.check_counts_at(later), Err(expected));
}
