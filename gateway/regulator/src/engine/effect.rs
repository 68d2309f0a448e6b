//! What an engine asks its driver to do.

use crate::{clock::ClockState, fault::Step};
use gateway_agreement::{
    check::Refused,
    evidence::Equivocation,
    member::{ProposalRefused, To},
};
use gateway_core::NoVerdict;
use gateway_store::Batch;
use gateway_types::{Digest, link::MemberFrame};

/// What the driver is to do next, in this order.
#[derive(Debug)]
pub enum Effect {
    /// Commit this before anything that comes after.
    Persist(Step, Batch),
    /// Send this to one leader or to all.
    Send(Step, To, MemberFrame),
    /// It was written down: tell people.
    Publish(Box<Equivocation>),
    /// For the log of whoever runs it. Nothing personal is in it.
    Note(Notice),
}

/// What whoever runs it may want to know.
#[derive(Debug)]
pub enum Notice {
    /// A frame, or a part of one, was not taken.
    Dropped {
        /// From which leader.
        leader: u8,
        /// Why.
        why: Dropped,
    },
    /// A candidate got no verdict.
    NotJudged {
        /// Which.
        candidate: Digest,
        /// Why.
        why: NotJudged,
    },
    /// A body was not prepared: it did not pass.
    Refused(Box<Refused>),
    /// A body passed, and is not prepared: something has changed that forbids it.
    NotPrepared(ProposalRefused),
    /// The clock is wrong, or right again.
    Clock(ClockState),
    /// What it keeps may be old: it is silent.
    Silent,
    /// It speaks again.
    Speaks,
    /// Its light client is frozen: two valid headers contradict each other.
    Frozen,
    /// Headers, or a head with its changes, were not taken.
    Chain(ChainRefused),
}

/// Why a frame was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Dropped {
    /// A signature does not hold, or the message is of another epoch.
    #[error(transparent)]
    Signed(#[from] gateway_cosign::SignedError),
    /// A certificate does not hold.
    #[error(transparent)]
    Votes(#[from] gateway_cosign::VotesError),
    /// A note cannot be read.
    #[error(transparent)]
    Note(#[from] gateway_cosign::BadNote),
    /// A note is not ASCII.
    #[error("the note is not text")]
    NoteText(#[from] core::str::Utf8Error),
    /// A note lacks what the lane requires.
    #[error(transparent)]
    Checkpoint(#[from] gateway_cosign::CheckpointError),
    /// A proposal is not prepared.
    #[error(transparent)]
    Proposal(#[from] ProposalRefused),
    /// A certificate or checkpoint changes nothing.
    #[error(transparent)]
    NotTaken(#[from] gateway_agreement::member::NotTaken),
    /// A final batch of bad form: the committees agreed on what this member's rules refuse.
    #[error("a final batch is refused for its form")]
    Form(#[from] gateway_agreement::check::FormError),
    /// A final checkpoint without its body, which this member lacks.
    #[error("batch {k} came without its body")]
    NoBody {
        /// Its number.
        k: u64,
    },
    /// A checkpoint that the body beside it does not lead to.
    #[error("batch {k} does not lead to its checkpoint")]
    OtherBody {
        /// Its number.
        k: u64,
    },
    /// The same proposal was refused often enough in this view.
    #[error("this proposal was refused {times} times")]
    RefusedBefore {
        /// How often.
        times: u8,
    },
    /// It shows a word of this member's own that its journal does not know: it is silent now.
    #[error("shown a word of its own that its journal does not know")]
    Forgotten,
}

/// Why a candidate got no verdict. Silence is not refusal.
#[derive(Debug, thiserror::Error)]
pub enum NotJudged {
    /// The member may not speak now.
    #[error("it is silent, or its clock is wrong")]
    MayNotSpeak,
    /// Too many wait.
    #[error("too many candidates wait")]
    TooMany,
    /// A member of the destination was given no record.
    #[error("nothing was handed over")]
    NotHanded,
    /// What was handed over is not ASCII.
    #[error("what was handed over is not text")]
    NotText,
    /// What is shown proves nothing.
    #[error(transparent)]
    Proof(#[from] light_client::ProofError),
    /// The height is none.
    #[error("shown at height zero")]
    Height,
    /// The rules say nothing.
    #[error(transparent)]
    NoVerdict(#[from] NoVerdict),
}

/// Why headers or changes were not taken.
#[derive(Debug, thiserror::Error)]
pub enum ChainRefused {
    /// A header.
    #[error(transparent)]
    Header(#[from] light_client::UpdateError),
    /// The head's proof.
    #[error(transparent)]
    Proof(#[from] light_client::ProofError),
    /// The changes do not lead to the head.
    #[error(transparent)]
    Changes(#[from] light_client::ChangesError),
    /// The registry has no head there, or it is shown at height zero.
    #[error("no head of the registry is shown")]
    NoHead,
    /// More headers than one message may have.
    #[error("{len} headers at once")]
    TooMany {
        /// How many.
        len: usize,
    },
}
