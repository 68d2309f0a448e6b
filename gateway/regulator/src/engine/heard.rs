//! Verdicts of the other members, counted: only so a member can tell a leader that has nothing to do from one that
//! does nothing.

use super::{Engine, effect::Dropped};
use core::time::Duration;
use gateway_agreement::Item;
use gateway_core::{CANDIDATE_LIFE, MAX_CLOCK_DISTANCE};
use gateway_cosign::EpochKeys;
use gateway_types::{
    Digest, MemberRef, Timestamp,
    candidate::Candidate,
    verdict::{SignedVerdicts, VerdictList, Word},
};
use std::collections::{BTreeMap, BTreeSet};

/// Most lists remembered, to check each signature once: the oldest go first.
const MAX_SEEN: usize = 8192;

/// For how long.
const SEEN_FOR: Duration = Duration::from_secs(120);

/// Most candidates that are counted because one member, or one leader, named them first: a dishonest one cannot push
/// out the others'.
const MAX_NAMED_BY_ONE: usize = 4096;

/// Most candidates counted at once; those named later are not, until some lapse: these already make a member ask.
const MAX_COUNTED: usize = 32_768;

/// Who named a candidate first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Namer {
    /// The leader at this place sent it.
    Leader(u8),
    /// This member gave its verdict on it.
    Member(MemberRef),
}

/// What is said of one candidate.
#[derive(Debug)]
struct Counted {
    words: BTreeMap<MemberRef, Word>,
    named_by: Namer,
    /// The question that it is about, once the candidate itself has come.
    request: Option<Digest>,
    /// Whether its evidence lay below the sync point when it came.
    was_old: bool,
    lapses: Timestamp,
    done: bool,
}

/// Candidates that wait, with what members said of them.
#[derive(Debug, Default)]
pub(super) struct Heard {
    seen: BTreeMap<Digest, Timestamp>,
    seen_order: BTreeSet<(Timestamp, Digest)>,
    counted: BTreeMap<Digest, Counted>,
    by_lapse: BTreeSet<(Timestamp, Digest)>,
    /// Request and candidate: a question that was asked of the members anew has more than one.
    by_request: BTreeSet<(Digest, Digest)>,
    named: BTreeMap<Namer, usize>,
}

impl Engine {
    /// Takes a list of any member's, handed on by a leader. Its signature is checked once.
    pub(super) fn take_verdicts(&mut self, signed: SignedVerdicts) -> Result<(), Dropped> {
        let digest = signed.digest().digest();
        if self.heard.has_seen(&digest) {
            return Ok(());
        }
        let steady = self.clock.steady();
        let list = self.setup.keys.verify_verdicts(signed)?;
        self.heard.see(digest, steady);
        if list.value().member == self.setup.me {
            if !self.own.signed(&digest) {
                self.shown_unknown(digest);
                return Err(Dropped::Forgotten);
            }
            return Ok(());
        }
        self.member.handle_heard(list.value().member, steady);
        self.count(list.value());
        Ok(())
    }

    /// A leader sent a candidate. One that no member of this lane may judge is not waited for: it would only take up
    /// room, for as long as it says itself.
    pub(super) fn expect(&mut self, leader: u8, digest: Digest, it: &Candidate, now: Timestamp) {
        let is_of_lane = it.origin == *self.setup.keys.origin();
        let life_fits = u128::from(it.life_ms) == CANDIDATE_LIFE.as_millis();
        if is_of_lane && life_fits && it.time().abs_diff(now) <= MAX_CLOCK_DISTANCE {
            let is_old = self.lane.sync().is_some_and(|sync| it.evidence.height < sync.height);
            self.heard.expect(Namer::Leader(leader), digest, it, is_old);
        }
    }

    /// Counts a list, another's or its own; a candidate with an outcome must be logged before it lapses.
    ///
    /// Not one that came with evidence below the sync point and is accepted: no leader may log it as recognised. One
    /// whose evidence the sync point passes later stays overdue, or a leader could leave out what it likes by moving
    /// that point.
    pub(super) fn count(&mut self, list: &VerdictList) {
        let steady = self.clock.steady();
        for (candidate, lapses) in self.heard.count(list, &self.setup.keys, steady) {
            self.member.handle_overdue(Item::Candidate(candidate), steady, Some(lapses));
        }
    }
}

impl Heard {
    fn has_seen(&self, list: &Digest) -> bool {
        self.seen.contains_key(list)
    }

    fn see(&mut self, list: Digest, now: Timestamp) {
        self.seen.insert(list, now);
        self.seen_order.insert((now, list));
        if self.seen.len() > MAX_SEEN
            && let Some((_, oldest)) = self.seen_order.pop_first()
        {
            self.seen.remove(&oldest);
        }
    }

    /// It came to this member itself: it lapses when it says.
    fn expect(&mut self, by: Namer, digest: Digest, it: &Candidate, is_old: bool) {
        let (request, lapses) = (it.request, it.lapses_at());
        if !self.counted.contains_key(&digest) {
            self.insert(by, digest, lapses);
        }
        let Some(counted) = self.counted.get_mut(&digest) else { return };
        self.by_lapse.remove(&(counted.lapses, digest));
        if counted.request.is_none() {
            counted.was_old = is_old;
        }
        (counted.lapses, counted.request) = (lapses, Some(request));
        self.by_lapse.insert((lapses, digest));
        self.by_request.insert((request, digest));
    }

    /// That question is answered: gives its other candidates, which nobody may log any more.
    pub(super) fn settle(&mut self, request: &Digest, logged: &Digest) -> Vec<Digest> {
        let all =
            self.by_request.range((*request, Digest([0; 32]))..=(*request, Digest([255; 32])));
        let others: Vec<Digest> = all.map(|(_, it)| *it).filter(|it| it != logged).collect();
        for other in &others {
            if let Some(counted) = self.counted.get_mut(other) {
                counted.done = true;
            }
        }
        others
    }

    /// Counts a list; gives the candidates that have an outcome now and may be logged with it, and when they lapse.
    fn count(
        &mut self,
        list: &VerdictList,
        keys: &EpochKeys,
        now: Timestamp,
    ) -> Vec<(Digest, Timestamp)> {
        let said = list.verdicts.iter();
        said.filter_map(|verdict| {
            let counted = self.counted_of(verdict.candidate, list.member, now)?;
            let word = counted.words.entry(list.member).or_insert(verdict.word);
            if *word == Word::Later {
                *word = verdict.word;
            }
            if counted.done || !counted.has_outcome(keys) {
                return None;
            }
            counted.done = true;
            let may_be_logged = !(counted.was_old && counted.is_accepted(keys));
            may_be_logged.then_some((verdict.candidate, counted.lapses))
        })
        .collect()
    }

    fn counted_of(
        &mut self,
        candidate: Digest,
        by: MemberRef,
        now: Timestamp,
    ) -> Option<&mut Counted> {
        if !self.counted.contains_key(&candidate) {
            self.insert(Namer::Member(by), candidate, now.saturating_add(CANDIDATE_LIFE));
        }
        self.counted.get_mut(&candidate)
    }

    fn insert(&mut self, named_by: Namer, digest: Digest, lapses: Timestamp) {
        let named = self.named.entry(named_by).or_default();
        if self.counted.len() >= MAX_COUNTED || *named >= MAX_NAMED_BY_ONE {
            return;
        }
        *named = named.saturating_add(1);
        let words = BTreeMap::new();
        let counted =
            Counted { words, named_by, request: None, was_old: false, lapses, done: false };
        self.counted.insert(digest, counted);
        self.by_lapse.insert((lapses, digest));
    }

    /// It is in the log.
    pub(super) fn apply_logged(&mut self, candidate: &Digest) {
        let Some(counted) = self.counted.remove(candidate) else { return };
        self.by_lapse.remove(&(counted.lapses, *candidate));
        if let Some(request) = counted.request {
            self.by_request.remove(&(request, *candidate));
        }
        if let Some(named) = self.named.get_mut(&counted.named_by) {
            *named = named.saturating_sub(1);
        }
    }

    /// Forgets what has lapsed.
    pub(super) fn apply_time(&mut self, now: Timestamp) {
        while let Some((_, gone)) = self.by_lapse.first().copied().filter(|(at, _)| *at <= now) {
            self.apply_logged(&gone);
        }
        let old = |at: &Timestamp| now.since(*at) >= SEEN_FOR;
        while let Some((at, gone)) = self.seen_order.first().copied().filter(|(at, _)| old(at)) {
            self.seen_order.remove(&(at, gone));
            self.seen.remove(&gone);
        }
    }

    /// How many candidates are counted.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.counted.len()
    }
}

impl Counted {
    /// Whether t of each committee accept, or so many of one refuse that t no longer can.
    fn has_outcome(&self, keys: &EpochKeys) -> bool {
        self.is_accepted(keys) || keys.is_blocked(self.said(Word::Refuse))
    }

    fn is_accepted(&self, keys: &EpochKeys) -> bool {
        keys.is_quorum(self.said(Word::Accept))
    }

    /// Who said that.
    fn said(&self, wanted: Word) -> impl Iterator<Item = MemberRef> {
        self.words.iter().filter(move |(_, word)| **word == wanted).map(|(member, _)| *member)
    }
}
