use super::*;
use crate::fixture::{Holder, NOW, later, lax_world, world};
use gateway_types::Timestamp;

fn check(request: &StoredRequest) -> Result<Presented, IntakeError> {
    check_request(&world().lane(), &"CN-HK".parse().unwrap(), request, NOW)
}

/// The code that a changed question gets.
fn code(change: impl Fn(&mut StoredRequest)) -> &'static str {
    let mut request = Holder::default().request();
    change(&mut request);
    check(&request).unwrap_err().code()
}

fn code_of(holder: &Holder) -> &'static str {
    check(&holder.request()).unwrap_err().code()
}

#[test]
fn a_good_question_is_taken() {
    let presented = check(&Holder::default().request()).unwrap();
    assert!(presented.is_accredited());
    assert_eq!(presented.key(), Holder::key());
    assert!(presented.consent().is_some());
    assert_eq!(presented.record().hidden(), 2);
}

#[test]
fn what_can_be_refused_without_the_source_is_refused_at_once() {
    assert_eq!(code(|r| r.question.from = "CN-MO".parse().unwrap()), "lane_unknown");
    assert_eq!(code(|r| r.question.to = "CN-MO".parse().unwrap()), "lane_unknown");
    let at_the_source = check_request(
        &world().lane(),
        &"CN-GD".parse().unwrap(),
        &Holder::default().request(),
        NOW,
    );
    assert_eq!(at_the_source.unwrap_err().code(), "wrong_gateway");
    assert_eq!(code(|r| r.question.purpose = "espionage".parse().unwrap()), "purpose_unknown");
    assert_eq!(code(|r| r.question.answer_by = Some(NOW)), "deadline_passed");
    let foreign = "comity://CN-GD/platform/counter";
    assert_eq!(code(|r| r.platform = foreign.parse().unwrap()), "forbidden");
}

#[test]
fn a_mistyped_number_is_named() {
    let mistyped = "1.2.156.3005.2.11100000EXAMPLE03W011.11440000EXAMPLE11C.EXAMPLE0001.001.1";
    assert_eq!(code(|r| r.question.licence = mistyped.parse().unwrap()), "licence_id_invalid");
}

#[test]
fn a94_a_record_signed_by_another_issuer_is_refused() {
    let forged = Holder { signed_by: "11440100EXAMPLE22D", ..Holder::default() };
    assert_eq!(code_of(&forged), "record_invalid");
}

#[test]
fn a94_a_record_whose_text_was_touched_is_refused() {
    assert_eq!(code(|r| r.question.record.insert(40, 'A')), "record_invalid");
    assert_eq!(code(|r| r.question.record = "eyJ".into()), "record_invalid");
    assert_eq!(code(|r| r.question.record.clear()), "record_invalid");
}

#[test]
fn a96_a_record_beyond_its_bounds_is_refused() {
    assert_eq!(code(|r| r.question.record = "~".repeat(70_000)), "record_invalid");
}

#[test]
fn a45_a_proof_or_consent_for_another_question_is_refused() {
    assert_eq!(code(|r| r.key = "another-key-0123456".parse().unwrap()), "binding_invalid");
    let platform = "comity://CN-HK/platform/bank";
    assert_eq!(code(|r| r.platform = platform.parse().unwrap()), "binding_invalid");
    assert_eq!(code(|r| r.question.purpose = "audit".parse().unwrap()), "consent_invalid");
    let no_proof = |r: &mut StoredRequest| {
        let end = r.question.record.rfind('~').unwrap();
        r.question.record.truncate(end + 1);
    };
    assert_eq!(code(no_proof), "binding_invalid");
}

#[test]
fn a_consent_that_has_ended_is_refused() {
    let ended = (Timestamp(NOW.0 - 120_000), Timestamp(NOW.0 - 60_000));
    assert_eq!(code_of(&Holder { consent: Some(ended), ..Holder::default() }), "consent_expired");
    let to_come = (later(600_000), later(900_000));
    assert_eq!(code_of(&Holder { consent: Some(to_come), ..Holder::default() }), "consent_invalid");
}

#[test]
fn a_record_that_hides_its_dates_is_refused() {
    let hidden = Holder { shown: vec!["not_before"], ..Holder::default() };
    assert_eq!(code_of(&hidden), "record_invalid");
}

#[test]
fn a_number_that_is_not_the_shown_one_is_refused() {
    let shown = vec!["not_before", "not_after", "licence_id"];
    let mut request = Holder { shown, ..Holder::default() }.request();
    request.question.licence = "HK-DL-0001".parse().unwrap();
    assert_eq!(check(&request).unwrap_err().code(), "record_invalid");
}

#[test]
fn a_missing_consent_is_refused_where_the_packs_demand_one() {
    let asked = |lane: &Lane<'_>, holder: &Holder| {
        let request = holder.request();
        let presented = check_request(lane, &"CN-HK".parse().unwrap(), &request, NOW)?;
        check_consent(lane, &request, &presented, PlatformStanding::default(), NOW)
    };
    let without = Holder { consent: None, ..Holder::default() };
    assert_eq!(asked(&world().lane(), &without).unwrap_err().code(), "consent_missing");
    // These packs demand none: it is theirs to say.
    asked(&lax_world().lane(), &without).unwrap();
    asked(&world().lane(), &Holder::default()).unwrap();
    let unlisted = Holder { issuer: "11440100EXAMPLE22D", ..without };
    asked(&world().lane(), &unlisted).unwrap();
}

#[test]
fn an_unlisted_issuer_is_for_members_to_refuse() {
    let unlisted = Holder { issuer: "11440100EXAMPLE22D", ..Holder::default() };
    assert!(!check(&unlisted.request()).unwrap().is_accredited());
}
