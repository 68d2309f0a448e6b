//! The seam to one chain's nodes, and following them with a light client.
//!
//! An adapter fetches and believes nothing. What nodes say is checked by the chain's light client; an adapter only
//! tells apart *this node cannot say now* from *here are bytes that claim to prove it*.
//!
//! **Invariant:** unknown is never absent. Only bytes that come with a proof become [`Fetched::value`] `None`.

mod adapter;
mod error;

pub use adapter::{ChainAdapter, Fetched, MAX_CHANGES_FETCHED, SourceId, Tip};
pub use error::FetchError;
