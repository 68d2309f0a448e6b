//! What results without a peer are compared with: it tells machines apart, not programs.

use crate::{measure::Subject, results::Case};
use ed25519_dalek::{Signer as _, SigningKey};

const NAME: &str = "ed25519_verify";

/// One strict verification of a signature on 112 bytes.
#[must_use]
pub fn subjects() -> Vec<Subject<'static>> {
    let (key, message) = (SigningKey::from_bytes(&[7; 32]), [8; 112]);
    let (signature, key) = (key.sign(&message), key.verifying_key());
    let verify = move || key.verify_strict(&message, &signature).expect("a good signature");
    vec![Subject::new(NAME, 1, verify)]
}

/// The baseline of other rows, in words and by its samples' name.
#[must_use]
pub fn baseline() -> Option<(String, String)> {
    Some(("one Ed25519 verification, ed25519-dalek 3".into(), NAME.into()))
}

/// The row.
#[must_use]
pub fn case() -> Case {
    Case { name: NAME.into(), unit: "us", baseline: None, target: None }
}
