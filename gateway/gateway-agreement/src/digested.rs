//! A body with its digest, and the root that its entries lead to.

use gateway_log::{Frontier, LeafHash, LogFull};
use gateway_types::{
    Digest,
    body::{Body, BodyEntry, body_digest},
    cbor,
    checkpoint::TreeHead,
};
use std::sync::Arc;

/// A body and its digest d, hashed once. Cheap to clone.
///
/// Trust: anybody may have made the body; that d is its digest is certain.
#[derive(Clone, Debug)]
pub struct DigestedBody {
    d: Digest,
    len: usize,
    body: Arc<Body>,
}

impl DigestedBody {
    /// Hashes the body.
    #[must_use]
    pub fn new(body: Body) -> Self {
        let encoded = cbor::encode(&body);
        Self { d: body_digest(&encoded), len: encoded.len(), body: Arc::new(body) }
    }

    /// Length of its encoding, in bytes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.len
    }

    /// Its digest.
    #[must_use]
    pub fn d(&self) -> Digest {
        self.d
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &Body {
        &self.body
    }
}

impl PartialEq for DigestedBody {
    fn eq(&self, other: &Self) -> bool {
        self.d == other.d
    }
}

impl Eq for DigestedBody {}

/// The tree after the body's entries, if they lead where it says.
///
/// `frontier` is that of the tip. Each member computes this itself before it signs.
///
/// # Errors
///
/// [`RootError`]: the body builds on another tip, or leads elsewhere; never sign it.
pub fn verify_root(frontier: &Frontier, body: &Body) -> Result<Frontier, RootError> {
    let tip = TreeHead { size: frontier.size(), root: frontier.root() };
    if body.base != tip {
        return Err(RootError::Base { got: body.base, tip });
    }
    let leaf = |entry: &BodyEntry| LeafHash::of(&entry.salt, &entry.bytes);
    let after = frontier.with(body.entries.iter().map(leaf))?;
    let head = TreeHead { size: after.size(), root: after.root() };
    if head.size <= tip.size || body.head != head {
        return Err(RootError::Head { got: body.head, computed: head });
    }
    Ok(after)
}

/// Why a body does not lead where it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RootError {
    /// It builds on another tip.
    #[error("the body builds on size {}, the tip has {}", got.size, tip.size)]
    Base {
        /// What it builds on.
        got: TreeHead,
        /// This member's tip.
        tip: TreeHead,
    },
    /// Its entries lead elsewhere, or nowhere.
    #[error("the body's entries lead to size {}, it says {}", computed.size, got.size)]
    Head {
        /// What it says.
        got: TreeHead,
        /// Where its entries lead.
        computed: TreeHead,
    },
    /// No log is that long.
    #[error("the log would be too long")]
    Full(#[from] LogFull),
}
