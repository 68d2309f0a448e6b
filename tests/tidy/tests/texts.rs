//! The project speaks of itself alone: no machine's path and no registry's host stands in it.

use std::{path::Path, process::Command};

/// What no text of the project may hold. Written in parts, so that this file may hold it.
fn forbidden() -> Vec<String> {
    let parts = [
        ["/wor", "k/"],
        ["/roo", "t/"],
        ["crates", ".io/api"],
        ["proxy.go", "lang.org"],
        ["/home", "/"],
    ];
    parts.iter().map(|part| part.concat()).collect()
}

#[test]
fn no_machine_path_and_no_registry_host() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(&root).output().unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let files = String::from_utf8(listed.stdout).unwrap();
    assert!(files.contains("ARCHITECTURE.md"), "git lists nothing");
    let mut wrong = Vec::new();
    for file in files.split('\0').filter(|file| !file.is_empty()) {
        let Ok(text) = std::fs::read_to_string(root.join(file)) else { continue };
        wrong.extend(
            forbidden()
                .iter()
                .filter(|word| text.contains(*word))
                .map(|word| format!("{file}: {word}")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
