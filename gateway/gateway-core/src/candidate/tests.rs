use super::*;
use crate::fixture::{FRESH, Holder, Moment, NOW, later, ledger, world};
use crate::intake::asked_of;
use gateway_types::{
    candidate::Form,
    id::{Obligation, RuleId},
    verdict::Reason,
};

fn made(holder: &Holder, evidence: &Evidence) -> Made {
    world().made(&holder.request(), evidence)
}

fn try_make(evidence: &Evidence, now: Timestamp) -> Result<Made, CandidateError> {
    let request = Holder::default().request();
    let digest = request.digest();
    let presented = world().presented(&request);
    let standing = PlatformStanding::default();
    make_candidate(
        &world().lane(),
        &asked_of(&request, &digest),
        &presented,
        evidence,
        standing,
        now,
    )
}

fn good() -> Evidence {
    Holder::default().registry(1).prove(Holder::key())
}

#[test]
fn a_good_question_makes_a_candidate_that_both_packs_permit() {
    let Made { candidate, decision } = made(&Holder::default(), &good());
    assert!(matches!(decision, Decision::Permit(_)));
    assert_eq!(candidate.decision.form, Form::Accepted);
    assert_eq!(candidate.decision.local_class.as_ref().unwrap().as_str(), "hk/private-car");
    let obligations = candidate.facts.obligations.iter().map(Obligation::as_str);
    assert_eq!(obligations.collect::<Vec<_>>(), ["redact:id_number"]);
    let reasons: Vec<&str> = candidate.decision.reasons.iter().map(RuleId::as_str).collect();
    assert!(reasons.contains(&"CN-HK/class-equivalent"), "{reasons:?}");
    assert_eq!(candidate.record, Holder::default().issued().digest());
    assert_eq!(candidate.facts.evidence_age_s, 1);
    assert_eq!(candidate.evidence.sequence, Some(1));
    assert_eq!(candidate.lapses_at(), later(60_000));
}

#[test]
fn a_candidate_holds_neither_number_nor_record_nor_consent() {
    let request = Holder::default().request();
    let candidate = world().made(&request, &good()).candidate;
    let bytes = gateway_types::cbor::encode(&candidate);
    let text = String::from_utf8_lossy(&bytes);
    for secret in ["EXAMPLE0001", "eyJ", "示例"] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(bytes.len() < 2048, "{} bytes", bytes.len());
}

#[test]
fn a38_absence_is_no_status_and_never_the_first_one() {
    let absent = ledger(LicenceKey(Digest([4; 32])), Digest([5; 32]), 1).prove(Holder::key());
    assert_eq!(absent.code(), None);
    let Made { candidate, decision } = made(&Holder::default(), &absent);
    assert_eq!((candidate.facts.code, candidate.evidence.sequence), (None, None));
    let Decision::Denied(denied) = decision else { panic!("{decision:?}") };
    assert_eq!(denied.reason(), Reason::LicenceNotRegistered);
}

#[test]
fn a38_evidence_of_an_old_root_says_nothing() {
    let old = |age_ms| Moment { height: 9, age_ms };
    let registry = Holder::default().registry(1);
    assert!(try_make(&registry.prove_at(Holder::key(), old(60_000)), NOW).is_ok());
    let too_old = registry.prove_at(Holder::key(), old(60_001));
    assert_eq!(try_make(&too_old, NOW), Err(CandidateError::TooOld { age_s: 61 }));
    let empty = ledger(LicenceKey(Digest([4; 32])), Digest([5; 32]), 1);
    let absent = empty.prove_at(Holder::key(), old(61_000));
    assert_eq!(try_make(&absent, NOW), Err(CandidateError::TooOld { age_s: 61 }));
    assert_eq!(try_make(&good(), later(60_000)), Err(CandidateError::TooOld { age_s: 61 }));
}

#[test]
fn a45_evidence_of_another_licence_makes_no_candidate() {
    let got = LicenceKey(Digest([4; 32]));
    let wanted = Holder::key();
    let other = ledger(got, Holder::default().issued().digest(), 1).prove(got);
    assert_eq!(try_make(&other, NOW), Err(CandidateError::OtherLicence { got, wanted }));
    let absent = ledger(wanted, Digest([5; 32]), 1).prove(got);
    assert_eq!(try_make(&absent, NOW), Err(CandidateError::OtherLicence { got, wanted }));
}

#[test]
fn a45_another_record_than_the_registered_one_is_a_mismatch() {
    let registered = Digest([5; 32]);
    let got = Holder::default().issued().digest();
    let other = ledger(Holder::key(), registered, 1).prove(Holder::key());
    assert_eq!(try_make(&other, NOW), Err(CandidateError::RecordMismatch { got, registered }));
}

#[test]
fn evidence_under_another_pin_makes_no_candidate() {
    let request = Holder::default().request();
    let digest = request.digest();
    let presented = world().presented(&request);
    let pinned = Digest([1; 32]);
    let lane = Lane { pin: &pinned, ..world().lane() };
    let standing = PlatformStanding::default();
    let error =
        make_candidate(&lane, &asked_of(&request, &digest), &presented, &good(), standing, NOW);
    assert_eq!(error, Err(CandidateError::OtherPin { got: good().at().pin, pinned }));
}

#[test]
fn a_gateway_that_finds_a_no_still_makes_the_candidate() {
    let reason = |holder: &Holder, code| {
        let evidence = holder.registry(code).prove(Holder::key());
        let Made { candidate, decision } = made(holder, &evidence);
        assert_eq!(candidate.decision.form, Form::Denied);
        let Decision::Denied(denied) = decision else { panic!("{decision:?}") };
        denied.reason()
    };
    let holder = Holder::default();
    for code in [2, 3, 4, 5, 6, 7, 99] {
        assert_eq!(reason(&holder, code), Reason::LicenceNotValid, "code {code}");
    }
    let ended = Holder { last_day: "2026-11-20", ..holder.clone() };
    assert_eq!(reason(&ended, 1), Reason::LicenceExpired);
    let to_begin = Holder { first_day: "2026-11-22", ..holder.clone() };
    assert_eq!(reason(&to_begin, 1), Reason::LicenceNotYet);
    let unlisted = Holder { issuer: "11440100EXAMPLE22D", ..holder.clone() };
    assert_eq!(reason(&unlisted, 1), Reason::IssuerNotAccredited);
    let without = Holder { consent: None, ..holder };
    assert_eq!(reason(&without, 1), Reason::ConsentMissing);
}

#[test]
fn the_last_day_still_counts() {
    let last = Holder { last_day: "2026-11-21", ..Holder::default() };
    let evidence = last.registry(1).prove_at(Holder::key(), FRESH);
    assert!(matches!(made(&last, &evidence).decision, Decision::Permit(_)));
}
