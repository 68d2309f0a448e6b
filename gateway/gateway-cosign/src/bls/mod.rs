//! BLS12-381 threshold signatures, minimal-signature form: 48-byte signatures in G1, 96-byte keys in G2.
//!
//! Source: draft-irtf-cfrg-bls-signature (basic scheme), RFC 9380 for the hash to G1, suite
//! `BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_`. Signatures of different committees are never added up.

#[cfg(any(target_family = "wasm", feature = "arkworks", test))]
pub(crate) mod arkworks;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod blst;
#[cfg(feature = "combine")]
pub(crate) mod combine;
pub(crate) mod keys;
#[cfg(not(target_family = "wasm"))]
pub(crate) mod share;

#[cfg(any(target_family = "wasm", feature = "arkworks"))]
use self::arkworks::Arkworks as Native;
#[cfg(not(any(target_family = "wasm", feature = "arkworks")))]
use self::blst::Blst as Native;
use crate::ceremony::CommitteeName;
use alloc::{format, vec::Vec};
use core::fmt;
use gateway_types::{
    Digest, Origin,
    bytes::{BlsPublicKey, BlsSignature},
    cbor::DecodeError,
    checkpoint::Checkpoint,
    entry::Entry,
    frame::sha256,
};

/// Domain separation tag of the suite. Source: draft-irtf-cfrg-bls-signature section 4.2.1.
pub(crate) const DST: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// What a threshold signature is made with. Another one (SM2 multi-signatures, say) gets a number and a
/// line type of its own; no format changes. An unknown one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// BLS12-381, minimal signature.
    Bls12381MinSig = 1,
}

impl Suite {
    /// The suite of a number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        (number == Self::Bls12381MinSig.number()).then_some(Self::Bls12381MinSig)
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Bls12381MinSig => 1,
        }
    }

    /// Its type in a signed note's key id, after 0xff (C2SP signed-note: others' types).
    #[must_use]
    pub fn line_type(self) -> &'static str {
        match self {
            Self::Bls12381MinSig => "comity/bls12381-min-sig/v1",
        }
    }

    /// The id of a key of this suite in a signed note: first four bytes of
    /// SHA-256(name LF 0xff type key).
    #[must_use]
    pub fn key_id(self, name: &str, key: &BlsPublicKey) -> [u8; 4] {
        let parts =
            [name.as_bytes(), b"\n\xff", self.line_type().as_bytes(), key.as_bytes()].concat();
        crate::note::first_four(&sha256(&parts))
    }
}

/// A text that shares and threshold keys sign: made from the whole of what it is about.
#[derive(Clone, PartialEq, Eq)]
pub struct ThresholdText(Vec<u8>);

impl ThresholdText {
    /// `comity/bls-checkpoint/v1 LF` and the checkpoint's text.
    #[must_use]
    pub fn checkpoint(checkpoint: &Checkpoint) -> Self {
        Self(format!("comity/bls-checkpoint/v1\n{}", checkpoint.to_text()).into_bytes())
    }

    /// `comity/committee/v1 LF origin LF` and the bytes of a `committee` entry: the proof of possession.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] if the bytes are not those of a `committee` entry: nothing else is ever signed so.
    pub fn committee(origin: &Origin, entry: &[u8]) -> Result<Self, DecodeError> {
        let Entry::Committee(_) = Entry::decode(entry)? else {
            return Err(DecodeError::Malformed {
                at: 1,
                what: "expected a committee entry".into(),
            });
        };
        let mut bytes = format!("comity/committee/v1\n{origin}\n").into_bytes();
        bytes.extend_from_slice(entry);
        Ok(Self(bytes))
    }

    /// `comity/rehearsal/v1 LF committee LF` and the ceremony's digest in hexadecimal: what a new
    /// committee signs to show that it can. It proves nothing else.
    #[must_use]
    pub fn rehearsal(committee: &CommitteeName, ceremony: &Digest) -> Self {
        Self(format!("comity/rehearsal/v1\n{committee}\n{ceremony}\n").into_bytes())
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ThresholdText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ThresholdText({} bytes)", self.0.len())
    }
}

/// What a library must do. Both do exactly this.
pub(crate) trait Library {
    /// A decoded public key: a point of G2's prime-order subgroup, not the identity.
    type Key: Clone;

    /// Decodes a public key.
    fn read_key(bytes: &BlsPublicKey) -> Result<Self::Key, BlsError>;

    /// Checks a signature; the identity and points outside the subgroup are refused.
    fn verify(key: &Self::Key, message: &[u8], signature: &BlsSignature) -> Result<(), BlsError>;
}

/// A public key, decoded and checked once: a committee's, or the public half of a member's share.
#[derive(Clone)]
pub struct BlsKey {
    bytes: BlsPublicKey,
    point: <Native as Library>::Key,
}

impl BlsKey {
    /// Decodes a key.
    ///
    /// # Errors
    ///
    /// [`BlsError`]: not a point, outside the subgroup, or the identity, for which anybody signs.
    pub fn new(bytes: &BlsPublicKey) -> Result<Self, BlsError> {
        Ok(Self { bytes: *bytes, point: Native::read_key(bytes)? })
    }

    /// The key's bytes.
    #[must_use]
    pub fn bytes(&self) -> &BlsPublicKey {
        &self.bytes
    }

    /// Checks a signature of this key.
    ///
    /// # Errors
    ///
    /// [`BlsError`]: it counts for nothing.
    pub fn verify(&self, text: &ThresholdText, signature: &BlsSignature) -> Result<(), BlsError> {
        Native::verify(&self.point, &text.0, signature)
    }
}

impl PartialEq for BlsKey {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for BlsKey {}

impl fmt::Debug for BlsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.fmt(f)
    }
}

/// Why a key or signature is refused, for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlsError {
    /// Not the compressed encoding of a point of the curve: flags, field bound, equation.
    #[error("not a compressed point of the curve")]
    Encoding,
    /// A point of the curve outside its prime-order subgroup.
    #[error("a point outside the prime-order subgroup")]
    Subgroup,
    /// The point at infinity.
    #[error("the point at infinity")]
    Identity,
    /// A good point, and not this key's signature over this text.
    #[error("the signature does not hold")]
    Mismatch,
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "curve points of a test")]
pub(crate) mod tests;
