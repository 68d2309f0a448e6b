//! Taking a question: checked, then stored with its key's use in one step, then begun.

use super::{
    Inner, Open, Questions, ServedLane,
    id::new_id,
    kept,
    places::{NoPlace, Place},
    steps::Steps,
};
use gateway_core::{
    IntakeError, KeyCheck, KeyReused, Presented, Question, RecognitionId, StoredRequest,
    check_consent, check_key, check_request,
};
use gateway_store::{Batch, StoreError};
use gateway_types::{
    Digest, Jurisdiction, Platform, Timestamp, candidate::request_digest, entry::ShortText,
    frame::frame, id::IdempotencyKey,
};
use kept::{Kept, KeptHanded};
use std::{
    collections::VecDeque,
    sync::{Arc, PoisonError},
};
use tokio::sync::Notify;

/// A question as a platform asks it.
#[derive(Clone, Debug)]
pub struct NewQuestion {
    /// Who asks, by its certificate.
    pub platform: Platform,
    /// Its own key for this question.
    pub key: IdempotencyKey,
    /// What it asks.
    pub question: Question,
    /// Its own words for it, without anything personal.
    pub reference: Option<ShortText>,
}

/// A question that cannot get lost any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its name.
    pub id: RecognitionId,
    /// Whether it was asked before, with the same key and body.
    pub is_replayed: bool,
}

/// Why a question was not taken. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The platform acts next.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// No lane leads from there to here.
    #[error("no lane leads from {from} to {to}")]
    NoLane {
        /// The question's source.
        from: Jurisdiction,
        /// The question's destination.
        to: Jurisdiction,
    },
    /// The key was used for another question.
    #[error(transparent)]
    KeyReused(#[from] KeyReused),
    /// Record or consent is longer than is taken.
    #[error("record or consent is too long")]
    TooLong,
    /// As many of this platform's questions are open as may be of one: ask again when some are answered.
    #[error("too many questions of this platform are open")]
    TooManyOpen,
    /// As many questions are open as may be: ask again soon.
    #[error("too many questions are open")]
    Busy,
    /// The store is full: reading goes on.
    #[error("the store is full")]
    StorageFull,
    /// The store did not take it, or cannot say.
    #[error("the question was not stored")]
    NotStored,
}

impl Questions {
    /// Takes a question. When this returns `Ok`, it is written down.
    ///
    /// It may be given up half way: what was begun is finished by a task of its own.
    ///
    /// # Errors
    ///
    /// [`AskError`]: nothing is stored.
    pub async fn ask(&self, new: NewQuestion) -> Result<Asked, AskError> {
        let inner = Arc::clone(&self.inner);
        let task = tokio::spawn(async move { inner.take(new).await });
        task.await.unwrap_or(Err(AskError::NotStored))
    }
}

impl Inner {
    async fn take(self: Arc<Self>, new: NewQuestion) -> Result<Asked, AskError> {
        let now = self.now();
        let body = body_digest(&new.question, new.reference.as_ref());
        let digest = request_digest(&new.platform, &new.key);
        let (seen, stored) = self.seen(&digest)?;
        if let KeyCheck::Same(id) = check_key(seen.as_ref(), &body, now)? {
            return Ok(Asked { id, is_replayed: true });
        }
        let place = self.place(&new.platform)?;
        let (request, lane, presented) = self.check(&new, now)?;
        let handed = KeptHanded::of(&request.question).ok_or(AskError::TooLong)?;
        let lane_id = Some(lane.id().clone());
        let kept = Kept { lane: lane_id, ..Kept::open(&request, new.reference) };
        let batch = kept::take(&request, body, &kept, &handed, stored);
        let id = request.id.clone();
        self.hold(&id, kept, &lane, Some(place));
        match self.store_question(&id, batch).await {
            Ok(()) => {
                self.begin(request, presented, now);
                Ok(Asked { id, is_replayed: false })
            }
            // Of several calls at once another was the first: its question counts.
            Err(StoreError::Conflict { .. }) => {
                let (seen, _) = self.seen(&digest)?;
                match check_key(seen.as_ref(), &body, now)? {
                    KeyCheck::Same(id) => Ok(Asked { id, is_replayed: true }),
                    KeyCheck::New => Err(AskError::NotStored),
                }
            }
            Err(StoreError::Full) => Err(AskError::StorageFull),
            Err(_) => Err(AskError::NotStored),
        }
    }

    /// An earlier use of a key, and its bytes.
    pub(super) fn seen(
        &self,
        request: &Digest,
    ) -> Result<(Option<gateway_core::KeyUse>, Option<Vec<u8>>), AskError> {
        let not_stored = |error: StoreError| {
            self.note_store_error(&error);
            AskError::NotStored
        };
        let stored = self.footing.store.load(kept::KEYS, &request.0).map_err(not_stored)?;
        let seen = stored.as_deref().map(kept::read_use).transpose().map_err(not_stored)?;
        Ok((seen, stored))
    }

    fn place(&self, platform: &Platform) -> Result<Place, AskError> {
        if self.is_broken() || self.is_changed() {
            return Err(AskError::NotStored);
        }
        if !self.footing.store.room().takes_new {
            return Err(AskError::StorageFull);
        }
        self.places.take(platform).map_err(|why| match why {
            NoPlace::All => AskError::Busy,
            NoPlace::Its => AskError::TooManyOpen,
        })
    }

    /// Everything that can be said of the question before the source is asked.
    fn check(
        &self,
        new: &NewQuestion,
        now: Timestamp,
    ) -> Result<(StoredRequest, Arc<ServedLane>, Presented), AskError> {
        let question = new.question.clone();
        let (from, to) = (question.from.clone(), question.to.clone());
        let lane = self.lane_between(&from, &to).ok_or(AskError::NoLane { from, to })?;
        let id = {
            let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
            new_id(now, &mut *rng).map_err(|_| AskError::NotStored)?
        };
        let (platform, key) = (new.platform.clone(), new.key.clone());
        let request = StoredRequest { id, platform, key, question, stored_at: now };
        let here = &self.region;
        let standing = self.standing_of(&request.platform);
        let presented = lane.judge(|rules| {
            let presented = check_request(rules, here, &request, now)?;
            check_consent(rules, &request, &presented, standing, now)?;
            Ok::<_, IntakeError>(presented)
        })?;
        Ok((request, Arc::clone(lane), presented))
    }

    /// Keeps a place for a question, so that whoever asks the same meanwhile finds it.
    pub(super) fn hold(
        &self,
        id: &RecognitionId,
        kept: Kept,
        lane: &ServedLane,
        place: Option<Place>,
    ) {
        let open = Open {
            kept,
            lane: lane.id().clone(),
            ended: Arc::new(Notify::new()),
            effects: VecDeque::new(),
            is_carried: false,
            shown: None,
            closed: None,
            steps: Steps::default(),
            _place: place,
        };
        self.state().open.insert(id.clone(), open);
    }

    async fn store_question(&self, id: &RecognitionId, batch: Batch) -> Result<(), StoreError> {
        self.footing.faults.reach("gateway/question/before-commit");
        let stored = self.footing.store.commit(batch).await;
        self.footing.faults.reach("gateway/question/after-commit");
        if let Err(error) = &stored {
            self.note_store_error(error);
            let open = self.state().open.remove(id);
            if let Some(open) = open {
                open.ended.notify_waiters();
            }
        }
        stored
    }

    pub(super) fn begin(
        self: &Arc<Self>,
        request: StoredRequest,
        presented: Presented,
        now: Timestamp,
    ) {
        self.drive(|engine| engine.begin(request, presented, now));
    }
}

/// One digest for one body: the question and the platform's own words for it.
fn body_digest(question: &Question, reference: Option<&ShortText>) -> Digest {
    let reference = reference.map(|text| format!("+{}", text.as_str())).unwrap_or_default();
    frame("comity/question-body/v1", &[&question.digest().0, reference.as_bytes()])
}
