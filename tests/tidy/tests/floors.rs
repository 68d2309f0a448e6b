//! Arrows point down: a crate depends only on crates of a lower floor, and the low floors are pure.

use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Up to this floor a crate is pure.
const PURE: u64 = 2;

/// Crates that do I/O, draw randomness or read a clock; the pure floors may not name them.
const IMPURE: [&str; 13] = [
    "async-std",
    "chrono",
    "getrandom",
    "hyper",
    "mio",
    "rand",
    "redb",
    "reqwest",
    "rustls",
    "sled",
    "tokio",
    "tokio-postgres",
    "tracing",
];

/// Words that the sources of the pure floors may not hold.
const IMPURE_WORDS: [&str; 10] = [
    "std::time",
    "std::fs",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "SystemTime",
    "Instant::now",
    "thread_rng",
    "OsRng",
];

#[test]
fn arrows_point_down() {
    let packages = workspace_packages();
    let floors: BTreeMap<&str, u64> = packages.iter().map(|p| (name(p), floor(p))).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        for dep in dependencies(package) {
            if floors.get(dep.as_str()).is_some_and(|&theirs| theirs >= floor(package)) {
                wrong.push(format!("{} (floor {}) -> {dep}", name(package), floor(package)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn pure_floors_name_nothing_impure_directly_or_through_each_other() {
    let packages = workspace_packages();
    let by_name: BTreeMap<&str, &Value> = packages.iter().map(|p| (name(p), p)).collect();
    let mut wrong = Vec::new();
    for package in packages.iter().filter(|p| floor(p) <= PURE) {
        for dep in reachable(package, &by_name) {
            if IMPURE.contains(&dep.as_str()) {
                wrong.push(format!("{} -> {dep}", name(package)));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sources_of_pure_floors_hold_no_impure_word() {
    let mut wrong = Vec::new();
    for package in workspace_packages().iter().filter(|p| floor(p) <= PURE) {
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        for file in rust_files(&manifest.with_file_name("src")) {
            let text = fs::read_to_string(&file).unwrap();
            for word in IMPURE_WORDS.iter().filter(|word| text.contains(**word)) {
                wrong.push(format!("{}: {word}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_folder_is_named_as_its_crate() {
    for package in workspace_packages() {
        let folder = Path::new(package["manifest_path"].as_str().unwrap()).parent().unwrap();
        assert_eq!(folder.file_name().unwrap().to_str().unwrap(), name(&package));
    }
}

fn reachable(package: &Value, by_name: &BTreeMap<&str, &Value>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut todo = vec![package];
    while let Some(package) = todo.pop() {
        for dep in dependencies(package) {
            if seen.insert(dep.clone()) {
                todo.extend(by_name.get(dep.as_str()).copied());
            }
        }
    }
    seen
}

/// What a crate is built from; what only its tests use does not count.
fn dependencies(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().unwrap();
    all.iter().filter(|dep| dep["kind"] != "dev").map(|dep| name(dep).to_owned()).collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

fn name(item: &Value) -> &str {
    item["name"].as_str().unwrap()
}

fn floor(package: &Value) -> u64 {
    let declared = package["metadata"]["floor"].as_u64();
    declared.unwrap_or_else(|| panic!("{} has no [package.metadata] floor", name(package)))
}

fn workspace_packages() -> Vec<Value> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version=1"])
        .output()
        .unwrap();
    let mut metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    serde_json::from_value(metadata["packages"].take()).unwrap()
}
