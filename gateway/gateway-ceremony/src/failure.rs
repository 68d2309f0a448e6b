//! How a ceremony ends without a key.

use crate::message::{Round, SignedMessage};
use alloc::{boxed::Box, vec::Vec};

/// Why there is no key. The old epoch stays in force; propose again, with another in the culprit's place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The round's time was over, and these had not sent their message.
    #[error("{round}: no message of members {members:?}")]
    Absent {
        /// The round.
        round: Round,
        /// The numbers of those who are missing.
        members: Vec<u8>,
    },
    /// Another member ended it; what it found, it tells its own operator.
    #[error("member {member} ended the ceremony")]
    Aborted {
        /// Its number.
        member: u8,
    },
    /// A member sent two different messages in one round: both are kept, signed by it.
    #[error("member {member} sent two different messages in one round")]
    Equivocated {
        /// Its number.
        member: u8,
        /// Both messages.
        evidence: Box<(SignedMessage, SignedMessage)>,
    },
    /// A member showed another deal than the one it was bound to.
    #[error("member {member} showed another deal than it had committed to")]
    BrokenCommitment {
        /// Its number.
        member: u8,
    },
    /// A deal whose polynomial has not exactly t coefficients, holds the identity or a point outside the
    /// group, or that has not a part for everybody.
    #[error("the deal of member {member} is malformed")]
    BadDeal {
        /// The dealer's number.
        member: u8,
    },
    /// A player did not acknowledge a deal. One of the two is at fault, and which cannot be said
    /// without revealing the share: nobody is evicted on it.
    #[error("member {player} did not acknowledge the deal of member {dealer}")]
    NotAcknowledged {
        /// The dealer's number.
        dealer: u8,
        /// The player's number.
        player: u8,
    },
    /// An acknowledgement that is not its sender's signature, or a list that does not answer everybody.
    #[error("the acknowledgements of member {member} do not hold")]
    BadAcknowledgement {
        /// The player's number.
        member: u8,
    },
    /// A dealer's log is not signed by it for this ceremony, or not of the deal that it showed.
    #[error("the log of member {member} does not hold")]
    BadLog {
        /// The dealer's number.
        member: u8,
    },
    /// A log reveals a player's share.
    #[error("member {dealer} revealed a share")]
    ShareRevealed {
        /// Whose log reveals it.
        dealer: u8,
    },
    /// Two members saw different things: the transcript's digests differ, or a deal.
    #[error("what member {member} saw differs from what this member saw")]
    ViewsDiffer {
        /// The member that saw something else.
        member: u8,
    },
    /// The dealings do not make a key, though every one was acknowledged by all.
    #[error("the dealings do not make a key")]
    NoKey,
    /// A member's share on the rehearsal's text does not hold.
    #[error("member {member} cannot sign")]
    CannotSign {
        /// Its number.
        member: u8,
    },
    /// Some t members cannot sign together, though each can alone.
    #[error("members {members:?} cannot sign together")]
    CannotSignTogether {
        /// Their numbers.
        members: Vec<u8>,
    },
}

impl Failure {
    /// Who is at fault, where it can be said; of two who blame each other, neither.
    #[must_use]
    pub fn culprits(&self) -> Vec<u8> {
        match self {
            Self::Absent { members, .. } => members.clone(),
            Self::Equivocated { member, .. }
            | Self::BrokenCommitment { member }
            | Self::BadDeal { member }
            | Self::BadAcknowledgement { member }
            | Self::BadLog { member }
            | Self::ShareRevealed { dealer: member }
            | Self::CannotSign { member } => Vec::from([*member]),
            Self::NotAcknowledged { .. }
            | Self::Aborted { .. }
            | Self::ViewsDiffer { .. }
            | Self::NoKey
            | Self::CannotSignTogether { .. } => Vec::new(),
        }
    }
}
