//! Going to a source's tip, and comparing two sources.

use crate::{ChainAdapter, Climb, FetchError, FollowError, Follower, shared::Holds};
use gateway_types::Timestamp;
use light_client::HeaderBytes;
use std::{
    fmt,
    future::Future,
    pin::{Pin, pin},
    time::Duration,
};
use tokio::time::{Sleep, sleep};

/// How long one advance may take in all; what was verified by then stays, and the next advance goes on.
pub const ADVANCE_TIMEOUT: Duration = Duration::from_secs(20);

/// How many blocks a node may be behind what was said a moment ago: nodes of one operator are not all equally fast.
pub const TIP_SLACK: u64 = 10;

/// What an advance brought.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Advanced {
    /// The headers that were new, lowest first: each is enough trusted by the one before. Persist, then hand on.
    pub headers: Vec<HeaderBytes>,
    /// Why it went no further, if the source claims a greater height.
    pub stopped: Option<FollowError>,
}

impl fmt::Debug for Advanced {
    /// Headers are long: a log gets their number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { headers, stopped } = self;
        f.debug_struct("Advanced")
            .field("headers", &headers.len())
            .field("stopped", stopped)
            .finish()
    }
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
    /// [`FollowError`] if nothing was taken: see there whether another source helps. [`FollowError::Frozen`] in
    /// any case. What was taken stays taken.
    pub async fn advance(
        &mut self,
        source: &dyn ChainAdapter,
        now: Timestamp,
    ) -> Result<Advanced, FollowError> {
        advance(&mut &mut *self, source, now).await
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
        cross_check(&mut &mut *self, other, now).await
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

pub(crate) async fn advance(
    follower: &mut impl Holds,
    source: &dyn ChainAdapter,
    now: Timestamp,
) -> Result<Advanced, FollowError> {
    follower.with(|follower| follower.check_active(now))?;
    let mut end = pin!(sleep(ADVANCE_TIMEOUT));
    let claimed = until(end.as_mut(), source.fetch_tip()).await?.height;
    let mut climb = follower.with(|follower| Climb::new(follower, claimed));
    let mut ended = run(&mut climb, follower, source, end.as_mut(), now).await;
    let height = follower.with(|follower| follower.height());
    if let Some(tip) = really_at(&ended, height) {
        follower.with(|follower| climb.retarget(follower, tip));
        ended = run(&mut climb, follower, source, end, now).await.and(ended);
    }
    advanced(climb, ended, claimed)
}

pub(crate) async fn cross_check(
    follower: &mut impl Holds,
    other: &dyn ChainAdapter,
    now: Timestamp,
) -> Result<CrossCheck, FollowError> {
    let tip = other.fetch_tip().await?.height;
    let (newest, common) = follower.with(|own| (own.height(), own.height_up_to(tip)));
    let height = common.ok_or(FetchError::Behind { tip, asked: newest })?;
    let theirs = other.fetch_header(height).await?;
    follower.with(|follower| follower.compare(height, theirs, now))
}

/// Asks for the headers that a climb wants, and hands them to the follower.
async fn run(
    climb: &mut Climb,
    follower: &mut impl Holds,
    source: &dyn ChainAdapter,
    mut end: Pin<&mut Sleep>,
    now: Timestamp,
) -> Result<(), FollowError> {
    while let Some(height) = climb.wants() {
        let header = until(end.as_mut(), source.fetch_header(height)).await?;
        follower.with(|follower| climb.handle_header(follower, header, now))?;
    }
    Ok(())
}

/// The answer of a call that must be there before `end`.
async fn until<T>(
    end: Pin<&mut Sleep>,
    call: impl Future<Output = Result<T, FetchError>>,
) -> Result<T, FetchError> {
    tokio::select! {
        answer = call => answer,
        () = end => Err(FetchError::Unavailable { why: "no answer in time".to_owned() }),
    }
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
        FollowError::Fetch(FetchError::Behind { tip, asked })
            if asked.saturating_sub(tip) > TIP_SLACK =>
        {
            FollowError::Overstated { claimed, asked }
        }
        other => other,
    });
    match stopped {
        Some(error @ FollowError::Frozen { .. }) => Err(error),
        Some(error) if headers.is_empty() => Err(error),
        stopped => Ok(Advanced { headers, stopped }),
    }
}
