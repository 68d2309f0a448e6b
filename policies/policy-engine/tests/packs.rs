//! The packs in the tree: they load, and their cases come out as said.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot read the tree's packs has nothing to say"
)]

use gateway_types::{Timestamp, frame::sha256};
use policy_engine::{Pack, cases};
use std::{collections::BTreeMap, fs, path::Path};

const REGIONS: [&str; 3] = ["cn-gd", "cn-hk", "cn-mo"];

/// The files of a pack of the tree, by their names within it.
fn files(region: &str) -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packs").join(region);
    let mut files = BTreeMap::new();
    for (folder, prefix) in [(folder.clone(), ""), (folder.join("cases"), "cases/")] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_str().unwrap();
                files.insert(format!("{prefix}{name}"), fs::read_to_string(&path).unwrap());
            }
        }
    }
    files
}

fn pack(region: &str) -> Pack {
    Pack::load(&files(region)).unwrap_or_else(|errors| {
        let lines: Vec<String> = errors.0.iter().map(|e| format!("{e} {:?}", e.hint)).collect();
        panic!("{region}: {lines:#?}")
    })
}

#[test]
fn every_case_comes_out_as_said() {
    for region in REGIONS {
        let report = cases::run(&pack(region), &files(region)).unwrap();
        let wrong: Vec<_> = report.cases.iter().filter(|case| case.failure.is_some()).collect();
        assert!(wrong.is_empty(), "{region}: {wrong:#?}");
        assert!(report.cases.len() >= 40, "{region} has {} cases", report.cases.len());
    }
}

#[test]
fn every_issuer_has_its_example_key() {
    for region in REGIONS {
        let pack = pack(region);
        assert!(!pack.issuers().is_empty());
        for issuer in pack.issuers() {
            let seed = sha256(format!("comity example issuer {}", issuer.key.code).as_bytes());
            let key = ed25519_dalek::SigningKey::from_bytes(&seed.0).verifying_key();
            assert_eq!(issuer.key.key.0, key.to_bytes(), "{}", issuer.key.code);
        }
    }
}

#[test]
fn an_issuer_counts_in_its_period_and_for_its_classes() {
    let pack = pack("cn-gd");
    let code = "11440000EXAMPLE11C".parse().unwrap();
    let class = "driving-c1".parse().unwrap();
    let (from, until) = pack.period();
    assert!(pack.accredited(&code, &class, from).is_some());
    assert!(pack.accredited(&code, &class, Timestamp(from.0 - 1)).is_none());
    assert!(pack.accredited(&code, &class, Timestamp(until.0 - 1)).is_some());
    assert!(pack.accredited(&code, &class, until).is_none());
    assert!(pack.accredited(&code, &"medical".parse().unwrap(), from).is_none());
    assert!(pack.accredited(&"HKEXAMPLETD".parse().unwrap(), &class, from).is_none());
}

#[test]
fn a_source_keeps_its_own_words() {
    let word = |region| pack(region).status_word("07".parse().unwrap()).unwrap().zh.clone();
    assert_eq!(word("cn-gd"), "吊销");
    assert_eq!(word("cn-hk"), "吊銷");
}
