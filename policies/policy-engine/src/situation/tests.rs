//! What is not compared with the schema each time fits it, for all facts there are.

use super::*;
use crate::testing::{any_facts, both, good};
use cedar_policy_core::ast;
use gateway_types::{Bounded, SourceCode, id::Tier};
use proptest::prelude::*;

/// Facts of any words at all.
fn any_words() -> impl Strategy<Value = Facts> {
    let word = "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?";
    let names =
        (word, word, word, "[A-Z0-9]{1,32}", "[A-Z]{2}-[A-Z0-9]{1,3}", "[A-Z]{2}-[A-Z0-9]{1,3}");
    let tier = prop_oneof![Just("standard".to_owned()), Just("strict".to_owned()), word];
    let numbers = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
    let code = prop::option::of((0_u8..=99).prop_filter_map("no code", SourceCode::new));
    let words = prop::collection::btree_set("[a-z_]{1,8}(:[a-z0-9_]{1,8})?", 0..=16);
    let flags = any::<[bool; 7]>();
    let all = (names, tier, numbers, code, words, flags);
    all.prop_map(|(names, tier, numbers, code, words, flags)| {
        let mut facts = good();
        facts.class = names.0.parse().unwrap();
        facts.purpose = names.1.parse().unwrap();
        facts.platform = format!("comity://{}/platform/{}", names.4, names.2).parse().unwrap();
        facts.issuer = names.3.parse().unwrap();
        (facts.from, facts.to) = (names.5.parse().unwrap(), names.4.parse().unwrap());
        facts.tier = tier.parse().unwrap();
        let at = Timestamp;
        (facts.now, facts.not_before, facts.not_after) =
            (at(numbers.0), at(numbers.1), at(numbers.2));
        facts.evidence_age_s = numbers.3;
        facts.code = code;
        let words = words.iter().map(|word| word.parse().unwrap()).collect();
        facts.obligations = Bounded::new(words).unwrap();
        [
            facts.issuer_accredited,
            facts.platform_suspended,
            facts.contract_filed,
            facts.onward,
            facts.review,
            ..,
        ] = flags;
        let terms = facts.consent.as_mut().unwrap();
        (terms.expires, terms.withdrawn) = (at(numbers.4), flags[5]);
        terms.recipient = format!("comity://{}/platform/{}", names.5, names.1).parse().unwrap();
        facts.consent = facts.consent.filter(|_| flags[6]);
        facts
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The whole schema is checked here, and nowhere else: requests by what `fits` says, entities always.
    #[test]
    fn what_is_made_fits_the_schema(facts in prop_oneof![any_words(), any_facts()]) {
        let packs = [&both().source, &both().destination];
        let situation = Situation::new(&packs, &facts).unwrap();
        for (pack, action) in packs.into_iter().zip([Action::Disclose, Action::Recognise]) {
            let request = situation.request(Some(&pack.schema), action);
            prop_assert_eq!(request.is_ok(), situation.fits(), "{:?}", request);
            let other = situation.with_obligations(&["redact:address".parse().unwrap()]);
            prop_assert_eq!(other.request(Some(&pack.schema), action).is_ok(), situation.fits());
            let entities = situation.entities().clone().into_iter();
            let checked = Entities::from_entities(entities, Some(&pack.schema));
            prop_assert!(checked.is_ok(), "{checked:?}");
        }
    }

    /// What is said to lie above an entity is what Cedar finds above it from the parents alone.
    #[test]
    fn what_lies_above_is_what_cedar_finds(facts in prop_oneof![any_words(), any_facts()]) {
        let packs = [&both().source, &both().destination];
        let situation = Situation::new(&packs, &facts).unwrap();
        let named = Named::new(&facts).unwrap();
        let made = Builder { packs: &packs, facts: &facts, named: &named }.entities().unwrap();
        let bare = made.map(|made| cedar_policy::Entity::from(ast::Entity::from(Made { above: vec![], ..made })));
        let found = Entities::from_entities(bare, None).unwrap();
        prop_assert!(found.deep_eq(situation.entities()));
    }
}

#[test]
fn the_tiers_are_those_of_the_schema() {
    let line = crate::SCHEMA.lines().find(|line| line.contains("entity Tier enum")).unwrap();
    let words: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
    assert_eq!(words, TIERS);
    let loose = Facts { tier: "loose".parse::<Tier>().unwrap(), ..good() };
    assert!(!Situation::new(&[&both().source], &loose).unwrap().fits());
}

#[test]
fn a_moment_is_read_as_the_calendar_has_it() {
    let (early, late) = (time(Timestamp(0)).unwrap(), time(Timestamp(u64::MAX)).unwrap());
    assert!(early < late);
    assert_eq!(early, values::moment("1970-01-01").unwrap());
    assert_eq!(late, values::moment("9999-12-31T23:59:59.999Z").unwrap());
    assert!(values::moment("yesterday").is_err());
}
