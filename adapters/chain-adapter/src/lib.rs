//! The seam to one chain's nodes, and following them with a light client.
//!
//! An adapter fetches and believes nothing. What nodes say is checked by the chain's light client; an adapter only
//! tells apart *this node cannot say now* from *here are bytes that claim to prove it*. A [`Follower`] is somebody's
//! own light client with its storage: it takes headers from anybody and proves what anybody shows.
//!
//! **Invariant:** unknown is never absent. Only bytes that come with a proof become a [`ShownValue`] without a value,
//! and only the light client makes evidence of it.
//!
//! [`ShownValue`]: gateway_types::link::ShownValue

mod adapter;
mod climb;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod follow;
mod follower;
mod health;
mod prove;
mod settings;
mod shared;
mod sources;
mod sync;

pub use adapter::{ChainAdapter, MAX_CHANGES_FETCHED, SourceId, Tip};
pub use climb::{Climb, MAX_STEPS};
pub use error::{FetchError, FollowError};
pub use follow::{ADVANCE_TIMEOUT, Advanced, CrossCheck, TIP_SLACK};
pub use follower::{Follower, HEADERS_KEPT, follower_limits};
pub use health::{BACK_OFF_FIRST, BACK_OFF_MOST, Health, REACHED_FOR};
pub use settings::{MAX_NODES, SourceSettings};
pub use shared::{Holds, SharedFollower};
pub use sources::{SOURCE_TIMEOUT, STALE_AFTER, Sources, SourcesError, check_sources};
pub use sync::{SyncError, Synced, fetch_synced};
