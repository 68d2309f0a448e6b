//! Blocks and proofs of real nodes, for tests.
//!
//! Two places: `tests/vectors/<chain>/`, kept with the code, always there ([`own`]); and a folder of vectors that
//! others made and that are not ours to keep ([`shared`]): `TEST_VECTORS`, by default `../shared/vectors` beside
//! the workspace.
//!
//! **Invariant:** a test never passes silently for lack of data: where the shared folder is missing it says
//! `skipped: no vectors`, and with `TEST_VECTORS_REQUIRED=1` it fails.

use serde_json::Value;
use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The file `name` of `tests/vectors`, such as `wasmd/network-1/light_100.json`.
///
/// # Panics
///
/// If it is not there: these are kept with the code.
#[must_use]
pub fn own(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    read(&path).unwrap_or_else(|| fail(&path))
}

/// The JSON of [`own`].
///
/// # Panics
///
/// If it is not there, or not JSON.
#[must_use]
pub fn own_json(name: &str) -> Value {
    parse(name, &own(name))
}

/// The file `name` of the shared folder; nothing, and a line that says so, where the folder is missing.
///
/// # Panics
///
/// If it is missing although `TEST_VECTORS_REQUIRED` is 1, or if the folder is there without the file.
#[must_use]
pub fn shared(name: &str) -> Option<Vec<u8>> {
    let required = env::var_os("TEST_VECTORS_REQUIRED").is_some_and(|value| value == "1");
    of_folder(&shared_folder(), name, required)
}

/// The JSON of [`shared`].
///
/// # Panics
///
/// As [`shared`], or if it is not JSON.
#[must_use]
pub fn shared_json(name: &str) -> Option<Value> {
    shared(name).map(|bytes| parse(name, &bytes))
}

fn shared_folder() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    env::var_os("TEST_VECTORS").map_or_else(default, PathBuf::from)
}

/// The file `name` of `folder`; nothing where the folder is missing and need not be there.
fn of_folder(folder: &Path, name: &str, required: bool) -> Option<Vec<u8>> {
    if folder.is_dir() {
        let path = folder.join(name);
        return Some(read(&path).unwrap_or_else(|| fail(&path)));
    }
    assert!(!required, "no vectors, and TEST_VECTORS_REQUIRED is 1");
    skip();
    None
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn skip() {
    println!("skipped: no vectors");
}

fn read(path: &Path) -> Option<Vec<u8>> {
    fs::read(path).ok()
}

#[expect(clippy::panic, reason = "a test without its data must fail")]
fn fail(path: &Path) -> ! {
    panic!("no vector {}", path.display())
}

#[expect(clippy::panic, reason = "a test without its data must fail")]
fn parse(name: &str, bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that is there, and one that is not.
    fn folders() -> (PathBuf, PathBuf) {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        (here.join("wasmd"), here.join("no-such-folder"))
    }

    #[test]
    fn a_missing_folder_is_a_skip() {
        let (there, missing) = folders();
        assert_eq!(of_folder(&missing, "licences.json", false), None);
        let expected = own("wasmd/licences.json");
        assert_eq!(of_folder(&there, "licences.json", false), Some(expected));
    }

    #[test]
    #[should_panic(expected = "TEST_VECTORS_REQUIRED is 1")]
    fn a_missing_folder_that_is_required_is_a_failure() {
        of_folder(&folders().1, "licences.json", true);
    }

    #[test]
    #[should_panic(expected = "no vector")]
    fn a_file_that_a_folder_lacks_is_a_failure() {
        of_folder(&folders().0, "no-such-file.json", false);
    }

    #[test]
    fn our_copies_of_network_1_are_what_was_made() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("wasmd/network-1");
        let mut files = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if !name.ends_with(".json") {
                continue;
            }
            let Some(original) = shared(&format!("wasmd/{name}")) else { return };
            assert_eq!(own(&format!("wasmd/network-1/{name}")), original, "{name}");
            files += 1;
        }
        assert_eq!(files, 22);
    }
}
