//! The words of the field and their bytes, and nothing that acts.
//!
//! Every identifier, fact, entry, message and certificate of Comity is a type here, with the one
//! encoding that it has. Ours is deterministic CBOR ([`cbor`]); platforms and certificates get JSON.
//!
//! **Invariant:** no I/O, no clock, no randomness, no signature is made or checked here: a decoded
//! value says what somebody wrote, never that it is true.

#![no_std]

extern crate alloc;

pub mod body;
pub mod bounded;
pub mod bytes;
pub mod candidate;
mod causes;
pub mod cbor;
pub mod certificate;
pub mod checkpoint;
pub mod committee;
pub mod entry;
pub mod facts;
pub mod frame;
pub mod id;
pub mod licence;
pub mod link;
pub mod message;
pub mod registry;
pub mod time;
pub mod verdict;

pub use bounded::{Bounded, Bytes};
pub use bytes::{Digest, PublicKey, Salt, Signature};
pub use causes::Causes;
pub use committee::{CommitteeSize, MemberRef};
pub use id::{ChainId, Jurisdiction, LaneId, Name, Origin, Platform, Tier};
pub use licence::{LicenceId, LicenceKey};
pub use registry::{SourceCode, Status};
pub use time::{ChainTime, Timestamp};
