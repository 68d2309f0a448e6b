//! Members as the key generation's library sees them.
//!
//! The library numbers players by the order of their keys and signs by traits. A seat's key therefore
//! begins with the member's number, and holds the ceremony's digest, so that each signature names it.

use alloc::sync::Arc;
use bytes::BufMut;
use commonware_codec::{Buf, Error, FixedSize, Read, ReadExt as _, Write};
use commonware_cryptography::{BatchEntry, BatchVerifier, PublicKey, Signature, Signer, Verifier};
use commonware_math::algebra::Random;
use commonware_parallel::Strategy;
use commonware_utils::{Array, Span};
use core::{fmt, ops::Deref};
use gateway_cosign::{CeremonyKey, ProtocolKey};
use gateway_types::Digest;
use rand_core::CryptoRng;

/// Makes a newtype over bytes with all that the library asks of keys and signatures.
macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $len:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name([u8; $len]);

        impl FixedSize for $name {
            const SIZE: usize = $len;
        }

        impl Write for $name {
            fn write(&self, buf: &mut impl BufMut) {
                buf.put_slice(&self.0);
            }
        }

        impl Read for $name {
            type Cfg = ();

            fn read_cfg(buf: &mut impl Buf, (): &()) -> Result<Self, Error> {
                <[u8; $len]>::read(buf).map(Self)
            }
        }

        impl Span for $name {}
        impl Array for $name {}

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = [u8];

            fn deref(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

fixed_bytes!(
    /// The member's number, the ceremony's digest, the member's protocol key.
    SeatKey,
    65
);
fixed_bytes!(
    /// The digest that was signed, and an Ed25519 signature of a protocol key on it.
    ///
    /// The library asks all players to sign the same about a dealer. With the digest in the open, a
    /// player can check what others signed, which the library does for the dealer alone.
    SeatSignature,
    96
);

impl SeatSignature {
    pub(crate) fn new(digest: &Digest, signature: &gateway_types::Signature) -> Self {
        let mut bytes = [0; 96];
        let parts = digest.0.into_iter().chain(signature.0);
        bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
        Self(bytes)
    }

    /// What was signed, and the signature.
    pub(crate) fn parts(&self) -> Option<(Digest, gateway_types::Signature)> {
        let (digest, signature) = self.0.split_first_chunk()?;
        Some((Digest(*digest), gateway_types::Signature::from_slice(signature)?))
    }
}

impl SeatKey {
    pub(crate) fn new(number: u8, ceremony: &Digest, key: &gateway_types::PublicKey) -> Self {
        let mut bytes = [0; 65];
        let parts = [number].into_iter().chain(ceremony.0).chain(key.0);
        bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = part);
        Self(bytes)
    }

    /// The member's number, from 1.
    pub(crate) fn number(&self) -> u8 {
        let [number, ..] = self.0;
        number
    }

    fn parts(&self) -> Option<(Digest, gateway_types::PublicKey)> {
        let (ceremony, key) = self.0.get(1..)?.split_first_chunk()?;
        Some((Digest(*ceremony), gateway_types::PublicKey::from_slice(key)?))
    }

    /// Whether `signature` holds, whatever its digest is of.
    pub(crate) fn signed(&self, signature: &SeatSignature) -> bool {
        let (Some((ceremony, key)), Some((digest, signature))) = (self.parts(), signature.parts())
        else {
            return false;
        };
        CeremonyKey::new(&key)
            .is_ok_and(|key| key.signed_dealing(&ceremony, digest.as_bytes(), &signature))
    }

    fn verify_strictly(&self, namespace: &[u8], message: &[u8], signature: &SeatSignature) -> bool {
        let digest = signature.parts().map(|(digest, _)| digest);
        digest == Some(framed(namespace, message)) && self.signed(signature)
    }
}

impl Verifier for SeatKey {
    type Signature = SeatSignature;

    fn verify(&self, namespace: &[u8], msg: &[u8], sig: &SeatSignature) -> bool {
        self.verify_strictly(namespace, msg, sig)
    }
}

impl PublicKey for SeatKey {}
impl Signature for SeatSignature {}

impl BatchVerifier for SeatKey {
    /// One by one: strict verification has no batch form, and there are few.
    fn verify_batch<'a, R, T, F>(_: &mut R, items: &'a [T], project: F, _: &impl Strategy) -> bool
    where
        R: CryptoRng,
        T: Sync,
        F: Fn(usize, &'a T) -> BatchEntry<'a, Self> + Sync,
    {
        let signed = |(place, item): (usize, &'a T)| {
            let entry = project(place, item);
            entry.public_key.verify_strictly(entry.namespace, entry.message, entry.signature)
        };
        !items.is_empty() && items.iter().enumerate().all(signed)
    }
}

/// A member's protocol key at its seat.
#[derive(Clone)]
pub(crate) struct SeatSigner {
    seat: SeatKey,
    ceremony: Digest,
    key: Arc<ProtocolKey>,
}

impl SeatSigner {
    pub(crate) fn new(number: u8, ceremony: Digest, key: Arc<ProtocolKey>) -> Self {
        Self { seat: SeatKey::new(number, &ceremony, &key.public()), ceremony, key }
    }
}

impl Signer for SeatSigner {
    type Signature = SeatSignature;
    type PublicKey = SeatKey;

    fn public_key(&self) -> SeatKey {
        self.seat.clone()
    }

    fn sign(&self, namespace: &[u8], msg: &[u8]) -> SeatSignature {
        let digest = framed(namespace, msg);
        let signature = self.key.sign_dealing(&self.ceremony, digest.as_bytes());
        SeatSignature::new(&digest, &signature)
    }
}

impl Random for SeatSigner {
    /// The library's trait asks for it; a seat drawn so is in no ceremony.
    fn random(mut rng: impl CryptoRng) -> Self {
        let mut seed = zeroize::Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut_slice());
        Self::new(0, Digest([0; 32]), Arc::new(ProtocolKey::from_seed(&seed)))
    }
}

/// What is signed of the library's namespace and message: framed, so that the two never run together.
fn framed(namespace: &[u8], message: &[u8]) -> Digest {
    gateway_types::frame::frame("comity/dealing/v1", &[namespace, message])
}
