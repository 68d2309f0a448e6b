//! What members and leaders send each other to agree (design section 2.2).
//!
//! Every message here is a claim until gateway-cosign has checked its signature.

use crate::{
    body::{Body, Evidence},
    bounded::{Bounded, Bytes},
    bytes::{BlsSignature, Digest, Signature},
    checkpoint::TreeHead,
    committee::{MAX_COMMITTEES, MemberRef},
    entry::MAX_MEMBERS,
    verdict::VerdictList,
};
use alloc::boxed::Box;
use minicbor::{Decode, Encode};

/// Most signatures in a certificate: every member of every committee.
pub const MAX_SIGNATURES: usize = MAX_MEMBERS * MAX_COMMITTEES;

/// Longest encoded message, a proposal with its body.
pub const MAX_MESSAGE: usize = crate::body::MAX_BODY + 1024 * 1024;

/// What is signed as `comity/TYPE/v1 LF origin LF` and its CBOR.
pub trait SignedObject: Encode<()> {
    /// The type in the first line.
    const TYPE: &'static str;
}

/// Which body, in which step, in which attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Ballot {
    /// The lane's epoch.
    #[n(0)]
    pub epoch: u64,
    /// The batch's number.
    #[n(1)]
    pub k: u64,
    /// The view.
    #[n(2)]
    pub v: u64,
    /// The body's digest.
    #[n(3)]
    pub d: Digest,
}

/// A leader's word that this is its body for this view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Proposal {
    /// Which body.
    #[n(0)]
    pub ballot: Ballot,
    /// Place of the leader in the lane's list, from 0.
    #[n(1)]
    pub leader: u8,
}

/// A member's word that it will prepare no other body in this view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Prepare {
    /// Which body.
    #[n(0)]
    pub ballot: Ballot,
    /// Who.
    #[n(1)]
    pub member: MemberRef,
}

/// A member's word that it has seen a prepare certificate and keeps to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Lock {
    /// Which body.
    #[n(0)]
    pub ballot: Ballot,
    /// Who.
    #[n(1)]
    pub member: MemberRef,
}

/// A member's wish for a higher view, with all that the next leader must know.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Timeout {
    /// The lane's epoch.
    #[n(0)]
    pub epoch: u64,
    /// The view asked for; it counts for every lower one too.
    #[n(1)]
    pub view: u64,
    /// Number of the batch that the member waits for.
    #[n(2)]
    pub k: u64,
    /// The member's tip.
    #[n(3)]
    pub tip: TreeHead,
    /// What it is locked on; the prepare certificate comes beside it.
    #[n(4)]
    pub lock: Option<Ballot>,
    /// Who.
    #[n(5)]
    pub member: MemberRef,
}

impl SignedObject for Proposal {
    const TYPE: &'static str = "propose";
}
impl SignedObject for Prepare {
    const TYPE: &'static str = "prepare";
}
impl SignedObject for Lock {
    const TYPE: &'static str = "lock";
}
impl SignedObject for Timeout {
    const TYPE: &'static str = "timeout";
}
impl SignedObject for VerdictList {
    const TYPE: &'static str = "verdicts";
}

/// A member's signature in a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Vote {
    /// Who.
    #[n(0)]
    pub member: MemberRef,
    /// By its protocol key.
    #[n(1)]
    pub signature: Signature,
}

/// Votes of a quorum on one ballot, sorted by member: a prepare certificate or a lock certificate,
/// depending on what was signed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Votes {
    /// On what.
    #[n(0)]
    pub ballot: Ballot,
    /// Whose.
    #[n(1)]
    pub votes: Bounded<Vote, MAX_SIGNATURES>,
}

/// From a leader to a member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ToMember {
    /// Prepare this.
    #[n(0)]
    Propose(#[n(0)] Box<ProposeMessage>),
    /// A quorum prepared: lock it.
    #[n(1)]
    Prepared(#[n(0)] Votes),
    /// A quorum locked: sign it.
    #[n(2)]
    Locked(#[n(0)] Votes),
    /// It is final: a note with all the signatures.
    #[n(3)]
    Final(#[n(0)] Box<FinalMessage>),
    /// What other members asked for.
    #[n(4)]
    Timeouts(#[n(0)] Bounded<TimeoutMessage, MAX_SIGNATURES>),
    /// The leader lacks the body of this digest, which the member prepared.
    #[n(5)]
    WantBody(#[n(0)] Digest),
    /// The body that the member asked for.
    #[n(6)]
    Body(#[n(0)] Box<Body>),
    /// A member whose journal may be lost asks for tips: answered by a timeout for one's own view.
    #[n(7)]
    AskTips(#[n(0)] MemberRef),
}

/// From a member to a leader.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ToLeader {
    /// It prepared.
    #[n(0)]
    Prepare(#[n(0)] PrepareMessage),
    /// It locked, with what made it lock.
    #[n(1)]
    Lock(#[n(0)] LockMessage),
    /// It signed the checkpoint.
    #[n(2)]
    Sign(#[n(0)] SignMessage),
    /// It wants a higher view.
    #[n(3)]
    Timeout(#[n(0)] TimeoutMessage),
    /// It refuses a proposal because of its lock: this is the lock's certificate.
    #[n(4)]
    LockedOn(#[n(0)] Votes),
    /// It is behind, or ahead: this is its tip and the number of the batch it waits for.
    #[n(5)]
    Tip(#[n(0)] TreeHead, #[n(1)] u64),
    /// The body of a digest that a leader asked for.
    #[n(6)]
    Body(#[n(0)] Box<Body>),
    /// It lacks the body of this digest, which it is to prepare or to sign.
    #[n(7)]
    WantBody(#[n(0)] Digest),
    /// Its journal may be lost: it asks its own committee's members for their tips.
    #[n(8)]
    AskTips,
}

/// A proposal with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct ProposeMessage {
    /// What the leader signed.
    #[n(0)]
    pub proposal: Proposal,
    /// By the leader's key.
    #[n(1)]
    pub signature: Signature,
    /// The body; left out for members that hold it.
    #[n(2)]
    pub body: Option<Body>,
    /// A prepare certificate for the same body from a lower view, if there is one.
    #[n(3)]
    pub certificate: Option<Votes>,
    /// Timeouts of t of one committee, where the view is higher than the members'.
    #[n(4)]
    pub timeouts: Bounded<TimeoutMessage, MAX_SIGNATURES>,
    /// What a new body's freshness is judged by.
    #[n(5)]
    pub evidence: Evidence,
}

/// A prepare and its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct PrepareMessage {
    /// What was signed.
    #[n(0)]
    pub prepare: Prepare,
    /// By the member's protocol key.
    #[n(1)]
    pub signature: Signature,
}

/// A lock, its signature, and the prepare certificate behind it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct LockMessage {
    /// What was signed.
    #[n(0)]
    pub lock: Lock,
    /// By the member's protocol key.
    #[n(1)]
    pub signature: Signature,
    /// The prepare certificate.
    #[n(2)]
    pub certificate: Votes,
}

/// A timeout, its signature, and the prepare certificate of its lock.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TimeoutMessage {
    /// What was signed.
    #[n(0)]
    pub timeout: Timeout,
    /// By the member's protocol key.
    #[n(1)]
    pub signature: Signature,
    /// The prepare certificate of `timeout.lock`.
    #[n(2)]
    pub certificate: Option<Votes>,
}

/// A member's signatures on a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignMessage {
    /// Number of the batch.
    #[n(0)]
    pub k: u64,
    /// What it signed.
    #[n(1)]
    pub head: TreeHead,
    /// Who.
    #[n(2)]
    pub member: MemberRef,
    /// The signer's time, in whole seconds since 1970.
    #[n(3)]
    pub time_s: u64,
    /// C2SP `cosignature/v1`, by its cosigning key.
    #[n(4)]
    pub cosignature: Signature,
    /// Its share of the committee's threshold signature.
    #[n(5)]
    pub share: BlsSignature,
}

/// A final checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct FinalMessage {
    /// Number of the batch.
    #[n(0)]
    pub k: u64,
    /// The signed note.
    #[n(1)]
    pub note: Bytes<{ 32 * 1024 }>,
    /// The entries that lead there, for a member that lacks them.
    #[n(2)]
    pub body: Option<Body>,
}
