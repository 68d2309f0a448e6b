//! The RPC of `CometBFT` nodes with a `CosmWasm` registry.
//!
//! [`CometBftNodes`] are the nodes of one operator: one source. Nodes are asked over HTTP/1.1, by plain text only
//! where settings allow it; answers are bounded before they are parsed, and judged by code, height and key before a
//! missing value may mean absence.
//!
//! **Invariant:** what a node says is believed for nothing but when to ask again. No address is dialled that
//! [`Egress`] did not check after its name was resolved, and no redirect is followed.

mod connection;
mod egress;
mod endpoint;
mod node;
mod nodes;
mod rpc;
mod settings;

pub use connection::{MAX_ANSWER, REQUEST_TIMEOUT};
pub use egress::{AddressError, BadNetwork, Egress, MAX_NETWORKS, Network};
pub use endpoint::{Endpoint, EndpointError, MAX_URL};
pub use nodes::{CHANGES_TIME, CometBftNodes, NODE_TIME};
pub use settings::SettingsError;
