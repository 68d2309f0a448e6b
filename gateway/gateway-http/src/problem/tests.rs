use super::*;
use crate::Response;
use std::collections::BTreeSet;

#[test]
fn a_problem_is_written_as_the_catalogue_says() {
    let problem = Problem::new(Code::LicenceIdInvalid)
        .with_detail("its check character should be I, it is 1")
        .with_pointer("/licence")
        .with_request_id("req_01");
    let written = serde_json::to_value(&problem).unwrap();
    let expected = serde_json::json!({
        "type": "/v1/errors#licence_id_invalid",
        "title": "Licence number mistyped",
        "status": 422,
        "detail": "its check character should be I, it is 1",
        "code": "licence_id_invalid",
        "next": { "who": "platform", "do": "Type the number again." },
        "retry_after_s": null,
        "pointer": "/licence",
        "request_id": "req_01",
    });
    assert_eq!(written, expected);
}

/// The table of `user-journeys` section 2, row by row: code, status, who, again after.
#[test]
fn statuses_and_who_are_those_of_the_table() {
    let table = "
        malformed_request 400 platform -
        too_large 413 platform -
        media_type 415 platform -
        too_slow 408 nobody 1
        licence_id_invalid 422 platform -
        consent_missing 422 holder -
        consent_expired 422 holder -
        consent_withdrawn 422 holder -
        wrong_gateway 422 platform -
        consent_invalid 422 platform -
        binding_invalid 422 platform -
        record_invalid 422 platform -
        purpose_unknown 422 platform -
        lane_unknown 404 platform -
        not_found 404 platform -
        unauthenticated 401 platform -
        forbidden 403 platform -
        idempotency_key_missing 400 platform -
        idempotency_key_reused 409 platform -
        rate_limited 429 nobody 1
        not_stored 503 nobody 1
        storage_full 503 operator 60
        internal 500 operator 5
        record_mismatch 200 holder -
        source_unavailable 200 nobody 30
        source_frozen 200 regulators -
        source_expired 200 regulators -
        quorum_unavailable 200 regulators 60
        deadline_passed 200 platform 0
        licence_not_registered 200 holder -
        licence_not_valid 200 holder -
        licence_expired 200 holder -
        licence_not_yet 200 holder -
        issuer_not_accredited 200 issuer -
        class_not_equivalent 200 platform -
        policy_denied 200 see_rules -
        already_used 200 holder -
        refused_by_regulator 200 platform -";
    let written: Vec<String> = ALL_CODES
        .iter()
        .map(|code| {
            let again = code.retry_after_s().map_or("-".to_owned(), |s| s.to_string());
            format!("{} {} {} {again}", code.as_str(), code.status().as_u16(), code.who().as_str())
        })
        .collect();
    let expected: Vec<&str> = table.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    assert_eq!(written, expected);
}

#[test]
fn every_code_is_itself_and_what_is_not_refused_is_ok() {
    let distinct: BTreeSet<&str> = ALL_CODES.iter().map(|code| code.as_str()).collect();
    assert_eq!(distinct.len(), ALL_CODES.len());
    for code in ALL_CODES {
        assert_eq!(code.as_str().parse(), Ok(code));
        assert_eq!(code.outcome() == Outcome::Refused, code.status() != StatusCode::OK);
    }
}

#[test]
fn only_429_and_503_say_retry_after() {
    let header = |code| {
        let response = Response::from(Problem::new(code));
        response.headers.get("retry-after").map(|v| v.to_str().unwrap().to_owned())
    };
    assert_eq!(header(Code::RateLimited).as_deref(), Some("1"));
    assert_eq!(header(Code::StorageFull).as_deref(), Some("60"));
    assert_eq!(header(Code::Internal), None);
    assert_eq!(header(Code::NotFound), None);
}
