//! Two valid headers that contradict each other.

use crate::{ConsensusState, Header, Height, StoredState};
use gateway_types::{Bytes, ChainId, Digest, body::MAX_EVIDENCE, entry::ClientFreeze};
use minicbor::{Decode, Encode};

/// Evidence that a chain's validators signed what cannot both be true. Kept with the frozen client.
///
/// Source: ICS-02 `Misbehaviour`, ICS-07. Trust: data; [`VerifiedMisbehaviour`] is what was checked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Misbehaviour {
    /// The lower header, or of two at one height that with the smaller hash.
    #[n(0)]
    first: StoredState,
    /// The other one.
    #[n(1)]
    second: StoredState,
}

impl Misbehaviour {
    /// The evidence in its one order.
    pub(crate) fn of(a: StoredState, b: StoredState) -> Self {
        let key = |s: &StoredState| (s.state.height, s.state.header_hash);
        if key(&a) <= key(&b) { Self { first: a, second: b } } else { Self { first: b, second: a } }
    }

    /// The height of the fork, or of the lower header whose time is not before the higher one's.
    #[must_use]
    pub fn height(&self) -> Height {
        self.first.state.height
    }

    /// The two consensus states.
    #[must_use]
    pub fn states(&self) -> (&ConsensusState, &ConsensusState) {
        (&self.first.state, &self.second.state)
    }

    /// The two headers, as they came: what goes beside a `client` entry that freezes.
    #[must_use]
    pub fn headers(&self) -> (&Bytes<MAX_EVIDENCE>, &Bytes<MAX_EVIDENCE>) {
        (&self.first.header, &self.second.header)
    }

    /// Whether both are of one height.
    #[must_use]
    pub fn is_fork(&self) -> bool {
        self.first.state.height == self.second.state.height
    }

    /// The entry that tells the lane; nothing for two headers of different heights, which the entry cannot
    /// name.
    #[must_use]
    pub fn freeze_entry(&self, chain: ChainId, pin: Digest) -> Option<ClientFreeze> {
        let hashes = (self.first.state.header_hash, self.second.state.header_hash);
        let entry = ClientFreeze { chain, pin, height: self.height().get(), hashes };
        self.is_fork().then_some(entry)
    }
}

/// Misbehaviour whose two headers were verified from trusted state, every signature of the new ones checked.
///
/// Only [`check_for_misbehaviour`](crate::check_for_misbehaviour) makes one:
///
/// ```compile_fail,E0423
/// # use light_client::{Misbehaviour, VerifiedMisbehaviour};
/// # fn forge(evidence: Misbehaviour) -> VerifiedMisbehaviour {
/// VerifiedMisbehaviour(evidence)
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedMisbehaviour(pub(crate) Misbehaviour);

impl VerifiedMisbehaviour {
    /// The evidence.
    #[must_use]
    pub fn evidence(&self) -> &Misbehaviour {
        &self.0
    }
}

/// Whether two headers contradict each other: one height and two hashes, or a time that does not rise.
pub(crate) fn contradict(a: &ConsensusState, b: &ConsensusState) -> bool {
    if a.height == b.height {
        return a.header_hash != b.header_hash;
    }
    let (low, high) = if a.height < b.height { (a, b) } else { (b, a) };
    low.time >= high.time
}

/// Evidence of a stored state and a header.
pub(crate) fn evidence(stored: &StoredState, header: &Header) -> Misbehaviour {
    Misbehaviour::of(stored.clone(), header.stored())
}
