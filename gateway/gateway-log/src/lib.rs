//! A lane's log: an append-only RFC 6962 tree of salted leaves, its proofs, and its tiles.
//!
//! [`LeafHash::of`] is what of an entry is in the tree; a [`Frontier`] is what a member keeps.
//!
//! **Invariant:** nothing here says who signed a root. A root is an argument; whoever passes it knows
//! why it is believed.

mod frontier;
mod hash;

pub use frontier::{Frontier, LogFull, root_of};
pub use hash::{EMPTY_ROOT, LeafHash, MAX_LOG_SIZE, node_hash};
