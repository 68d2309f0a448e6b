//! Going to a source's tip, and comparing two sources.

use crate::{ChainAdapter, Climb, FetchError, FollowError, Follower};
use gateway_types::Timestamp;
use light_client::HeaderBytes;

/// What an advance brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advanced {
    /// The headers that were new, lowest first: each is enough trusted by the one before. Persist, then hand on.
    pub headers: Vec<HeaderBytes>,
    /// Why it went no further, if the source claims a greater height.
    pub stopped: Option<FollowError>,
}

/// What comparing with a second source showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrossCheck {
    /// Both show the same header.
    Same {
        /// Of this height.
        height: u64,
    },
    /// Both are valid and contradict each other: the client is frozen.
    Conflict {
        /// The header that was verified before.
        ours: HeaderBytes,
        /// The other source's.
        theirs: HeaderBytes,
    },
}

impl Follower {
    /// Goes to the source's tip by skipping; where trust does not reach, by halving the gap.
    ///
    /// `now` is this node's clock. A source that claims more than it can show is taken at its word for one request:
    /// then it goes to where the source says it really is (A19).
    ///
    /// # Errors
    ///
    /// [`FollowError`] if nothing was taken: see there whether another source helps. What was taken stays taken.
    pub async fn advance(
        &mut self,
        source: &dyn ChainAdapter,
        now: Timestamp,
    ) -> Result<Advanced, FollowError> {
        let claimed = source.fetch_tip().await?.height;
        let mut climb = Climb::new(self, claimed);
        let verify = |climb: &mut Climb, header| climb.handle_header(self, header, now);
        let ended = run(&mut climb, source, verify).await;
        let ended = match really_at(&ended, self.height()) {
            None => ended,
            Some(tip) => {
                climb.retarget(self, tip);
                let verify = |climb: &mut Climb, header| climb.handle_header(self, header, now);
                run(&mut climb, source, verify).await.and(ended)
            }
        };
        advanced(climb, ended, claimed)
    }

    /// Compares the newest header that `other` has too, and freezes on a valid difference.
    ///
    /// # Errors
    ///
    /// [`FollowError::Fetch`] if the other source shows none; [`FollowError::Refused`] if what it shows is
    /// another header that does not verify: that source lies, or our client no longer answers.
    pub async fn cross_check(
        &mut self,
        other: &dyn ChainAdapter,
        now: Timestamp,
    ) -> Result<CrossCheck, FollowError> {
        let tip = other.fetch_tip().await?.height;
        let behind = FetchError::Behind { tip, asked: self.height() };
        let height = self.height_up_to(tip).ok_or(behind)?;
        let theirs = other.fetch_header(height).await?;
        self.compare(height, theirs, now)
    }

    /// Compares a header that was verified with what somebody shows for the same height.
    ///
    /// # Errors
    ///
    /// As [`cross_check`](Self::cross_check).
    pub fn compare(
        &mut self,
        height: u64,
        theirs: HeaderBytes,
        now: Timestamp,
    ) -> Result<CrossCheck, FollowError> {
        let ours = self.header_at(height);
        let ours = ours.ok_or(FetchError::Pruned { asked: height })?;
        if self.hash_of(&ours, height)? == self.hash_of(&theirs, height)? {
            return Ok(CrossCheck::Same { height });
        }
        match self.handle_conflict(ours.clone(), theirs.clone(), now) {
            Ok(()) | Err(FollowError::Frozen { .. }) => Ok(CrossCheck::Conflict { ours, theirs }),
            Err(other) => Err(other),
        }
    }
}

/// Asks for the headers that a climb wants, and hands them to `verify`.
async fn run(
    climb: &mut Climb,
    source: &dyn ChainAdapter,
    mut verify: impl FnMut(&mut Climb, HeaderBytes) -> Result<(), FollowError> + Send,
) -> Result<(), FollowError> {
    while let Some(height) = climb.wants() {
        let header = source.fetch_header(height).await?;
        verify(climb, header)?;
    }
    Ok(())
}

/// Where a source says it is after all, if there is something new there.
fn really_at(ended: &Result<(), FollowError>, height: u64) -> Option<u64> {
    match ended {
        Err(FollowError::Fetch(FetchError::Behind { tip, .. })) if *tip > height => Some(*tip),
        _ => None,
    }
}

fn advanced(
    climb: Climb,
    ended: Result<(), FollowError>,
    claimed: u64,
) -> Result<Advanced, FollowError> {
    let headers = climb.into_taken();
    let stopped = ended.err().map(|error| match error {
        FollowError::Fetch(FetchError::Behind { tip: _, asked }) if asked <= claimed => {
            FollowError::Overstated { claimed, asked }
        }
        other => other,
    });
    match stopped {
        Some(error) if headers.is_empty() => Err(error),
        stopped => Ok(Advanced { headers, stopped }),
    }
}
