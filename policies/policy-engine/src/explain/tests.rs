use super::*;
use crate::testing::{good, guangdong, hong_kong, load};
use gateway_types::{SourceCode, Timestamp};

fn explained(facts: &Facts) -> Explanation {
    explain(&load(&hong_kong()), facts, Language::English).unwrap()
}

fn standing(explanation: &Explanation, rule: &str) -> Standing {
    explanation.rules.iter().find(|account| account.rule.as_str() == rule).unwrap().standing
}

#[test]
fn a_refusal_names_the_rule_its_text_and_what_would_help() {
    let explanation = explained(&Facts { evidence_age_s: 91, ..good() });
    assert_eq!(explanation.answer.as_str(), "deny");
    assert_eq!(explanation.class, "C1");
    let first = &explanation.rules[0];
    assert_eq!((first.rule.as_str(), first.standing), ("CN-HK/fresh-evidence", Standing::Refuses));
    assert_eq!(first.text, "evidence is 91 s old, at most 60 s");
    assert_eq!(first.remedy.as_deref(), Some("asked again with a newer header"));
    assert_eq!(standing(&explanation, "CN-HK/class-equivalent"), Standing::Met);
    assert_eq!(standing(&explanation, "CN-HK/consent-live"), Standing::Met);
    assert_eq!(standing(&explanation, "CN-HK/manual-review"), Standing::NotConcerned);
    assert_eq!(explanation.smallest_change, ["evidence ≤ 60 s"]);
    let of_other_action = |account: &RuleAccount| account.rule.as_str() == "CN-HK/disclose";
    assert!(!explanation.rules.iter().any(of_other_action));
}

#[test]
fn the_smallest_change_is_found_on_the_pack_itself() {
    let check = |facts: Facts, expected: &[&str]| {
        assert_eq!(explained(&facts).smallest_change, expected);
    };
    check(good(), &[]);
    check(Facts { code: SourceCode::new(7), ..good() }, &["status valid"]);
    check(Facts { code: None, onward: true, ..good() }, &["data not going on", "status valid"]);
    check(Facts { consent: None, ..good() }, &["a live consent for this purpose and platform"]);
    check(Facts { not_after: good().now, ..good() }, &["a licence that has not ended"]);
    let mut stale = good();
    stale.consent.as_mut().unwrap().expires = Timestamp(0);
    check(stale, &["a consent that is live"]);
    let doctor = Facts { class: "medical".parse().unwrap(), ..good() };
    check(doctor, &["a strict lane", "a person's review"]);
    let hopeless = Facts {
        code: None,
        onward: true,
        issuer_accredited: false,
        platform_suspended: true,
        ..good()
    };
    check(hopeless, &[]);
}

#[test]
fn both_sides_and_both_languages_explain() {
    let pack = load(&guangdong());
    let explanation = explain(&pack, &good(), Language::Chinese).unwrap();
    assert_eq!(explanation.action, Action::Disclose);
    assert_eq!(explanation.answer.as_str(), "permit");
    let fresh =
        explanation.rules.iter().find(|a| a.rule.as_str() == "CN-GD/fresh-evidence").unwrap();
    assert_eq!(fresh.text, "依据距今 1 秒，至多 60 秒。");
    let elsewhere = Facts { from: "CN-MO".parse().unwrap(), ..good() };
    assert!(explain(&pack, &elsewhere, Language::English).is_err());
}
