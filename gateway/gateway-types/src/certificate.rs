//! What a relying party keeps: certificate, status and trust files (JSON, base64 fields).
//!
//! Read strictly: an unknown or doubled member is refused.

use crate::{
    bounded::{Bounded, Bytes},
    bytes::{Digest, Salt},
    committee::MAX_COMMITTEES,
    entry::MAX_ENTRY,
    id::Origin,
};
use alloc::string::String;
use serde::{Deserialize, Serialize};

/// Longest certificate, status or trust file, in bytes.
pub const MAX_FILE: usize = 4 * 1024 * 1024;

/// Deepest tree: a proof never has more hashes.
pub const MAX_PROOF: usize = 64;

/// Most epochs that a file may walk through.
pub const MAX_EPOCHS: usize = 256;

/// Longest signed note.
pub const MAX_NOTE: usize = 32 * 1024;

/// An entry and its way to a root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenEntry {
    /// Place in the log.
    pub index: u64,
    /// The entry's salt.
    pub salt: SaltText,
    /// The entry, as it was written.
    pub bytes: Bytes<MAX_ENTRY>,
    /// RFC 6962 inclusion proof, leaf to root.
    pub proof: Bounded<HashText, MAX_PROOF>,
}

/// A recognition certificate, or the proof of a refusal: an entry under a signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// 1.
    pub v: u32,
    /// The lane.
    pub origin: Origin,
    /// The `recognised` or `declined` entry.
    pub entry: ProvenEntry,
    /// Its batch's `batch` entry.
    pub batch: ProvenEntry,
    /// The signed note.
    pub checkpoint: String,
    /// The `committee` entries from the lane's first to the one of the signing epoch.
    pub committees: Bounded<ProvenCommittee, MAX_EPOCHS>,
    /// For an epoch that is closed: the entry under a later checkpoint.
    pub seal: Option<Seal>,
}

/// A `committee` entry, its way to the root, and the word of the committees before it.
///
/// The way to a root alone proves nothing of a later epoch: whoever signs the root wrote the entry. So the
/// old members' own last checkpoint, the one that closes their epoch with this entry, comes along.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenCommittee {
    /// Place in the log.
    pub index: u64,
    /// The entry's salt.
    pub salt: SaltText,
    /// The entry, as it was written.
    pub bytes: Bytes<MAX_ENTRY>,
    /// RFC 6962 inclusion proof under the checkpoint that it comes with, leaf to root.
    pub proof: Bounded<HashText, MAX_PROOF>,
    /// The checkpoint that closed the epoch before; none for the lane's first entry.
    pub closing: Option<Closing>,
}

/// The last checkpoint of an epoch: its last leaf is the `committee` entry that opens the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Closing {
    /// The note, signed by the epoch that ends.
    pub checkpoint: String,
    /// RFC 6962 inclusion proof of the `committee` entry under it, leaf to root.
    pub proof: Bounded<HashText, MAX_PROOF>,
}

/// The same entry under a checkpoint of a later epoch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seal {
    /// The signed note of the later epoch.
    pub checkpoint: String,
    /// The certificate's entry, proven under it.
    pub proof: Bounded<HashText, MAX_PROOF>,
    /// Its `batch` entry, proven under it: else old keys could give a sealed entry another time.
    pub batch_proof: Bounded<HashText, MAX_PROOF>,
    /// The `committee` entries from the lane's first to the one of the later epoch, proven under it.
    pub committees: Bounded<ProvenCommittee, MAX_EPOCHS>,
}

/// How all recognitions of a lane stand: a later `batch` entry and the list whose digest it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusFile {
    /// 1.
    pub v: u32,
    /// The lane.
    pub origin: Origin,
    /// The `batch` entry.
    pub batch: ProvenEntry,
    /// The signed note.
    pub checkpoint: String,
    /// Number of recognised entries in the list.
    pub count: u32,
    /// The list: Token Status List, two bits each, zlib.
    pub list: Bytes<MAX_FILE>,
    /// For one certificate whose licence changed: the source's own word.
    pub change: Option<ProvenChange>,
}

/// The `status` entry that ended or suspended a recognition, under the status file's checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvenChange {
    /// The `status` entry.
    pub entry: ProvenEntry,
    /// Its batch's `batch` entry: the change is at most as new as that batch's sync point.
    pub batch: ProvenEntry,
}

/// Whom a relying party trusts: each lane's first `committee` entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustFile {
    /// 1.
    pub v: u32,
    /// The day it was published, `2026-11-21`, for people.
    pub dated: String,
    /// The lanes.
    pub lanes: Bounded<TrustedLane, 256>,
}

/// A lane's first `committee` entry and the committees' word that they hold its keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedLane {
    /// The lane.
    pub origin: Origin,
    /// The entry, as it was written.
    pub committee: Bytes<MAX_ENTRY>,
    /// One threshold signature a committee over the entry.
    pub possession: Bounded<Bytes<48>, MAX_COMMITTEES>,
}

/// Makes base64 text forms of byte strings that are hexadecimal elsewhere.
macro_rules! base64_text {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name(pub $inner);

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                use base64::Engine as _;
                s.serialize_str(&base64::engine::general_purpose::STANDARD.encode(self.0.as_bytes()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let bytes = Bytes::<{ <$inner>::LEN }>::deserialize(d)?;
                let inner = <$inner>::from_slice(&bytes);
                inner.map(Self).ok_or_else(|| serde::de::Error::custom("wrong length"))
            }
        }
    };
}

base64_text!(
    /// A digest as base64.
    HashText,
    Digest
);
base64_text!(
    /// A salt as base64.
    SaltText,
    Salt
);
