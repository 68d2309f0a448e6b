//! Secrets that stand where they must not: in a settings file, in the environment.

use toml::Value;

/// Names under which people write secrets.
const NAMES: [&str; 9] = [
    "password",
    "passphrase",
    "passwd",
    "secret",
    "token",
    "pin_code",
    "private_key",
    "api_key",
    "seed",
];

/// Whether a setting of this name would hold a secret. `password_file` names a file: that is how it should be.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    !name.ends_with("_file")
        && NAMES.iter().any(|secret| name == *secret || name.ends_with(&format!("_{secret}")))
}

/// Whether a value is one, by its look: a private key, or an address with a password in it.
pub(super) fn is_secret_value(value: &Value) -> bool {
    match value {
        Value::String(text) => is_secret_text(text),
        Value::Array(items) => items.iter().any(is_secret_value),
        _ => false,
    }
}

fn is_secret_text(text: &str) -> bool {
    let in_address = text
        .split_once("://")
        .and_then(|(_, rest)| rest.split('/').next())
        .is_some_and(|host| host.contains('@'));
    text.contains("PRIVATE KEY") || in_address
}

/// What to write instead of the secret called `name`.
pub(super) fn instead(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let file = if name == "password" { "pg" } else { &name };
    format!("name a file instead, {name}_file = \"secrets/{file}\"")
}
