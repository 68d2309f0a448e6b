//! What a member asks its driver to do.

use super::state::MemberState;
use crate::{
    digested::DigestedBody,
    evidence::{Equivocation, PrepareCertificate},
};
use gateway_types::{
    Digest,
    body::Evidence,
    checkpoint::TreeHead,
    message::{Lock, Prepare, Timeout},
};
use std::sync::Arc;

/// What the driver is to do next. The order is part of the rules: persist, then tell.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberEffect {
    /// Write the state, and the body under its digest if there is one, in one synced transaction,
    /// before anything that comes after. Bodies that the state no longer names may go.
    Persist(Box<MemberState>, Option<DigestedBody>),
    /// Write the state with the next write at the latest: a final checkpoint proves itself.
    PersistLater(Box<MemberState>),
    /// Check the body (`check_form`; unless `form_only`, `check_fresh` too) and call
    /// `handle_body_checked` or `handle_body_refused`.
    CheckBody {
        /// What to check.
        body: DigestedBody,
        /// What came beside it.
        evidence: Arc<Evidence>,
        /// It came with a prepare certificate: no clock, no light client.
        form_only: bool,
    },
    /// Sign what needs a signature, and send it.
    Send(To, FromMember),
    /// Keep this and publish it: with the epoch's keys anybody can check it.
    Publish(Box<Equivocation>),
}

/// To whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// To the leader with this place in the lane's list.
    Leader(u8),
    /// To every leader.
    AllLeaders,
}

/// What a member says.
#[derive(Clone, Debug, PartialEq)]
pub enum FromMember {
    /// Signed with the protocol key.
    Prepare(Prepare),
    /// Signed with the protocol key; the prepare certificate goes with it.
    Lock(Lock, PrepareCertificate),
    /// Cosignature and signature share on the checkpoint of batch `k`.
    Sign {
        /// The batch.
        k: u64,
        /// What is signed.
        head: TreeHead,
    },
    /// Signed with the protocol key; the lock's certificate goes with it.
    Timeout(Timeout, Option<PrepareCertificate>),
    /// Its lock forbids what was proposed.
    LockedOn(PrepareCertificate),
    /// Its tip and the batch that it waits for.
    Tip(TreeHead, u64),
    /// It lacks the body of this digest.
    WantBody(Digest),
    /// The body that a leader asked for.
    Body(DigestedBody),
    /// Its journal may be lost: it asks its own committee's members for their tips.
    AskTips,
}
