//! policy-engine: packs' texts, their cases, and facts. What the tree's packs permit holds what they ask for.
#![no_main]

use fuzz::{input, join, number, parts, plant};
use gateway_types::{Status, cbor, facts::Facts, id::Tier};
use libfuzzer_sys::fuzz_target;
use policy_engine::{Decision, Pack, Packs, cases, check, decide, explain};
use std::{collections::BTreeMap, sync::LazyLock};

type Files = BTreeMap<String, String>;

macro_rules! files {
    ($folder:literal) => {
        files!($folder: "pack.toml", "issuers.toml", "permit.cedar", "licence.cedar", "classes.cedar",
            "consent.cedar", "asking.cedar", "cases/disclose.toml", "cases/recognise.toml")
    };
    ($folder:literal: $($name:literal),*) => {
        [$(($name.to_owned(), include_str!(
            concat!("../../../policies/packs/", $folder, "/", $name)).to_owned())),*].into()
    };
}

/// The packs of the tree, as texts.
static TEXTS: LazyLock<[Files; 3]> =
    LazyLock::new(|| [files!("cn-gd"), files!("cn-hk"), files!("cn-mo")]);

static PACKS: LazyLock<[Pack; 3]> =
    LazyLock::new(|| TEXTS.each_ref().map(|files| Pack::load(files).expect("a pack of the tree")));

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 8 {
        0 => replaced(bytes),
        1 => edited(bytes),
        _ => facts(bytes),
    }
});

/// A file of a pack as it came.
fn replaced(bytes: &[u8]) {
    let [which, text] = parts(bytes);
    let (mut files, name) = file(which);
    files.insert(name, String::from_utf8_lossy(text).into_owned());
    take(&files);
}

/// A file of a pack with a piece replaced.
fn edited(bytes: &[u8]) {
    let [which, at, len, with] = parts(bytes);
    let (mut files, name) = file(which);
    let text = &files[&name];
    let place =
        |at: usize| (0..=at.min(text.len())).rfind(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let begin = place(number(at) as usize % (text.len() + 1));
    let end = place(begin + number(len) as usize % 256).max(begin);
    let text = [&text[..begin], &String::from_utf8_lossy(with), &text[end..]].concat();
    files.insert(name, text);
    take(&files);
}

/// Which pack, and which of its files.
fn file(which: &[u8]) -> (Files, String) {
    let [pack, file] = fuzz::array(which);
    let files = &TEXTS[usize::from(pack) % 3];
    let name = files.keys().nth(usize::from(file) % files.len()).expect("a file");
    (files.clone(), name.clone())
}

/// It is refused with its places, or it is a pack, the same each time, that judges without harm.
fn take(files: &Files) {
    let pack = match Pack::load(files) {
        Ok(pack) => pack,
        Err(errors) => {
            return assert!(!errors.0.is_empty() && errors.0.len() <= 50, "no problem is named");
        }
    };
    assert_eq!(Pack::load(files).expect("as before").reference(), pack.reference());
    let _report = cases::run(&pack, files);
    for other in PACKS.iter() {
        for packs in [Packs::new(&pack, other), Packs::new(other, &pack)] {
            let decision = decide(&packs, &good());
            assert_eq!(decide(&packs, &good()).terms(), decision.terms());
        }
    }
    let _account = explain::explain(&pack, &good(), explain::Language::English);
}

/// Facts as they came, judged by the packs of the tree.
fn facts(bytes: &[u8]) {
    let [which, facts] = parts(bytes);
    let Some(facts) = fuzz::same::<Facts>(facts) else { return };
    let [source, destination] = fuzz::array(which);
    let packs = Packs::new(&PACKS[usize::from(source) % 3], &PACKS[usize::from(destination) % 3]);
    let decision = decide(&packs, &facts);
    let judged = decision.facts().clone();
    let again = check(&packs, &judged);
    assert_eq!(again.terms(), decision.terms(), "a member comes to another answer");
    if let Decision::Permit(permit) = &decision {
        permitted(permit.facts(), &facts);
    }
    for pack in PACKS.iter() {
        let _account = explain::explain(pack, &facts, explain::Language::Chinese);
    }
}

/// What every pack of the tree asks for.
fn permitted(judged: &Facts, asked: &Facts) {
    let stated = Facts { obligations: judged.obligations.clone(), ..asked.clone() };
    assert_eq!(*judged, stated, "something else was judged");
    assert_eq!(judged.code.map(|code| code.status()), Some(Status::Valid));
    assert!(judged.issuer_accredited && !judged.platform_suspended && !judged.onward);
    assert!(judged.not_before <= judged.now && judged.now < judged.not_after);
    assert!(judged.evidence_age_s <= 60);
    assert_eq!(judged.platform.region, judged.to);
    let consent = judged.consent.as_ref().expect("every class of the tree is personal");
    assert!(!consent.withdrawn && judged.now < consent.expires);
    assert_eq!((&consent.purpose, &consent.recipient), (&judged.purpose, &judged.platform));
    assert!(
        judged.class.as_str() != "medical"
            || judged.tier == "strict".parse::<Tier>().expect("a tier")
    );
}

/// A question that Guangdong's and Hong Kong's packs permit.
fn good() -> Facts {
    serde_json::from_value(serde_json::json!({
        "now": 1_795_228_267_000_u64, "from": "CN-GD", "to": "CN-HK", "tier": "standard", "class": "driving-c1",
        "issuer": "11440000EXAMPLE11C", "issuer_accredited": true, "code": "01",
        "not_before": 1_763_692_267_000_u64, "not_after": 1_826_764_267_000_u64,
        "purpose": "licence-exchange", "platform": "comity://CN-HK/platform/counter",
        "platform_suspended": false,
        "consent": {
            "purpose": "licence-exchange", "recipient": "comity://CN-HK/platform/counter",
            "expires": 1_795_314_667_000_u64, "withdrawn": false
        },
        "evidence_age_s": 1, "contract_filed": false, "onward": false, "review": false, "obligations": []
    }))
    .expect("facts")
}

fn seeds() -> Vec<Vec<u8>> {
    assert!(matches!(decide(&Packs::new(&PACKS[0], &PACKS[1]), &good()), Decision::Permit(_)));
    let back = Facts {
        from: "CN-HK".parse().expect("a region"),
        to: "CN-GD".parse().expect("a region"),
        class: "medical".parse().expect("a class"),
        ..good()
    };
    let mut seeds = vec![
        input(2, &[&[0, 1], &cbor::encode(&good())]),
        input(2, &[&[1, 0], &cbor::encode(&back)]),
        input(2, &[&[0, 1], &cbor::encode(&Facts { review: true, ..good() })]),
    ];
    let deep = |open: &str| open.repeat(10_000).into_bytes();
    for (file, open) in [(0u8, "("), (0, "{a="), (5, "a=["), (6, "-"), (7, "a={b="), (8, "a.")] {
        let begin = if [5, 7].contains(&file) {
            ""
        } else {
            "permit (principal, action, resource) when { "
        };
        seeds.push(input(0, &[&[0, file], &[begin.as_bytes(), &deep(open)].concat()]));
    }
    for file in 0..9u8 {
        seeds.push([vec![1], join(&[&[file % 3, file], &[1, 0], &[4], b"true"])].concat());
    }
    seeds
}
