//! What to do next for one chain and one gateway. Pure: no clock, no network.
//!
//! Work goes in ([`Plan::handle_work`]), looks are due ([`Plan::handle_look`]), steps come out
//! ([`Plan::poll_step`]), and what became of each goes back in ([`Plan::handle_outcome`]).

#[cfg(test)]
mod tests;

use chain_adapter::SourceId;
use gateway_types::{LicenceKey, link::RelayWork};
use std::collections::{BTreeSet, VecDeque};

/// Most questions of a gateway that wait. More: it is told *unavailable* at once, and asks again.
pub const MAX_WAITING: usize = 4096;

/// Most questions that are put to sources at once.
pub const MAX_AT_ONCE: usize = 32;

/// So often in a row sources may bring nothing before a light client is begun anew, with another source: what it
/// began with may have been a lie, and then the truth does not follow from it.
pub const MAX_FAILED: u32 = 3;

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Begin a light client at this height, with a header from the source of this number, counted round.
    Anchor {
        /// The gateway's height.
        height: u64,
        /// Which source.
        source: usize,
    },
    /// Go to the sources' tip.
    Advance,
    /// Compare the newest header with another source.
    Compare {
        /// Where it came from.
        but: SourceId,
    },
    /// Tell of two headers that contradict each other.
    TellConflict,
    /// Post verified headers.
    Headers {
        /// Above this height.
        after: u64,
        /// Up to this one.
        to: u64,
    },
    /// Fetch and post the registry's head.
    Head {
        /// Proven at this height.
        height: u64,
    },
    /// Fetch and post changes.
    Changes {
        /// After this number.
        after: u64,
        /// The last ones did not serve: ask another source.
        again: bool,
    },
    /// Fetch and post what the registry holds.
    Record {
        /// Under this key.
        key: LicenceKey,
        /// Proven at this height.
        height: u64,
    },
    /// Fetch and post one change.
    Change {
        /// Which.
        n: u64,
        /// Proven at this height.
        height: u64,
    },
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The light client begins here; nothing if it could not.
    Anchored(Option<u64>),
    /// The newest verified height, and who brought something new.
    Advanced(u64, Option<SourceId>),
    /// No source gives anything.
    NotAdvanced,
    /// The light client is of no use any more: too long without a header.
    Expired,
    /// Two headers contradict each other.
    Frozen,
    /// The other source shows the same, or nothing.
    Compared,
    /// The head of this height was posted, and says so many changes; nothing if it was not to be had.
    Head(u64, Option<u64>),
    /// So many changes after this number were posted; nothing if they were not to be had.
    Changes(u64, Option<usize>),
    /// The question was answered, one way or another.
    Record(LicenceKey),
    /// The change was posted, or was not to be had.
    Change(u64),
    /// Nothing to be learnt from it.
    Told,
}

/// What one gateway wants to know of one chain, and how far it has been told.
#[derive(Debug, Default)]
pub struct Plan {
    follow: Option<Follow>,
    /// Which source a light client begins with next.
    source: usize,
    anchor: Duty,
    advance: Duty,
    /// How often in a row no source brought anything.
    failed: u32,
    compare: Option<SourceId>,
    comparing: bool,
    frozen: bool,
    tell_conflict: bool,
    /// The newest verified height; nothing before there is a light client.
    newest: Option<u64>,
    /// How many looks for the tip were begun, and how many of them have ended. A question is answered as of a look
    /// that began after it was asked: what was registered a moment ago is there.
    looks: (u64, u64),
    head: Duty,
    changes: Duty,
    changes_again: bool,
    /// Each with the look that it waits for.
    questions: VecDeque<(Question, u64)>,
    asked: BTreeSet<Question>,
}

/// Something that is done by one task at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Duty {
    due: bool,
    running: bool,
}

impl Duty {
    /// Begins it if it is due and nobody is at it.
    fn begin(&mut self) -> bool {
        let begins = self.due && !self.running;
        if begins {
            *self = Self { due: false, running: true };
        }
        begins
    }

    fn end(&mut self) {
        self.running = false;
    }
}

/// How far the gateway is.
#[derive(Clone, Copy, Debug)]
struct Follow {
    /// The height it named last.
    height: u64,
    /// How often it named the same although more was posted.
    stuck: u32,
    /// The greatest height that was posted.
    posted: u64,
    /// The height of the last head that was posted.
    head: u64,
    /// The number of the last change that was posted.
    changes: u64,
    /// How many changes there are.
    changes_known: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Record(LicenceKey),
    Change(u64),
}

impl Plan {
    /// Begins with a light client that has verified headers up to `newest`, if there is one; `frozen` if it has met
    /// two that contradict each other.
    #[must_use]
    pub fn new(newest: Option<u64>, frozen: bool) -> Self {
        Self { newest, frozen, ..Self::default() }
    }

    /// Takes what the gateway wants. Gives whether it was taken: if not, too much waits.
    pub fn handle_work(&mut self, work: &RelayWork) -> bool {
        match work {
            RelayWork::Alive => true,
            RelayWork::Follow(_, height, changes) => {
                self.handle_follow(*height, *changes);
                true
            }
            RelayWork::Fetch(_, key) => self.ask(Question::Record(*key)),
            RelayWork::FetchChange(_, n) => self.ask(Question::Change(*n)),
        }
    }

    /// How many questions of the gateway are not answered yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.asked.len()
    }

    /// Time for a look at the chain.
    pub fn handle_look(&mut self) {
        if self.newest.is_none() {
            self.anchor.due = self.follow.is_some() && !self.frozen;
        } else {
            self.advance.due = !self.frozen;
        }
        let Some(follow) = &self.follow else { return };
        self.head.due |= self.newest.is_some_and(|newest| newest > follow.head);
        self.changes.due |= follow.changes_known > follow.changes;
    }

    /// The next step, until there is none: each is begun at once.
    pub fn poll_step(&mut self) -> Option<Step> {
        let mut follow = self.follow?;
        if self.anchor.begin() {
            return Some(Step::Anchor { height: follow.height, source: self.source });
        }
        if std::mem::take(&mut self.tell_conflict) {
            return Some(Step::TellConflict);
        }
        let newest = self.newest.filter(|_| !self.frozen && !self.anchor.running)?;
        if newest > follow.posted {
            let after = std::mem::replace(&mut follow.posted, newest);
            self.follow = Some(follow);
            self.head.due = true;
            return Some(Step::Headers { after, to: newest });
        }
        self.poll_question(newest)
            .or_else(|| self.poll_advance())
            .or_else(|| self.head.begin().then_some(Step::Head { height: newest }))
            .or_else(|| self.poll_changes(follow.changes))
            .or_else(|| self.poll_compare())
    }

    /// Takes what became of a step.
    pub fn handle_outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Anchored(height) => self.apply_anchored(height),
            Outcome::Advanced(height, from) => {
                self.end_look();
                self.failed = 0;
                self.newest = self.newest.max(Some(height));
                self.compare = from.or(self.compare.take());
            }
            Outcome::NotAdvanced => self.apply_not_advanced(),
            Outcome::Expired => {
                self.end_look();
                self.newest = None;
            }
            Outcome::Frozen => self.apply_frozen(),
            Outcome::Compared => self.comparing = false,
            Outcome::Head(height, n) => self.apply_head(height, n),
            Outcome::Changes(after, count) => self.apply_changes(after, count),
            Outcome::Record(key) => drop(self.asked.remove(&Question::Record(key))),
            Outcome::Change(n) => drop(self.asked.remove(&Question::Change(n))),
            Outcome::Told => {}
        }
    }

    fn handle_follow(&mut self, height: u64, changes: u64) {
        let old = self.follow;
        let refused = old.is_some_and(|old| old.height == height && old.posted > height);
        let stuck = old.filter(|_| refused).map_or(0, |old| old.stuck.saturating_add(1));
        let known = old.map_or(changes, |old| old.changes_known.max(changes));
        let head = 0;
        self.follow =
            Some(Follow { height, stuck, posted: height, head, changes, changes_known: known });
        self.changes_again |= old.is_some_and(|old| old.changes > changes);
        self.tell_conflict = self.frozen;
        // It refused what followed from our beginning twice: begin at its own height, with another source.
        if stuck > 1 || self.newest.is_none() {
            self.source = self.source.wrapping_add(usize::from(stuck > 1));
            self.anchor.due = !self.frozen;
        }
        self.handle_look();
    }

    fn ask(&mut self, question: Question) -> bool {
        if self.asked.contains(&question) {
            return true;
        }
        if self.asked.len() >= MAX_WAITING {
            return false;
        }
        self.asked.insert(question);
        self.questions.push_back((question, self.next_look()));
        self.advance.due |= self.newest.is_some() && !self.frozen;
        true
    }

    fn poll_advance(&mut self) -> Option<Step> {
        let begins = self.advance.begin();
        self.looks.0 = if begins { self.next_look() } else { self.looks.0 };
        begins.then_some(Step::Advance)
    }

    fn next_look(&self) -> u64 {
        self.looks.0.saturating_add(1)
    }

    fn end_look(&mut self) {
        self.advance.end();
        self.looks.1 = self.looks.0;
    }

    fn poll_question(&mut self, height: u64) -> Option<Step> {
        let running = self.asked.len().saturating_sub(self.questions.len());
        let seen = self.looks.1;
        let is_next = |next: &(Question, u64)| next.1 <= seen;
        if running >= MAX_AT_ONCE || !self.questions.front().is_some_and(is_next) {
            return None;
        }
        self.questions.pop_front().map(|(question, _)| match question {
            Question::Record(key) => Step::Record { key, height },
            Question::Change(n) => Step::Change { n, height },
        })
    }

    fn poll_changes(&mut self, after: u64) -> Option<Step> {
        let again = self.changes_again;
        self.changes.begin().then(|| {
            self.changes_again = false;
            Step::Changes { after, again }
        })
    }

    fn poll_compare(&mut self) -> Option<Step> {
        if self.comparing {
            return None;
        }
        let but = self.compare.take()?;
        self.comparing = true;
        Some(Step::Compare { but })
    }

    fn apply_anchored(&mut self, height: Option<u64>) {
        self.anchor.end();
        let look = self.next_look();
        match (height, &mut self.follow) {
            (Some(height), Some(follow)) => {
                self.newest = Some(height);
                self.questions.iter_mut().for_each(|(_, waits_for)| *waits_for = look);
                (follow.posted, follow.stuck) = (follow.posted.max(height), 0);
                self.advance.due = true;
            }
            _ => {
                self.newest = None;
                self.source = self.source.wrapping_add(1);
            }
        }
    }

    fn apply_not_advanced(&mut self) {
        self.end_look();
        self.failed = self.failed.saturating_add(1);
        if self.failed >= MAX_FAILED {
            (self.failed, self.newest) = (0, None);
            self.source = self.source.wrapping_add(1);
        }
    }

    fn apply_frozen(&mut self) {
        self.end_look();
        self.comparing = false;
        self.tell_conflict |= !self.frozen;
        self.frozen = true;
    }

    fn apply_head(&mut self, height: u64, n: Option<u64>) {
        self.head.end();
        let (Some(n), Some(follow)) = (n, &mut self.follow) else { return };
        follow.head = follow.head.max(height);
        follow.changes_known = follow.changes_known.max(n);
        self.changes.due |= follow.changes_known > follow.changes;
    }

    fn apply_changes(&mut self, after: u64, count: Option<usize>) {
        self.changes.end();
        let (Some(count), Some(follow)) = (count, &mut self.follow) else { return };
        // Unless the gateway named another number meanwhile.
        if follow.changes == after {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            follow.changes = after.saturating_add(count);
        }
        self.changes.due |= count > 0 && follow.changes_known > follow.changes;
    }

    /// The questions that wait while there is no light client: they cannot be answered now.
    #[must_use]
    pub fn take_unanswerable(&mut self) -> Vec<LicenceKey> {
        if self.newest.is_some() && !self.frozen {
            return Vec::new();
        }
        let waiting: Vec<Question> = self.questions.drain(..).map(|(asked, _)| asked).collect();
        for question in &waiting {
            self.asked.remove(question);
        }
        let key = |question| match question {
            Question::Record(key) => Some(key),
            Question::Change(_) => None,
        };
        waiting.into_iter().filter_map(key).collect()
    }
}
