//! The keys that a member keeps to itself.

#[cfg(not(target_family = "wasm"))]
use crate::bls::share::KeyShare;
use crate::{
    ceremony::{self, CommitteeName},
    cosignature,
    ed25519::Secret,
    signed::Signed,
    text::SignedString,
};
use alloc::sync::Arc;
use core::fmt;
use gateway_types::{
    Digest, Origin, PublicKey, Signature, checkpoint::Checkpoint, message::SignedObject,
};
use zeroize::Zeroizing;

/// Signs verdicts, prepare, lock, timeout; a leader's signs proposals.
///
/// Trust: the seed is 32 bytes from a good random source, kept by the caller alone.
pub struct ProtocolKey(Secret);

impl ProtocolKey {
    /// The key of `seed`.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Secret::from_seed(seed))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    /// Signs `value` for the lane of `origin`. The signer must have checked `value` itself.
    #[must_use]
    pub fn sign<T: SignedObject>(&self, origin: &Origin, value: &T) -> Signature {
        self.0.sign(SignedString::of(origin, value).as_bytes())
    }

    /// Signs `value` and keeps both together.
    #[must_use]
    pub fn sign_whole<T: SignedObject>(&self, origin: &Origin, value: T) -> Signed<T> {
        let signature = self.sign(origin, &value);
        Signed { value, signature }
    }

    /// Signs a message of a key ceremony, whose first line names the committee instead of a lane.
    #[must_use]
    pub fn sign_ceremony(&self, committee: &CommitteeName, message: &[u8]) -> Signature {
        self.0.sign(&ceremony::string(committee, message))
    }
}

impl ProtocolKey {
    /// Signs what the key generation's own protocol asks for: acknowledgements and logs of dealings.
    ///
    /// `comity/dealing/v1 LF ceremony LF` and `message`, which the library made of its transcript.
    #[must_use]
    pub fn sign_dealing(&self, ceremony: &Digest, message: &[u8]) -> Signature {
        self.0.sign(&ceremony::dealing(ceremony, message))
    }
}

/// Signs checkpoints, and nothing else. In an HSM where there is one.
pub struct CosigningKey(Secret);

impl CosigningKey {
    /// The key of `seed`.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Secret::from_seed(seed))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    /// Signs a checkpoint. `time_s` is the signer's time in whole seconds since 1970.
    ///
    /// Source: C2SP tlog-cosignature, `cosignature/v1`.
    #[must_use]
    pub fn cosign(&self, checkpoint: &Checkpoint, time_s: u64) -> Signature {
        self.0.sign(cosignature::message(checkpoint, time_s).as_bytes())
    }
}

/// Opens what others sealed to its owner. X25519 (RFC 7748).
pub struct EncryptionKey(Zeroizing<[u8; 32]>);

impl EncryptionKey {
    /// The key of `seed`.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(Zeroizing::new(*seed))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(x25519_dalek::x25519(*self.0, x25519_dalek::X25519_BASEPOINT_BYTES))
    }

    /// The secret shared with the owner of `theirs`; nothing if their key is of small order, so that
    /// they would know it without knowing anything (RFC 7748 section 6.1).
    #[must_use]
    pub fn agree(&self, theirs: &PublicKey) -> Option<Zeroizing<[u8; 32]>> {
        let shared = Zeroizing::new(x25519_dalek::x25519(*self.0, theirs.0));
        let any = shared.iter().fold(0, |any, byte| any | byte);
        (any != 0).then_some(shared)
    }
}

/// All that one member keeps to itself.
#[derive(Debug)]
pub struct MemberKeys {
    /// Verdicts and votes.
    pub protocol: Arc<ProtocolKey>,
    /// Checkpoints.
    pub cosigning: CosigningKey,
    /// For what is sealed to it.
    pub encryption: Arc<EncryptionKey>,
    /// Its share of the committee's key, once there was a ceremony.
    #[cfg(not(target_family = "wasm"))]
    pub share: Option<KeyShare>,
}

impl MemberKeys {
    /// Keys of three seeds, without a share: before the ceremony.
    #[must_use]
    pub fn from_seeds(protocol: &[u8; 32], cosigning: &[u8; 32], encryption: &[u8; 32]) -> Self {
        Self {
            protocol: Arc::new(ProtocolKey::from_seed(protocol)),
            cosigning: CosigningKey::from_seed(cosigning),
            encryption: Arc::new(EncryptionKey::from_seed(encryption)),
            #[cfg(not(target_family = "wasm"))]
            share: None,
        }
    }
}

/// Shows a secret key by its public half only.
macro_rules! shown_by_public_half {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.public().short())
            }
        }
    )*};
}

shown_by_public_half!(ProtocolKey, CosigningKey, EncryptionKey);
