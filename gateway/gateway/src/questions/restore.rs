//! After a start: what was open goes on, or is answered by the log.

use super::{
    Inner, ProofError, Questions, ServedLane,
    closed::is_about,
    kept::{self, End, Kept, KeptHanded, Stood, Why},
};
use gateway_core::{Failure, IntakeError, RecognitionId, StoredRequest, check_request};
use gateway_store::StoreError;
use gateway_types::verdict::Reason;
use std::sync::Arc;

/// Questions read at once.
const PAGE: usize = 256;

/// Why the questions could not be taken up again: the program does not start.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The lane's log.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl Questions {
    /// Takes up what was open when the program stopped, at whatever moment: evidence is fetched again, unless
    /// the answer is in the log by now. How many there were.
    ///
    /// # Errors
    ///
    /// [`RestoreError`].
    pub async fn restore(&self) -> Result<usize, RestoreError> {
        let (mut after, mut count) = (None::<Vec<u8>>, 0_usize);
        loop {
            let page = self.inner.footing.store.scan(kept::HANDED, b"", after.as_deref(), PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(count) };
            after = Some(last.clone());
            for (name, handed) in page {
                self.inner.take_up(&name, &handed).await?;
                count = count.saturating_add(1);
            }
        }
    }
}

impl Inner {
    async fn take_up(self: &Arc<Self>, name: &[u8], handed: &[u8]) -> Result<(), RestoreError> {
        let corrupt = || StoreError::Corrupt { why: "a question without its name".to_owned() };
        let name = std::str::from_utf8(name).map_err(|_| corrupt())?;
        let id: RecognitionId = name.parse().map_err(|_| corrupt())?;
        let kept = self.load(&id)?.ok_or_else(corrupt)?;
        let handed = KeptHanded::read(handed)?;
        let request = kept.whole(id.clone(), handed).ok_or_else(corrupt)?;
        let Some(lane) = self.lane_of_kept(&kept).cloned() else {
            tracing::warn!(%id, "a question of a lane that is no longer served: left as it is");
            return Ok(());
        };
        let kept = Kept { lane: Some(lane.id().clone()), ..kept };
        match self.logged_end(&lane, &request, &kept)? {
            Some(end) => self.end_now(&id, kept, end).await,
            None => self.go_on(&lane, request, kept).await,
        }
    }

    /// How the log ended a question, if it did.
    fn logged_end(
        &self,
        lane: &ServedLane,
        request: &StoredRequest,
        kept: &Kept,
    ) -> Result<Option<End>, RestoreError> {
        let found = lane.lane.log().find_request(&request.digest()).map_err(ProofError::from)?;
        let Some(answered) = found else { return Ok(None) };
        let logged = lane.logged(answered.index)?;
        if !is_about(&logged, kept) {
            return Ok(Some(End::Failed(Why::KeyReused, self.now())));
        }
        let committees = lane.lane.log().keys().committees().iter();
        let stood = committees.map(|committee| Stood::unseen(committee.size())).collect();
        Ok(Some(self.end_of(lane, &logged, stood)))
    }

    async fn go_on(
        self: &Arc<Self>,
        lane: &ServedLane,
        request: StoredRequest,
        kept: Kept,
    ) -> Result<(), RestoreError> {
        let now = self.now();
        let here = &self.region;
        match lane.judge(|rules| check_request(rules, here, &request, now)) {
            Ok(presented) => {
                let place = self.places.take(&request.platform).ok();
                self.hold(&request.id, kept, lane, place);
                self.begin(request, presented, now);
                Ok(())
            }
            // It was taken, so it is answered: unknown.
            Err(error) => {
                let why = Why::from(&failure_of(&error));
                self.end_now(&request.id, kept, End::Failed(why, now)).await
            }
        }
    }

    async fn end_now(&self, id: &RecognitionId, kept: Kept, end: End) -> Result<(), RestoreError> {
        Ok(self.footing.store.commit(kept::close(id, &Kept { end, ..kept })).await?)
    }
}

/// Why a question that was taken fails when it is looked at again.
fn failure_of(error: &IntakeError) -> Failure {
    match error {
        IntakeError::Presented(error) => Failure::from(error),
        IntakeError::DeadlinePassed => Failure::DeadlinePassed,
        IntakeError::PurposeUnknown => Failure::Presented(Reason::PurposeUnknown),
        _ => Failure::Internal,
    }
}
