//! A member's share of its committee's key, as it is kept.

use super::{MAX_SECRET, OpenError, VERSION, encode_secret, open_secret, seal_secret};
use alloc::vec::Vec;
use gateway_cosign::{CommitteeName, KeyShare};
use gateway_types::{Digest, Jurisdiction, Salt, bytes::BlsPublicKey, cbor, id::Deployment};
use minicbor::{Decode, Encode};
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// What is sealed: opens as nothing else.
const LABEL: &str = "key-share";

/// A key share as it is kept, with what it belongs to.
#[derive(Clone, Debug)]
pub struct StoredShare {
    /// The committee.
    pub committee: CommitteeName,
    /// The epoch that it was made for.
    pub epoch: u64,
    /// The committee's key.
    pub group_key: BlsPublicKey,
    /// Digest of the ceremony's transcript.
    pub transcript: Digest,
    /// The share.
    pub share: KeyShare,
}

/// The share's bytes. Only ever inside [`Zeroizing`] or sealed.
#[derive(Encode, Decode, ZeroizeOnDrop)]
#[cbor(map)]
struct ShareBytes {
    #[n(0)]
    version: u32,
    #[zeroize(skip)]
    #[n(1)]
    deployment: Deployment,
    #[zeroize(skip)]
    #[n(2)]
    region: Jurisdiction,
    #[n(3)]
    epoch: u64,
    #[zeroize(skip)]
    #[n(4)]
    group_key: BlsPublicKey,
    #[zeroize(skip)]
    #[n(5)]
    transcript: Digest,
    #[n(6)]
    number: u8,
    #[n(7)]
    #[cbor(with = "minicbor::bytes")]
    secret: [u8; 32],
}

impl StoredShare {
    /// The bytes, for sealing only.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let bytes = ShareBytes {
            version: VERSION,
            deployment: self.committee.deployment.clone(),
            region: self.committee.region.clone(),
            epoch: self.epoch,
            group_key: self.group_key,
            transcript: self.transcript,
            number: self.share.number(),
            secret: **self.share.secret(),
        };
        encode_secret(&bytes)
    }

    /// Reads what [`StoredShare::encode`] made.
    ///
    /// # Errors
    ///
    /// [`OpenError`] on anything else.
    pub fn decode(bytes: &[u8]) -> Result<Self, OpenError> {
        let read: ShareBytes = cbor::decode(bytes, MAX_SECRET)?;
        if read.version != VERSION {
            return Err(OpenError::Version { got: read.version });
        }
        let share = KeyShare::new(read.number, &read.secret).map_err(|_| OpenError::Share)?;
        Ok(Self {
            committee: CommitteeName {
                deployment: read.deployment.clone(),
                region: read.region.clone(),
            },
            epoch: read.epoch,
            group_key: read.group_key,
            transcript: read.transcript,
            share,
        })
    }
}

/// Seals a key share under a passphrase.
///
/// `salt` and `nonce` are drawn anew for each file. Takes about a tenth of a second, by intent.
///
/// # Errors
///
/// [`OpenError::Cipher`] if there is no memory for the passphrase's hash.
pub fn seal_share(
    passphrase: &[u8],
    salt: Salt,
    nonce: [u8; 12],
    share: &StoredShare,
) -> Result<Vec<u8>, OpenError> {
    seal_secret(LABEL, passphrase, salt, nonce, &share.encode())
}

/// Opens a sealed key share.
///
/// # Errors
///
/// [`OpenError`]: the passphrase is another, or the file was changed.
pub fn open_share(passphrase: &[u8], file: &[u8]) -> Result<StoredShare, OpenError> {
    StoredShare::decode(&open_secret(LABEL, passphrase, file)?)
}
