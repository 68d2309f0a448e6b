//! A follower that several tasks use.

use crate::{Advanced, ChainAdapter, CrossCheck, FollowError, Follower, follow};
use gateway_types::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

/// Something that has a follower for a moment at a time, never across a wait.
pub trait Holds: Send {
    /// Does something with the follower.
    fn with<R>(&mut self, act: impl FnOnce(&mut Follower) -> R) -> R;
}

impl Holds for &mut Follower {
    fn with<R>(&mut self, act: impl FnOnce(&mut Follower) -> R) -> R {
        act(self)
    }
}

/// A follower that several tasks use: one can prove while another waits for a node.
#[derive(Clone, Debug)]
pub struct SharedFollower(Arc<Mutex<Follower>>);

impl SharedFollower {
    /// Shares it.
    #[must_use]
    pub fn new(follower: Follower) -> Self {
        Self(Arc::new(Mutex::new(follower)))
    }

    /// Does something with the follower; the others wait, so `act` must be short.
    pub fn with<R>(&self, act: impl FnOnce(&mut Follower) -> R) -> R {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// As [`Follower::advance`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn advance(
        &self,
        source: &dyn ChainAdapter,
        now: Timestamp,
    ) -> Result<Advanced, FollowError> {
        follow::advance(&mut self.clone(), source, now).await
    }

    /// As [`Follower::cross_check`].
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn cross_check(
        &self,
        other: &dyn ChainAdapter,
        now: Timestamp,
    ) -> Result<CrossCheck, FollowError> {
        follow::cross_check(&mut self.clone(), other, now).await
    }
}

impl Holds for SharedFollower {
    fn with<R>(&mut self, act: impl FnOnce(&mut Follower) -> R) -> R {
        Self::with(self, act)
    }
}
