//! The light client of `CometBFT` chains with the Cosmos SDK and `CosmWasm`: headers, commits, ICS-23 proofs.
//!
//! A header comes as the nodes' RPC gives it, a JSON object `{"signed_header", "validators",
//! "next_validators"?}`: `/commit` and `/validators` of the height, and `/validators` of the one above. A proof
//! is the ICS-23 `MerkleProof` of two steps: IAVL in the store `wasm`, then the store in the app hash. The root
//! in header H+1 commits to the state at H.
//!
//! Rules and sets are checked by `tendermint-light-client-verifier`; signatures by our own batch: one equation
//! for all headers of a message ([`Ed25519Batch`]), by ZIP-215.
//!
//! **Invariant:** only precommits for this very block count; a batch that fails names a signer; nothing that
//! comes in can panic, and no proof brings its own specification.

#![no_std]

extern crate alloc;

mod batch;
mod client;
mod hasher;
mod json;
mod keys;
mod light_block;
mod proof;
mod proof_shape;
mod rules;
mod sets;
mod sign_bytes;

pub use batch::{Ed25519Batch, Term};
pub use client::{CometBft, STORE};
pub use json::{MAX_HEADER, MAX_VALIDATORS};
pub use keys::{KeyCache, MAX_KEYS};
pub use light_block::LightBlock;
pub use proof::{
    MAX_IAVL_DEPTH, MAX_STORE_DEPTH, MerkleProof, ProofOp, verify_absence, verify_existence,
};
