//! What a client keeps of a header it has verified, and a header before that.

use crate::Height;
use alloc::{sync::Arc, vec::Vec};
use core::any::Any;
use gateway_types::{Bytes, ChainId, ChainTime, Digest, body::MAX_EVIDENCE};
use minicbor::{Decode, Encode};

/// A header in its chain's own encoding, at most 1 MiB.
pub type HeaderBytes = Bytes<MAX_EVIDENCE>;

/// A validator set in its chain's own encoding, at most 64 KiB.
pub type SetBytes = Bytes<MAX_SET>;

/// Longest encoded validator set.
pub const MAX_SET: usize = 64 * 1024;

/// What later headers and proofs are checked against. Source: ICS-02 `ConsensusState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ConsensusState {
    /// The header's height. For chains whose root lags, the state it proves is that of
    /// [`LightClient::state_height`](crate::LightClient::state_height).
    #[n(0)]
    pub height: Height,
    /// The header's own time.
    #[n(1)]
    pub time: ChainTime,
    /// What proofs are checked against: the header's commitment to the chain's state.
    #[n(2)]
    pub root: Digest,
    /// The header's hash.
    #[n(3)]
    pub header_hash: Digest,
    /// Hash of the validator set that signs the next header.
    #[n(4)]
    pub next_validators_hash: Digest,
}

/// A consensus state with the header that it came from, kept as evidence.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct StoredState {
    /// The state.
    #[n(0)]
    pub state: ConsensusState,
    /// The header, as it came.
    #[n(1)]
    pub header: HeaderBytes,
}

/// A header as its chain's [`LightClient`](crate::LightClient) read it: consistent in itself (its hash, its
/// sets' hashes), **not** yet verified against anything trusted.
#[derive(Clone, Debug)]
pub struct Header {
    /// The chain that it says it is of.
    pub chain: ChainId,
    /// What would be kept of it.
    pub state: ConsensusState,
    /// The set that signs the next header, if it is known; its hash has been checked.
    pub next_set: Option<SetBytes>,
    /// The header, as it came.
    pub bytes: HeaderBytes,
    /// What the chain's own code needs to check signatures.
    pub decoded: Arc<dyn Any + Send + Sync>,
}

impl Header {
    /// The height.
    #[must_use]
    pub fn height(&self) -> Height {
        self.state.height
    }

    pub(crate) fn stored(&self) -> StoredState {
        StoredState { state: self.state, header: self.bytes.clone() }
    }

    /// Takes header bytes of bounded length.
    ///
    /// # Errors
    ///
    /// [`TooMany`](gateway_types::bounded::TooMany) if there are more than 1 MiB.
    pub fn bound(bytes: &[u8]) -> Result<HeaderBytes, gateway_types::bounded::TooMany> {
        HeaderBytes::new(Vec::from(bytes))
    }
}
