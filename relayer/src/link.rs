//! The link to one gateway.

mod http;

use async_trait::async_trait;
use gateway_types::link::{RelayEvidence, RelayWork};
pub use http::HttpLink;
use std::fmt::Debug;

/// Why a link does not work. Dial again, after a wait.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Nobody answers, or the connection broke.
    #[error("the gateway cannot be reached: {why}")]
    Unreachable {
        /// What happened.
        why: String,
    },
    /// It answers, and says no.
    #[error("the gateway refuses, with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
}

/// One gateway of the relayer's own region.
#[async_trait]
pub trait GatewayLink: Debug + Send + Sync {
    /// For logs.
    fn name(&self) -> String;

    /// Dials, and hears what the gateway wants from now on. It begins with all that is open.
    ///
    /// # Errors
    ///
    /// [`LinkError`].
    async fn open_work(&self) -> Result<Box<dyn WorkStream>, LinkError>;

    /// Posts what was found, in this order.
    ///
    /// # Errors
    ///
    /// [`LinkError`]: the gateway may have it or not. It asks again for what it lacks.
    async fn post(&self, found: &[RelayEvidence]) -> Result<(), LinkError>;
}

/// What a gateway wants, as it comes.
#[async_trait]
pub trait WorkStream: Send {
    /// The next piece of work. May be dropped while waiting.
    ///
    /// # Errors
    ///
    /// [`LinkError`]: it is over.
    async fn next(&mut self) -> Result<RelayWork, LinkError>;
}
