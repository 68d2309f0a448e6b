//! Where a question is, and what that means for time, view and answer.

use super::{BATCH_PATIENCE, SOURCE_PATIENCE, renewal::Renewal};
use crate::{
    candidate::Made,
    failure::{Failure, SourceTrouble},
    lane::CANDIDATE_LIFE,
    logged::{Logged, Outcome},
    presented::Presented,
    tally::{Count, Standing, Tally},
    view::{StateWord, WaitingOn},
};
use gateway_cosign::Verified;
use gateway_types::{Digest, LicenceKey, Timestamp, verdict::VerdictList};

/// The states. Of each only what it needs is kept.
#[derive(Debug)]
pub(super) enum State {
    /// Evidence is being fetched.
    Checking { since: Timestamp },
    /// The source is silent; asked again at `retry_at`.
    Waiting { since: Timestamp, retry_at: Timestamp },
    /// Members have the candidate.
    AwaitingVerdicts(Box<Asked>),
    /// In the log; how the committees stood when it came.
    Decided { logged: Box<Logged>, standings: Vec<Standing> },
    /// Nothing was decided; perhaps an entry came later.
    Failed { failure: Failure, late: Option<Box<Logged>> },
    /// Taken back; perhaps an entry came later.
    Cancelled { late: Option<Box<Logged>> },
}

/// A candidate and what members said on it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) made: Made,
    pub(super) tally: Tally,
    /// When the verdicts sufficed, either way.
    pub(super) counted_at: Option<Timestamp>,
    /// When members were first asked: a candidate that was made anew is of later.
    pub(super) since: Timestamp,
    pub(super) renewal: Renewal,
}

impl Asked {
    /// Asked for the first time with this candidate, or anew after `before`.
    pub(super) fn new(made: Made, tally: Tally, before: Option<&Self>) -> Self {
        let now = made.candidate.time();
        let (since, renewal) = match before {
            Some(before) => (before.since, before.renewal.next(now)),
            None => (now, Renewal::first(now)),
        };
        Self { made, tally, counted_at: None, since, renewal }
    }

    pub(super) fn apply_verdicts(&mut self, list: &Verified<VerdictList>, now: Timestamp) {
        self.tally.apply_verdicts(list);
        if self.tally.count() != Count::Open {
            self.counted_at.get_or_insert(now);
        }
    }

    /// From when on members may be asked anew; nothing once the verdicts suffice.
    pub(super) fn renewed_from(&self) -> Option<Timestamp> {
        self.renewal.not_before().filter(|_| self.counted_at.is_none())
    }

    /// Whether evidence for a new candidate is awaited.
    pub(super) fn is_renewing(&self) -> bool {
        self.renewal.is_fetching() && self.counted_at.is_none()
    }

    /// One candidate's life for the verdicts, however often it was made anew; once they are in, some more for the
    /// batch.
    fn ends_at(&self) -> Timestamp {
        match self.counted_at {
            Some(_) => self.made.candidate.lapses_at().saturating_add(BATCH_PATIENCE),
            None => self.since.saturating_add(CANDIDATE_LIFE),
        }
    }

    fn waiting_on(&self) -> WaitingOn {
        if let Some(since) = self.counted_at {
            return WaitingOn::Batch { since };
        }
        let mut committees = (0u8..).zip(self.tally.standings());
        let short = committees.find(|(_, standing)| standing.accept < standing.needed);
        let (committee, have, need) =
            short.map_or((0, 0, 0), |(committee, s)| (committee, s.accept, s.needed));
        WaitingOn::Regulators { committee, have, need, since: self.since }
    }
}

impl State {
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Checking { .. } | Self::Waiting { .. } | Self::AwaitingVerdicts(_))
    }

    pub(super) fn wants_evidence(&self) -> bool {
        self.checking_since().is_some() || self.asked().is_some_and(Asked::is_renewing)
    }

    pub(super) fn checking_since(&self) -> Option<Timestamp> {
        match self {
            Self::Checking { since } | Self::Waiting { since, .. } => Some(*since),
            _ => None,
        }
    }

    pub(super) fn asked(&self) -> Option<&Asked> {
        if let Self::AwaitingVerdicts(asked) = self { Some(asked) } else { None }
    }

    pub(super) fn renewal(&mut self) -> Option<&mut Renewal> {
        if let Self::AwaitingVerdicts(asked) = self { Some(&mut asked.renewal) } else { None }
    }

    /// How each committee stands, or stood when the question was closed.
    pub(super) fn standings(&self) -> Vec<Standing> {
        match self {
            Self::AwaitingVerdicts(asked) => asked.tally.standings().collect(),
            Self::Decided { standings, .. }
            | Self::Failed { failure: Failure::QuorumUnavailable(standings), .. } => {
                standings.clone()
            }
            _ => Vec::new(),
        }
    }

    /// What members were asked, or what is in the log.
    pub(super) fn candidate(&self) -> Option<Digest> {
        let logged = self.logged().map(|logged| logged.candidate().digest());
        self.asked().map(|asked| asked.tally.candidate()).or(logged)
    }

    /// The licence's key, as long as it is known here.
    pub(super) fn key(&self, presented: Option<&Presented>) -> Option<LicenceKey> {
        self.asked().map(|asked| asked.made.candidate.licence).or(presented.map(Presented::key))
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Checking { since } => Some(since.saturating_add(SOURCE_PATIENCE)),
            Self::Waiting { since, retry_at } => {
                Some((*retry_at).min(since.saturating_add(SOURCE_PATIENCE)))
            }
            Self::AwaitingVerdicts(asked) => Some(asked.ends_at()),
            _ => None,
        }
    }

    /// Why the question is over at `now`, if it is.
    pub(super) fn failure_at(&self, now: Timestamp) -> Option<Failure> {
        match self {
            Self::Checking { since } | Self::Waiting { since, .. } => {
                let over = now.since(*since) >= SOURCE_PATIENCE;
                over.then_some(Failure::Source(SourceTrouble::Unavailable))
            }
            Self::AwaitingVerdicts(asked) if asked.ends_at() <= now => {
                Some(Failure::QuorumUnavailable(asked.tally.standings().collect()))
            }
            _ => None,
        }
    }

    pub(super) fn logged(&self) -> Option<&Logged> {
        match self {
            Self::Decided { logged, .. } => Some(logged),
            Self::Failed { late, .. } | Self::Cancelled { late } => late.as_deref(),
            _ => None,
        }
    }

    pub(super) fn failure(&self) -> Option<&Failure> {
        if let Self::Failed { failure, .. } = self { Some(failure) } else { None }
    }

    pub(super) fn waiting_on(&self) -> Option<WaitingOn> {
        match self {
            Self::Checking { since } | Self::Waiting { since, .. } => {
                Some(WaitingOn::Source { since: *since })
            }
            Self::AwaitingVerdicts(asked) => Some(asked.waiting_on()),
            _ => None,
        }
    }

    pub(super) fn word(&self) -> StateWord {
        match self {
            Self::Checking { .. } => StateWord::Checking,
            Self::Waiting { .. } => StateWord::Waiting,
            Self::AwaitingVerdicts(asked) => word_of_asked(asked),
            Self::Decided { logged, .. } => match logged.outcome() {
                Outcome::Recognised(_) => StateWord::Recognised,
                Outcome::Declined(_) => StateWord::Declined,
            },
            Self::Failed { .. } => StateWord::Failed,
            Self::Cancelled { .. } => StateWord::Cancelled,
        }
    }
}

/// A person looks somewhere, and without that person the verdicts do not suffice.
fn word_of_asked(asked: &Asked) -> StateWord {
    let someone_looks = asked.tally.standings().any(|standing| standing.later > 0);
    if someone_looks && asked.counted_at.is_none() {
        StateWord::InReview
    } else {
        StateWord::AwaitingVerdicts
    }
}
