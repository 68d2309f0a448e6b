//! A batch as it is proposed: entries with salts and verdicts, and where it leads.

use crate::{
    bounded::{Bounded, Bytes},
    bytes::{Digest, Salt},
    cbor,
    checkpoint::TreeHead,
    entry::MAX_ENTRY,
    frame::frame,
    id::Origin,
    registry::Change,
    time::Timestamp,
    verdict::SignedVerdicts,
};
use minicbor::{Decode, Encode};

/// Most entries of a batch.
pub const MAX_BATCH: usize = 4096;

/// Longest batch with its evidence, in bytes.
pub const MAX_BODY: usize = 8 * 1024 * 1024;

/// Most verdict lists behind a batch: several from each member.
pub const MAX_LISTS: usize = 1024;

/// Most headers in a proposal's evidence.
pub const MAX_HEADERS: usize = 64;

/// Most changes in a proposal's evidence.
pub const MAX_CHANGES: usize = 4096;

/// Most changes that a sync point takes in, so that a batch has room for a `status` entry of each and its
/// own. If more wait, batches catch up in steps of exactly so many.
pub const CATCH_UP: usize = 4_000;

/// Longest header or proof, in bytes.
pub const MAX_EVIDENCE: usize = 1024 * 1024;

/// What a batch is. `d`, its digest, is what prepares and locks are about.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Body {
    /// The lane.
    #[n(0)]
    pub origin: Origin,
    /// The epoch.
    #[n(1)]
    pub epoch: u64,
    /// The batch's number.
    #[n(2)]
    pub k: u64,
    /// The tip it builds on.
    #[n(3)]
    pub base: TreeHead,
    /// Its time.
    #[n(4)]
    pub time: Timestamp,
    /// Its entries, the `batch` entry first.
    #[n(5)]
    pub entries: Bounded<BodyEntry, MAX_BATCH>,
    /// The signed verdict lists behind its entries.
    #[n(6)]
    pub verdicts: Bounded<SignedVerdicts, MAX_LISTS>,
    /// Proofs of possession: in batch 0, one threshold signature a committee over its `committee` entry.
    #[n(7)]
    pub possession: Bounded<crate::bytes::BlsSignature, { crate::committee::MAX_COMMITTEES }>,
    /// Where it leads.
    #[n(8)]
    pub head: TreeHead,
}

impl Body {
    /// The digest `d`.
    #[must_use]
    pub fn digest(&self) -> Digest {
        body_digest(&cbor::encode(self))
    }
}

/// The digest `d` of an encoded body.
#[must_use]
pub fn body_digest(encoded: &[u8]) -> Digest {
    frame("comity/body/v1", &[encoded])
}

/// An entry's bytes and the salt that hides them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct BodyEntry {
    /// Drawn by the leader that proposes first.
    #[n(0)]
    pub salt: Salt,
    /// The entry, encoded once.
    #[n(1)]
    pub bytes: Bytes<MAX_ENTRY>,
}

/// What comes beside a new body, to be judged once: headers, what proves the changes, the changes, a freeze.
///
/// Not in `d`: a body that comes with a prepare certificate needs none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Evidence {
    /// Headers since the one that the last final batch named, in the chain's encoding.
    #[n(0)]
    pub headers: Bounded<Bytes<MAX_EVIDENCE>, MAX_HEADERS>,
    /// The registry head's proof at the new sync point; none beside `change`.
    #[n(1)]
    pub head: Option<HeadProof>,
    /// The changes since the last sync point, in order.
    #[n(2)]
    pub changes: Bounded<Change, MAX_CHANGES>,
    /// Two headers that contradict each other, if the batch freezes a client.
    #[n(3)]
    pub conflict: Option<(Bytes<MAX_EVIDENCE>, Bytes<MAX_EVIDENCE>)>,
    /// The last change's proof, where the batch only catches up; none beside `head`.
    #[n(4)]
    pub change: Option<ChangeProof>,
}

/// The registry's head and its proof.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct HeadProof {
    /// Height of the header whose root it leads to.
    #[n(0)]
    pub height: u64,
    /// The head's 48 bytes.
    #[n(1)]
    pub value: Bytes<48>,
    /// The proof, in the chain's encoding.
    #[n(2)]
    pub proof: Bytes<MAX_EVIDENCE>,
}

/// One change of the registry's log and its proof: that of the new sync point's number n.
///
/// The header may be of any height: what the registry wrote under n it never writes again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ChangeProof {
    /// Height of the header whose root it leads to.
    #[n(0)]
    pub height: u64,
    /// The change's 73 bytes.
    #[n(1)]
    pub value: Bytes<73>,
    /// The proof, in the chain's encoding.
    #[n(2)]
    pub proof: Bytes<MAX_EVIDENCE>,
}
