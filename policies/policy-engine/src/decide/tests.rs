//! The traps of the policy engine, closed; and the packs of the tree against rules written by hand.

use super::*;
use crate::asked::ask;
use crate::judge::{Judged, judge};
use crate::situation::Situation;
use crate::testing::{Both, any_facts, both, edited, good, guangdong, hong_kong, load, with_rule};
use cedar_policy::Authorizer;
use gateway_types::{SourceCode, Status, candidate::Form};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn reasons(decision: &Decision) -> Vec<&'static str> {
    match decision {
        Decision::Denied(denied) => denied.reasons().iter().map(|reason| reason.as_str()).collect(),
        other => panic!("{other:#?}"),
    }
}

fn permit(decision: Decision) -> Permit {
    match decision {
        Decision::Permit(permit) => permit,
        other => panic!("{other:#?}"),
    }
}

fn words<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

#[test]
fn a_good_question_is_permitted_with_its_obligations() {
    let both = Both::new();
    let permit = permit(decide(&both.packs(), &good()));
    assert_eq!(permit.terms().form, Form::Accepted);
    assert_eq!(permit.terms().local_class, Some("hk/private-car".parse().unwrap()));
    assert_eq!(words(&permit.terms().obligations), ["redact:id_number"]);
    let spoken = [
        "CN-GD/consent-live",
        "CN-GD/minimum-fields",
        "CN-HK/class-equivalent",
        "CN-HK/consent-live",
        "CN-HK/minimum-fields",
    ];
    assert_eq!(words(&permit.terms().reasons), spoken);
    assert_eq!(permit.facts().obligations, permit.terms().obligations);
    assert_eq!(check(&both.packs(), permit.facts()), Decision::Permit(permit.clone()));
}

#[test]
fn a_member_takes_on_nothing_that_the_candidate_does_not_state() {
    let both = Both::new();
    let denied = check(&both.packs(), &good());
    assert_eq!(reasons(&denied), ["policy_denied"]);
    assert_eq!(words(&denied.terms().reasons), ["CN-GD/minimum-fields", "CN-HK/minimum-fields"]);
    assert_eq!(denied.terms().form, Form::Denied);
}

/// How long a status counts offline stands in the terms, and so in every certificate, where the pack says less
/// than 24 h.
#[test]
fn the_packs_age_of_a_status_is_part_of_the_terms() {
    let shorter = edited(hong_kong(), "pack.toml", "offline_s = 86400", "offline_s = 900");
    let (source, destination) = (load(&guangdong()), load(&shorter));
    let packs = Packs::new(&source, &destination);
    let permit = permit(decide(&packs, &good()));
    assert_eq!(words(&permit.terms().obligations), ["redact:id_number", "status-age:900"]);
    // It is not asked of anybody, so it is not among the facts; a member comes to the same terms.
    assert_eq!(words(&permit.facts().obligations), ["redact:id_number"]);
    assert_eq!(check(&packs, permit.facts()), Decision::Permit(permit.clone()));
    // A class may have its own.
    let doctor = Facts {
        class: "medical".parse().unwrap(),
        issuer: "11440100EXAMPLE22D".parse().unwrap(),
        tier: "strict".parse().unwrap(),
        review: true,
        ..good()
    };
    let terms = decide(&packs, &doctor).terms().clone();
    assert_eq!(words(&terms.obligations), ["redact:id_number", "status-age:3600"]);
}

#[test]
fn obligations_have_one_order() {
    let both = Both::new();
    let with = |words: &[&str]| {
        let list = words.iter().map(|word| word.parse().unwrap()).collect();
        Facts { obligations: Bounded::new(list).unwrap(), ..good() }
    };
    permit(check(&both.packs(), &with(&["redact:address", "redact:id_number"])));
    for wrong in [
        with(&["redact:id_number", "redact:address"]),
        with(&["redact:id_number", "redact:id_number"]),
    ] {
        let Decision::Denied(denied) = check(&both.packs(), &wrong) else { panic!("taken") };
        assert_eq!(denied.faults(), [Fault::Obligations]);
        // The gateway puts them in order.
        permit(decide(&both.packs(), &wrong));
    }
}

#[test]
fn a_person_looks_before_a_yes_and_never_for_a_no() {
    let both = Both::new();
    let doctor =
        Facts { class: "medical".parse().unwrap(), tier: "strict".parse().unwrap(), ..good() };
    let Decision::Review(review) = decide(&both.packs(), &doctor) else { panic!("no review") };
    assert_eq!(words(review.asked_by()), ["CN-HK/manual-review"]);
    assert_eq!(words(&review.facts.obligations), ["redact:id_number"]);
    let reviewed = Facts { review: true, ..review.facts.clone() };
    assert_eq!(permit(check(&both.packs(), &reviewed)).terms(), &review.terms);
    let revoked = Facts { code: SourceCode::new(7), ..doctor };
    assert_eq!(reasons(&decide(&both.packs(), &revoked)), ["licence_not_valid"]);
}

#[test]
fn an_erring_forbid_denies_where_cedar_would_skip_it() {
    // It validates: only the numbers at hand make it fail.
    let rule = "@id(\"CN-HK/more\") @deny(\"policy_denied\")\nforbid (principal, action, resource)\nunless { context.evidence_age_s + 9223372036854775807 > 0 };";
    let (source, destination) = (load(&guangdong()), load(&with_rule(rule)));
    let packs = Packs::new(&source, &destination);
    let facts = permit(decide(&Both::new().packs(), &good())).facts().clone();

    let situation = Situation::new(&[&source, &destination], &facts).unwrap();
    let request = situation.request(Some(&destination.schema), Action::Recognise).unwrap();
    let cedar = Authorizer::new().is_authorized(&request, &destination.set, situation.entities());
    assert_eq!(cedar.decision(), cedar_policy::Decision::Allow, "the trap is gone from Cedar");
    assert_eq!(cedar.diagnostics().errors().count(), 1);

    let Decision::Denied(denied) = check(&packs, &facts) else { panic!("skipped") };
    assert_eq!(denied.reason(), Reason::PolicyDenied);
    assert!(matches!(denied.faults(), [Fault::RuleFailed { what }] if what.contains("CN-HK/more")));
    assert!(denied.faults()[0].to_string().starts_with("policy_error"));
}

#[test]
fn a_rule_that_never_has_enough_review_denies() {
    let rule = "@id(\"CN-HK/more\") @requires(\"review\")\nforbid (principal, action, resource)\nunless { context.review && context.onward };";
    let (source, destination) = (load(&guangdong()), load(&with_rule(rule)));
    let decision = decide(&Packs::new(&source, &destination), &good());
    assert_eq!(reasons(&decision), ["policy_denied"]);
}

#[test]
fn reasons_come_in_one_order_each_time() {
    let both = Both::new();
    let mut facts = Facts { consent: None, issuer_accredited: false, onward: true, ..good() };
    facts.code = SourceCode::new(7);
    facts.not_after = facts.now;
    let first = decide(&both.packs(), &facts);
    assert_eq!(
        reasons(&first),
        [
            "licence_not_valid",
            "licence_expired",
            "issuer_not_accredited",
            "policy_denied",
            "consent_missing"
        ]
    );
    assert!(first.terms().reasons.is_sorted());
    let Decision::Denied(denied) = &first else { panic!("permitted") };
    assert_eq!(denied.reason(), Reason::LicenceNotValid);
    for _ in 0..20 {
        // New packs, new hash seeds.
        assert_eq!(decide(&Both::new().packs(), &facts), first);
    }
}

#[test]
fn facts_that_fit_no_schema_are_denied() {
    let both = Both::new();
    let loose = Facts { tier: "loose".parse().unwrap(), ..good() };
    let Decision::Denied(denied) = decide(&both.packs(), &loose) else { panic!("taken") };
    assert!(matches!(denied.faults(), [Fault::Unfit { .. }]));
}

#[test]
fn packs_of_another_lane_judge_nothing() {
    let both = Both::new();
    let exchanged = Packs::new(&both.destination, &both.source);
    let onto_itself = Packs::new(&both.source, &both.source);
    for packs in [exchanged, onto_itself] {
        let Decision::Denied(denied) = decide(&packs, &good()) else { panic!("judged") };
        assert!(matches!(denied.faults(), [Fault::OtherLane { .. }]));
    }
    let home = Facts { to: "CN-GD".parse().unwrap(), ..good() };
    let Decision::Denied(denied) = decide(&onto_itself, &home) else { panic!("judged") };
    assert!(matches!(denied.faults(), [Fault::OtherLane { .. }]));
}

#[test]
fn a111_a_decision_holds_for_the_packs_and_the_moment_it_names() {
    let both = Both::new();
    let now = permit(decide(&both.packs(), &good()));
    assert_eq!(words(now.packs().iter().map(|pack| &pack.region)), ["CN-GD", "CN-HK"]);
    // The pack changes between the check and the signature: the candidate names another digest.
    let stricter =
        edited(hong_kong(), "licence.cedar", "evidence_age_s <= 60", "evidence_age_s <= 0");
    let stricter = load(&stricter);
    let packs = Packs::new(&both.source, &stricter);
    assert_ne!(packs.references(), *now.packs());
    assert_eq!(reasons(&check(&packs, now.facts())), ["policy_denied"]);
    // Judged again at any later time, the same facts give the same answer: no clock is read.
    assert_eq!(check(&both.packs(), now.facts()), Decision::Permit(now.clone()));
    let consent = now.facts().consent.clone().unwrap();
    let later = Facts { now: consent.expires, ..now.facts().clone() };
    assert_eq!(reasons(&check(&both.packs(), &later)), ["consent_expired"]);
}

/// What the packs of the tree should say, by hand: an oracle that shares nothing with them.
fn by_hand(facts: &Facts) -> BTreeSet<Reason> {
    let mut out = BTreeSet::new();
    let mut unless = |holds: bool, reason| _ = (!holds).then(|| out.insert(reason));
    unless(facts.code.is_some(), Reason::LicenceNotRegistered);
    unless(facts.code.is_none_or(|c| c.status() == Status::Valid), Reason::LicenceNotValid);
    unless(facts.not_before <= facts.now, Reason::LicenceNotYet);
    unless(facts.now < facts.not_after, Reason::LicenceExpired);
    unless(facts.issuer_accredited, Reason::IssuerNotAccredited);
    let known = ["driving-c1", "driving-c2", "engineer", "medical"].contains(&facts.class.as_str());
    unless(known, Reason::ClassNotEquivalent);
    unless(known, Reason::PolicyDenied);
    unless(facts.purpose.as_str() != "advertising", Reason::PurposeUnknown);
    unless(facts.evidence_age_s <= 60 && !facts.onward, Reason::PolicyDenied);
    unless(!facts.platform_suspended && facts.platform.region == facts.to, Reason::PolicyDenied);
    let strict = facts.class.as_str() == "medical";
    unless(!strict || facts.tier.as_str() == "strict", Reason::PolicyDenied);
    if let Some(consent) = facts.consent.as_ref().filter(|_| known) {
        unless(facts.now < consent.expires, Reason::ConsentExpired);
        unless(!consent.withdrawn, Reason::ConsentWithdrawn);
        let fits = consent.purpose == facts.purpose && consent.recipient == facts.platform;
        unless(fits, Reason::ConsentInvalid);
    }
    unless(facts.consent.is_some() || !known, Reason::ConsentMissing);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_packs_say_what_rules_by_hand_say(facts in any_facts()) {
        let both = both();
        let expected = by_hand(&facts);
        match decide(&both.packs(), &facts) {
            Decision::Denied(denied) => {
                prop_assert_eq!(denied.faults(), []);
                prop_assert_eq!(denied.reasons(), &expected);
            }
            Decision::Permit(permit) => {
                prop_assert!(expected.is_empty());
                prop_assert!(facts.class.as_str() != "medical" || facts.review);
                prop_assert_eq!(permit.facts().obligations.is_empty(), facts.contract_filed);
            }
            Decision::Review(_) => {
                prop_assert!(expected.is_empty());
                prop_assert!(facts.class.as_str() == "medical" && !facts.review);
            }
        }
    }

    /// Every hard condition stands in the permits, too: without a single forbid the same is let through.
    #[test]
    fn the_permits_alone_fail_closed(facts in any_facts()) {
        let both = both();
        let situation = Situation::new(&[&both.source, &both.destination], &facts).unwrap();
        let alone = |pack: &Pack, action| {
            let request = situation.request(Some(&pack.schema), action).unwrap();
            ask(&crate::explain::permits(pack), &request, &situation).allowed
        };
        let permitted = alone(&both.source, Action::Disclose) && alone(&both.destination, Action::Recognise);
        prop_assert_eq!(permitted, by_hand(&facts).is_empty());
    }

    /// Two packs at once say what each says alone: neither changes what the other sees.
    #[test]
    fn each_pack_says_the_same_alone(facts in any_facts()) {
        let both = both();
        let together = judge(&both.packs().panel(), &facts);
        let alone: Vec<Judged> = [(&both.source, Action::Disclose), (&both.destination, Action::Recognise)]
            .into_iter()
            .map(|one| judge(&Panel(vec![one]), &facts))
            .collect();
        prop_assert_eq!(together.allowed, alone.iter().all(|judged| judged.allowed));
        let denying: BTreeMap<RuleId, Reason> = alone.into_iter().flat_map(|judged| judged.denying).collect();
        prop_assert_eq!(together.denying, denying);
    }
}
