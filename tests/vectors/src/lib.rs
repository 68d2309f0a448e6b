//! Blocks and proofs of real nodes, for tests.
//!
//! Two places: `tests/vectors/<chain>/`, kept with the code, always there ([`own`]); and a folder of vectors that
//! others made and that are not ours to keep ([`shared`]): `COMITY_VECTORS`, by default `../shared/vectors` beside
//! the workspace.
//!
//! **Invariant:** a test never passes silently for lack of data: where the shared folder is missing it says
//! `skipped: no vectors`, and with `COMITY_VECTORS_REQUIRED=1` it fails.

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
/// If it is missing although `COMITY_VECTORS_REQUIRED` is 1, or if the folder is there without the file.
#[must_use]
pub fn shared(name: &str) -> Option<Vec<u8>> {
    let folder = shared_folder();
    if folder.is_dir() {
        let path = folder.join(name);
        return Some(read(&path).unwrap_or_else(|| fail(&path)));
    }
    skip();
    None
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
    env::var_os("COMITY_VECTORS").map_or_else(default, PathBuf::from)
}

#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn skip() {
    let required = env::var_os("COMITY_VECTORS_REQUIRED").is_some_and(|value| value == "1");
    assert!(!required, "no vectors, and COMITY_VECTORS_REQUIRED is 1");
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
