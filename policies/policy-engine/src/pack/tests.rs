//! What a pack's author gets wrong, and what is said; and the digest.

use super::*;
use crate::testing::{codes, edited, good, guangdong, hong_kong, load, problem, with_rule};
use crate::{Fault, Packs, decide};
use proptest::prelude::*;

/// A rule of the pattern, with this scope and this clause.
fn rule(scope: &str, clauses: &str) -> String {
    format!("@id(\"CN-HK/more\") @deny(\"policy_denied\")\nforbid ({scope})\n{clauses};\n")
}

fn check_rule(scope: &str, clauses: &str, code: ProblemCode, place: &str, message: &str) {
    let problem = problem(&with_rule(&rule(scope, clauses)));
    let said = (problem.code, problem.place.to_string(), problem.message.as_str());
    assert_eq!(said, (code, format!("zz-more.cedar:{place}"), message), "{problem:#?}");
}

#[test]
fn a_misspelt_attribute_is_refused_with_its_place() {
    let clause = "when { resource.statuss == Gw::Status::\"valid\" }\nunless { false }";
    let problem = problem(&with_rule(&rule("principal, action, resource", clause)));
    assert_eq!(problem.code.as_str(), "P-003");
    assert_eq!(problem.message, "`statuss` is not an attribute of Licence");
    assert_eq!((problem.place.line, problem.place.column, problem.place.width), (3, 17, 7));
    assert_eq!(problem.hint.as_deref(), Some("did you mean `status`?"));
    assert!(problem.why.unwrap().contains("revoked licence could pass"));
}

#[test]
fn mistakes_that_other_engines_load_are_refused() {
    let any = "principal, action, resource";
    let check = |clauses, code, place, message| check_rule(any, clauses, code, place, message);
    check(
        "unless { resource.status == Gw::Status::\"vaild\" }",
        ProblemCode::Name,
        "3:42",
        "`vaild` is not a Status",
    );
    check(
        "unless { context.evidence_age_s == \"1\" }",
        ProblemCode::Type,
        "3:10",
        "the types Long and String are not compatible",
    );
    check(
        "unless { context.consent.withdrawn }",
        ProblemCode::Optional,
        "3:18",
        "`consent` may be absent, and this rule does not ask whether it is there",
    );
    check(
        "unless { principal.suspended == today() }",
        ProblemCode::Syntax,
        "3:33",
        "`today` is not a valid function",
    );
    check("unless { true && }", ProblemCode::Syntax, "3:18", "unexpected token `}`");
}

#[test]
fn a_rule_that_can_never_apply_is_an_error() {
    check_rule(
        "principal, action == Gw::Action::\"recognise\", resource is Gw::Issuer",
        "unless { context.onward }",
        ProblemCode::Impossible,
        "1:1",
        "rule CN-HK/more can never apply: its resource is an Issuer, `recognise` is asked of a Licence",
    );
    check_rule(
        "principal, action, resource",
        "when { context.onward && !context.onward && false } unless { context.review }",
        ProblemCode::Impossible,
        "1:1",
        "rule CN-HK/more can never apply: its conditions contradict each other or the schema",
    );
}

#[test]
fn names_that_do_not_exist_are_refused() {
    let check = |scope: &str, clause: &str, hint: Option<&str>| {
        let problem = problem(&with_rule(&rule(scope, clause)));
        assert_eq!((problem.code, problem.hint.as_deref()), (ProblemCode::Name, hint), "{problem}");
    };
    let unless = "unless { context.onward }";
    let group = "principal, action, resource in Gw::LicenceGroup::\"CN-HK/acepted\"";
    check(group, unless, Some("did you mean `CN-HK/accepted`?"));
    // Another pack's groups are not this one's to read.
    check(
        "principal, action, resource in Gw::LicenceGroup::\"CN-GD/own\"",
        unless,
        Some("did you mean `CN-HK/own`?"),
    );
    check(
        "principal in Gw::Region::\"CN-XX\", action, resource",
        unless,
        Some("did you mean `CN-GD`?"),
    );
    check("principal, action, resource == Gw::Licence::\"7\"", unless, None);
    let any = "principal, action, resource";
    check(
        any,
        "unless { context.purpose == Gw::Purpose::\"licence-exchang\" }",
        Some("did you mean `licence-exchange`?"),
    );
    check(any, "unless { resource.issuer == Gw::Issuer::\"x\" }", None);
}

#[test]
fn a_rule_out_of_the_pattern_is_refused() {
    let check =
        |text: &str, code| assert_eq!(codes(&with_rule(text)).first(), Some(&code), "{text}");
    let pattern = ProblemCode::Pattern;
    let body = "(principal, action, resource) unless { context.onward };";
    check(&format!("@id(\"CN-HK/more\") forbid {body}"), pattern);
    check(&format!("@id(\"CN-HK/more\") @deny(\"policy_denied\") permit {body}"), pattern);
    check(&format!("@id(\"CN-HK/more\") @deny(\"policy_denid\") forbid {body}"), pattern);
    check(&format!("@id(\"CN-HK/more\") @denies(\"policy_denied\") forbid {body}"), pattern);
    check(&format!("@id(\"CN-HK/more\") @requires(\"review\") forbid {body}"), pattern);
    check(&format!("@id(\"CN-HK/more\") @requires(\"redact:x\") forbid {body}"), pattern);
    check(
        &format!(
            "@id(\"CN-HK/more\") @deny(\"policy_denied\") @requires(\"review\") forbid {body}"
        ),
        pattern,
    );
    check(
        "@id(\"CN-HK/more\") @deny(\"policy_denied\") forbid (principal, action, resource) when { context.onward };",
        pattern,
    );
    check("@id(\"CN-HK/more\") permit (principal == ?principal, action, resource);", pattern);
    check(&format!("@deny(\"policy_denied\") forbid {body}"), ProblemCode::RuleName);
    check(&format!("@id(\"more\") @deny(\"policy_denied\") forbid {body}"), ProblemCode::RuleName);
    check(
        &format!("@id(\"CN-HK/no-onward\") @deny(\"policy_denied\") forbid {body}"),
        ProblemCode::RuleName,
    );
}

#[test]
fn a_name_used_twice_is_refused_where_it_is_used_again() {
    let twice = rule("principal, action, resource", "unless { !context.onward }").repeat(2);
    let problem = problem(&with_rule(&twice));
    assert_eq!(
        problem.to_string(),
        "zz-more.cedar:4:1 P-010 rule CN-HK/more is there already, at zz-more.cedar:1:1"
    );
}

#[test]
fn a50_a_pack_speaks_only_in_its_own_regions_name() {
    let text = "@id(\"CN-GD/registered\") @deny(\"policy_denied\")\nforbid (principal, action, resource) unless { context.review };";
    assert_eq!(
        problem(&with_rule(text)).to_string(),
        "zz-more.cedar:1:1 P-010 rule CN-GD/registered has another region's name, the pack is of CN-HK"
    );
}

#[test]
fn a_rule_without_source_is_refused_at_its_texts() {
    let files = edited(
        hong_kong(),
        "pack.toml",
        "cites = \"example: deployment rules (evidence at most 60 s old)\"\n",
        "",
    );
    let line =
        files["pack.toml"].lines().position(|l| l == "[rules.\"CN-HK/fresh-evidence\"]").unwrap()
            + 1;
    let problem = problem(&files);
    assert_eq!(
        problem.to_string(),
        format!("pack.toml:{line}:1 P-020 rule CN-HK/fresh-evidence cites no source")
    );
    assert_eq!(problem.fix.as_deref(), Some("cites = \"…\" (law, section) and text.zh, text.en"));
    let unsaid =
        edited(hong_kong(), "pack.toml", "[rules.\"CN-HK/begun\"]", "[rules.\"CN-HK/begum\"]");
    assert_eq!(codes(&unsaid), [ProblemCode::Uncited, ProblemCode::Orphan]);
    let word =
        edited(hong_kong(), "pack.toml", "it begins on {not_before}", "it begins on {not_befor}");
    assert_eq!(codes(&word), [ProblemCode::Placeholder]);
}

#[test]
fn settings_outside_their_limits_are_refused() {
    let check = |from: &str, to: &str, code| {
        let files = edited(hong_kong(), "pack.toml", from, to);
        assert!(codes(&files).contains(&code), "{to}: {:?}", codes(&files));
    };
    check("offline_s = 86400", "offline_s = 86401", ProblemCode::Setting);
    check("offline_s = 3600", "offline_s = 299", ProblemCode::Setting);
    check("online_s = 120", "online_s = 121", ProblemCode::Setting);
    check("online_s = 120", "online_s = -1", ProblemCode::Toml);
    check("online_s = 120", "onlin_s = 120", ProblemCode::Toml);
    check("version = \"2026.11.0\"", "version = \"2026.11\"", ProblemCode::Setting);
    check("expires = 2028", "expires = 2025", ProblemCode::Setting);
    check("expires = 2028-01-01T00:00:00+08:00", "expires = 2028-01-01", ProblemCode::Setting);
    check("time_zone = \"+08:00\"", "time_zone = \"HKT\"", ProblemCode::Setting);
    check("partners = [\"CN-GD\", \"CN-MO\"]", "partners = [\"CN-GD\"]", ProblemCode::Setting);
    check("class = \"driving-c2\"", "class = \"driving-c1\"", ProblemCode::Setting);
    check("form = \"manual\"", "form = \"by-hand\"", ProblemCode::Toml);
    check(
        "[\"personal\", \"strict\"]",
        "[\"personal\", \"strict\", \"accepted\"]",
        ProblemCode::Setting,
    );
    check("07 = {", "08 = {", ProblemCode::Toml);
    check("03 = { zh = \"撤銷\", en = \"withdrawn\" }\n", "", ProblemCode::Setting);
    check("region = \"CN-HK\"", "region = \"CN-HK\"\nregion = \"CN-HK\"", ProblemCode::Toml);
}

#[test]
fn a_wrong_list_of_issuers_is_refused() {
    let check = |from: &str, to: &str, code| {
        let files = edited(guangdong(), "issuers.toml", from, to);
        assert!(codes(&files).contains(&code), "{to}: {:?}", codes(&files));
    };
    check("crv = \"Ed25519\"", "crv = \"X25519\"", ProblemCode::Issuers);
    check("x = \"", "x = \"A", ProblemCode::Issuers);
    check("until = 2028", "until = 2026", ProblemCode::Issuers);
    check("\"medical\"", "\"medicl\"", ProblemCode::Issuers);
    check("kty", "kid = \"1\", kty", ProblemCode::Toml);
    // Two keys of one body for one class and moment: which would count?
    let same = edited(guangdong(), "issuers.toml", "11440100EXAMPLE22D", "11440000EXAMPLE11C");
    load(&same);
    let twice = edited(same, "issuers.toml", "\"medical\"", "\"medical\", \"engineer\"");
    assert_eq!(codes(&twice), [ProblemCode::Issuers]);
}

#[test]
fn a97_identifiers_that_look_alike_are_refused() {
    // The first letter is a Cyrillic one.
    let region = edited(hong_kong(), "pack.toml", "region = \"CN-HK\"", "region = \"СN-HK\"");
    assert_eq!(codes(&region), [ProblemCode::Toml]);
    let small = edited(hong_kong(), "pack.toml", "region = \"CN-HK\"", "region = \"cn-hk\"");
    assert_eq!(codes(&small), [ProblemCode::Toml]);
    let any = "principal in Gw::Region::\"СN-HK\", action, resource";
    let rule = rule(any, "unless { context.onward }");
    assert!(codes(&with_rule(&rule)).contains(&ProblemCode::Name));
}

#[test]
fn missing_files_and_too_many_are_refused() {
    for name in ["pack.toml", "issuers.toml"] {
        let mut files = hong_kong();
        files.remove(name);
        assert_eq!(problem(&files).to_string(), format!("{name}:1:1 P-002 this file is missing"));
    }
    let mut many = hong_kong();
    many.extend((0..64).map(|n| (format!("{n}.cedar"), String::new())));
    assert_eq!(codes(&many), [ProblemCode::TooMuch]);
    let mut empty = hong_kong();
    empty.retain(|name, _| !name.ends_with(".cedar"));
    assert!(codes(&empty).contains(&ProblemCode::TooMuch));
}

#[test]
fn rules_that_are_deep_or_long_are_refused_before_they_are_parsed() {
    for open in ["{a=", "(", "[", "{", "if (", "!("] {
        let rule = format!("permit (principal, action, resource) when {{ {}", open.repeat(11_000));
        assert_eq!(codes(&with_rule(&rule)), [ProblemCode::TooMuch], "{open}");
    }
    let long = "context.onward && ".repeat(1_000);
    let rule = rule("principal, action, resource", &format!("unless {{ {long} true }}"));
    assert_eq!(codes(&with_rule(&rule)), [ProblemCode::TooMuch]);
}

#[test]
fn the_schema_is_part_of_the_digest_and_pinned() {
    // A changed schema is a decision: every pack's digest changes with it.
    assert_eq!(
        schema_digest().to_hex(),
        frame("comity/policy-schema/v1", &[crate::SCHEMA.as_bytes()]).to_hex()
    );
    assert_ne!(load(&guangdong()).reference().digest, load(&hong_kong()).reference().digest);
}

#[test]
fn every_part_of_a_pack_is_in_its_digest() {
    let digest = |files| load(&files).reference().digest;
    let first = digest(hong_kong());
    for (name, from, to) in [
        ("licence.cedar", "evidence_age_s <= 60", "evidence_age_s <= 61"),
        ("pack.toml", "hk/private-car\"", "hk/private-bus\""),
        ("pack.toml", "at most 60 s\"", "at most one minute\""),
        ("issuers.toml", "until = 2028", "until = 2029"),
    ] {
        assert_ne!(digest(edited(hong_kong(), name, from, to)), first, "{to}");
    }
    let mut commented = hong_kong();
    commented.get_mut("pack.toml").unwrap().insert_str(0, "# a comment\n");
    commented.get_mut("licence.cedar").unwrap().insert_str(0, "// a comment; with an end\n\n");
    assert_eq!(digest(commented), first);
}

#[test]
fn a112_an_expired_or_future_pack_permits_nothing() {
    let (source, destination) = (load(&guangdong()), load(&hong_kong()));
    let (from, until) = destination.period();
    for (now, in_force) in [
        (from, true),
        (Timestamp(from.0 - 1), false),
        (Timestamp(until.0 - 1), true),
        (until, false),
    ] {
        let mut facts = good();
        facts.now = now;
        facts.not_before = Timestamp(0);
        facts.not_after = Timestamp(u64::MAX);
        facts.consent.as_mut().unwrap().expires = Timestamp(u64::MAX);
        let decision = decide(&Packs::new(&source, &destination), &facts);
        assert_eq!(matches!(decision, crate::Decision::Permit(_)), in_force, "{now:?}");
        if let crate::Decision::Denied(denied) = decision {
            assert!(matches!(denied.faults(), [Fault::NotInForce { .. }]));
        }
    }
}

#[test]
fn a112_a_file_of_another_version_gives_another_digest() {
    let new = edited(hong_kong(), "pack.toml", "2026.11.0", "2026.12.0");
    let new = edited(new, "licence.cedar", "evidence_age_s <= 60", "evidence_age_s <= 30");
    let mut mixed = new.clone();
    mixed.insert("licence.cedar".to_owned(), hong_kong()["licence.cedar"].clone());
    let (new, mixed, old) = (load(&new), load(&mixed), load(&hong_kong()));
    assert_eq!(new.reference().version, mixed.reference().version);
    assert!(matches!(mixed.check_follows(new.reference()), Err(VersionError::OtherContent { .. })));
    assert!(matches!(old.check_follows(new.reference()), Err(VersionError::Rollback { .. })));
    assert_eq!(new.check_follows(old.reference()), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn shuffled_files_and_rules_give_the_same_digest(seed in proptest::collection::vec(any::<u16>(), 64)) {
        let mut rules: Vec<String> = Vec::new();
        let mut files = hong_kong();
        for (_, text) in files.iter().filter(|(name, _)| name.ends_with(".cedar")) {
            rules.extend(crate::scan::chunks(text).iter().map(|chunk| chunk.text.to_owned()));
        }
        files.retain(|name, _| !name.ends_with(".cedar"));
        let mut picks = seed.iter().cycle();
        rules.sort_by_cached_key(|_| *picks.next().unwrap());
        for (rule, pick) in rules.iter().zip(seed.iter().rev()) {
            files.entry(format!("{}.cedar", pick % 5)).or_default().push_str(&format!("{rule}\n\n"));
        }
        let settings: toml::Table = toml::from_str(&files["pack.toml"]).unwrap();
        files.insert("pack.toml".to_owned(), toml::to_string(&settings).unwrap());
        let (shuffled, plain) = (load(&files), load(&hong_kong()));
        prop_assert_eq!(shuffled.reference(), plain.reference());
    }

    #[test]
    fn no_text_makes_loading_panic(text in "\\PC{0,200}", name in prop::sample::select(vec!["pack.toml", "issuers.toml", "x.cedar"])) {
        let mut files = hong_kong();
        files.insert(name.to_owned(), text);
        _ = Pack::load(&files);
    }

    #[test]
    fn no_torn_file_makes_loading_panic(at in any::<prop::sample::Index>(), name in prop::sample::select(vec!["pack.toml", "issuers.toml", "permit.cedar"])) {
        let mut files = hong_kong();
        let text = files.get_mut(name).unwrap();
        let cut = (0..=at.index(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        text.truncate(cut);
        _ = Pack::load(&files);
    }
}
