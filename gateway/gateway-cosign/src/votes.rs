//! Certificates: votes of t members of every committee on one ballot.

use crate::{
    epoch::EpochKeys,
    signed::{BySigner, SignedError, Signer, Verified},
};
use alloc::{collections::BTreeMap, vec::Vec};
use core::marker::PhantomData;
use gateway_types::{
    Bounded, MemberRef,
    message::{Ballot, Lock, Prepare, Vote, Votes},
};

/// A vote on a ballot: a [`Prepare`] or a [`Lock`].
pub trait VoteObject: BySigner {
    /// The vote of `member` on `ballot`.
    fn of(ballot: Ballot, member: MemberRef) -> Self;

    /// On what.
    fn ballot(&self) -> Ballot;

    /// Whose.
    fn member(&self) -> MemberRef;
}

impl VoteObject for Prepare {
    fn of(ballot: Ballot, member: MemberRef) -> Self {
        Self { ballot, member }
    }

    fn ballot(&self) -> Ballot {
        self.ballot
    }

    fn member(&self) -> MemberRef {
        self.member
    }
}

impl VoteObject for Lock {
    fn of(ballot: Ballot, member: MemberRef) -> Self {
        Self { ballot, member }
    }

    fn ballot(&self) -> Ballot {
        self.ballot
    }

    fn member(&self) -> MemberRef {
        self.member
    }
}

/// A prepare certificate (`T` = [`Prepare`]) or a lock certificate (`T` = [`Lock`]), checked: t different
/// members of every committee signed exactly this ballot.
///
/// Evidence: only [`EpochKeys::verify_votes`] and [`VerifiedVotes::collect`] make one.
/// Source: design, section 2.2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedVotes<T> {
    votes: Votes,
    kind: PhantomData<T>,
}

impl<T: VoteObject> VerifiedVotes<T> {
    /// A certificate of single votes that were already checked, if they are a quorum on one ballot.
    ///
    /// A second vote of one member on the ballot is taken once; votes on other ballots are left out.
    /// Votes of more than t members of a committee are all kept.
    #[must_use]
    pub fn collect<'a>(
        keys: &EpochKeys,
        ballot: Ballot,
        votes: impl IntoIterator<Item = &'a Verified<T>>,
    ) -> Option<Self>
    where
        T: 'a,
    {
        let on_ballot = votes.into_iter().filter(|vote| vote.value().ballot() == ballot);
        let by_member: BTreeMap<_, _> =
            on_ballot.map(|vote| (vote.value().member(), *vote.signature())).collect();
        let is_quorum = keys.is_quorum(by_member.keys().copied());
        let votes: Vec<_> =
            by_member.into_iter().map(|(member, signature)| Vote { member, signature }).collect();
        let votes = Votes { ballot, votes: Bounded::new(votes).ok()? };
        (is_quorum && ballot.epoch == keys.epoch()).then_some(Self { votes, kind: PhantomData })
    }

    /// A certificate that nobody signed, for the model checker.
    #[cfg(feature = "unverified-for-model")]
    #[must_use]
    pub fn unverified_for_model(votes: Votes) -> Self {
        Self { votes, kind: PhantomData }
    }

    /// On what.
    #[must_use]
    pub fn ballot(&self) -> Ballot {
        self.votes.ballot
    }

    /// The certificate, for passing on.
    #[must_use]
    pub fn votes(&self) -> &Votes {
        &self.votes
    }
}

impl EpochKeys {
    /// Whether `members`, each counted once, are t of every committee.
    #[must_use]
    pub fn is_quorum(&self, members: impl IntoIterator<Item = MemberRef>) -> bool {
        self.lacking(members).is_none()
    }

    /// Whether so many of `members`, each counted once, are of one committee that t of it can no longer
    /// say otherwise.
    #[must_use]
    pub fn is_blocked(&self, members: impl IntoIterator<Item = MemberRef>) -> bool {
        let distinct: alloc::collections::BTreeSet<_> = members.into_iter().collect();
        (0u8..).zip(self.committees()).any(|(committee, keys)| {
            let got = distinct.iter().filter(|member| member.committee == committee).count();
            got >= usize::from(keys.size().blocking())
        })
    }

    /// Checks a certificate: sorted, no member twice, every signature, t of every committee.
    ///
    /// Trust: `votes` may come from anybody.
    ///
    /// # Errors
    ///
    /// [`VotesError`]: refuse it for good; whoever sent it made it up or did not check it.
    pub fn verify_votes<T: VoteObject>(
        &self,
        votes: &Votes,
    ) -> Result<VerifiedVotes<T>, VotesError> {
        if !votes.votes.is_sorted_by(|a, b| a.member < b.member) {
            return Err(VotesError::NotSorted);
        }
        if let Some(error) = self.lacking(votes.votes.iter().map(|vote| vote.member)) {
            return Err(error);
        }
        for vote in &votes.votes {
            self.verify(T::of(votes.ballot, vote.member), &vote.signature)?;
        }
        Ok(VerifiedVotes { votes: votes.clone(), kind: PhantomData })
    }

    /// The first committee that has too few among `members`, or a member that does not exist.
    fn lacking(&self, members: impl IntoIterator<Item = MemberRef>) -> Option<VotesError> {
        let distinct: alloc::collections::BTreeSet<_> = members.into_iter().collect();
        let unknown = distinct.iter().find(|member| self.member(**member).is_none());
        if let Some(member) = unknown {
            let signer = Signer::Member(*member);
            return Some(SignedError::UnknownSigner { signer }.into());
        }
        (0u8..).zip(self.committees()).find_map(|(committee, keys)| {
            let got = distinct.iter().filter(|member| member.committee == committee).count();
            let needed = keys.size().t();
            (got < usize::from(needed)).then_some(VotesError::TooFew { committee, got, needed })
        })
    }
}

/// Why a certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VotesError {
    /// Votes out of order, or one member's twice.
    #[error("votes are not sorted by member, one each")]
    NotSorted,
    /// A committee has fewer than t.
    #[error("{got} votes of committee {committee}, {needed} are needed")]
    TooFew {
        /// Its place in the `committee` entry, from 0.
        committee: u8,
        /// How many of its members voted.
        got: usize,
        /// Its t.
        needed: u8,
    },
    /// A vote that counts for nothing.
    #[error(transparent)]
    Vote(#[from] SignedError),
}
