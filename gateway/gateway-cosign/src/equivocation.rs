//! Evidence of dishonesty: one signer's word against its own.
//!
//! Source: design, section 2.2: two proposals or two prepares for one (k, v), two signed roots of one
//! size. Kept and published; anybody with the epoch's keys can check it.

use crate::{
    cosignature::VerifiedCosignature,
    epoch::EpochKeys,
    signed::{Signed, SignedError, Signer, Verified},
};
use gateway_types::{
    MemberRef, Signature,
    checkpoint::{Checkpoint, TreeHead},
    message::{Ballot, Prepare, Proposal},
};
use minicbor::{Decode, Encode};

/// What somebody says is evidence: two signed things, unchecked.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum EquivocationClaim {
    /// Two proposals of a leader for one (k, v).
    #[n(0)]
    Proposals(#[n(0)] Signed<Proposal>, #[n(1)] Signed<Proposal>),
    /// Two prepares of a member for one (k, v).
    #[n(1)]
    Prepares(#[n(0)] Signed<Prepare>, #[n(1)] Signed<Prepare>),
    /// A member's cosignatures on two roots of one size.
    #[n(2)]
    Roots(#[n(0)] SignedRoot, #[n(1)] SignedRoot),
}

impl EquivocationClaim {
    /// Its word in metrics and logs: `proposals`, `prepares` or `roots`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Proposals(..) => "proposals",
            Self::Prepares(..) => "prepares",
            Self::Roots(..) => "roots",
        }
    }
}

/// A member's cosignature on a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct SignedRoot {
    /// Size and root.
    #[n(0)]
    pub head: TreeHead,
    /// Who.
    #[n(1)]
    pub member: MemberRef,
    /// The signer's time, in whole seconds since 1970.
    #[n(2)]
    pub time_s: u64,
    /// By its cosigning key.
    #[n(3)]
    pub signature: Signature,
}

/// Two signed things that contradict each other, checked: their signer is dishonest, or its key is not
/// its own any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Equivocation {
    claim: EquivocationClaim,
    culprit: Signer,
}

impl Equivocation {
    /// Evidence against a leader, if the two proposals are for one (k, v) and differ.
    #[must_use]
    pub fn of_proposals(a: &Verified<Proposal>, b: &Verified<Proposal>) -> Option<Self> {
        let contradict = a.leader == b.leader && ballots_contradict(&a.ballot, &b.ballot);
        contradict.then(|| Self {
            claim: EquivocationClaim::Proposals(*a.as_signed(), *b.as_signed()),
            culprit: Signer::Leader(a.leader),
        })
    }

    /// Evidence against a member, if the two prepares are for one (k, v) and differ.
    #[must_use]
    pub fn of_prepares(a: &Verified<Prepare>, b: &Verified<Prepare>) -> Option<Self> {
        let contradict = a.member == b.member && ballots_contradict(&a.ballot, &b.ballot);
        contradict.then(|| Self {
            claim: EquivocationClaim::Prepares(*a.as_signed(), *b.as_signed()),
            culprit: Signer::Member(a.member),
        })
    }

    /// Evidence against a member, if it cosigned two roots of one size of one lane.
    #[must_use]
    pub fn of_roots(a: &VerifiedCosignature, b: &VerifiedCosignature) -> Option<Self> {
        let (x, y) = (a.checkpoint(), b.checkpoint());
        let same_log = x.origin == y.origin && a.epoch() == b.epoch() && a.member() == b.member();
        let contradict = same_log && x.head.size == y.head.size && x.head.root != y.head.root;
        contradict.then(|| Self {
            claim: EquivocationClaim::Roots(SignedRoot::of(a), SignedRoot::of(b)),
            culprit: Signer::Member(a.member()),
        })
    }

    /// Who contradicted itself.
    #[must_use]
    pub fn culprit(&self) -> Signer {
        self.culprit
    }

    /// Both signed things, for keeping and publishing.
    #[must_use]
    pub fn claim(&self) -> &EquivocationClaim {
        &self.claim
    }
}

impl EquivocationClaim {
    /// Checks the claim with the keys of the epoch that it is about.
    ///
    /// Trust: a claim may come from anybody.
    ///
    /// # Errors
    ///
    /// [`NotEquivocation`]: it shows nothing.
    pub fn verify(&self, keys: &EpochKeys) -> Result<Equivocation, NotEquivocation> {
        let found = match self {
            Self::Proposals(a, b) => Equivocation::of_proposals(
                &keys.verify(a.value, &a.signature)?,
                &keys.verify(b.value, &b.signature)?,
            ),
            Self::Prepares(a, b) => Equivocation::of_prepares(
                &keys.verify(a.value, &a.signature)?,
                &keys.verify(b.value, &b.signature)?,
            ),
            Self::Roots(a, b) => Equivocation::of_roots(&a.verify(keys)?, &b.verify(keys)?),
        };
        found.ok_or(NotEquivocation::NoContradiction)
    }
}

impl SignedRoot {
    fn of(cosignature: &VerifiedCosignature) -> Self {
        Self {
            head: cosignature.checkpoint().head,
            member: cosignature.member(),
            time_s: cosignature.time_s(),
            signature: *cosignature.signature(),
        }
    }

    fn verify(&self, keys: &EpochKeys) -> Result<VerifiedCosignature, SignedError> {
        let checkpoint = Checkpoint { origin: keys.origin().clone(), head: self.head };
        keys.verify_cosignature(&checkpoint, self.member, self.time_s, &self.signature)
    }
}

fn ballots_contradict(a: &Ballot, b: &Ballot) -> bool {
    (a.epoch, a.k, a.v) == (b.epoch, b.k, b.v) && a.d != b.d
}

/// Why a claim shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotEquivocation {
    /// One of the two was not signed by whom it names.
    #[error(transparent)]
    Signature(#[from] SignedError),
    /// Both were signed, and they do not contradict each other.
    #[error("the two do not contradict each other")]
    NoContradiction,
}
