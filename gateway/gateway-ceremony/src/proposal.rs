//! What all members accept before anything is dealt.

use alloc::{collections::BTreeSet, vec::Vec};
use gateway_cosign::{BadKey, CeremonyKey, CommitteeName};
use gateway_types::{
    Bounded, CommitteeSize, Digest, Jurisdiction, Name, PublicKey,
    cbor::{self, DecodeError},
    entry::{MAX_MEMBERS, ShortText},
    frame::frame,
    id::Deployment,
};
use minicbor::{Decode, Encode};

/// Longest encoded proposal.
pub const MAX_PROPOSAL: usize = 32 * 1024;

/// A committee to be: who, how many, for which epoch. A claim until [`Proposal::verify`] took it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Proposal {
    /// The deployment.
    #[n(0)]
    pub deployment: Deployment,
    /// The committee's region.
    #[n(1)]
    pub region: Jurisdiction,
    /// The epoch that its keys are for, from 1.
    #[n(2)]
    pub epoch: u64,
    /// Which attempt this is, from 1: a failed ceremony is never taken up again.
    #[n(3)]
    pub attempt: u64,
    /// n, t, f.
    #[n(4)]
    pub size: CommitteeSize,
    /// The members, in the order of their numbers, from 1.
    #[n(5)]
    pub members: Bounded<Seat, MAX_MEMBERS>,
}

/// One member to be, and its public keys.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Seat {
    /// The node's name in its region.
    #[n(0)]
    pub name: Name,
    /// The office that runs it.
    #[n(1)]
    pub organisation: ShortText,
    /// Signs the ceremony's messages, and later verdicts and votes.
    #[n(2)]
    pub protocol_key: PublicKey,
    /// Will sign checkpoints.
    #[n(3)]
    pub cosigning_key: PublicKey,
    /// Its parts of the deals are sealed to it.
    #[n(4)]
    pub encryption_key: PublicKey,
}

/// A proposal whose numbers and keys were checked. Evidence: only [`Proposal::verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedProposal {
    proposal: Proposal,
    id: Digest,
    keys: Vec<CeremonyKey>,
}

impl Proposal {
    /// Reads a proposal.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]: not the one encoding of a proposal.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        cbor::decode(bytes, MAX_PROPOSAL)
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        cbor::encode(self)
    }

    /// Checks the numbers and the keys.
    ///
    /// Source: design, section 5: t = n - floor((n-1)/3) only. Trust: whoever proposes is not trusted;
    /// that the keys are those of the persons meant is what the members compare before they accept.
    ///
    /// # Errors
    ///
    /// [`BadProposal`]: accept it nowhere.
    pub fn verify(self) -> Result<VerifiedProposal, BadProposal> {
        if self.epoch == 0 || self.attempt == 0 {
            return Err(BadProposal::Zero);
        }
        let expected = CommitteeSize::of(self.size.n()).map_err(|_| BadProposal::Size)?;
        if self.size != expected || self.members.len() != usize::from(self.size.n()) {
            return Err(BadProposal::Size);
        }
        self.check_differ()?;
        let keys: Result<_, _> =
            self.members.iter().map(|seat| CeremonyKey::new(&seat.protocol_key)).collect();
        let id = frame("comity/ceremony/v1", &[&self.encode()]);
        Ok(VerifiedProposal { keys: keys?, id, proposal: self })
    }

    fn check_differ(&self) -> Result<(), BadProposal> {
        let mut seen = BTreeSet::new();
        let of = |s: &Seat| [s.protocol_key, s.cosigning_key, s.encryption_key];
        if let Some(key) = self.members.iter().flat_map(of).find(|key| !seen.insert(*key)) {
            return Err(BadProposal::KeyTwice { key });
        }
        let mut seen = BTreeSet::new();
        match self.members.iter().find(|seat| !seen.insert(&seat.name)) {
            Some(seat) => Err(BadProposal::NameTwice { name: seat.name.clone() }),
            None => Ok(()),
        }
    }
}

impl VerifiedProposal {
    /// The ceremony's digest: every message names it, so that none counts in another.
    #[must_use]
    pub fn id(&self) -> Digest {
        self.id
    }

    /// What was proposed.
    #[must_use]
    pub fn proposal(&self) -> &Proposal {
        &self.proposal
    }

    /// n, t, f.
    #[must_use]
    pub fn size(&self) -> CommitteeSize {
        self.proposal.size
    }

    /// The committee's name.
    #[must_use]
    pub fn committee(&self) -> CommitteeName {
        CommitteeName {
            deployment: self.proposal.deployment.clone(),
            region: self.proposal.region.clone(),
        }
    }

    /// The seat of a number, from 1.
    #[must_use]
    pub fn seat(&self, number: u8) -> Option<&Seat> {
        self.proposal.members.get(usize::from(number).checked_sub(1)?)
    }

    pub(crate) fn key(&self, number: u8) -> Option<&CeremonyKey> {
        self.keys.get(usize::from(number).checked_sub(1)?)
    }
}

/// Why a proposal is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProposal {
    /// Epochs and attempts begin at 1.
    #[error("epochs and attempts begin at 1")]
    Zero,
    /// n, t, f are not those of a ceremony, or not n members are listed.
    #[error("a ceremony is for n members, t = n - floor((n-1)/3), f = floor((n-1)/3)")]
    Size,
    /// One key has two owners, or two uses.
    #[error("key {key} is listed twice")]
    KeyTwice {
        /// The key.
        key: PublicKey,
    },
    /// Two members have one name.
    #[error("two members are named {name}")]
    NameTwice {
        /// The name.
        name: Name,
    },
    /// Not an Ed25519 key.
    #[error(transparent)]
    Key(#[from] BadKey),
}
