//! The prepare certificates that a leader was told of, and the bodies that it lacks.

use super::LONGEST_HEARING;
use crate::evidence::PrepareCertificate;
use gateway_types::{Digest, MemberRef, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The highest certificate that each member told, of a ballot that it signed as its lock, and the highest
/// that came under no name: so nobody can push another's out, and there are never more than members and one.
/// One under no name may hide a lower one under no name, but none under a name; whoever is locked on the
/// hidden one tells it under its name when it next asks for a view.
///
/// A body that nobody gives for [`LONGEST_HEARING`] is passed over in this view. No honest member is
/// locked on it then, for a locked one gives its body; but a dishonest one can hold a certificate whose
/// preparers have prepared something else since, and must not stop the lane with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    told: BTreeMap<MemberRef, PrepareCertificate>,
    unnamed: Option<PrepareCertificate>,
    missing: BTreeSet<Digest>,
    asking: Option<Asking>,
}

/// A body is on its way, or is not.
#[derive(Clone, Debug)]
struct Asking {
    d: Digest,
    asked: BTreeSet<MemberRef>,
    /// For how long; nothing until it is told the time.
    until: Option<Timestamp>,
}

impl Known {
    pub(super) fn apply_told(&mut self, from: Option<MemberRef>, certificate: &PrepareCertificate) {
        let lower = |it: &PrepareCertificate| it.ballot().v < certificate.ballot().v;
        match from {
            Some(member) if self.told.get(&member).is_none_or(lower) => {
                self.told.insert(member, certificate.clone());
            }
            None if self.unnamed.as_ref().is_none_or(lower) => {
                self.unnamed = Some(certificate.clone());
            }
            _ => {}
        }
    }

    /// In a new view, what was missing is asked for again.
    pub(super) fn apply_new_view(&mut self) {
        self.missing.clear();
        self.asking = None;
    }

    pub(super) fn apply_body(&mut self, d: Digest) {
        self.missing.remove(&d);
        self.asking.take_if(|asking| asking.d == d);
    }

    /// The highest from below view `v` whose body is not known to be missing.
    pub(super) fn best_below(&self, v: u64) -> Option<PrepareCertificate> {
        let there = |it: &PrepareCertificate| !self.missing.contains(&it.ballot().d);
        let below = self.all().filter(|it| it.ballot().v < v && there(it));
        below.max_by_key(|it| it.ballot().v).cloned()
    }

    /// The view of the highest of all.
    pub(super) fn highest_view(&self) -> Option<u64> {
        self.all().map(|it| it.ballot().v).max()
    }

    /// The view of the highest for that body.
    pub(super) fn view_of(&self, d: Digest) -> Option<u64> {
        self.all().map(PrepareCertificate::ballot).filter(|it| it.d == d).map(|it| it.v).max()
    }

    pub(super) fn names(&self, d: Digest) -> bool {
        self.view_of(d).is_some()
    }

    /// Whether that member told the certificate of its lock of view `v`, or a higher one.
    pub(super) fn has_told(&self, member: MemberRef, v: u64) -> bool {
        self.told.get(&member).is_some_and(|it| it.ballot().v >= v)
    }

    /// Who may have its body and was not asked yet: who prepared it, and who told of it, being locked.
    pub(super) fn ask(&mut self, best: &PrepareCertificate) -> BTreeSet<MemberRef> {
        let d = best.ballot().d;
        let of_it = |it: &PrepareCertificate| it.ballot().d == d;
        let tellers = self.told.iter().filter(|(_, it)| of_it(it)).map(|(member, _)| *member);
        let holders: BTreeSet<MemberRef> = preparers(best).into_iter().chain(tellers).collect();
        let others = self.asking.take().filter(|asking| asking.d == d);
        let mut asking = others.unwrap_or(Asking { d, asked: BTreeSet::new(), until: None });
        let new: BTreeSet<MemberRef> = holders.difference(&asking.asked).copied().collect();
        asking.asked.extend(&new);
        self.asking = Some(asking);
        new
    }

    /// From now on it waits for the body that it has asked for.
    pub(super) fn begin_wait(&mut self, now: Timestamp) {
        if let Some(asking) = &mut self.asking {
            asking.until.get_or_insert(now.saturating_add(LONGEST_HEARING));
        }
    }

    /// Passes over the body that is being waited for, if its time is over.
    pub(super) fn give_up_missing(&mut self, now: Timestamp) -> bool {
        let ends = |until: Timestamp| until.ends_wait(now, LONGEST_HEARING);
        let over = self.asking.take_if(|asking| asking.until.is_some_and(ends));
        over.is_some_and(|asking| self.missing.insert(asking.d))
    }

    /// At once, if it has to be told the time.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.asking.as_ref().map(|asking| asking.until.unwrap_or(Timestamp(0)))
    }

    fn all(&self) -> impl Iterator<Item = &PrepareCertificate> {
        self.told.values().chain(&self.unnamed)
    }
}

/// Who prepared it: each wrote its body down, and has it still unless it prepared another since.
pub(super) fn preparers(certificate: &PrepareCertificate) -> BTreeSet<MemberRef> {
    certificate.votes().votes.iter().map(|vote| vote.member).collect()
}
