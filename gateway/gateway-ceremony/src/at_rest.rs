//! Secrets on disk: sealed under a passphrase.
//!
//! Argon2id (RFC 9106, second recommended option: 64 MiB, 3 passes, 4 lanes) makes the key,
//! ChaCha20-Poly1305 (RFC 8439) seals. Salt and nonce are arguments: both must be fresh for each file.

mod keys;
mod share;

pub use keys::{StoredKeys, open_keys, seal_keys};
pub use share::{StoredShare, open_share, seal_share};

use alloc::vec::Vec;
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit as _,
    aead::{Aead as _, Payload},
};
use gateway_types::{
    Bytes, Salt,
    cbor::{self, DecodeError},
};
use minicbor::{Decode, Encode};
use zeroize::Zeroizing;

/// Longest secret that is sealed.
pub const MAX_SECRET: usize = 4 * 1024;

/// Longest sealed file.
const MAX_FILE: usize = MAX_SECRET + 256;

/// Version of the sealed file, and of what is in it.
const VERSION: u32 = 1;

/// RFC 9106 section 4: memory in KiB, passes, lanes.
const ARGON2: (u32, u32, u32) = (64 * 1024, 3, 4);

/// A sealed file.
#[derive(Encode, Decode)]
#[cbor(map)]
struct SealedFile {
    #[n(0)]
    version: u32,
    #[n(1)]
    salt: Salt,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    nonce: [u8; 12],
    #[n(3)]
    sealed: Bytes<{ MAX_SECRET + 16 }>,
}

/// Seals any secret of a node. `label` says which kind; it opens under no other.
///
/// # Errors
///
/// [`OpenError::TooLong`] above [`MAX_SECRET`]; [`OpenError::Cipher`] as for [`seal_share`].
pub fn seal_secret(
    label: &str,
    passphrase: &[u8],
    salt: Salt,
    nonce: [u8; 12],
    secret: &[u8],
) -> Result<Vec<u8>, OpenError> {
    if secret.len() > MAX_SECRET {
        return Err(OpenError::TooLong { len: secret.len() });
    }
    let payload = Payload { msg: secret, aad: label.as_bytes() };
    let sealed = cipher(passphrase, &salt)?
        .encrypt(&nonce.into(), payload)
        .map_err(|_| OpenError::Cipher)?;
    let sealed = Bytes::new(sealed).map_err(|_| OpenError::Cipher)?;
    Ok(cbor::encode(&SealedFile { version: VERSION, salt, nonce, sealed }))
}

/// Opens what [`seal_secret`] sealed under the same label.
///
/// # Errors
///
/// [`OpenError`]: the passphrase or the label is another, or the file was changed.
pub fn open_secret(
    label: &str,
    passphrase: &[u8],
    file: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let file: SealedFile = cbor::decode(file, MAX_FILE)?;
    if file.version != VERSION {
        return Err(OpenError::Version { got: file.version });
    }
    let payload = Payload { msg: &file.sealed, aad: label.as_bytes() };
    let opened = cipher(passphrase, &file.salt)?.decrypt(&file.nonce.into(), payload);
    opened.map(Zeroizing::new).map_err(|_| OpenError::Passphrase)
}

/// The bytes of a secret, in memory that is wiped.
fn encode_secret(secret: &impl Encode<()>) -> Zeroizing<Vec<u8>> {
    // Room for all of it, so that no copy is left behind by growing.
    let mut out = Zeroizing::new(Vec::with_capacity(MAX_SECRET));
    let written = minicbor::encode(secret, &mut *out);
    debug_assert!(written.is_ok(), "writing into memory cannot fail");
    out
}

fn cipher(passphrase: &[u8], salt: &Salt) -> Result<ChaCha20Poly1305, OpenError> {
    let (memory, passes, lanes) = ARGON2;
    let params = Params::new(memory, passes, lanes, Some(32)).map_err(|_| OpenError::Cipher)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, &salt.0, key.as_mut_slice())
        .map_err(|_| OpenError::Cipher)?;
    Ok(ChaCha20Poly1305::new(&(*key).into()))
}

/// Why a sealed secret does not open, or is not sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a sealed file, or what is in it is not a share.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// A version that this program does not know.
    #[error("version {got} is not known")]
    Version {
        /// The version.
        got: u32,
    },
    /// Another passphrase, another kind of secret, or a changed file: it cannot be told which.
    #[error("the passphrase does not open it, or it was changed")]
    Passphrase,
    /// The share's number or scalar is none.
    #[error("not a key share")]
    Share,
    /// The passphrase could not be hashed.
    #[error("the passphrase could not be hashed")]
    Cipher,
    /// The secret is longer than one may be.
    #[error("{len} bytes, at most {MAX_SECRET} are sealed")]
    TooLong {
        /// Its length.
        len: usize,
    },
}
