//! The relayer as a service: observes a chain, brings what its gateway asks for.
//!
//! It dials its own region's gateways, hears which chains they follow and which licences they ask about, and posts
//! headers, heads, changes and proofs. What to do next is decided in [`plan`], which is pure; sources are asked in
//! turn, and what they show is checked by a light client of the relayer's own before it is handed on.
//!
//! **Invariant:** nobody trusts a relayer. All it posts is proven by the gateway; it can at most be late or silent.
//! Trouble with sources is told as *unavailable*, never as absence.

mod act;
mod admin;
mod back_off;
mod chain;
mod link;
pub mod plan;
mod relayer;
mod served;
mod session;
mod settings;
mod view;

pub use admin::Admin;
pub use chain::{FollowedChain, LightClientMaker};
pub use link::{GatewayLink, HttpLink, LinkError, WorkStream};
pub use relayer::{Ended, MAX_CHAINS, MAX_GATEWAYS, Relayer, StartError};
pub use settings::RelayerSettings;
pub use view::{ChainView, ClientView, LinkView, RelayerView, SourcesView};
