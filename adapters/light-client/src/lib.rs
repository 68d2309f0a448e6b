//! What every light client can do, and the suite each one must pass.
//!
//! A chain implements [`LightClient`]: it reads headers, checks signatures, and checks proofs under a root. What
//! is the same for every chain is checked once, here: pin, trusting period, clock drift, heights, times, lead,
//! misbehaviour, age of proofs. The seam is that of a `CosmWasm` light-client contract (ICS-02, ICS-08): a
//! [`ClientStore`] of client state and consensus states is given, messages come in, a changed store goes out.
//!
//! **Invariant:** [`Proven`], [`ProvenAbsence`] and [`ProvenChanges`] are made by the checks of this crate and
//! by nothing else; they cannot be decoded from anything. All is a pure function of its arguments: time is
//! given, never asked for.

#![no_std]

extern crate alloc;

mod changes;
mod client_state;
#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod consensus_state;
mod error;
mod height;
mod misbehaviour;
mod proof;
mod rules;
mod store;
#[cfg(test)]
mod tests;
mod threshold;
#[cfg(test)]
mod toy;
mod update;

pub use changes::{ChangesEnd, ChangesError, ProvenChanges, SyncStart, verify_changes};
pub use client_state::{ClientState, ClientStateError, Limits, MAX_STATES, Status, is_nothing};
pub use consensus_state::{ConsensusState, Header, HeaderBytes, MAX_SET, SetBytes, StoredState};
pub use error::{HeaderError, UpdateError};
pub use height::Height;
pub use misbehaviour::{Misbehaviour, VerifiedMisbehaviour};
pub use proof::{
    MAX_PROOF, Place, ProofError, Proven, ProvenAbsence, Registered, ValueProof, verify_membership,
    verify_non_membership,
};
pub use store::{ClientStore, MAX_STORE, PinError, StoreError};
pub use threshold::{BadThreshold, TrustThreshold};
pub use update::{
    ClientMessage, Update, VerifiedMessage, check_for_misbehaviour, update_client, update_state,
    update_state_on_misbehaviour, verify_client_message,
};

use core::fmt::Debug;
use gateway_types::Digest;

/// What differs between chains: encoding, signatures, the shape of proofs.
///
/// Its methods are called by the functions of this crate, which check the rest; calling one alone proves nothing.
/// `&mut self` where decoded keys are kept between calls: the cache changes how fast an answer comes, never
/// the answer.
pub trait LightClient: Debug + Send + Sync {
    /// The kind of chain, as in a `client` entry: `cometbft`.
    fn kind(&self) -> &'static str;

    /// Checks those settings whose form the chain decides.
    ///
    /// # Errors
    ///
    /// [`ClientStateError`]: refuse at load.
    fn check_client_state(&self, client: &ClientState) -> Result<(), ClientStateError>;

    /// Reads one header and checks all that can be checked of it alone: encoding, its own hash, that its sets
    /// hash to what it says, that nobody is in it twice.
    ///
    /// Trust: `bytes` may come from anybody.
    ///
    /// # Errors
    ///
    /// [`HeaderError`]: refuse for good.
    fn decode_header(&self, bytes: &[u8]) -> Result<Header, HeaderError>;

    /// Checks that those entitled have signed each header; several headers at once may share one equation.
    ///
    /// # Errors
    ///
    /// The place of the first header that fails, and why.
    fn verify_signatures(
        &mut self,
        checks: &[SignatureCheck<'_>],
    ) -> Result<(), (usize, HeaderError)>;

    /// The height of the state that the root in the header at `height` commits to. On `CometBFT` the one before.
    fn state_height(&self, height: Height) -> u64;

    /// Checks that `root` commits to `value` at the registry's `path`.
    ///
    /// `path` is the contract's key; the chain wraps it. Source: ICS-02 `verifyMembership`.
    ///
    /// # Errors
    ///
    /// [`ProofError`] if it does not, or if the proof cannot be read.
    fn verify_membership(
        &self,
        client: &ClientState,
        root: &Digest,
        proof: &[u8],
        path: &[u8],
        value: &[u8],
    ) -> Result<(), ProofError>;

    /// Checks that `root` commits to nothing at the registry's `path`.
    ///
    /// Source: ICS-02 `verifyNonMembership`.
    ///
    /// # Errors
    ///
    /// [`ProofError`] if something may be there, or if the proof cannot be read.
    fn verify_non_membership(
        &self,
        client: &ClientState,
        root: &Digest,
        proof: &[u8],
        path: &[u8],
    ) -> Result<(), ProofError>;
}

/// One header and what it is to be checked against.
#[derive(Clone, Copy, Debug)]
pub struct SignatureCheck<'a> {
    /// The trusted state that it builds on.
    pub trusted: Trusted<'a>,
    /// The header, as this chain's client read it.
    pub header: &'a Header,
    /// More than this share of the trusted set must have signed, unless the header is the very next one.
    pub threshold: TrustThreshold,
    /// How many of its signatures are checked.
    pub scope: Scope,
}

/// A trusted state and the set that signs after it.
#[derive(Clone, Copy, Debug)]
pub struct Trusted<'a> {
    /// The state.
    pub state: &'a ConsensusState,
    /// The set that hashes to its `next_validators_hash`, if it is known.
    pub next_set: Option<&'a [u8]>,
}

/// How many of a header's signatures are checked (A20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the order of the set, until there are enough: for headers that extend.
    Enough,
    /// Every one that counts for the header: for headers that accuse.
    All,
}
