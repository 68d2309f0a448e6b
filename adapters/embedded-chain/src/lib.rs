//! A chain for demonstrations and tests that answers as a `CometBFT` node with wasmd and our registry does.
//!
//! [`Chain`] is a state machine: records are written, blocks are made, everything can be proven. Its headers,
//! commits, IAVL trees and ICS-23 proofs are those of the real programs, so the light client and the adapter need
//! no word about it.
//!
//! **Invariant:** no program but `demo` and the tests depends on this crate. Its keys follow from a seed that
//! anybody can know: what it signs proves nothing, and whoever pinned it in earnest would trust everybody.

mod address;
mod behaviour;
mod chain;
mod example;
mod genesis;
mod header;
mod iavl;
mod json;
mod merkle;
mod proto;
mod registry;
mod rpc;
mod server;
mod stores;
mod validators;
mod world;

pub use behaviour::Behaviour;
pub use chain::{Chain, FIRST_PIN, KEPT_HEADERS, KEPT_STATES, Pin};
pub use example::{CONSENT, ExampleError, ExampleLicence, HandedOver, SHOWN, example_licence};
pub use genesis::Genesis;
pub use registry::{MAX_CHANGES_A_BLOCK, PutError};
pub use server::{ChainServer, MAX_CONNECTIONS, StartError};
pub use validators::{MAX_POWER, MAX_VALIDATORS, SetError};
