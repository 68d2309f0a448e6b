//! What is left out of a second look, against judging from scratch.

use super::*;
use crate::asked::Answer;
use crate::testing::{Files, any_facts, both, edited, good, guangdong, hong_kong, load};
use proptest::prelude::*;

/// Rules that turn with the obligations in every way there is.
const TURNING: [&str; 6] = [
    // Asks for one more.
    r#"@requires("redact:address") forbid (principal, action, resource)
       when { context.tier == Gw::Tier::"strict" } unless { context.obligations.contains("redact:address") };"#,
    // Refuses because one was taken on.
    r#"@deny("purpose_unknown") forbid (principal, action, resource)
       when { context.evidence_age_s == 60 } unless { !context.obligations.contains("redact:address") };"#,
    // Asks for a person, whatever is taken on.
    r#"@requires("review") forbid (principal, action == Gw::Action::"recognise", resource)
       when { context.contract_filed } unless { context.review };"#,
    // Lets through what no other permit does, once one is taken on.
    r#"permit (principal, action == Gw::Action::"recognise", resource)
       when { context.obligations.contains("redact:address") };"#,
    // Fails once one is taken on.
    r#"@deny("policy_denied") forbid (principal, action, resource)
       when { context.evidence_age_s == 30 }
       unless { context.obligations.isEmpty() || context.evidence_age_s + 9223372036854775807 > 0 };"#,
    // Speaks once one is taken on.
    r#"@deny("policy_denied") @says("said") forbid (principal, action, resource)
       when { context.obligations.contains("redact:id_number") } unless { !context.onward };"#,
];

/// Hong Kong's files with these rules too.
fn with_rules(rules: &[&str]) -> Files {
    let mut files = hong_kong();
    let mut text = String::new();
    for (n, rule) in rules.iter().enumerate() {
        let id = format!("CN-HK/more-{n}");
        text.push_str(&format!("@id(\"{id}\") {rule}\n"));
        let texts =
            format!("\n[rules.\"{id}\"]\ncites = \"x\"\ntext.zh = \"x\"\ntext.en = \"x\"\n");
        files.get_mut("pack.toml").unwrap().push_str(&texts);
    }
    files.insert("zz-more.cedar".to_owned(), text);
    files
}

/// As [`decide_on`], with every look from scratch.
fn from_scratch(panel: &Panel<'_>, facts: &Facts) -> (Facts, Outcome) {
    let Some(facts) = with_obligations(facts, BTreeSet::new()) else {
        return (facts.clone(), faulty(Fault::Obligations));
    };
    let first = judge(panel, &facts);
    let wanted = first.obligations();
    if wanted.is_empty() || first.is_final_no() {
        let outcome = first.outcome(panel, &facts);
        return (facts, outcome);
    }
    let willing = with_obligations(&facts, wanted).unwrap();
    let outcome = judge(panel, &willing).outcome(panel, &willing);
    (willing, outcome)
}

/// Facts that nothing final stands against, most of them: only such are looked at twice.
fn nearly_good() -> impl Strategy<Value = Facts> {
    let class = prop::sample::select(vec!["driving-c1", "engineer", "medical"]);
    let age = prop::sample::select(vec![1, 30, 60]);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), prop::bool::weighted(0.1));
    (class, age, flags).prop_map(|(class, age, (strict, contract_filed, review, onward))| {
        let tier = if strict { "strict" } else { "standard" }.parse().unwrap();
        let class = class.parse().unwrap();
        Facts { class, tier, evidence_age_s: age, contract_filed, review, onward, ..good() }
    })
}

/// Facts, and some obligations offered with them.
fn any_offer() -> impl Strategy<Value = Facts> {
    let words = prop::sample::subsequence(vec!["redact:address", "redact:id_number"], 0..=2);
    (prop_oneof![3 => nearly_good(), 1 => any_facts()], words).prop_map(|(facts, words)| {
        let words = words.into_iter().map(|word| word.parse().unwrap()).collect();
        Facts { obligations: Bounded::new(words).unwrap(), ..facts }
    })
}

/// Hong Kong's pack with a permit that ends once something is taken on, where no other lets through.
fn ending() -> Pack {
    let scope = "resource in Gw::LicenceGroup::\"CN-HK/accepted\")\n";
    let narrow = format!("{scope}when {{ context.contract_filed }}\n");
    let rule = r#"permit (principal, action == Gw::Action::"recognise", resource)
       when { context.obligations.isEmpty() };"#;
    load(&edited(with_rules(&[rule]), "permit.cedar", scope, &narrow))
}

/// Hong Kong's pack with some of the turning rules: loaded once.
fn turning() -> &'static [Pack] {
    static PACKS: std::sync::OnceLock<Vec<Pack>> = std::sync::OnceLock::new();
    PACKS.get_or_init(|| {
        let alone = TURNING.iter().map(|rule| load(&with_rules(&[*rule])));
        alone.chain([load(&with_rules(&TURNING)), ending()]).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A second look that asks only the rules that turn says what all rules say.
    #[test]
    fn a_second_look_is_as_good_as_judging_from_scratch(facts in any_offer(), which in 0..turning().len()) {
        let panel = Panel(vec![(&both().source, Action::Disclose), (&turning()[which], Action::Recognise)]);
        prop_assert_eq!(decide_on(&panel, &facts), from_scratch(&panel, &facts));
        let alone = Panel(vec![(&turning()[which], Action::Recognise)]);
        prop_assert_eq!(decide_on(&alone, &facts), from_scratch(&alone, &facts));
    }

    /// What is sorted out for an action, without its places in the text, answers as the whole pack does.
    #[test]
    fn what_is_asked_answers_as_the_whole_pack(facts in any_offer(), which in 0..turning().len()) {
        for (pack, action) in [(&both().source, Action::Disclose), (&turning()[which], Action::Recognise)] {
            let situation = Situation::new(&[&both().source, &turning()[which]], &facts).unwrap();
            let request = situation.request(Some(&pack.schema), action).unwrap();
            let whole = ask(&pack.set, &request, &situation);
            let is_final = |id| matches!(pack.rules[id].kind, RuleKind::Deny(_));
            let refused = whole.rules.iter().any(is_final) || !whole.faults.is_empty();
            // Each is asked by itself if, and only if, one of those that are joined speaks or fails.
            let quick = pack.asked(action).quickly(&request, &situation);
            prop_assert_eq!(quick.is_none(), refused);
            let answer = pack.asked(action).ask(&request, &situation);
            prop_assert_eq!(Answer { granted: BTreeSet::new(), ..answer }, whole);
        }
    }
}

/// The rules above are no decoration: each of them changes the end of some question, in a second look.
#[test]
fn every_turning_rule_turns_something() {
    let strict = Facts { tier: "strict".parse().unwrap(), ..good() };
    let ends = |which: usize, facts: &Facts| {
        let panel =
            Panel(vec![(&both().source, Action::Disclose), (&turning()[which], Action::Recognise)]);
        decide_on(&panel, facts)
    };
    let plain = |facts: &Facts| {
        let (guangdong, hong_kong) = (load(&guangdong()), load(&hong_kong()));
        decide_on(
            &Panel(vec![(&guangdong, Action::Disclose), (&hong_kong, Action::Recognise)]),
            facts,
        )
    };
    assert_eq!(ends(0, &strict).0.obligations.len(), 2);
    assert_eq!(plain(&strict).0.obligations.len(), 1);
    let old = Facts { evidence_age_s: 60, ..strict };
    assert!(matches!(plain(&old).1, Outcome::Permit(_)));
    assert!(matches!(ends(TURNING.len(), &old).1, Outcome::Denied { .. }));
}
