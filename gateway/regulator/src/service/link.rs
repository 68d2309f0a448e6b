//! The connection to one leader, as the service needs it.

use async_trait::async_trait;
use gateway_types::link::{InboxFrame, MemberFrame};
use std::fmt::Debug;

/// Why a leader was not reached, or the connection ended: dial again after a while.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("leader not reached: {why}")]
pub struct LinkError {
    /// What happened.
    pub why: String,
    /// Whether it answered and said no, or this cannot be sent at all: the same once more will not be taken either.
    pub is_refused: bool,
}

impl LinkError {
    /// Nobody answers, or the connection ended.
    pub fn unreachable(why: &impl ToString) -> Self {
        Self { why: why.to_string(), is_refused: false }
    }

    /// It says no: with an HTTP status of 400 to 499 it is the message that is wrong.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self { why: format!("status {status}"), is_refused: (400..500).contains(&status) }
    }
}

/// The way to one leader: over mutual TLS in a program, in memory in a test.
///
/// Trust: whoever is at the other end is the leader by its TLS certificate; what it says is judged frame by frame.
#[async_trait]
pub trait LeaderLink: Debug + Send + Sync {
    /// Opens the inbox of the lane (`GET /lane/v1/{lane}/inbox`).
    ///
    /// # Errors
    ///
    /// [`LinkError`]: dial again after a while.
    async fn open_inbox(&self) -> Result<Box<dyn Inbox>, LinkError>;

    /// Posts these frames, in order (`POST /lane/v1/{lane}/messages`). All were taken when this returns.
    ///
    /// # Errors
    ///
    /// [`LinkError`]: all of them may be sent again, they are idempotent.
    async fn post(&self, frames: &[MemberFrame]) -> Result<(), LinkError>;
}

/// An open inbox.
#[async_trait]
pub trait Inbox: Send {
    /// The next frame. A leader sends one at least every five seconds. Safe to drop while it waits.
    ///
    /// # Errors
    ///
    /// [`LinkError`]: the connection ended, or what came was not a frame.
    async fn next(&mut self) -> Result<InboxFrame, LinkError>;
}
