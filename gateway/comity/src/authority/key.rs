//! Ed25519 keys as files: PKCS #8 of version 1, which everybody reads.
//!
//! The library writes version 2, with the public key in it (RFC 5958); OpenSSL 3.0, and curl with it, cannot read that.

use super::AuthorityError;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rcgen::KeyPair;
use zeroize::Zeroizing;

/// What stands before the seed in version 2. Source: RFC 5958, section 2; RFC 8410, section 7.
const BEFORE_V2: [u8; 16] =
    [0x30, 0x51, 2, 1, 1, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// The same in version 1: no public key follows.
const BEFORE_V1: [u8; 16] =
    [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];

/// A key, PEM, in version 1.
///
/// # Errors
///
/// [`AuthorityError::KeyForm`] if the library gives something else than an Ed25519 key of version 1 or 2.
pub(super) fn key_pem(key: &KeyPair) -> Result<Zeroizing<String>, AuthorityError> {
    let der = Zeroizing::new(key.serialize_der());
    let before = [BEFORE_V2, BEFORE_V1];
    let rest = before.iter().find_map(|before| der.strip_prefix(before));
    let seed = rest.and_then(|rest| rest.get(..32)).ok_or(AuthorityError::KeyForm)?;
    let der = Zeroizing::new([BEFORE_V1.as_slice(), seed].concat());
    let line = Zeroizing::new(STANDARD.encode(der.as_slice()));
    Ok(Zeroizing::new(format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        *line
    )))
}
