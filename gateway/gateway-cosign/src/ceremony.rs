//! What protocol keys sign in a key ceremony, before there is a lane's epoch to sign in.

use crate::ed25519::{BadKey, Verifier};
use alloc::{format, vec::Vec};
use core::fmt;
use gateway_types::{Digest, Jurisdiction, PublicKey, Signature, id::Deployment};

/// A committee within its deployment, `comity.gba/CN-GD`: also its name in signed notes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitteeName {
    /// The deployment.
    pub deployment: Deployment,
    /// Its region.
    pub region: Jurisdiction,
}

impl fmt::Display for CommitteeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.deployment, self.region)
    }
}

/// A member's protocol key, decoded, for the messages of a ceremony only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CeremonyKey(Verifier);

impl CeremonyKey {
    /// Decodes the key.
    ///
    /// # Errors
    ///
    /// [`BadKey`]: whoever proposed it must give another.
    pub fn new(protocol_key: &PublicKey) -> Result<Self, BadKey> {
        Verifier::new(protocol_key).map(Self)
    }

    /// The key's bytes.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        self.0.public()
    }

    /// Whether `signature` is this key's over `message` in a ceremony of `committee`.
    #[must_use]
    pub fn signed(&self, committee: &CommitteeName, message: &[u8], signature: &Signature) -> bool {
        self.0.verify(&string(committee, message), signature).is_ok()
    }

    /// Whether `signature` is this key's over `message` of the dealings of `ceremony`.
    #[must_use]
    pub fn signed_dealing(&self, ceremony: &Digest, message: &[u8], signature: &Signature) -> bool {
        self.0.verify(&dealing(ceremony, message), signature).is_ok()
    }
}

/// `comity/ceremony/v1 LF committee LF` and the message.
///
/// The line names a committee, `deployment/region`; a lane's origin has dots after the slash, so no
/// signed string of a lane is ever one of a ceremony.
pub(crate) fn string(committee: &CommitteeName, message: &[u8]) -> Vec<u8> {
    let mut bytes = format!("comity/ceremony/v1\n{committee}\n").into_bytes();
    bytes.extend_from_slice(message);
    bytes
}

/// `comity/dealing/v1 LF ceremony LF` and the message.
pub(crate) fn dealing(ceremony: &Digest, message: &[u8]) -> Vec<u8> {
    let mut bytes = format!("comity/dealing/v1\n{ceremony}\n").into_bytes();
    bytes.extend_from_slice(message);
    bytes
}
