//! What a registry holds, proven.

mod error;

pub use error::ProofError;

use crate::{ClientStore, ConsensusState, Height, LightClient, Status};
use alloc::vec::Vec;
use core::fmt::Debug;
use gateway_types::{
    ChainId, ChainTime, Digest, LicenceKey, Timestamp,
    registry::{RegistryChange, RegistryHead, RegistryRecord, change_path, head_path, record_path},
};

/// Longest proof, in bytes. The neighbours in a proof of absence bring their values, which are others'.
pub const MAX_PROOF: usize = 64 * 1024;

/// What a registry holds under a key; see `formats`, section 2.
///
/// Sealed: the registry has three maps.
pub trait Registered: Sized + Debug + sealed::Sealed {
    /// What names one.
    type Key: Clone + Debug + PartialEq + Eq;

    /// The contract's key.
    fn path(key: &Self::Key) -> Vec<u8>;

    /// The value's one encoding.
    fn parse(bytes: &[u8]) -> Option<Self>;
}

mod sealed {
    #[expect(unnameable_types, reason = "nobody else may say what a registry holds")]
    pub trait Sealed {}
    impl Sealed for super::RegistryRecord {}
    impl Sealed for super::RegistryChange {}
    impl Sealed for super::RegistryHead {}
}

impl Registered for RegistryRecord {
    type Key = LicenceKey;

    fn path(key: &LicenceKey) -> Vec<u8> {
        record_path(key)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        Self::from_bytes(bytes)
    }
}

impl Registered for RegistryChange {
    type Key = u64;

    fn path(n: &u64) -> Vec<u8> {
        change_path(*n)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        Self::from_bytes(bytes)
    }
}

impl Registered for RegistryHead {
    type Key = ();

    fn path((): &()) -> Vec<u8> {
        head_path()
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        Self::from_bytes(bytes)
    }
}

/// Where something was proven: data, for entries and screens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The chain.
    pub chain: ChainId,
    /// The pin of the client that proved it: `ClientPin::id`.
    pub pin: Digest,
    /// The height of the header whose root proves it.
    pub height: Height,
    /// The height of the state itself: on `CometBFT` the one before.
    pub state_height: u64,
    /// The header's time, rounded down to milliseconds.
    pub block_time: Timestamp,
    /// The header's hash.
    pub header_hash: Digest,
}

/// A value that a registry holds, proven under a verified header.
///
/// Only [`verify_membership`] makes one: it has no public field, and cannot be decoded (A48):
///
/// ```compile_fail,E0277
/// # use {gateway_types::registry::RegistryRecord, light_client::Proven};
/// let proven: Proven<RegistryRecord> = minicbor::decode(&[0xa0]).unwrap();
/// ```
///
/// ```compile_fail,E0451
/// # use {gateway_types::{LicenceKey, registry::RegistryRecord}, light_client::{Place, Proven}};
/// # fn forge(key: LicenceKey, value: RegistryRecord, at: Place) -> Proven<RegistryRecord> {
/// Proven { key, value, at }
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven<T: Registered> {
    key: T::Key,
    value: T,
    at: Place,
}

impl<T: Registered> Proven<T> {
    /// What it is the value of.
    #[must_use]
    pub fn key(&self) -> &T::Key {
        &self.key
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Where it was proven.
    #[must_use]
    pub fn at(&self) -> &Place {
        &self.at
    }
}

/// That a registry holds nothing under a key, proven under a verified header.
///
/// Only [`verify_non_membership`] makes one:
///
/// ```compile_fail,E0277
/// # use {gateway_types::registry::RegistryRecord, light_client::ProvenAbsence};
/// let absent: ProvenAbsence<RegistryRecord> = minicbor::decode(&[0xa0]).unwrap();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenAbsence<T: Registered = RegistryRecord> {
    key: T::Key,
    at: Place,
}

impl<T: Registered> ProvenAbsence<T> {
    /// What is not there.
    #[must_use]
    pub fn key(&self) -> &T::Key {
        &self.key
    }

    /// Where it was proven.
    #[must_use]
    pub fn at(&self) -> &Place {
        &self.at
    }
}

/// A value and its proof, as a node showed them.
#[derive(Clone, Copy, Debug)]
pub struct ValueProof<'a> {
    /// The value, in the registry's raw bytes.
    pub value: &'a [u8],
    /// The proof, in the chain's encoding.
    pub proof: &'a [u8],
}

/// Checks that the registry held the value shown under `key`, by the header at `height`.
///
/// `height` must be that of a consensus state in the store, at most the greatest proof age before `now`; `now`
/// is the moment as of which is judged: a candidate's or batch's time, or a member's clock.
///
/// Source: ICS-02 `verifyMembership`. Trust: anybody may have made what is shown.
///
/// # Errors
///
/// [`ProofError`]: see there what to do.
pub fn verify_membership<T: Registered>(
    chain: &dyn LightClient,
    store: &ClientStore,
    height: Height,
    key: T::Key,
    shown: ValueProof<'_>,
    now: Timestamp,
) -> Result<Proven<T>, ProofError> {
    let ValueProof { value, proof } = shown;
    let state = provable_state(store, height, proof, now)?;
    let parsed = T::parse(value).ok_or(ProofError::NotRegistryValue { len: value.len() })?;
    chain.verify_membership(store.client(), &state.root, proof, &T::path(&key), value)?;
    Ok(Proven { key, value: parsed, at: place(chain, store, state) })
}

/// Checks that the registry held nothing under `key`, by the header at `height`.
///
/// Arguments as in [`verify_membership`]. Source: ICS-02 `verifyNonMembership`. Trust: anybody may have made
/// `proof`.
///
/// # Errors
///
/// [`ProofError`]: see there what to do. None of them means that the key is there.
pub fn verify_non_membership<T: Registered>(
    chain: &dyn LightClient,
    store: &ClientStore,
    height: Height,
    key: T::Key,
    proof: &[u8],
    now: Timestamp,
) -> Result<ProvenAbsence<T>, ProofError> {
    let state = provable_state(store, height, proof, now)?;
    chain.verify_non_membership(store.client(), &state.root, proof, &T::path(&key))?;
    Ok(ProvenAbsence { key, at: place(chain, store, state) })
}

/// The state that a proof at `height` is checked under: active client, stored height, not too old.
fn provable_state<'a>(
    store: &'a ClientStore,
    height: Height,
    proof: &[u8],
    now: Timestamp,
) -> Result<&'a ConsensusState, ProofError> {
    if proof.len() > MAX_PROOF {
        return Err(ProofError::TooLong { len: proof.len(), max: MAX_PROOF });
    }
    match store.status(now) {
        Status::Active => {}
        status => return Err(ProofError::NotActive { status }),
    }
    let state = store.state(height).ok_or(ProofError::UnknownHeight { height })?;
    state_is_not_old(store, state, now)?;
    Ok(state)
}

/// Exactly as old as allowed is accepted; rounding a block's time down never makes it younger.
fn state_is_not_old(
    store: &ClientStore,
    state: &ConsensusState,
    now: Timestamp,
) -> Result<(), ProofError> {
    let age_ms = now.0.saturating_sub(state.time.to_timestamp().0);
    let max_ms = store.client().limits().max_proof_age_ms;
    let latest = ChainTime::from(now).saturating_add(store.client().max_clock_drift());
    if age_ms > max_ms {
        return Err(ProofError::TooOld { age_ms, max_ms });
    }
    if state.time > latest { Err(ProofError::FromTheFuture) } else { Ok(()) }
}

fn place(chain: &dyn LightClient, store: &ClientStore, state: &ConsensusState) -> Place {
    let pin = store.client().pin();
    Place {
        chain: pin.chain.clone(),
        pin: pin.id(),
        height: state.height,
        state_height: chain.state_height(state.height),
        block_time: state.time.to_timestamp(),
        header_hash: state.header_hash,
    }
}
