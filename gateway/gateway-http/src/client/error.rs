//! Why a call got no answer.

use crate::{Code, frames::FrameError};
use http::StatusCode;
use std::io;

/// Why a call got no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The path or a header cannot be sent: our mistake.
    #[error("this request cannot be sent")]
    BadRequest,
    /// No address, nobody there, or not the peer that was called. Nothing was sent: try again.
    #[error("cannot connect")]
    Connect(#[source] io::Error),
    /// No connection in time. Nothing was sent: try again.
    #[error("no connection in time")]
    NoConnection,
    /// The connection broke. The peer may have acted or not: ask again in a way that does no harm.
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
    /// No answer in time. The peer may have acted or not.
    #[error("no answer in time")]
    NoAnswer,
    /// The answer is longer than is taken.
    #[error("the answer is longer than {limit} bytes")]
    TooLong {
        /// How many are taken.
        limit: usize,
    },
    /// A long response was not given.
    #[error("refused with status {status}")]
    Refused {
        /// Why, by status.
        status: StatusCode,
        /// Why, by code, if the answer was a problem of ours.
        code: Option<Code>,
    },
    /// Nothing came on a long response for too long: connect anew.
    #[error("silence on a long response")]
    Silence,
    /// A long response ended: connect anew.
    #[error("a long response ended")]
    Ended,
    /// What came on a long response is not what was expected.
    #[error("a long response cannot be read")]
    Frame(#[from] FrameError),
}

impl ClientError {
    /// Whether it is certain that the peer got nothing of the request.
    #[must_use]
    pub const fn is_unsent(&self) -> bool {
        matches!(self, Self::BadRequest | Self::Connect(_) | Self::NoConnection)
    }
}
