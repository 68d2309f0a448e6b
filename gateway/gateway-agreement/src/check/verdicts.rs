//! The signed verdicts behind each entry, counted exactly.

use crate::listed::list_digest;
use gateway_cosign::{EpochKeys, SignedError};
use gateway_types::{
    Digest, MemberRef,
    entry::{Entry, verdicts_digest},
    verdict::{ListDigest, Reason, SignedVerdicts, Verdict, Word},
};
use std::collections::{BTreeMap, BTreeSet};

/// One member's word on a candidate, and the list that it is in.
#[derive(Clone, Copy, Debug)]
struct Said {
    member: MemberRef,
    list: usize,
    verdict: Verdict,
}

/// Checks that every `recognised` entry has exactly the accepting verdicts that it says, and every
/// `declined` one the refusing ones with their reasons; that the lists are signed; that no list is
/// there for nothing.
///
/// How many there must be is the lane's to check. A member that refused what t others accepted is
/// simply not counted.
///
/// # Errors
///
/// [`VerdictsError`]: refuse the body for good.
pub(super) fn verify_verdicts(
    keys: &EpochKeys,
    lists: &[SignedVerdicts],
    entries: &[Entry],
) -> Result<(), VerdictsError> {
    for (at, list) in lists.iter().enumerate() {
        let verified = keys.verify_verdicts(list.clone());
        verified.map_err(|error| VerdictsError::List { at, error })?;
    }
    let mut counted = Counted::new(keys, lists);
    entries.iter().enumerate().try_for_each(|(at, entry)| counted.check(at, entry))?;
    match (0..lists.len()).find(|list| !counted.used.contains(list)) {
        Some(at) => Err(VerdictsError::Unused { at }),
        None => Ok(()),
    }
}

/// The lists, by candidate.
struct Counted {
    committees: usize,
    /// Of each list, in the order of the body.
    digests: Vec<ListDigest>,
    by_candidate: BTreeMap<Digest, Vec<Said>>,
    used: BTreeSet<usize>,
}

impl Counted {
    fn new(keys: &EpochKeys, lists: &[SignedVerdicts]) -> Self {
        let mut by_candidate: BTreeMap<Digest, Vec<Said>> = BTreeMap::new();
        for (list, signed) in lists.iter().enumerate() {
            let member = signed.list.member;
            for verdict in &signed.list.verdicts {
                let said = Said { member, list, verdict: *verdict };
                by_candidate.entry(verdict.candidate).or_default().push(said);
            }
        }
        by_candidate.values_mut().for_each(|said| said.sort_by_key(|it| it.member));
        let committees = keys.committees().len();
        let digests = lists.iter().map(list_digest).collect();
        Self { committees, digests, by_candidate, used: BTreeSet::new() }
    }

    fn check(&mut self, at: usize, entry: &Entry) -> Result<(), VerdictsError> {
        match entry {
            Entry::Recognised(it) => {
                let said = self.said(at, it.candidate.digest(), Word::Accept)?;
                self.check_exact(at, &said, &it.accepted, it.verdicts)
            }
            Entry::Declined(it) => {
                let said = self.said(at, it.candidate.digest(), Word::Refuse)?;
                let reasons: BTreeSet<Reason> =
                    said.iter().filter_map(|said| said.verdict.reason).collect();
                if !reasons.into_iter().eq(it.reasons.iter().copied()) {
                    return Err(VerdictsError::Reasons { at });
                }
                self.check_exact(at, &said, &it.refused, it.verdicts)
            }
            _ => Ok(()),
        }
    }

    /// Who said that word on the candidate, by member.
    fn said(&self, at: usize, candidate: Digest, word: Word) -> Result<Vec<Said>, VerdictsError> {
        let all = self.by_candidate.get(&candidate).map_or(&[][..], Vec::as_slice);
        let twice = all.iter().zip(all.iter().skip(1)).find(|(a, b)| a.member == b.member);
        if let Some((said, _)) = twice {
            return Err(VerdictsError::Twice { at, member: said.member });
        }
        Ok(all.iter().filter(|said| said.verdict.word == word).copied().collect())
    }

    fn check_exact(
        &mut self,
        at: usize,
        said: &[Said],
        bits: &[u32],
        digest: Digest,
    ) -> Result<(), VerdictsError> {
        if bits_of(self.committees, said.iter().map(|said| said.member)) != bits {
            return Err(VerdictsError::Bits { at });
        }
        self.used.extend(said.iter().map(|said| said.list));
        let behind = said.iter().filter_map(|said| self.digests.get(said.list).copied());
        if verdicts_digest(behind) == digest { Ok(()) } else { Err(VerdictsError::Digest { at }) }
    }
}

/// One number a committee, bit i for member i + 1.
pub(crate) fn bits_of(committees: usize, members: impl Iterator<Item = MemberRef>) -> Vec<u32> {
    let mut bits = vec![0u32; committees];
    for member in members {
        let bit = u32::from(member.member.saturating_sub(1));
        if let Some(committee) = bits.get_mut(usize::from(member.committee)) {
            *committee |= 1u32.checked_shl(bit).unwrap_or(0);
        }
    }
    bits
}

/// Why the verdicts behind a batch's entries are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerdictsError {
    /// A list that counts for nothing.
    #[error("verdict list {at} does not count")]
    List {
        /// Its place in the body.
        at: usize,
        /// Why.
        #[source]
        error: SignedError,
    },
    /// A list that no entry needs.
    #[error("verdict list {at} is behind no entry")]
    Unused {
        /// Its place in the body.
        at: usize,
    },
    /// Two verdicts of one member on one candidate.
    #[error("{member} has two verdicts on the candidate of entry {at}")]
    Twice {
        /// The entry's place in the batch.
        at: usize,
        /// Who.
        member: MemberRef,
    },
    /// The entry names other members than those whose verdicts are there.
    #[error("entry {at} does not name exactly those whose verdicts are behind it")]
    Bits {
        /// Its place in the batch.
        at: usize,
    },
    /// The entry gives other reasons than those who refused.
    #[error("entry {at} does not give exactly the reasons behind it")]
    Reasons {
        /// Its place in the batch.
        at: usize,
    },
    /// The entry's digest is not that of the lists behind it.
    #[error("entry {at} has another digest than that of the verdict lists behind it")]
    Digest {
        /// Its place in the batch.
        at: usize,
    },
}
