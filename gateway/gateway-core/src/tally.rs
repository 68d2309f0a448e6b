//! Counting verdicts on one candidate: t of every committee accept, or enough of one refuse.

use gateway_cosign::Verified;
use gateway_types::{
    Bounded, CommitteeSize, Digest, MemberRef,
    committee::MAX_COMMITTEES,
    verdict::{Reason, VerdictList, Word},
};
use std::collections::{BTreeMap, BTreeSet};

/// Verdicts on one candidate, of the members of all of a lane's committees.
///
/// A member's first accept or refusal counts; a second one that differs is kept out. *Later* is no verdict
/// yet: it shows that a person looks.
#[derive(Clone, Debug)]
pub struct Tally {
    candidate: Digest,
    epoch: u64,
    sizes: Vec<CommitteeSize>,
    words: BTreeMap<MemberRef, (Word, Option<Reason>)>,
}

/// There is no committee, or there are more than a lane may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{got} committees: a lane has 1 to {MAX_COMMITTEES}")]
pub struct NoCommittee {
    /// How many were given.
    pub got: usize,
}

/// What the verdicts so far come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// Neither yet. With silence it stays so, until the candidate lapses.
    Open,
    /// t accepts in every committee.
    Accepted,
    /// In one committee t can no longer accept.
    Refused {
        /// Which, from 0; the first if there are several.
        committee: u8,
        /// Every reason that was given in any committee, sorted.
        reasons: BTreeSet<Reason>,
    },
}

/// How one committee stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Members that accepted.
    pub accept: u8,
    /// Members that refused.
    pub refuse: u8,
    /// Members where a person looks.
    pub later: u8,
    /// How many must accept.
    pub needed: u8,
    /// How many there are.
    pub members: u8,
}

impl Tally {
    /// Nothing counted yet. `sizes` are those of the epoch's committees, in their order.
    ///
    /// # Errors
    ///
    /// [`NoCommittee`]: of no committee at all everything would be accepted (A55).
    pub fn new(
        candidate: Digest,
        epoch: u64,
        sizes: &[CommitteeSize],
    ) -> Result<Self, NoCommittee> {
        if !(1..=MAX_COMMITTEES).contains(&sizes.len()) {
            return Err(NoCommittee { got: sizes.len() });
        }
        Ok(Self { candidate, epoch, sizes: sizes.to_vec(), words: BTreeMap::new() })
    }

    /// What is voted on.
    #[must_use]
    pub fn candidate(&self) -> Digest {
        self.candidate
    }

    /// Takes what a member says on this candidate; on anything else it is not asked. True if it changed the count.
    pub fn apply_verdicts(&mut self, list: &Verified<VerdictList>) -> bool {
        let (member, list) = (list.value().member, list.value());
        if list.epoch != self.epoch || !self.is_member(member) {
            return false;
        }
        // A checked list is sorted by candidate, one verdict each.
        let at = list.verdicts.binary_search_by_key(&self.candidate, |v| v.candidate);
        let Some(verdict) = at.ok().and_then(|at| list.verdicts.get(at)) else { return false };
        let said = self.words.get(&member).map(|(word, _)| *word);
        let is_open = said.is_none() || (said == Some(Word::Later) && verdict.word != Word::Later);
        if is_open {
            self.words.insert(member, (verdict.word, verdict.reason));
        }
        is_open
    }

    /// What the verdicts come to.
    #[must_use]
    pub fn count(&self) -> Count {
        let standings: Vec<Standing> = self.standings().collect();
        let blocked = |s: &Standing| s.refuse > s.members.saturating_sub(s.needed);
        if let Some(committee) = (0u8..).zip(&standings).find(|(_, s)| blocked(s)) {
            return Count::Refused { committee: committee.0, reasons: self.reasons() };
        }
        let accepted = standings.iter().all(|s| s.accept >= s.needed);
        if accepted { Count::Accepted } else { Count::Open }
    }

    /// Whether these members could accept a candidate like this one: t of each committee, without those who refused
    /// or have a person look.
    #[must_use]
    pub fn could_be_accepted_by(&self, members: &BTreeSet<MemberRef>) -> bool {
        let could = |member: &MemberRef| {
            let said = self.words.get(member).map(|(word, _)| *word);
            said.is_none_or(|word| word == Word::Accept)
        };
        (0u8..).zip(&self.sizes).all(|(committee, size)| {
            let of_it = members.iter().filter(|m| m.committee == committee && self.is_member(**m));
            of_it.filter(|member| could(member)).count() >= usize::from(size.t())
        })
    }

    /// How each committee stands, in order.
    pub fn standings(&self) -> impl Iterator<Item = Standing> + '_ {
        (0u8..).zip(&self.sizes).map(|(committee, size)| Standing {
            accept: self.count_of(committee, Word::Accept),
            refuse: self.count_of(committee, Word::Refuse),
            later: self.count_of(committee, Word::Later),
            needed: size.t(),
            members: size.n(),
        })
    }

    /// Who said `word`: a number a committee, bit `i` for member `i + 1`, as entries have it.
    #[must_use]
    pub fn bits(&self, word: Word) -> Bounded<u32, MAX_COMMITTEES> {
        let bits = (0u8..).zip(&self.sizes).map(|(committee, _)| {
            let members =
                self.words.iter().filter(|(m, (w, _))| m.committee == committee && *w == word);
            members.fold(0, |bits, (m, _)| bits | bit(m.member))
        });
        // No more than there are committees.
        Bounded::new(bits.collect()).unwrap_or_default()
    }

    /// Every reason that was given, sorted.
    #[must_use]
    pub fn reasons(&self) -> BTreeSet<Reason> {
        self.words.values().filter_map(|(_, reason)| *reason).collect()
    }

    fn count_of(&self, committee: u8, word: Word) -> u8 {
        let said = self.words.iter().filter(|(m, (w, _))| m.committee == committee && *w == word);
        u8::try_from(said.count()).unwrap_or(u8::MAX)
    }

    fn is_member(&self, member: MemberRef) -> bool {
        let size = self.sizes.get(usize::from(member.committee));
        size.is_some_and(|size| (1..=size.n()).contains(&member.member))
    }
}

/// Bit `member - 1`; members are numbered from 1 to 32.
fn bit(member: u8) -> u32 {
    1u32.checked_shl(u32::from(member).wrapping_sub(1)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
