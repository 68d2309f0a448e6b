//! What a recognition wants done, in the order in which it must be done.

use crate::{failure::Failure, logged::Logged};
use gateway_types::{LicenceKey, candidate::Candidate};
use std::collections::VecDeque;

/// One thing to carry out. Who carries it out decides nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Have the relayer fetch header and proof for this key, and prove them.
    FetchEvidence {
        /// The licence's key in the registry.
        key: LicenceKey,
    },
    /// Write this down before anything after it is done.
    Save(Progress),
    /// Give record and consent to this region's own members, and to nobody else.
    GiveRecord,
    /// Send this to the members of all committees and to the other leaders.
    SendCandidate(Box<Candidate>),
    /// Delete record and consent here.
    ForgetRecord,
    /// The answer is there: tell those who wait.
    Tell,
}

/// What is written down about a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// This is what members are asked.
    Asked(Box<Candidate>),
    /// This is in the log: the answer.
    Decided(Box<Logged>),
    /// Nothing was decided.
    Failed(Failure),
    /// It was taken back.
    Cancelled,
    /// This came into the log after the question was closed: kept, not an answer.
    Late(Box<Logged>),
}

/// Effects not yet carried out, first in, first out. Each input adds at most three.
#[derive(Debug, Default)]
pub(super) struct Effects(VecDeque<Effect>);

impl Effects {
    pub(super) fn push(&mut self, effect: Effect) {
        self.0.push_back(effect);
    }

    pub(super) fn pop(&mut self) -> Option<Effect> {
        self.0.pop_front()
    }
}
