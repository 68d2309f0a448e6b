//! What gateways, regulators and relayers send each other beside the agreement: frames of a long response or a post.
//!
//! Each frame is its length in four bytes, big endian, then its CBOR. Source: `formats`, section 4.
//!
//! Every frame is a claim: candidates and verdicts are judged, evidence is proven by the receiver's own light
//! client, signatures are checked before anything else is read of them.

use crate::{
    body::MAX_EVIDENCE,
    bounded::{Bounded, Bytes},
    candidate::Candidate,
    id::ChainId,
    licence::{LicenceId, LicenceKey},
    message::{FinalMessage, ToLeader, ToMember},
    registry::Change,
    verdict::SignedVerdicts,
};
use alloc::boxed::Box;
use core::fmt;
use minicbor::{Decode, Encode};

/// Longest frame: a proposal with its body and evidence.
pub const MAX_FRAME: usize = crate::message::MAX_MESSAGE;

/// Longest record with the holder's proof, in bytes.
pub const MAX_RECORD: usize = 64 * 1024;

/// Longest consent, in bytes.
pub const MAX_CONSENT: usize = 4 * 1024;

/// Longest proof of one value, in bytes.
pub const MAX_VALUE_PROOF: usize = 64 * 1024;

/// Most headers or changes in one frame.
pub const MAX_LISTED: usize = 256;

/// From a gateway to a regulator, in the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum InboxFrame {
    /// Nothing: the connection lives. Sent at least every five seconds.
    #[n(0)]
    Alive,
    /// Part of the agreement.
    #[n(1)]
    Agree(#[n(0)] Box<ToMember>),
    /// A candidate to be judged.
    #[n(2)]
    Candidate(#[n(0)] Box<CandidateFrame>),
    /// Verdicts of other members, handed on.
    #[n(3)]
    Verdicts(#[n(0)] SignedVerdicts),
}

/// From a regulator to a gateway.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum MemberFrame {
    /// Part of the agreement.
    #[n(0)]
    Agree(#[n(0)] Box<ToLeader>),
    /// Its verdicts.
    #[n(1)]
    Verdicts(#[n(0)] SignedVerdicts),
}

/// A candidate and what it is judged by.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct CandidateFrame {
    /// What is asked.
    #[n(0)]
    pub candidate: Candidate,
    /// What a node of the source showed.
    #[n(1)]
    pub shown: ShownValue,
    /// The header at its height, where the member may not have it yet.
    #[n(2)]
    pub header: Option<Bytes<MAX_EVIDENCE>>,
    /// What the holder handed over: for members of the destination only.
    #[n(3)]
    pub handed: Option<Handed>,
}

/// What a node of the source showed for one key, with its proof. Untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ShownValue {
    /// Height of the header whose root the proof leads to.
    #[n(0)]
    pub height: u64,
    /// The raw bytes; nothing if the proof is one of absence.
    #[n(1)]
    pub value: Option<Bytes<128>>,
    /// The proof, in the chain's encoding.
    #[n(2)]
    pub proof: Bytes<MAX_VALUE_PROOF>,
}

/// What the holder handed over, all of it personal.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Handed {
    /// The licence's number, as the platform gave it.
    #[n(0)]
    pub licence: LicenceId,
    /// The record with the holder's proof, ASCII.
    #[n(1)]
    pub record: Bytes<MAX_RECORD>,
    /// The holder's consent, ASCII.
    #[n(2)]
    pub consent: Option<Bytes<MAX_CONSENT>>,
}

impl fmt::Debug for Handed {
    /// Nothing of it is shown in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handed(hidden)")
    }
}

/// From one gateway of a lane to another.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum PeerFrame {
    /// Nothing: the connection lives.
    #[n(0)]
    Alive,
    /// A batch that is final, with its body.
    #[n(1)]
    Final(#[n(0)] Box<FinalMessage>),
    /// A candidate that members were asked about, without what the holder handed over.
    #[n(2)]
    Candidate(#[n(0)] Box<Candidate>),
}

/// From a gateway to its relayer: what it wants.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RelayWork {
    /// Nothing: the connection lives.
    #[n(0)]
    Alive,
    /// Follow this chain: headers from this height on, the registry's head and changes after this number.
    #[n(1)]
    Follow(#[n(0)] ChainId, #[n(1)] u64, #[n(2)] u64),
    /// Fetch what the registry holds under this key, with its proof, at the newest height that can be proven.
    #[n(2)]
    Fetch(#[n(0)] ChainId, #[n(1)] LicenceKey),
    /// Fetch change number n with its proof: more wait than a head can bring.
    #[n(3)]
    FetchChange(#[n(0)] ChainId, #[n(1)] u64),
}

/// From a relayer to its gateway: what it found.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum RelayEvidence {
    /// Headers, heights rising, each enough trusted by the one before.
    #[n(0)]
    Headers(#[n(0)] ChainId, #[n(1)] Bounded<Bytes<MAX_EVIDENCE>, MAX_LISTED>),
    /// The registry's head.
    #[n(1)]
    Head(#[n(0)] ChainId, #[n(1)] ShownValue),
    /// Changes after a number, in order.
    #[n(2)]
    Changes(#[n(0)] ChainId, #[n(1)] u64, #[n(2)] Bounded<Change, MAX_LISTED>),
    /// What the registry shows for a licence's key.
    #[n(3)]
    Record(#[n(0)] ChainId, #[n(1)] LicenceKey, #[n(2)] ShownValue),
    /// One change with its proof.
    #[n(4)]
    Change(#[n(0)] ChainId, #[n(1)] u64, #[n(2)] ShownValue),
    /// The source gives nothing now: of this key, or of anything.
    #[n(5)]
    Unavailable(#[n(0)] ChainId, #[n(1)] Option<LicenceKey>),
    /// Two headers that contradict each other.
    #[n(6)]
    Conflict(#[n(0)] ChainId, #[n(1)] Bytes<MAX_EVIDENCE>, #[n(2)] Bytes<MAX_EVIDENCE>),
}
