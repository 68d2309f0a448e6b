//! The verdict lists that are kept, each member's within its own room.

use super::EARLY;
use gateway_cosign::Verified;
use gateway_types::{
    Digest, MemberRef, Timestamp,
    body::MAX_BODY,
    verdict::{SignedVerdicts, VerdictList, Word},
};
use std::collections::{BTreeMap, BTreeSet};

/// About what a verdict takes in an encoded list, in bytes.
const VERDICT_BYTES: usize = 48;

/// About what a list takes beside its verdicts.
const LIST_BYTES: usize = 128;

/// Most lists of one member.
const MAX_LISTS_OF_ONE: usize = 512;

/// One that is kept.
#[derive(Debug)]
struct Listed {
    list: Verified<VerdictList>,
    since: Timestamp,
    /// How many candidates in it wait.
    waiting: usize,
}

/// What a member's lists take.
#[derive(Clone, Copy, Debug, Default)]
struct Room {
    bytes: usize,
    lists: usize,
}

/// All lists. A member that sends more than its share loses only its own.
#[derive(Debug)]
pub(super) struct Lists {
    by_seq: BTreeMap<u64, Listed>,
    /// Which list says a member's word on a candidate: the first, as bodies count it.
    said: BTreeMap<(MemberRef, Digest), u64>,
    /// Verdicts on candidates that have not come yet.
    early: BTreeMap<Digest, BTreeSet<u64>>,
    rooms: BTreeMap<MemberRef, Room>,
    share: usize,
    next: u64,
}

/// A list was taken.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) at: u64,
    /// Whether some candidate in it waits.
    pub(super) known: bool,
    /// Verdicts in lists that this one replaces.
    pub(super) forgotten: Vec<(Digest, u64)>,
}

impl Lists {
    /// Half a body for all members together.
    pub(super) fn new(members: usize) -> Self {
        Self {
            by_seq: BTreeMap::new(),
            said: BTreeMap::new(),
            early: BTreeMap::new(),
            rooms: BTreeMap::new(),
            share: (MAX_BODY / 2).checked_div(members).unwrap_or(MAX_BODY),
            next: 0,
        }
    }

    pub(super) fn list(&self, at: u64) -> Option<&Verified<VerdictList>> {
        self.by_seq.get(&at).map(|listed| &listed.list)
    }

    /// Whether exactly this list is kept.
    pub(super) fn has(&self, list: &SignedVerdicts) -> bool {
        let first = list.list.verdicts.first().map(|it| (list.list.member, it.candidate));
        let kept = first.and_then(|key| self.said.get(&key)).and_then(|at| self.list(*at));
        kept.is_some_and(|it| *it.value() == list.list && *it.signature() == list.signature)
    }

    /// Keeps a list, unless its member's room is full or it repeats itself in part. One that says all again that
    /// others said takes their place: a member that starts again may sign anew.
    pub(super) fn take(
        &mut self,
        list: &Verified<VerdictList>,
        known: impl Fn(&Digest) -> bool,
        now: Timestamp,
    ) -> Option<Taken> {
        let overlapped = self.overlapped(list);
        let says_all = overlapped.iter().all(|at| self.is_in(*at, list));
        if !says_all || self.is_kept(&overlapped, list) || !self.has_room(list, &overlapped) {
            return None;
        }
        let mut forgotten = Vec::new();
        for at in overlapped {
            forgotten.extend(self.remove(at).into_iter().map(|digest| (digest, at)));
        }
        let at = self.next;
        self.next = self.next.saturating_add(1);
        let waiting = list.verdicts.iter().filter(|verdict| known(&verdict.candidate)).count();
        for verdict in &list.verdicts {
            self.said.insert((list.member, verdict.candidate), at);
            if !known(&verdict.candidate) {
                self.early.entry(verdict.candidate).or_default().insert(at);
            }
        }
        let room = self.rooms.entry(list.member).or_default();
        room.bytes = room.bytes.saturating_add(size_of(list));
        room.lists = room.lists.saturating_add(1);
        self.by_seq.insert(at, Listed { list: list.clone(), since: now, waiting });
        Some(Taken { at, known: waiting > 0, forgotten })
    }

    /// A candidate has come: who said what on it before, and whether it is the first that waits in that list.
    pub(super) fn candidate_came(&mut self, digest: &Digest) -> Vec<(u64, MemberRef, Word, bool)> {
        let mut found = Vec::new();
        for at in self.early.remove(digest).unwrap_or_default() {
            let Some(listed) = self.by_seq.get_mut(&at) else { continue };
            // A checked list is sorted by candidate, one verdict each.
            let verdicts = &listed.list.verdicts;
            let place = verdicts.binary_search_by_key(digest, |it| it.candidate).ok();
            let Some(word) = place.and_then(|place| verdicts.get(place)).map(|it| it.word) else {
                continue;
            };
            let is_first = listed.waiting == 0;
            listed.waiting = listed.waiting.saturating_add(1);
            found.push((at, listed.list.member, word, is_first));
        }
        found
    }

    /// A candidate in that list waits no more.
    pub(super) fn candidate_gone(&mut self, at: u64) {
        let Some(listed) = self.by_seq.get_mut(&at) else { return };
        listed.waiting = listed.waiting.saturating_sub(1);
        let speaks_early =
            |verdict: &gateway_types::verdict::Verdict| self.early.contains_key(&verdict.candidate);
        if listed.waiting == 0 && !listed.list.verdicts.iter().any(speaks_early) {
            self.remove(at);
        }
    }

    /// Forgets lists whose candidates did not come.
    pub(super) fn apply_time(&mut self, now: Timestamp) {
        let over = |listed: &Listed| listed.waiting == 0 && now.since(listed.since) >= EARLY;
        let gone: Vec<u64> =
            self.by_seq.iter().filter(|(_, it)| over(it)).map(|(at, _)| *at).collect();
        gone.into_iter().for_each(|at| drop(self.remove(at)));
    }

    /// The kept lists of its member that say a word on the same candidates.
    fn overlapped(&self, list: &Verified<VerdictList>) -> BTreeSet<u64> {
        let said = list.verdicts.iter().map(|verdict| (list.member, verdict.candidate));
        said.filter_map(|key| self.said.get(&key).copied()).collect()
    }

    /// Whether all that the list at `at` says is in `list` too.
    fn is_in(&self, at: u64, list: &VerdictList) -> bool {
        let says = |verdict| list.verdicts.binary_search(verdict).is_ok();
        self.list(at).is_some_and(|other| other.verdicts.iter().all(says))
    }

    /// Whether one of those, all of which it says again, is as long: then it is the same.
    fn is_kept(&self, overlapped: &BTreeSet<u64>, list: &VerdictList) -> bool {
        let mut others = overlapped.iter().filter_map(|at| self.list(*at));
        others.any(|other| other.verdicts.len() == list.verdicts.len())
    }

    fn has_room(&self, list: &VerdictList, instead_of: &BTreeSet<u64>) -> bool {
        let room = self.rooms.get(&list.member).copied().unwrap_or_default();
        let freed = instead_of.iter().filter_map(|at| self.list(*at)).map(|it| size_of(it));
        let bytes = room.bytes.saturating_sub(freed.sum()).saturating_add(size_of(list));
        bytes <= self.share && room.lists.saturating_sub(instead_of.len()) < MAX_LISTS_OF_ONE
    }

    fn remove(&mut self, at: u64) -> Vec<Digest> {
        let Some(listed) = self.by_seq.remove(&at) else { return Vec::new() };
        let list = listed.list.value();
        let room = self.rooms.entry(list.member).or_default();
        room.bytes = room.bytes.saturating_sub(size_of(list));
        room.lists = room.lists.saturating_sub(1);
        for verdict in &list.verdicts {
            self.said.remove(&(list.member, verdict.candidate));
            if let Some(early) = self.early.get_mut(&verdict.candidate) {
                early.remove(&at);
                if early.is_empty() {
                    self.early.remove(&verdict.candidate);
                }
            }
        }
        list.verdicts.iter().map(|verdict| verdict.candidate).collect()
    }
}

fn size_of(list: &VerdictList) -> usize {
    list.verdicts.len().saturating_mul(VERDICT_BYTES).saturating_add(LIST_BYTES)
}
