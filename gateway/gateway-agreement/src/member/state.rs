//! What a member keeps durably, and in which order it is written.

use gateway_log::Frontier;
use gateway_types::{
    Timestamp,
    checkpoint::TreeHead,
    message::{Ballot, Votes},
};
use minicbor::{Decode, Encode};

/// Longest encoded [`MemberState`]: two frontiers' worth and one certificate of 128 votes.
pub const MAX_MEMBER_STATE: usize = 64 * 1024;

/// The last final checkpoint, and the hashes needed to append to it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tip {
    /// Number of the batch that comes next, from 0.
    #[n(0)]
    pub k: u64,
    /// Size and the hashes of the log up to here.
    #[n(1)]
    pub frontier: Frontier,
    /// Time of the last final batch; nothing in an empty lane.
    #[n(2)]
    pub time: Option<Timestamp>,
}

impl Tip {
    /// The empty log, which waits for batch 0.
    #[must_use]
    pub fn empty() -> Self {
        Self { k: 0, frontier: Frontier::empty(), time: None }
    }

    /// Its size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.frontier.size(), root: self.frontier.root() }
    }
}

/// A member's word, once given for ever: *I sign this*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Signed {
    /// Number of the batch.
    #[n(0)]
    pub k: u64,
    /// The body's digest.
    #[n(1)]
    pub d: gateway_types::Digest,
    /// Where it leads: what the checkpoint says.
    #[n(2)]
    pub head: TreeHead,
}

/// Why a member says nothing: its journal may be old or lost (design section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct Silence {
    /// The batch that must be final before it speaks again; nothing while it still asks its
    /// committee for tips.
    #[n(0)]
    pub until: Option<u64>,
}

/// All that a member keeps durably, but for the bodies that it voted for and is locked on, which are
/// stored beside it by their digests: a later vote does not free the store from the locked one.
///
/// CBOR, at most [`MAX_MEMBER_STATE`] bytes; the driver writes it whole, with the body if one comes
/// along, in one synced transaction. That it asked for a view is not in it: a restart may lock once
/// more where it had asked, which costs a view, never safety.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct MemberState {
    /// The epoch.
    #[n(0)]
    pub epoch: u64,
    /// The view it is in; never goes down within the epoch.
    #[n(1)]
    pub view: u64,
    /// Its tip.
    #[n(2)]
    pub tip: Tip,
    /// What it last prepared for the batch that follows the tip.
    #[n(3)]
    pub voted: Option<Ballot>,
    /// The prepare certificate that it is locked by.
    #[n(4)]
    pub lock: Option<Votes>,
    /// Its journal: the last batch that it signed.
    #[n(5)]
    pub signed: Option<Signed>,
    /// Whether and how long it is silent.
    #[n(6)]
    pub silence: Option<Silence>,
}

impl MemberState {
    /// That of a new member in an empty lane.
    #[must_use]
    pub fn new(epoch: u64) -> Self {
        Self {
            epoch,
            view: 0,
            tip: Tip::empty(),
            voted: None,
            lock: None,
            signed: None,
            silence: None,
        }
    }
}
