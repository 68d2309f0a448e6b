use super::*;
use crate::fixture::{another_key, issuer, issuer_jws};
use base64url::encode;

const TYP: &str = "comity-licence+sd-jwt";

fn check(header: &str, expected: Result<(), JwsError>) {
    let jws = Jws::parse(&issuer_jws(header, "{}"), TYP);
    assert_eq!(jws.and_then(|jws| jws.verify(&issuer().public())), expected, "{header}");
}

#[test]
fn the_one_header_is_taken_with_or_without_kid() {
    check(r#"{"alg":"EdDSA","typ":"comity-licence+sd-jwt"}"#, Ok(()));
    check(r#"{"typ":"comity-licence+sd-jwt","kid":"k-1","alg":"EdDSA"}"#, Ok(()));
}

#[test]
fn a94_every_other_algorithm_is_refused() {
    for alg in [
        "none", "None", "NONE", "", "HS256", "HS512", "RS256", "PS256", "ES256", "ES256K",
        "Ed25519", "EdDsa", "EdDSA ",
    ] {
        let header = format!(r#"{{"alg":"{alg}","typ":"{TYP}"}}"#);
        check(&header, Err(JwsError::Algorithm));
    }
    check(&format!(r#"{{"typ":"{TYP}"}}"#), Err(JwsError::Algorithm));
    check(&format!(r#"{{"alg":["EdDSA"],"typ":"{TYP}"}}"#), Err(JwsError::Algorithm));
    let twice = format!(r#"{{"alg":"none","alg":"EdDSA","typ":"{TYP}"}}"#);
    check(&twice, Err(JwsError::Header(JsonError::DuplicateKey)));
}

#[test]
fn a94_a_header_cannot_bring_a_key_or_a_rule_along() {
    let own = encode(&issuer().public().0);
    let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{own}"}}"#);
    let members = [
        format!(r#""jwk":{jwk}"#),
        r#""jku":"https://evil.example/keys""#.into(),
        r#""x5u":"https://evil.example/x""#.into(),
        r#""x5c":["MIIB"]"#.into(),
        r#""x5t":"AA""#.into(),
        r#""crit":["exp"]"#.into(),
        r#""crit":[]"#.into(),
        r#""b64":false,"crit":["b64"]"#.into(),
        r#""cty":"JWT""#.into(),
        r#""zip":"DEF""#.into(),
        r#""anything":null"#.into(),
    ];
    for member in members {
        let header = format!(r#"{{"alg":"EdDSA","typ":"{TYP}",{member}}}"#);
        check(&header, Err(JwsError::HeaderMember));
    }
}

#[test]
fn a94_a_kid_chooses_nothing() {
    for kid in ["../../dev/null", "' OR 1=1 --", "another-issuer"] {
        check(&format!(r#"{{"alg":"EdDSA","typ":"{TYP}","kid":"{kid}"}}"#), Ok(()));
    }
    for kid in [r#""""#, "1", "null", "{}"] {
        check(&format!(r#"{{"alg":"EdDSA","typ":"{TYP}","kid":{kid}}}"#), Err(JwsError::Kid));
    }
    let long = format!(r#"{{"alg":"EdDSA","typ":"{TYP}","kid":"{}"}}"#, "k".repeat(MAX_KID + 1));
    check(&long, Err(JwsError::Kid));
}

#[test]
fn a94_a_token_of_another_type_is_refused() {
    for typ in ["kb+jwt", "comity-consent+jwt", "JWT", "", "COMITY-LICENCE+SD-JWT"] {
        let header = format!(r#"{{"alg":"EdDSA","typ":"{typ}"}}"#);
        check(&header, Err(JwsError::Type { expected: TYP }));
    }
    check(r#"{"alg":"EdDSA"}"#, Err(JwsError::Type { expected: TYP }));
}

#[test]
fn a94_signatures_that_say_nothing_are_refused() {
    let good = issuer_jws(&format!(r#"{{"alg":"EdDSA","typ":"{TYP}"}}"#), "{}");
    let (signed, _) = good.rsplit_once('.').unwrap();
    let mut identity = [0; 64];
    identity[0] = 1;
    for signature in [[0; 64], identity, [0xff; 64]] {
        let jws = Jws::parse(&format!("{signed}.{}", encode(&signature)), TYP).unwrap();
        assert_eq!(jws.verify(&issuer().public()), Err(JwsError::Signature));
    }
    let none = Jws::parse(&format!("{signed}."), TYP).unwrap_err();
    assert_eq!(none, JwsError::Parts);
    let jws = Jws::parse(&good, TYP).unwrap();
    assert_eq!(jws.verify(&another_key()), Err(JwsError::Signature));
}

#[test]
fn a94_a_key_of_small_order_verifies_nothing() {
    // The identity: with R = identity and s = 0 the equation holds for every message.
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let good = issuer_jws(&format!(r#"{{"alg":"EdDSA","typ":"{TYP}"}}"#), "{}");
    let (signed, _) = good.rsplit_once('.').unwrap();
    let jws = Jws::parse(&format!("{signed}.{}", encode(&signature)), TYP).unwrap();
    assert!(jws.verify(&PublicKey(identity)).is_err());
    assert!(jws.verify(&PublicKey([0; 32])).is_err());
}

#[test]
fn a94_only_three_parts_with_one_encoding_are_taken() {
    let good = issuer_jws(&format!(r#"{{"alg":"EdDSA","typ":"{TYP}"}}"#), "{}");
    let parts: Vec<&str> = good.split('.').collect();
    let (header, payload, signature) = (parts[0], parts[1], parts[2]);
    for text in [
        String::new(),
        format!("{header}.{payload}"),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!(" {good}"),
        format!("{good}\n"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}.{signature}AA"),
    ] {
        assert_eq!(Jws::parse(&text, TYP).unwrap_err(), JwsError::Parts, "{text:?}");
    }
    let long = "e".repeat(MAX_HEADER + 1);
    let error = Jws::parse(&format!("{long}.{payload}.{signature}"), TYP).unwrap_err();
    assert_eq!(error, JwsError::HeaderTooLong { len: MAX_HEADER + 1 });
}
