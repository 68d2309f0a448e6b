use super::*;
use crate::fixture::{Holder, NOW, later};

fn seen(question: Digest, at: Timestamp) -> KeyUse {
    KeyUse { question, id: "rec_1".parse().unwrap(), at }
}

#[test]
fn a59_the_same_key_and_body_ask_once() {
    let question = Holder::default().request().question;
    let digest = question.digest();
    assert_eq!(check_key(None, &digest, NOW), Ok(KeyCheck::New));
    let use_of = seen(digest, NOW);
    for ms in [0, 1, 3_600_000] {
        let again = question.clone().digest();
        let same = KeyCheck::Same("rec_1".parse().unwrap());
        assert_eq!(check_key(Some(&use_of), &again, later(ms)), Ok(same));
    }
}

#[test]
fn a59_the_same_key_with_another_body_is_refused() {
    let question = Holder::default().request().question;
    let use_of = seen(question.digest(), NOW);
    let changes: [fn(&mut Question); 7] = [
        |q| q.licence = "HK-DL-0001".parse().unwrap(),
        |q| q.from = "CN-MO".parse().unwrap(),
        |q| q.to = "CN-MO".parse().unwrap(),
        |q| q.purpose = "audit".parse().unwrap(),
        |q| q.record.push('x'),
        |q| q.consent = None,
        |q| q.answer_by = Some(later(1000)),
    ];
    for change in changes {
        let mut other = question.clone();
        change(&mut other);
        let reused = KeyReused { id: "rec_1".parse().unwrap() };
        assert_eq!(check_key(Some(&use_of), &other.digest(), NOW), Err(reused));
    }
}

#[test]
fn no_consent_and_an_empty_one_are_two_questions() {
    let mut a = Holder::default().request().question;
    let mut b = a.clone();
    (a.consent, b.consent) = (None, Some(String::new()));
    assert_ne!(a.digest(), b.digest());
}

#[test]
fn a_key_is_remembered_for_thirty_days() {
    let digest = Digest([1; 32]);
    let use_of = seen(Digest([2; 32]), NOW);
    let days = |days: u64| later(days * 24 * 3_600_000);
    assert!(check_key(Some(&use_of), &digest, Timestamp(days(30).0 - 1)).is_err());
    assert_eq!(check_key(Some(&use_of), &digest, days(30)), Ok(KeyCheck::New));
}

#[test]
fn a136_one_question_at_two_gateways_has_one_request_digest() {
    let here = Holder::default().request();
    let there = StoredRequest { id: "rec_2".parse().unwrap(), stored_at: later(9), ..here.clone() };
    assert_eq!(here.digest(), there.digest());
    let other_key = Holder { key: "another-key-0123456", ..Holder::default() }.request();
    assert_ne!(here.digest(), other_key.digest());
    let platform = "comity://CN-HK/platform/bank".parse().unwrap();
    assert_ne!(here.digest(), StoredRequest { platform, ..there }.digest());
}

#[test]
fn a97_an_id_is_plain_ascii() {
    for good in ["rec_01M7XZ2WWM4Q7K", "rec_1"] {
        assert_eq!(good.parse::<RecognitionId>().unwrap().to_string(), good);
    }
    for bad in ["rec_", "rec_a", "crt_1", "REC_1", "rec_１", &format!("rec_{}", "1".repeat(37))] {
        assert!(bad.parse::<RecognitionId>().is_err(), "{bad}");
    }
}

#[test]
fn nothing_personal_is_shown_by_debug() {
    let request = Holder::default().request();
    let shown = format!("{request:?}");
    assert!(!shown.contains("EXAMPLE0001") && !shown.contains("eyJ"), "{shown}");
}
