//! ARCHITECTURE.md lists every row of the attack catalogue that this code carries, each with tests that exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The rows that the rules carry, as far as floors 0 to 2 can.
fn rows_of_the_rules() -> BTreeSet<u32> {
    let ranges = [
        1..=18,
        20..=22,
        24..=34,
        38..=42,
        45..=45,
        47..=48,
        50..=51,
        58..=72,
        75..=81,
        83..=83,
        85..=86,
        89..=89,
        91..=91,
        94..=94,
        96..=97,
        111..=111,
        115..=116,
        119..=119,
        123..=136,
    ];
    ranges.into_iter().flatten().collect()
}

#[test]
fn every_row_has_a_test_that_exists_or_says_where_it_belongs() {
    let table = table_of_rows();
    let tests = test_functions();
    let mut wrong = Vec::new();
    for row in rows_of_the_rules() {
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
    if named.is_empty() && !cell.contains("*The programs*") && !cell.contains("not built") {
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
    for folder in ["gateway", "adapters", "policies", "tests"] {
        for file in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&file).unwrap();
            names.extend(functions_after_test_attribute(&text));
        }
    }
    names
}

fn functions_after_test_attribute(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut is_test = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with("#[test]") || line.starts_with("proptest!") {
            is_test = true;
        } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) {
            names.extend(rest.split(['(', '<']).next().map(str::to_owned));
            is_test = false;
        }
    }
    names
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
