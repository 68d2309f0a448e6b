//! A member's own keys, as they are kept where there is no HSM.

use super::{MAX_SECRET, OpenError, VERSION, encode_secret, open_secret, seal_secret};
use alloc::vec::Vec;
use core::fmt;
use gateway_cosign::MemberKeys;
use gateway_types::{Salt, cbor};
use minicbor::{Decode, Encode};
use rand_core::CryptoRng;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// What is sealed: opens as nothing else.
const LABEL: &str = "member-keys";

/// The seeds of a member's protocol, cosigning and encryption keys. Never shown, wiped when dropped.
#[derive(Encode, Decode, ZeroizeOnDrop)]
#[cbor(map)]
pub struct StoredKeys {
    #[n(0)]
    version: u32,
    #[n(1)]
    #[cbor(with = "minicbor::bytes")]
    protocol: [u8; 32],
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    cosigning: [u8; 32],
    #[n(3)]
    #[cbor(with = "minicbor::bytes")]
    encryption: [u8; 32],
}

impl StoredKeys {
    /// Draws new keys.
    #[must_use]
    pub fn draw(rng: &mut impl CryptoRng) -> Self {
        let mut keys =
            Self { version: VERSION, protocol: [0; 32], cosigning: [0; 32], encryption: [0; 32] };
        rng.fill_bytes(&mut keys.protocol);
        rng.fill_bytes(&mut keys.cosigning);
        rng.fill_bytes(&mut keys.encryption);
        keys
    }

    /// The keys; a share comes from a ceremony.
    #[must_use]
    pub fn member_keys(&self) -> MemberKeys {
        MemberKeys::from_seeds(&self.protocol, &self.cosigning, &self.encryption)
    }

    /// The bytes, for sealing only.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode_secret(self)
    }

    /// Reads what [`StoredKeys::encode`] made.
    ///
    /// # Errors
    ///
    /// [`OpenError`] on anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, OpenError> {
        let read: Self = cbor::decode(bytes, MAX_SECRET)?;
        if read.version == VERSION {
            Ok(read)
        } else {
            Err(OpenError::Version { got: read.version })
        }
    }
}

impl fmt::Debug for StoredKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredKeys")
    }
}

/// Seals a member's keys under a passphrase.
///
/// `salt` and `nonce` are drawn anew for each file. Takes about a tenth of a second, by intent.
///
/// # Errors
///
/// [`OpenError::Cipher`] if there is no memory for the passphrase's hash.
pub fn seal_keys(
    passphrase: &[u8],
    salt: Salt,
    nonce: [u8; 12],
    keys: &StoredKeys,
) -> Result<Vec<u8>, OpenError> {
    seal_secret(LABEL, passphrase, salt, nonce, &keys.encode())
}

/// Opens a member's sealed keys.
///
/// # Errors
///
/// [`OpenError`]: the passphrase is another, or the file was changed.
pub fn open_keys(passphrase: &[u8], file: &[u8]) -> Result<StoredKeys, OpenError> {
    StoredKeys::decode(&open_secret(LABEL, passphrase, file)?)
}
