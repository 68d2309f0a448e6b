//! The packs of the tree and one good question, for the tests beside the code.

use crate::{Pack, Packs, Problem, ProblemCode};
use gateway_types::{SourceCode, Timestamp, facts::Facts};
use proptest::prelude::*;
use std::collections::BTreeMap;

pub(crate) type Files = BTreeMap<String, String>;

macro_rules! files {
    ($folder:literal: $($name:literal),*) => {
        [$(($name, include_str!(concat!("../../packs/", $folder, "/", $name)))),*]
    };
}

macro_rules! pack_files {
    ($folder:literal) => {
        files!($folder: "pack.toml", "issuers.toml", "permit.cedar", "licence.cedar", "classes.cedar",
            "consent.cedar", "asking.cedar")
    };
}

fn owned(files: [(&str, &str); 7]) -> Files {
    files.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// The files of Guangdong's pack.
pub(crate) fn guangdong() -> Files {
    owned(pack_files!("cn-gd"))
}

/// The files of Hong Kong's pack.
pub(crate) fn hong_kong() -> Files {
    owned(pack_files!("cn-hk"))
}

/// `files` with every `from` in `name` replaced by `to`; there must be one.
pub(crate) fn edited(mut files: Files, name: &str, from: &str, to: &str) -> Files {
    let text = files.get_mut(name).unwrap();
    assert!(text.contains(from), "{name} does not hold {from}");
    *text = text.replace(from, to);
    files
}

/// Hong Kong's files with one more rule, and its texts.
pub(crate) fn with_rule(rule: &str) -> Files {
    let mut files = hong_kong();
    files.insert("zz-more.cedar".to_owned(), rule.to_owned());
    let texts = "\n[rules.\"CN-HK/more\"]\ncites = \"x\"\ntext.zh = \"x\"\ntext.en = \"x\"\n";
    files.get_mut("pack.toml").unwrap().push_str(texts);
    files
}

pub(crate) fn load(files: &Files) -> Pack {
    Pack::load(files).unwrap_or_else(|errors| panic!("{:#?}", errors.0))
}

/// The problems of a pack that must be refused.
pub(crate) fn problems(files: &Files) -> Vec<Problem> {
    Pack::load(files).err().map(|errors| errors.0).unwrap_or_default()
}

/// The one problem of a pack that must be refused, as `file:line:column code message`.
pub(crate) fn problem(files: &Files) -> Problem {
    let mut all = problems(files);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

pub(crate) fn codes(files: &Files) -> Vec<ProblemCode> {
    problems(files).into_iter().map(|problem| problem.code).collect()
}

/// Both packs.
pub(crate) struct Both {
    pub(crate) source: Pack,
    pub(crate) destination: Pack,
}

impl Both {
    pub(crate) fn new() -> Self {
        Self { source: load(&guangdong()), destination: load(&hong_kong()) }
    }

    pub(crate) fn packs(&self) -> Packs<'_> {
        Packs::new(&self.source, &self.destination)
    }
}

/// A question that both packs permit.
pub(crate) fn good() -> Facts {
    let now = 1_795_228_267_000_u64; // 2026-11-21T10:31:07+08:00
    let (begin, end, expires) =
        (1_763_692_267_000_u64, 1_826_764_267_000_u64, 1_795_314_667_000_u64);
    serde_json::from_value(serde_json::json!({
        "now": now, "from": "CN-GD", "to": "CN-HK", "tier": "standard", "class": "driving-c1",
        "issuer": "11440000EXAMPLE11C", "issuer_accredited": true, "code": "01",
        "not_before": begin, "not_after": end, "purpose": "licence-exchange",
        "platform": "comity://CN-HK/platform/counter", "platform_suspended": false,
        "consent": {
            "purpose": "licence-exchange", "recipient": "comity://CN-HK/platform/counter",
            "expires": expires, "withdrawn": false
        },
        "evidence_age_s": 1, "contract_filed": false, "onward": false, "review": false,
        "obligations": []
    }))
    .unwrap()
}

/// Facts near the edges of every rule.
pub(crate) fn any_facts() -> impl Strategy<Value = Facts> {
    let near = || (-2_i64..=2).prop_map(|by| good().now.0.saturating_add_signed(by));
    let often = || prop::bool::weighted(0.85);
    let consent = (near(), often(), often(), often(), often());
    let words = (
        prop::sample::select(vec!["driving-c1", "engineer", "medical", "fishing"]),
        prop::sample::select(vec!["licence-exchange", "audit", "advertising"]),
        prop::sample::select(vec![Some(1), Some(1), Some(1), Some(2), Some(7), Some(99), None]),
        prop::sample::select(vec![0, 60, 60, 61, i64::MAX as u64, u64::MAX]),
    );
    let flags = (often(), often(), often(), often(), any::<bool>(), any::<bool>(), any::<bool>());
    (consent, words, flags, near(), near()).prop_map(|(consent, words, flags, begin, end)| {
        let mut facts = good();
        let (expires, given, fits, mine, live) = consent;
        let (class, purpose, code, age) = words;
        facts.class = class.parse().unwrap();
        facts.purpose = purpose.parse().unwrap();
        facts.code = code.and_then(SourceCode::new);
        facts.evidence_age_s = age;
        facts.issuer_accredited = flags.0;
        facts.platform_suspended = !flags.1;
        facts.onward = !flags.2;
        if !flags.3 {
            facts.platform = "comity://CN-MO/platform/counter".parse().unwrap();
        }
        facts.tier = if flags.4 { "strict" } else { "standard" }.parse().unwrap();
        facts.contract_filed = flags.5;
        facts.review = flags.6;
        (facts.not_before, facts.not_after) =
            (Timestamp(begin.min(facts.now.0.saturating_add(1))), Timestamp(end.saturating_add(1)));
        let terms = facts.consent.as_mut().unwrap();
        terms.expires = Timestamp(expires.saturating_add(1));
        terms.withdrawn = !live;
        terms.purpose = if fits { facts.purpose.clone() } else { "statistics".parse().unwrap() };
        terms.recipient = if mine {
            facts.platform.clone()
        } else {
            "comity://CN-HK/platform/x".parse().unwrap()
        };
        facts.consent = facts.consent.filter(|_| given);
        facts
    })
}

/// Loaded once: they do not change.
pub(crate) fn both() -> &'static Both {
    static BOTH: std::sync::OnceLock<Both> = std::sync::OnceLock::new();
    BOTH.get_or_init(Both::new)
}
