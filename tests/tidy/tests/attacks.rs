//! ARCHITECTURE.md lists every row of the attack catalogue that this code carries, each with tests that exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The rows that are carried: by the rules, floors 0 to 2, and by the programs above them.
fn rows_carried() -> BTreeSet<u32> {
    let ranges = [
        1..=34,
        38..=42,
        45..=72,
        75..=81,
        83..=83,
        85..=86,
        89..=89,
        91..=91,
        94..=94,
        96..=111,
        113..=113,
        115..=136,
    ];
    ranges.into_iter().flatten().collect()
}

#[test]
fn every_row_has_a_test_that_exists_or_says_where_it_belongs() {
    let table = table_of_rows();
    let tests = test_functions();
    let mut wrong = Vec::new();
    for row in rows_carried() {
        match table.get(&row) {
            None => wrong.push(format!("A{row} is not in the table of ARCHITECTURE.md")),
            Some(cell) => wrong.extend(missing(row, cell, &tests)),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_test_named_by_a_row_is_in_the_table() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let unlisted: Vec<String> = test_functions()
        .into_iter()
        .filter(|name| row_of(name).is_some())
        .filter(|name| !text.contains(&format!("`{name}`")))
        .collect();
    assert!(unlisted.is_empty(), "{unlisted:#?}");
}

/// What is wrong with a row's cell: names of tests that are not there, or nothing said at all.
fn missing(row: u32, cell: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let named: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
    if named.is_empty() && !cell.contains("not built") && !cell.contains("runbook") {
        return vec![format!("A{row} names no test and no reason")];
    }
    let absent = named.into_iter().filter(|name| !tests.contains(*name));
    absent.map(|name| format!("A{row}: no test {name}")).collect()
}

fn table_of_rows() -> BTreeMap<u32, String> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| A"));
    rows.filter_map(|line| {
        let (number, cell) = line.split_once('|')?;
        Some((number.trim().parse().ok()?, cell.to_owned()))
    })
    .collect()
}

/// `a43_flipped_flag_is_refused` carries row 43.
fn row_of(name: &str) -> Option<u32> {
    name.strip_prefix('a')?.split_once('_')?.0.parse().ok()
}

fn test_functions() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["gateway", "adapters", "policies", "relayer", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            names.extend(functions_after_test_attribute(&text));
        }
    }
    names
}

/// Tests, and the checks of conformance suites that carry a row: those are called by tests.
fn functions_after_test_attribute(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if ["#[test]", "#[tokio::test", "proptest!"].iter().any(|it| line.starts_with(it)) {
            is_test = true;
        } else if let Some(name) = function(line) {
            names.extend((is_test || row_of(name).is_some()).then(|| name.to_owned()));
            is_test = false;
        }
    }
    names
}

/// The name of the function that begins on this line.
fn function(line: &str) -> Option<&str> {
    let line = line.strip_prefix("pub ").unwrap_or(line);
    let line = line.strip_prefix("async ").unwrap_or(line);
    line.strip_prefix("fn ")?.split(['(', '<']).next()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
