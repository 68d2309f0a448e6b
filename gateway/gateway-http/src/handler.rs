//! What a service gives to the server.

use crate::{Head, Request, Response};
use async_trait::async_trait;

/// Longest body if a handler says nothing else, in bytes. More: 413.
pub const DEFAULT_BODY_LIMIT: usize = 128 * 1024;

/// Answers requests. One is shared by all connections.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// How long a body this request may have, in bytes; decided before a byte of it is read.
    fn body_limit(&self, _head: &Head) -> usize {
        DEFAULT_BODY_LIMIT
    }

    /// Whether anybody may ask this, without a certificate. If not, the server answers 401 by itself.
    fn is_open(&self, _head: &Head) -> bool {
        false
    }

    /// Answers. Dropped half way if the caller hangs up: what must be finished belongs in a task of its own.
    async fn handle(&self, request: Request) -> Response;
}
