//! What waits to be logged: candidates, and the verdict lists behind them.
//!
//! Trust: candidates are any gateway's, lists any member's. Both are bounded, so that one gateway or member can
//! crowd out only itself: a padded list takes its own member's room.

mod lists;

use core::time::Duration;
use gateway_core::MAX_CLOCK_DISTANCE;
use gateway_cosign::{EpochKeys, Verified};
use gateway_types::{
    Digest, MemberRef, Platform, Timestamp,
    candidate::Candidate,
    verdict::{SignedVerdicts, VerdictList, Word},
};
use lists::Lists;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Most candidates that wait from one gateway. More are not taken: that gateway asks again, or its questions lapse.
pub const MAX_WAITING: usize = 8_192;

/// Of these, most of one platform's questions: what it asks beyond that is asked again later.
const MAX_WAITING_EACH: usize = MAX_WAITING / 4;

/// Most candidates sent to one who connects: fewer than frames may wait there, or it would be cut off again at once.
/// About the others members are asked anew, if they lack verdicts.
const MAX_SENT: usize = 512;

/// Most candidates remembered after they were logged, so that late verdicts on them take no room.
const MAX_ANSWERED: usize = 16_384;

/// A member's verdicts may come this long before the candidate does, by another connection.
pub(super) const EARLY: Duration = Duration::from_secs(5);

/// A candidate that waits.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) candidate: Candidate,
    pub(super) digest: Digest,
    /// The leader whose question it is.
    pub(super) from: u8,
    words: BTreeMap<MemberRef, Word>,
    /// The lists that speak of it.
    lists: BTreeSet<u64>,
    /// Whether the verdicts suffice, either way.
    ready: bool,
    /// Whether it waits for a newer sync point: until one comes, it is no reason for a batch.
    held: bool,
}

/// All that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    asked: BTreeMap<u64, Asked>,
    by_digest: BTreeMap<Digest, u64>,
    by_request: BTreeMap<Digest, BTreeSet<u64>>,
    /// How many of each gateway, and of each platform there.
    counts: BTreeMap<u8, usize>,
    counts_each: BTreeMap<(u8, Platform), usize>,
    answered: BTreeSet<Digest>,
    answered_order: VecDeque<Digest>,
    lists: Lists,
    next: u64,
    /// How many are a reason for a batch.
    due: usize,
    /// Whether some candidate became ready since the last body was made.
    pub(super) work: bool,
}

/// What goes into a body.
#[derive(Debug, Default)]
pub(super) struct Ready {
    pub(super) candidates: Vec<Candidate>,
    pub(super) lists: Vec<Verified<VerdictList>>,
}

impl Waiting {
    pub(super) fn new(members: usize) -> Self {
        Self {
            asked: BTreeMap::new(),
            by_digest: BTreeMap::new(),
            by_request: BTreeMap::new(),
            counts: BTreeMap::new(),
            counts_each: BTreeMap::new(),
            answered: BTreeSet::new(),
            answered_order: VecDeque::new(),
            lists: Lists::new(members),
            next: 0,
            due: 0,
            work: false,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.asked.len()
    }

    /// How many could go into a batch now.
    pub(super) fn due(&self) -> usize {
        self.due
    }

    /// Whether so many that came lately still lack verdicts. It looks at the newest only: what is ready came first.
    pub(super) fn lacks_verdicts(&self, count: usize, now: Timestamp) -> bool {
        let newest = self.asked.values().rev().take(count.saturating_mul(8));
        let young = newest.take_while(|asked| now.since(asked.candidate.time()) < LATELY);
        young.filter(|asked| !asked.ready).take(count).count() >= count
    }

    pub(super) fn has(&self, digest: &Digest) -> bool {
        self.by_digest.contains_key(digest)
    }

    /// Takes a candidate; not if its gateway has [`MAX_WAITING`] already, or its platform its share of them. Gives the
    /// lists that waited for it.
    ///
    /// It takes the place of what the same gateway asked before about the same request, if that lacks verdicts: it is
    /// asked anew because no member would judge the other any more.
    pub(super) fn take(
        &mut self,
        keys: &EpochKeys,
        candidate: Candidate,
        digest: Digest,
        from: u8,
    ) -> Option<Vec<Verified<VerdictList>>> {
        self.forget_unready(&candidate.request, from);
        let count = self.counts.entry(from).or_default();
        let of = (from, candidate.facts.platform.clone());
        let its = self.counts_each.get(&of).copied().unwrap_or_default();
        if *count >= MAX_WAITING || its >= MAX_WAITING_EACH {
            return None;
        }
        self.counts_each.insert(of, its.saturating_add(1));
        *count = count.saturating_add(1);
        let seq = self.next;
        self.next = self.next.saturating_add(1);
        self.by_digest.insert(digest, seq);
        self.by_request.entry(candidate.request).or_default().insert(seq);
        let (words, lists) = (BTreeMap::new(), BTreeSet::new());
        let asked = Asked { candidate, digest, from, words, lists, ready: false, held: false };
        self.asked.insert(seq, asked);
        let waited = self.lists.candidate_came(&digest);
        let mut first_known = Vec::new();
        for (at, member, word, is_first) in waited {
            self.count(keys, seq, at, member, word);
            first_known.extend(is_first.then(|| self.lists.list(at).cloned()).flatten());
        }
        Some(first_known)
    }

    /// Whether exactly this list, with this signature, is kept.
    pub(super) fn has_list(&self, list: &SignedVerdicts) -> bool {
        self.lists.has(list)
    }

    /// Takes a member's list. Gives whether it speaks of something that waits: then it is handed on.
    pub(super) fn take_list(
        &mut self,
        keys: &EpochKeys,
        list: &Verified<VerdictList>,
        now: Timestamp,
    ) -> bool {
        let useful = |digest: &Digest| !self.answered.contains(digest);
        if !list.verdicts.iter().any(|verdict| useful(&verdict.candidate)) {
            return false;
        }
        let by_digest = &self.by_digest;
        let known = |digest: &Digest| by_digest.contains_key(digest);
        let Some(taken) = self.lists.take(list, known, now) else { return false };
        for (digest, at) in taken.forgotten {
            self.uncount(&digest, at, list.member);
        }
        for verdict in &list.verdicts {
            if let Some(seq) = self.by_digest.get(&verdict.candidate).copied() {
                self.count(keys, seq, taken.at, list.member, verdict.word);
            }
        }
        taken.known
    }

    /// The ready candidates and what is behind them, at most `most`; and the one of those not ready that keeps
    /// the sync point back from moving on from height `last`, so that `build` knows of it.
    pub(super) fn ready(&mut self, most: usize, last: Option<u64>, now: Timestamp) -> Ready {
        self.work = false;
        let ready = self.asked.values().filter(|asked| asked.ready).take(most);
        let mut lists = BTreeSet::new();
        let mut candidates: Vec<Candidate> = Vec::new();
        for asked in ready {
            lists.extend(&asked.lists);
            candidates.push(asked.candidate.clone());
        }
        candidates.extend(self.lowest_open(last, now).cloned());
        let lists = lists.iter().filter_map(|at| self.lists.list(*at).cloned()).collect();
        Ready { candidates, lists }
    }

    /// Of those that wait for verdicts and are young, the one with the lowest evidence that is not below the `last` sync
    /// point. What is below it is lost already, and must not hide what is not.
    fn lowest_open(&self, last: Option<u64>, now: Timestamp) -> Option<&Candidate> {
        let open = self.asked.values().filter(|asked| !asked.ready).map(|asked| &asked.candidate);
        let young = open.filter(|it| {
            it.time().since(now) <= MAX_CLOCK_DISTANCE && now.since(it.time()) < YOUNG
        });
        let counts = young.filter(|it| last.is_none_or(|last| it.evidence.height >= last));
        counts.min_by_key(|candidate| candidate.evidence.height)
    }

    /// What members accept of one gateway's own questions on evidence below that height.
    pub(super) fn outdated(&self, keys: &EpochKeys, from: u8, height: u64) -> Vec<Digest> {
        let is_old = |asked: &&Asked| asked.candidate.evidence.height < height;
        let own = self.asked.values().filter(|asked| asked.from == from && asked.ready);
        let accepted = |asked: &&Asked| keys.is_quorum(asked.said(Word::Accept));
        own.filter(is_old).filter(accepted).map(|asked| asked.digest).collect()
    }

    /// It cannot be logged: it is forgotten, and with it its room. Gives whether that is news.
    pub(super) fn apply_left(&mut self, digest: &Digest) -> bool {
        let Some(seq) = self.by_digest.get(digest).copied() else { return false };
        self.remove(seq);
        true
    }

    /// It can be logged only under a newer sync point.
    pub(super) fn apply_held(&mut self, digest: &Digest) {
        if let Some(seq) = self.by_digest.get(digest).copied() {
            self.change(seq, |asked| asked.held = true);
        }
    }

    /// A newer sync point is offered: what waited for one is tried again.
    pub(super) fn apply_offer(&mut self) {
        for asked in self.asked.values_mut().filter(|asked| asked.held) {
            asked.held = false;
            self.work |= asked.is_due();
            self.due = self.due.saturating_add(usize::from(asked.is_due()));
        }
    }

    /// These requests were answered: nothing of them waits any more.
    pub(super) fn apply_answered(&mut self, requests: impl IntoIterator<Item = Digest>) {
        for request in requests {
            for seq in self.by_request.remove(&request).unwrap_or_default() {
                self.remove(seq);
            }
        }
        self.work |= self.due > 0;
    }

    /// Forgets what has lapsed, and lists that came early for nothing.
    pub(super) fn apply_time(&mut self, now: Timestamp) {
        let lapsed = |asked: &&Asked| asked.candidate.lapses_at() <= now;
        let gone = self.asked.iter().filter(|(_, asked)| lapsed(asked)).map(|(seq, _)| *seq);
        let gone: Vec<u64> = gone.collect();
        gone.into_iter().for_each(|seq| self.remove(seq));
        self.lists.apply_time(now);
    }

    /// What waits of one gateway's own questions, without that member's word: of the newest, those that it may still
    /// judge.
    pub(super) fn without_word_of(
        &self,
        from: u8,
        member: MemberRef,
        now: Timestamp,
    ) -> Vec<Digest> {
        let lately = |asked: &&Asked| now.since(asked.candidate.time()) <= LATELY;
        let open = |asked: &&Asked| asked.from == from && !asked.words.contains_key(&member);
        let newest = self.asked.values().rev().filter(open).take_while(lately).take(MAX_SENT);
        let mut digests: Vec<Digest> = newest.map(|asked| asked.digest).collect();
        digests.reverse();
        digests
    }

    /// The newest candidates of one gateway's questions, in order.
    pub(super) fn of(&self, from: u8) -> Vec<&Candidate> {
        let own = self.asked.values().rev().filter(|asked| asked.from == from);
        let mut own: Vec<&Candidate> = own.take(MAX_SENT).map(|asked| &asked.candidate).collect();
        own.reverse();
        own
    }

    /// The lists that speak of a candidate.
    #[cfg(test)]
    fn lists_of(&self, digest: &Digest) -> Vec<&Verified<VerdictList>> {
        let asked = self.by_digest.get(digest).and_then(|seq| self.asked.get(seq));
        let lists = asked.into_iter().flat_map(|asked| &asked.lists);
        lists.filter_map(|at| self.lists.list(*at)).collect()
    }

    fn count(&mut self, keys: &EpochKeys, seq: u64, at: u64, member: MemberRef, word: Word) {
        let mut is_new = false;
        self.change(seq, |asked| {
            asked.words.insert(member, word);
            asked.lists.insert(at);
            is_new = !asked.ready;
            asked.ready = asked.has_outcome(keys);
            is_new &= asked.ready;
        });
        self.work |= is_new;
    }

    fn uncount(&mut self, digest: &Digest, at: u64, member: MemberRef) {
        if let Some(seq) = self.by_digest.get(digest).copied() {
            self.change(seq, |asked| {
                asked.words.remove(&member);
                asked.lists.remove(&at);
                asked.ready = false;
            });
        }
    }

    /// Changes one, and counts whether it is a reason for a batch.
    fn change(&mut self, seq: u64, act: impl FnOnce(&mut Asked)) {
        let Some(asked) = self.asked.get_mut(&seq) else { return };
        let was = asked.is_due();
        act(asked);
        let is = usize::from(asked.is_due());
        self.due = self.due.saturating_add(is).saturating_sub(usize::from(was));
    }

    fn forget_unready(&mut self, request: &Digest, from: u8) {
        let Some(seqs) = self.by_request.get(request) else { return };
        let lacks = |seq: &u64| self.asked.get(seq).is_some_and(|it| it.from == from && !it.ready);
        let gone: Vec<u64> = seqs.iter().copied().filter(lacks).collect();
        gone.into_iter().for_each(|seq| self.remove(seq));
    }

    fn remove(&mut self, seq: u64) {
        let Some(asked) = self.asked.remove(&seq) else { return };
        let request = asked.candidate.request;
        if let Some(seqs) = self.by_request.get_mut(&request) {
            seqs.remove(&seq);
            if seqs.is_empty() {
                self.by_request.remove(&request);
            }
        }
        self.due = self.due.saturating_sub(usize::from(asked.is_due()));
        self.by_digest.remove(&asked.digest);
        let count = self.counts.entry(asked.from).or_default();
        *count = count.saturating_sub(1);
        let of = (asked.from, asked.candidate.facts.platform.clone());
        let its = self.counts_each.remove(&of).unwrap_or_default().saturating_sub(1);
        if its > 0 {
            self.counts_each.insert(of, its);
        }
        if self.answered.insert(asked.digest) {
            self.answered_order.push_back(asked.digest);
        }
        while self.answered_order.len() > MAX_ANSWERED {
            if let Some(oldest) = self.answered_order.pop_front() {
                self.answered.remove(&oldest);
            }
        }
        asked.lists.iter().for_each(|at| self.lists.candidate_gone(*at));
    }
}

/// No member judges one that is older. One that lacks verdicts for longer lacks them for another reason than that
/// there is much to do.
const LATELY: Duration = Duration::from_secs(5);

/// A candidate younger than this keeps the sync point back: as `gateway_agreement::build` has it.
const YOUNG: Duration = gateway_agreement::build::KEEP_BACK;

impl Asked {
    /// Whether it is a reason for a batch.
    fn is_due(&self) -> bool {
        self.ready && !self.held
    }

    fn has_outcome(&self, keys: &EpochKeys) -> bool {
        keys.is_quorum(self.said(Word::Accept)) || keys.is_blocked(self.said(Word::Refuse))
    }

    /// Who said that.
    fn said(&self, wanted: Word) -> impl Iterator<Item = MemberRef> {
        self.words.iter().filter(move |(_, word)| **word == wanted).map(|(member, _)| *member)
    }
}

#[cfg(test)]
mod tests;
