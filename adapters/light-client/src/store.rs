//! A client's storage: plain data that the caller keeps, persists and hands in.

use crate::{
    ClientState, ClientStateError, ConsensusState, Header, HeaderError, Height, LightClient,
    Status, StoredState, client_state::is_nothing, consensus_state::SetBytes,
};
use alloc::{collections::BTreeMap, vec::Vec};
use core::time::Duration;
use gateway_types::{
    ChainTime, Digest, Timestamp,
    cbor::{self, DecodeError},
};
use minicbor::{Decode, Encode};

/// Longest encoded store: 4,096 states could be more, but 128 with headers of 100 validators are 8 MiB.
pub const MAX_STORE: usize = 256 * 1024 * 1024;

/// Client state, consensus states by height, and the validator sets that they name.
///
/// **Invariant:** never empty; no two states of one height; time rises with height; no root of nothing.
/// Encoded as deterministic CBOR ([`ClientStore::encode`]).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ClientStore {
    #[n(0)]
    client: ClientState,
    #[n(1)]
    states: BTreeMap<Height, StoredState>,
    #[n(2)]
    sets: BTreeMap<Digest, SetBytes>,
}

impl ClientStore {
    /// Begins a client from its pin and the pinned header, which any node may have given: its hash decides.
    ///
    /// `header` is in the chain's encoding and must bring the set that signs the next one.
    ///
    /// Source: ICS-02 `initialise`. Trust: persons accepted the pin; `header` may come from anybody.
    ///
    /// # Errors
    ///
    /// [`PinError`]: the settings are refused, or this is not the pinned header.
    pub fn new(
        chain: &dyn LightClient,
        client: ClientState,
        header: &[u8],
    ) -> Result<Self, PinError> {
        chain.check_client_state(&client)?;
        let header = chain.decode_header(header).map_err(PinError::Header)?;
        header_is_the_pinned_one(&client, &header)?;
        let set = header.next_set.clone().ok_or(PinError::NextSetMissing)?;
        let sets = BTreeMap::from([(header.state.next_validators_hash, set)]);
        let states = BTreeMap::from([(header.height(), header.stored())]);
        Ok(Self { client, states, sets })
    }

    /// Reads what [`ClientStore::encode`] wrote.
    ///
    /// Trust: this node's own disk; invariants are checked all the same (A47).
    ///
    /// # Errors
    ///
    /// [`StoreError`]: start-up must refuse.
    pub fn decode(bytes: &[u8]) -> Result<Self, StoreError> {
        let store: Self = cbor::decode(bytes, MAX_STORE)?;
        store.client.check()?;
        store.check()?;
        Ok(store)
    }

    /// The store's one encoding.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Settings, pin and frozen flag.
    #[must_use]
    pub fn client(&self) -> &ClientState {
        &self.client
    }

    /// The consensus states, lowest first.
    pub fn states(&self) -> impl Iterator<Item = &ConsensusState> {
        self.states.values().map(|stored| &stored.state)
    }

    /// The consensus state of exactly this height.
    #[must_use]
    pub fn state(&self, height: Height) -> Option<&ConsensusState> {
        self.states.get(&height).map(|stored| &stored.state)
    }

    /// The header of exactly this height, as it came.
    #[must_use]
    pub fn header(&self, height: Height) -> Option<&[u8]> {
        self.states.get(&height).map(|stored| &*stored.header)
    }

    /// The newest consensus state.
    #[must_use]
    pub fn newest(&self) -> Option<&ConsensusState> {
        self.states.values().next_back().map(|stored| &stored.state)
    }

    /// Whether the client answers, as of `now`. A state exactly as old as the trusting period has expired.
    ///
    /// Source: ICS-02 `status`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        if self.client.frozen().is_some() {
            return Status::Frozen;
        }
        let period = self.client.trusting_period();
        let active = self.newest().is_some_and(|newest| !is_expired(newest, period, now));
        if active { Status::Active } else { Status::Expired }
    }

    pub(crate) fn stored(&self, height: Height) -> Option<&StoredState> {
        self.states.get(&height)
    }

    pub(crate) fn below(&self, height: Height) -> Option<&StoredState> {
        self.states.range(..height).next_back().map(|(_, stored)| stored)
    }

    pub(crate) fn above(&self, height: Height) -> Option<&StoredState> {
        self.states.range(height.next()..).next().map(|(_, stored)| stored)
    }

    pub(crate) fn lowest(&self) -> Option<Height> {
        self.states.keys().next().copied()
    }

    pub(crate) fn set(&self, hash: &Digest) -> Option<&[u8]> {
        self.sets.get(hash).map(|set| &**set)
    }

    pub(crate) fn client_mut(&mut self) -> &mut ClientState {
        &mut self.client
    }

    /// Adds a verified header. What stands at its height stays.
    pub(crate) fn insert(&mut self, header: &Header) {
        self.states.entry(header.height()).or_insert_with(|| header.stored());
        if let Some(set) = &header.next_set {
            self.sets.entry(header.state.next_validators_hash).or_insert_with(|| set.clone());
        }
    }

    /// Drops the oldest states beyond the limit, and sets that no state names.
    pub(crate) fn prune(&mut self) {
        let keep = usize::try_from(self.client.limits().max_states).unwrap_or(usize::MAX);
        while self.states.len() > keep {
            self.states.pop_first();
        }
        let named: Vec<Digest> = self.states().map(|state| state.next_validators_hash).collect();
        self.sets.retain(|hash, _| named.contains(hash));
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.states.is_empty() {
            return Err(StoreError::Empty);
        }
        if self.states.iter().any(|(height, stored)| *height != stored.state.height) {
            return Err(StoreError::WrongHeight);
        }
        for state in self.states() {
            let hashes = [state.root, state.header_hash, state.next_validators_hash];
            if hashes.iter().any(is_nothing) {
                return Err(StoreError::EmptyRoot { height: state.height });
            }
        }
        let pairs = self.states().zip(self.states().skip(1));
        if pairs.into_iter().all(|(a, b)| a.time < b.time) { Ok(()) } else { Err(StoreError::Time) }
    }
}

/// Whether `state` is `period` old or older. Exactly as old counts as expired.
pub(crate) fn is_expired(state: &ConsensusState, period: Duration, now: Timestamp) -> bool {
    state.time.saturating_add(period) <= ChainTime::from(now)
}

fn header_is_the_pinned_one(client: &ClientState, header: &Header) -> Result<(), PinError> {
    let pin = client.pin();
    if header.chain != pin.chain
        || header.height().get() != pin.height
        || header.state.header_hash != pin.header_hash
    {
        return Err(PinError::OtherHeader {
            height: header.height(),
            hash: header.state.header_hash,
        });
    }
    if header.state.next_validators_hash != pin.validators_hash {
        return Err(PinError::OtherSet);
    }
    Ok(())
}

/// Why a client cannot begin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// The settings are refused.
    #[error(transparent)]
    Settings(#[from] ClientStateError),
    /// The header is refused.
    #[error("the header offered for the pin is refused")]
    Header(#[source] HeaderError),
    /// Another header than the pinned one.
    #[error("header {hash} at {height} is not the pinned one")]
    OtherHeader {
        /// The height of the one offered.
        height: Height,
        /// Its hash.
        hash: Digest,
    },
    /// The pin names another set than its own header does.
    #[error("the pinned validator set is not the one that the header names")]
    OtherSet,
    /// The header came without the set that signs the next one.
    #[error("the pinned header must bring the set that signs the next one")]
    NextSetMissing,
}

/// Why a persisted client is not taken back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Not its one encoding.
    #[error("not a light client's store")]
    Encoding(#[from] DecodeError),
    /// Its settings are refused.
    #[error(transparent)]
    Settings(#[from] ClientStateError),
    /// No consensus state.
    #[error("no consensus state")]
    Empty,
    /// A state under another height than its own.
    #[error("a consensus state stands under another height")]
    WrongHeight,
    /// A root or hash of nothing.
    #[error("a root or hash of nothing at {height}")]
    EmptyRoot {
        /// Where.
        height: Height,
    },
    /// Time does not rise with height.
    #[error("time does not rise with height")]
    Time,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TrustThreshold, toy::*};

    /// A store of two states, changed as no client does it, written and read back.
    fn check(change: impl FnOnce(&mut ClientStore), expected: &StoreError) {
        let mut store =
            ClientStore::new(&Toy, toy_client((2, 3)), &ToyHeader::at(10).bytes()).unwrap();
        store.insert(&Toy.decode_header(&ToyHeader::at(12).bytes()).unwrap());
        assert_eq!(ClientStore::decode(&store.encode()).as_ref(), Ok(&store));
        change(&mut store);
        assert_eq!(ClientStore::decode(&store.encode()).as_ref(), Err(expected));
    }

    fn at(height: u64) -> Height {
        Height::new(height).unwrap()
    }

    #[test]
    fn a47_a_store_that_no_client_wrote_is_refused() {
        check(|store| store.states.clear(), &StoreError::Empty);
        let moved = |store: &mut ClientStore| {
            let state = store.states.remove(&at(12)).unwrap();
            store.states.insert(at(13), state);
        };
        check(moved, &StoreError::WrongHeight);
        for back in [0, 1] {
            let time = ChainTime(10 * SECOND - back);
            let late = |store: &mut ClientStore| {
                store.states.get_mut(&at(12)).unwrap().state.time = time;
            };
            check(late, &StoreError::Time);
        }
        let zero = |store: &mut ClientStore| {
            store.states.get_mut(&at(12)).unwrap().state.header_hash = Digest([0; 32]);
        };
        check(zero, &StoreError::EmptyRoot { height: at(12) });
    }

    #[test]
    fn a21_settings_are_checked_when_a_store_is_read() {
        let refused = TrustThreshold::new(1, 4).unwrap_err();
        let lax = |store: &mut ClientStore| store.client = toy_client_unchecked((1, 4));
        check(lax, &StoreError::Settings(ClientStateError::Threshold(refused)));
    }
}
