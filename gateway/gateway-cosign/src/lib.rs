//! Committee keys: verdicts, votes, cosignatures, signature shares: make, check, combine.
//!
//! A member has a [`ProtocolKey`] (verdicts, prepare, lock, timeout; leaders propose with theirs), a
//! [`CosigningKey`] (checkpoints only), an [`EncryptionKey`] and a `KeyShare` of its committee's
//! threshold key. [`EpochKeys`] holds the public halves, read from a `committee` entry; all that it
//! checks comes out as evidence: [`Verified`], [`VerifiedVotes`], [`VerifiedCosignature`],
//! [`SignedCheckpoint`].
//!
//! Two libraries do BLS12-381: `blst` on machines, `ark-bls12-381` where no C compiler reaches
//! (WebAssembly), there for verification only. Both are held against each other in the tests.
//!
//! **Invariant:** every signed string begins with its type and the lane's origin line, or follows the
//! standard that says otherwise; nothing here signs a bare digest, and no signing function takes the
//! public key as an argument. Keys come from seeds that the caller draws.

#![no_std]

extern crate alloc;

pub mod bls;
mod ceremony;
mod checkpoint;
mod cosignature;
mod ed25519;
mod epoch;
mod equivocation;
mod keys;
mod note;
mod signed;
mod text;
mod votes;

#[cfg(feature = "combine")]
pub use bls::combine::{AggregateError, Aggregated, Culprit, aggregate};
#[cfg(not(target_family = "wasm"))]
pub use bls::share::KeyShare;
pub use bls::{BlsError, BlsKey, Suite, ThresholdText, keys::ThresholdKeys};
pub use ceremony::{CeremonyKey, CommitteeName};
pub use checkpoint::{CheckpointError, SignedCheckpoint};
pub use cosignature::{BadCosignature, VerifiedCosignature};
pub use ed25519::BadKey;
pub use epoch::{BadCommittee, CommitteeKeySet, EpochKeys, MemberKeySet};
pub use equivocation::{Equivocation, EquivocationClaim, NotEquivocation, SignedRoot};
pub use keys::{CosigningKey, EncryptionKey, MemberKeys, ProtocolKey};
pub use note::{BadNote, MAX_NOTE_LINES, Note, NoteLine};
pub use signed::{BySigner, Signed, SignedError, Signer, Verified};
pub use text::SignedString;
pub use votes::{VerifiedVotes, VoteObject, VotesError};

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "numbers and curve points of a test")]
mod tests;
