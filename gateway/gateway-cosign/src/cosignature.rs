//! `cosignature/v1`: one member's signature on a checkpoint, with its time.
//!
//! Source: C2SP tlog-cosignature (Ed25519).

use crate::{
    ed25519::{Mismatch, Verifier},
    epoch::EpochKeys,
    note::NoteLine,
};
use alloc::{format, string::String, vec::Vec};
use gateway_types::{MemberRef, PublicKey, Signature, checkpoint::Checkpoint, frame::sha256};

/// The signature type of `cosignature/v1` in a key id.
const TYPE: u8 = 0x04;

/// The text that is signed: a header line, the time, the checkpoint.
pub(crate) fn message(checkpoint: &Checkpoint, time_s: u64) -> String {
    format!("cosignature/v1\ntime {time_s}\n{}", checkpoint.to_text())
}

/// A cosigner's key id: the first four bytes of SHA-256(name LF 0x04 key).
pub(crate) fn key_id(name: &str, key: &PublicKey) -> [u8; 4] {
    let bytes = [name.as_bytes(), b"\n", &[TYPE], key.as_bytes()].concat();
    crate::note::first_four(&sha256(&bytes))
}

/// A member's cosignature that was checked against its cosigning key.
///
/// Evidence: only [`EpochKeys`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCosignature {
    checkpoint: Checkpoint,
    epoch: u64,
    member: MemberRef,
    time_s: u64,
    signature: Signature,
    line: NoteLine,
}

impl VerifiedCosignature {
    pub(crate) fn check(
        keys: &EpochKeys,
        checkpoint: &Checkpoint,
        member: MemberRef,
        key: &Verifier,
        time_s: u64,
        signature: &Signature,
    ) -> Result<Self, Mismatch> {
        if checkpoint.origin != *keys.origin() {
            return Err(Mismatch);
        }
        key.verify(message(checkpoint, time_s).as_bytes(), signature)?;
        let name = member_name(keys, member).ok_or(Mismatch)?;
        let line = line(&name, &key.public(), time_s, signature);
        Ok(Self {
            checkpoint: checkpoint.clone(),
            epoch: keys.epoch(),
            member,
            time_s,
            signature: *signature,
            line,
        })
    }

    /// A cosignature that nobody made, for the model checker.
    #[cfg(feature = "unverified-for-model")]
    #[must_use]
    pub fn unverified_for_model(checkpoint: Checkpoint, epoch: u64, member: MemberRef) -> Self {
        let line = NoteLine { name: String::new(), key_id: [0; 4], payload: Vec::new() };
        Self { checkpoint, epoch, member, time_s: 0, signature: Signature([0; 64]), line }
    }

    /// What was signed.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The epoch whose keys it was checked with.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// By whom.
    #[must_use]
    pub fn member(&self) -> MemberRef {
        self.member
    }

    /// The signer's time, in whole seconds since 1970.
    #[must_use]
    pub fn time_s(&self) -> u64 {
        self.time_s
    }

    /// The signature.
    #[must_use]
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// Its line in a signed note.
    #[must_use]
    pub fn line(&self) -> &NoteLine {
        &self.line
    }
}

/// A member's name in a signed note, `comity.gba/CN-GD/office-1`.
pub(crate) fn member_name(keys: &EpochKeys, member: MemberRef) -> Option<String> {
    let committee = keys.committees().get(usize::from(member.committee))?;
    Some(keys.origin().member_name(&committee.name().region, keys.member(member)?.name()))
}

/// The payload after the key id: time, then signature.
pub(crate) fn read_payload(payload: &[u8]) -> Result<(u64, Signature), BadCosignature> {
    let (time, signature) = payload.split_first_chunk::<8>().ok_or(BadCosignature)?;
    let signature = Signature::from_slice(signature).ok_or(BadCosignature)?;
    Ok((u64::from_be_bytes(*time), signature))
}

fn line(name: &str, key: &PublicKey, time_s: u64, signature: &Signature) -> NoteLine {
    let payload: Vec<u8> = [&time_s.to_be_bytes()[..], signature.as_bytes()].concat();
    NoteLine { key_id: key_id(name, key), name: name.into(), payload }
}

/// A cosignature line whose payload is not a time and a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a cosignature is 8 bytes of time and 64 of signature")]
pub struct BadCosignature;
