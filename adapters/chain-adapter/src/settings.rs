//! What an operator says about one source, whatever the chain.

use crate::SourceId;

/// Most nodes of one source.
pub const MAX_NODES: usize = 8;

/// One source: where one operator's nodes are, and where their addresses may lie.
///
/// Trust: the operator of this program wrote it; what names resolve to, anybody may have.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSettings {
    /// Who runs the nodes.
    pub operator: SourceId,
    /// Their URLs, `https://host[:port]`, from 1 to [`MAX_NODES`].
    pub nodes: Vec<String>,
    /// Networks beyond the public ones where nodes may be, such as `10.1.0.0/16`.
    #[serde(default)]
    pub networks: Vec<String>,
    /// Whether `http` is allowed too, within `networks` only: for demonstrations.
    #[serde(default)]
    pub plain: bool,
    /// Certificates of the authorities that vouch for `https` nodes, as PEM text.
    #[serde(default)]
    pub roots_pem: Option<String>,
}
