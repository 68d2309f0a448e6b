//! What the program tells to type can be typed: a shell takes it as it is meant, and it begins as it was called.

use std::path::Path;

/// The program as it was called: by its name, or by a path that leads to it.
#[must_use]
pub fn program() -> String {
    let called = std::env::args_os().next();
    called.map_or_else(|| "comity".to_owned(), |it| quoted(&it.to_string_lossy()))
}

/// A path as it is typed.
#[must_use]
pub fn path(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn only_what_a_shell_would_change_is_quoted() {
        for (text, typed) in [
            ("comity-demo/trust.json", "comity-demo/trust.json"),
            ("it's mine", r"'it'\''s mine'"),
            ("a b", "'a b'"),
            ("$HOME", "'$HOME'"),
            ("香港", "'香港'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), typed);
        }
    }
}
