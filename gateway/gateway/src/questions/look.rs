//! Looking at a question, and waiting for its end.

use super::{Closed, Inner, ProofError, Questions, kept};
use gateway_core::{RecognitionId, Standing, StateWord, WaitingOn};
use gateway_store::StoreError;
use gateway_types::{LaneId, Platform, Timestamp, entry::ShortText};
use kept::Kept;
use std::{sync::Arc, time::Duration};

/// How long the end of a question is waited for while it is being written down.
const ENDING: Duration = Duration::from_secs(5);

/// What the engine says of a question that it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenView {
    /// It is open.
    Open {
        /// Where it is.
        state: StateWord,
        /// How each committee stands.
        verdicts: Vec<Standing>,
        /// Whom it waits for.
        waiting_on: Option<WaitingOn>,
    },
    /// It has ended, and that is being written down: not to be told yet.
    Ending,
}

/// A question, as its platform sees it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Its name.
    pub id: RecognitionId,
    /// What there is to see.
    pub shown: Shown,
}

/// What there is to see of a question.
#[derive(Clone, Debug)]
pub enum Shown {
    /// It is open.
    Open {
        /// The lane that is asked.
        lane: LaneId,
        /// When it was stored.
        stored_at: Timestamp,
        /// The platform's own words for it.
        reference: Option<ShortText>,
        /// Where it is.
        state: StateWord,
        /// How each committee stands.
        verdicts: Vec<Standing>,
        /// Whom it waits for.
        waiting_on: Option<WaitingOn>,
    },
    /// It has ended.
    Closed(Arc<Closed>),
}

/// Why a question cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// There is none of that name, or it is another's.
    #[error("no such question of this platform")]
    NotFound,
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lane's log.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Its end could not be written down, so it is not told.
    #[error("the end of the question is not written down")]
    NotWritten,
}

impl Questions {
    /// Looks at a question of `platform`, waiting for its end for at most `wait`.
    ///
    /// # Errors
    ///
    /// [`LookError`].
    pub async fn look(
        &self,
        platform: &Platform,
        id: &RecognitionId,
        wait: Duration,
    ) -> Result<Seen, LookError> {
        let until = tokio::time::Instant::now().checked_add(wait);
        while let Some(ended) = self.inner.end_of_open(platform, id)? {
            let notified = ended.notified();
            tokio::pin!(notified);
            // Before looking again: what ends in between wakes it.
            notified.as_mut().enable();
            let (until, is_ending) = match self.inner.open_shown(id) {
                None => break,
                Some(None) => (tokio::time::Instant::now().checked_add(ENDING), true),
                Some(Some(shown)) if is_over(until) => return Ok(Seen { id: id.clone(), shown }),
                Some(Some(_)) => (until, false),
            };
            let is_late = match until {
                Some(until) => tokio::time::timeout_at(until, notified).await.is_err(),
                None => true,
            };
            // Where it began to end while its own time ran, the end still has all of its time.
            if is_late && is_ending && matches!(self.inner.open_shown(id), Some(None)) {
                return Err(LookError::NotWritten);
            }
        }
        let closed = self.inner.load_closed(platform, id)?;
        Ok(Seen { id: id.clone(), shown: Shown::Closed(closed) })
    }

    /// The certificate of a question of `platform`, the same bytes for ever.
    ///
    /// # Errors
    ///
    /// [`LookError`]; [`LookError::NotFound`] where nothing is in the log.
    pub fn certificate(
        &self,
        platform: &Platform,
        id: &RecognitionId,
    ) -> Result<Vec<u8>, LookError> {
        let closed = self.inner.load_closed(platform, id)?;
        let (logged, sha256) = closed.logged.as_ref().ok_or(LookError::NotFound)?;
        let lane = self.inner.lanes.get(&closed.lane).ok_or(LookError::NotFound)?;
        let bytes = lane.certificate(logged.index())?;
        if gateway_types::frame::sha256(&bytes) == *sha256 {
            Ok(bytes)
        } else {
            Err(StoreError::Corrupt { why: "a certificate has other bytes than before".into() })?
        }
    }

    /// The lane and place in its status list of a certificate, whoever asks.
    ///
    /// # Errors
    ///
    /// [`LookError`]; [`LookError::NotFound`] where nothing is in the log.
    pub fn closed(&self, id: &RecognitionId) -> Result<Arc<Closed>, LookError> {
        let kept = self.inner.load(id)?.ok_or(LookError::NotFound)?;
        self.inner.closed(id, &kept)?.ok_or(LookError::NotFound)
    }
}

fn is_over(until: Option<tokio::time::Instant>) -> bool {
    until.is_none_or(|until| until <= tokio::time::Instant::now())
}

impl Inner {
    /// What wakes whoever waits for a question that is open; nothing if none of that name is.
    fn end_of_open(
        &self,
        platform: &Platform,
        id: &RecognitionId,
    ) -> Result<Option<Arc<tokio::sync::Notify>>, LookError> {
        let state = self.state();
        let Some(open) = state.open.get(id) else { return Ok(None) };
        if open.kept.platform != *platform {
            return Err(LookError::NotFound);
        }
        Ok(Some(Arc::clone(&open.ended)))
    }

    /// What is seen of an open question; nothing inside while its end is being written down.
    fn open_shown(&self, id: &RecognitionId) -> Option<Option<Shown>> {
        let state = self.state();
        let open = state.open.get(id)?;
        let now = self.now();
        let view = state.engine.view(id, now).unwrap_or(OpenView::Open {
            // Stored this moment, and not begun.
            state: StateWord::Checking,
            verdicts: Vec::new(),
            waiting_on: Some(WaitingOn::Source { since: open.kept.stored_at }),
        });
        let OpenView::Open { state, verdicts, waiting_on } = view else { return Some(None) };
        let Kept { stored_at, reference, .. } = open.kept.clone();
        let lane = open.lane.clone();
        Some(Some(Shown::Open { lane, stored_at, reference, state, verdicts, waiting_on }))
    }

    fn load_closed(
        &self,
        platform: &Platform,
        id: &RecognitionId,
    ) -> Result<Arc<Closed>, LookError> {
        let cached = self.cache().find(id);
        let closed = match cached {
            Some(closed) => closed,
            None => {
                let kept = self.load(id)?.ok_or(LookError::NotFound)?;
                self.closed(id, &kept)?.ok_or(LookError::NotFound)?
            }
        };
        if closed.platform == *platform { Ok(closed) } else { Err(LookError::NotFound) }
    }

    pub(super) fn load(&self, id: &RecognitionId) -> Result<Option<Kept>, StoreError> {
        let bytes = self.footing.store.load(kept::QUESTIONS, &kept::name(id))?;
        bytes.as_deref().map(Kept::read).transpose()
    }
}
