//! Why a member did not do what it was asked to.

use crate::digested::RootError;
use gateway_types::{Digest, MemberRef, Timestamp, checkpoint::TreeHead, message::Ballot};

/// Why a proposal is not prepared. Where a leader can do something about it, an answer is sent too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProposalRefused {
    /// The member's journal may be old or lost.
    #[error("silent until the journal is known to be whole")]
    Silent,
    /// Another epoch.
    #[error("the proposal is for epoch {got}, the lane is in epoch {epoch}")]
    Epoch {
        /// The proposal's.
        got: u64,
        /// The member's.
        epoch: u64,
    },
    /// The epoch's keys have ended.
    #[error("the epoch closed at {at:?}")]
    Closed {
        /// When.
        at: Timestamp,
    },
    /// Another batch than the next. The member answers with its tip.
    #[error("the proposal is for batch {got}, the member waits for batch {k}")]
    Batch {
        /// The proposal's.
        got: u64,
        /// The next.
        k: u64,
    },
    /// The view is not this leader's.
    #[error("leader {leader} does not lead view {v}")]
    NotItsView {
        /// Who proposed.
        leader: u8,
        /// In which view.
        v: u64,
    },
    /// The view lies below the member's.
    #[error("view {v} is over, the member is in view {view}")]
    ViewOver {
        /// The proposal's.
        v: u64,
        /// The member's.
        view: u64,
    },
    /// The view lies above the member's, and no t members of one committee are known to ask for it.
    #[error("view {v} is not asked for by t of one committee, the member is in view {view}")]
    ViewNotAsked {
        /// The proposal's.
        v: u64,
        /// The member's.
        view: u64,
    },
    /// It prepared another body in this view, or any in a higher one.
    #[error("the member has prepared in view {}", voted.v)]
    Voted {
        /// What it prepared.
        voted: Ballot,
    },
    /// Its leader proposed another body first in this view. Both proposals are published, and the second is
    /// not checked: a leader must not have the members check one body after the other.
    #[error("the leader proposed another body first in view {}", first.v)]
    SecondOfView {
        /// What it proposed first: that may still be prepared.
        first: Ballot,
    },
    /// Its lock forbids it. The member answers with the lock's certificate.
    #[error("the member is locked since view {}", lock.v)]
    Locked {
        /// What it is locked on.
        lock: Ballot,
    },
    /// The certificate is for something else, or not from a lower view.
    #[error("the certificate is not for this body from a lower view")]
    Certificate {
        /// What it is for.
        got: Ballot,
    },
    /// The body is not what the digest says.
    #[error("the body has digest {got}, {d} is proposed")]
    OtherBody {
        /// The body's.
        got: Digest,
        /// The proposal's.
        d: Digest,
    },
    /// The body's lane, epoch or number is not the proposal's, or it leads elsewhere.
    #[error("the body is not for this place in the log")]
    OtherPlace,
    /// The body does not lead where it says.
    #[error(transparent)]
    Root(#[from] RootError),
}

/// Why a certificate or a checkpoint changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The member's journal may be old or lost.
    #[error("silent until the journal is known to be whole")]
    Silent,
    /// The certificate shows a vote of this member that its journal does not know: it is silent now.
    #[error("{member} is shown a vote of its own that its journal does not know")]
    Forgotten {
        /// This member.
        member: MemberRef,
    },
    /// The epoch's keys have ended.
    #[error("the epoch closed at {at:?}")]
    Closed {
        /// When.
        at: Timestamp,
    },
    /// Another epoch, or another batch than the next.
    #[error("for epoch {} and batch {}, the member waits for batch {k}", got.epoch, got.k)]
    Place {
        /// What it is for.
        got: Ballot,
        /// The next batch.
        k: u64,
    },
    /// The member has not prepared exactly this.
    #[error("the member has not prepared this")]
    NotVoted {
        /// What it has prepared.
        voted: Option<Ballot>,
    },
    /// It has asked for a higher view since it prepared: its `timeout` told its lock for good.
    #[error("the member has asked for view {asked} since it prepared")]
    Asked {
        /// For which.
        asked: u64,
    },
    /// The journal has another root for this batch. Never sign: keep the evidence, tell people.
    #[error("the journal says another root for batch {k}")]
    OtherRoot {
        /// The batch.
        k: u64,
    },
    /// It lacks the body: asked for.
    #[error("the body of {d} is missing")]
    BodyMissing {
        /// Its digest.
        d: Digest,
    },
    /// The entries do not lead where they should.
    #[error(transparent)]
    Root(#[from] RootError),
    /// The bodies do not lead from the tip to the checkpoint.
    #[error("the entries lead to size {}, the checkpoint says {}", computed.size, got.size)]
    Checkpoint {
        /// What the checkpoint says.
        got: TreeHead,
        /// Where the entries lead.
        computed: TreeHead,
    },
}

/// Why a member cannot be started from what its store holds: treat its journal as lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    /// The state is of another epoch.
    #[error("the state is of epoch {got}, the lane is in epoch {epoch}")]
    Epoch {
        /// The state's.
        got: u64,
        /// The lane's.
        epoch: u64,
    },
    /// A body that it voted for or is locked on is not there.
    #[error("a body that was voted for or locked is not in the store")]
    Body,
    /// The lock's certificate was not verified, or another was.
    #[error("the lock's certificate is not the one in the store")]
    Lock,
    /// The body does not build on the tip.
    #[error(transparent)]
    Root(#[from] RootError),
}
