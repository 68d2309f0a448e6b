//! Ed25519 with one rule for every signature: `verify_strict`.
//!
//! Strict: s below the group's order, no key and no R of small order, canonical encodings, no cofactor.
//! Libraries that are laxer accept more; the same rule everywhere is what matters (A91).

use core::fmt;
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use gateway_types::{PublicKey, Signature};

/// A public key that was decoded and is not weak.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verifier(VerifyingKey);

impl Verifier {
    /// Decodes a key once, so that each check costs no square root.
    pub(crate) fn new(key: &PublicKey) -> Result<Self, BadKey> {
        let decoded = VerifyingKey::from_bytes(&key.0).map_err(|_| BadKey { key: *key })?;
        let canonical = decoded.to_edwards().compress().to_bytes() == key.0;
        if decoded.is_weak() || !canonical { Err(BadKey { key: *key }) } else { Ok(Self(decoded)) }
    }

    /// The key's bytes.
    pub(crate) fn public(&self) -> PublicKey {
        PublicKey(self.0.to_bytes())
    }

    /// Whether `signature` is this key's over `bytes`.
    pub(crate) fn verify(&self, bytes: &[u8], signature: &Signature) -> Result<(), Mismatch> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(bytes, &signature).map_err(|_| Mismatch)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.public().fmt(f)
    }
}

/// The signature is not this key's over these bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch;

/// A secret key. Wiped from memory when dropped (by the library), never shown.
pub(crate) struct Secret(SigningKey);

impl Secret {
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Signature {
        Signature(self.0.sign(bytes).to_bytes())
    }
}

/// Bytes that are no Ed25519 public key, or one of small order, which anybody can sign for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{key} is not a usable Ed25519 public key")]
pub struct BadKey {
    /// The bytes.
    pub key: PublicKey,
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::String, vec::Vec};
    use ed25519_zebra::{Signature as Zip215Signature, VerificationKey};

    struct Case {
        key: PublicKey,
        signature: Signature,
        flags: Vec<String>,
        message: String,
    }

    fn cases() -> Vec<Case> {
        let lines = include_str!("../testdata/ed25519-cctv.txt").lines();
        lines.filter(|line| !line.starts_with('#')).map(case).collect()
    }

    fn case(line: &str) -> Case {
        let mut parts = line.splitn(4, ' ');
        let mut next = || parts.next().unwrap();
        Case {
            key: PublicKey::from_hex(next()).unwrap(),
            signature: Signature::from_hex(next()).unwrap(),
            flags: next().split(',').map(Into::into).collect(),
            message: next().into(),
        }
    }

    fn accepts(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        Verifier::new(key).is_ok_and(|key| key.verify(message, signature).is_ok())
    }

    /// ZIP-215, by the other library: the laxest rule there is.
    fn zip215_accepts(key: &PublicKey, message: &[u8], signature: &Signature) -> bool {
        let key = VerificationKey::try_from(key.0);
        key.is_ok_and(|key| key.verify(&Zip215Signature::from(signature.0), message).is_ok())
    }

    #[test]
    fn a91_edge_cases_come_out_as_the_declared_rule_says() {
        let strict = ["low_order_A", "low_order_R", "low_order_residue"];
        let (mut accepted, cases) = (0, cases());
        assert_eq!(cases.len(), 914);
        for case in cases {
            let expected = !case.flags.iter().any(|flag| strict.contains(&flag.as_str()));
            let message = case.message.as_bytes();
            assert_eq!(accepts(&case.key, message, &case.signature), expected, "{:?}", case.flags);
            // ZIP-215 takes all, but those hashed over a re-encoded point, unless the key is of small
            // order and the hash does not matter.
            let has = |flag: &str| case.flags.iter().any(|f| f == flag);
            let laxly = !has("reencoded_k") || has("low_order_A");
            assert_eq!(zip215_accepts(&case.key, message, &case.signature), laxly);
            accepted += usize::from(expected);
        }
        assert_eq!(accepted, 43);
    }

    #[test]
    fn a91_both_libraries_agree_on_honest_and_on_malleated_signatures() {
        let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let order = order.unwrap();
        for seed in 0..32u8 {
            let secret = Secret::from_seed(&[seed; 32]);
            let good = secret.sign(&[seed, 1]);
            assert!(accepts(&secret.public(), &[seed, 1], &good));
            assert!(zip215_accepts(&secret.public(), &[seed, 1], &good));
            assert!(!accepts(&secret.public(), &[seed, 2], &good));
            // s + l: the same signature to a verifier that does not look.
            let mut malleated = good;
            let mut carry = 0u16;
            for (byte, add) in malleated.0[32..].iter_mut().zip(&order) {
                carry += u16::from(*byte) + u16::from(*add);
                *byte = carry.to_le_bytes()[0];
                carry >>= 8;
            }
            assert!(!accepts(&secret.public(), &[seed, 1], &malleated));
            assert!(!zip215_accepts(&secret.public(), &[seed, 1], &malleated));
        }
    }
}
