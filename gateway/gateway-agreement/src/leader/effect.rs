//! What a leader asks its driver to do.

use crate::{
    digested::DigestedBody,
    evidence::{Equivocation, LockCertificate, PrepareCertificate, Verified},
};
use gateway_types::{
    Digest, MemberRef,
    body::{Evidence, MAX_BATCH, MAX_BODY},
    checkpoint::TreeHead,
    message::{Ballot, Proposal, SignMessage, Timeout},
};
use std::{collections::BTreeSet, sync::Arc};

/// What the driver is to do next, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum LeaderEffect {
    /// Write that this is proposed, durably, before anything that comes after.
    Persist(Ballot),
    /// Sign the proposal and send it with what belongs to it.
    Propose {
        /// To whom.
        to: Recipients,
        /// What to sign.
        proposal: Proposal,
        /// The body.
        body: DigestedBody,
        /// Those that hold the body already and are sent only d.
        bare: BTreeSet<MemberRef>,
        /// The prepare certificate that goes with it.
        certificate: Option<PrepareCertificate>,
        /// Who asked for the view.
        timeouts: Vec<Verified<Timeout>>,
        /// What a new body's freshness is judged by.
        evidence: Arc<Evidence>,
    },
    /// Send this.
    Send(Recipients, FromLeader),
    /// Make a new body from what waits, at most this large ([`crate::build`]), and give it to
    /// `handle_made`.
    MakeBody {
        /// Number of the batch.
        k: u64,
        /// The tip it builds on.
        base: TreeHead,
        /// How large it may be.
        limit: Limit,
    },
    /// Make the final checkpoint from these with gateway-cosign, then call `handle_combined`, or
    /// `handle_culprits` with those whose signatures or shares are bad.
    Combine {
        /// Number of the batch.
        k: u64,
        /// Where it leads.
        head: TreeHead,
        /// Of a quorum, unchecked.
        signatures: Vec<SignMessage>,
    },
    /// Batch `k` is final: keep it, tell every member and the other leaders.
    Final {
        /// Number of the batch.
        k: u64,
        /// Its body.
        body: DigestedBody,
    },
    /// That member waits for batch `k`, which is final: send it what came since.
    CatchUp {
        /// Who.
        member: MemberRef,
        /// The batch it waits for.
        k: u64,
    },
    /// Members are ahead: fetch what is final since batch `k` from another leader.
    Behind {
        /// The batch that this leader waits for.
        k: u64,
    },
    /// Keep this and publish it: with the epoch's keys anybody can check it.
    Publish(Box<Equivocation>),
}

/// To whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// Every member of every committee.
    All,
    /// One.
    One(MemberRef),
    /// Some.
    Some(BTreeSet<MemberRef>),
}

/// What a leader says besides proposals.
#[derive(Clone, Debug, PartialEq)]
pub enum FromLeader {
    /// A quorum prepared.
    Prepared(PrepareCertificate),
    /// A quorum locked.
    Locked(LockCertificate),
    /// A member asks for a view.
    Timeout(Verified<Timeout>),
    /// It lacks the body of this digest.
    WantBody(Digest),
    /// The body that a member asked for.
    Body(DigestedBody),
}

/// How large a new batch may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Entries, the `batch` entry among them.
    pub entries: usize,
    /// Bytes, evidence included.
    pub bytes: usize,
}

impl Limit {
    /// The greatest that any batch may have.
    pub const FULL: Self = Self { entries: MAX_BATCH, bytes: MAX_BODY };

    /// The smallest that a leader goes down to: something must still fit in.
    pub const LEAST: Self = Self { entries: 8, bytes: 512 * 1024 };

    /// After a view that failed.
    pub(crate) fn halved(self) -> Self {
        let half = |n: usize, least: usize| n.checked_div(2).unwrap_or(n).max(least);
        Self {
            entries: half(self.entries, Self::LEAST.entries),
            bytes: half(self.bytes, Self::LEAST.bytes),
        }
    }

    /// After one that worked.
    pub(crate) fn doubled(self) -> Self {
        Self {
            entries: self.entries.saturating_mul(2).min(Self::FULL.entries),
            bytes: self.bytes.saturating_mul(2).min(Self::FULL.bytes),
        }
    }
}
