//! What members send each other: one message a round, to all, signed by the protocol key.

use alloc::vec::Vec;
use core::fmt;
use gateway_cosign::{CommitteeName, ProtocolKey};
use gateway_types::{
    Bounded, Bytes, Digest, PublicKey, Signature,
    bytes::BlsSignature,
    cbor::{self, DecodeError},
    entry::MAX_MEMBERS,
    frame::frame,
};
use minicbor::{Decode, Encode};

/// Longest message. The longest honest one is a log of 32 members, about 7 KiB.
pub const MAX_MESSAGE: usize = 32 * 1024;

/// Longest public polynomial: 22 coefficients for 32 members.
const MAX_POLYNOMIAL: usize = 4 * 1024;

/// Longest log of a dealer.
const MAX_LOG: usize = 16 * 1024;

/// The rounds, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Round {
    /// Every member accepts the proposal and commits to its deal.
    Accept,
    /// Every member shows its deal.
    Deal,
    /// Every member answers every deal.
    Acknowledge,
    /// Every dealer signs the answers that it got.
    Log,
    /// Every member signs the transcript.
    Confirm,
    /// Every member shows that it can sign.
    Rehearse,
}

impl Round {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Accept, Self::Deal, Self::Acknowledge, Self::Log, Self::Confirm, Self::Rehearse];

    /// The word on screens.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Deal => "deal",
            Self::Acknowledge => "acknowledge",
            Self::Log => "log",
            Self::Confirm => "confirm",
            Self::Rehearse => "rehearse",
        }
    }

    /// The round after it.
    #[must_use]
    pub fn next(self) -> Option<Self> {
        match self {
            Self::Accept => Some(Self::Deal),
            Self::Deal => Some(Self::Acknowledge),
            Self::Acknowledge => Some(Self::Log),
            Self::Log => Some(Self::Confirm),
            Self::Confirm => Some(Self::Rehearse),
            Self::Rehearse => None,
        }
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One member's message of one round.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Message {
    /// The ceremony's digest.
    #[n(0)]
    pub ceremony: Digest,
    /// The sender's number, from 1.
    #[n(1)]
    pub from: u8,
    /// What it says.
    #[n(2)]
    pub step: Step,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Step {
    /// The proposal is accepted; the digest of the sender's deal, which is not shown until all are bound.
    #[n(0)]
    Accept(#[n(0)] Digest),
    /// The deal.
    #[n(1)]
    Deal(#[n(0)] Deal),
    /// An answer to each deal, in the order of the dealers' numbers.
    #[n(2)]
    Acknowledge(#[n(0)] Bounded<Answer, MAX_MEMBERS>),
    /// The dealer's log, in the library's encoding.
    #[n(3)]
    Log(#[n(0)] Bytes<MAX_LOG>),
    /// The transcript's digest.
    #[n(4)]
    Confirm(#[n(0)] Digest),
    /// A signature share on the rehearsal's text.
    #[n(5)]
    Rehearse(#[n(0)] BlsSignature),
    /// The sender has ended the ceremony.
    #[n(6)]
    Abort,
}

impl Step {
    /// The round that it belongs to; an abort belongs to none.
    #[must_use]
    pub fn round(&self) -> Option<Round> {
        match self {
            Self::Accept(_) => Some(Round::Accept),
            Self::Deal(_) => Some(Round::Deal),
            Self::Acknowledge(_) => Some(Round::Acknowledge),
            Self::Log(_) => Some(Round::Log),
            Self::Confirm(_) => Some(Round::Confirm),
            Self::Rehearse(_) => Some(Round::Rehearse),
            Self::Abort => None,
        }
    }
}

/// A dealer's polynomial in public, and its value at each member's number, sealed to that member.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Deal {
    /// Commitments to the polynomial's coefficients, in the library's encoding.
    #[n(0)]
    pub public: Bytes<MAX_POLYNOMIAL>,
    /// The parts, in the order of the members' numbers.
    #[n(1)]
    pub parts: Bounded<Sealed, MAX_MEMBERS>,
}

impl Deal {
    /// What a dealer commits to, and players answer.
    #[must_use]
    pub fn digest(&self) -> Digest {
        frame("comity/deal/v1", &[&cbor::encode(self)])
    }
}

/// A part of a deal, for one member's eyes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Sealed {
    /// The dealer's key for this part alone.
    #[n(0)]
    pub key: PublicKey,
    /// The share and the cipher's tag.
    #[n(1)]
    pub sealed: Bytes<48>,
}

/// A player's answer to one deal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Answer {
    /// The deal that it saw.
    #[n(0)]
    pub deal: Digest,
    /// Its acknowledgement; left out if its part is not on the polynomial or does not open.
    #[n(1)]
    pub acknowledgement: Option<Signature>,
}

/// A message and the signature that came with it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedMessage {
    /// What was signed, `comity/ceremony/v1 LF committee LF` before it.
    #[n(0)]
    pub message: Message,
    /// By the sender's protocol key.
    #[n(1)]
    pub signature: Signature,
}

impl SignedMessage {
    pub(crate) fn sign(key: &ProtocolKey, committee: &CommitteeName, message: Message) -> Self {
        let signature = key.sign_ceremony(committee, &cbor::encode(&message));
        Self { message, signature }
    }

    /// Reads a message.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]: not the one encoding of a message.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        cbor::decode(bytes, MAX_MESSAGE)
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }
}
