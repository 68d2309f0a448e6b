//! A lane's log: an append-only RFC 6962 tree of salted leaves, its proofs, and its tiles.
//!
//! - [`LeafHash::of`]: what of an entry is in the tree, a digest of its salt and its bytes;
//! - [`Frontier`]: the few hashes that a member keeps so that it can append and name the new root;
//! - [`Log`]: all hashes, for those who make proofs and tiles;
//! - [`verify_inclusion`], [`verify_consistency`], [`verify_tiles`]: what anybody can check.
//!
//! The tree arithmetic of making and checking proofs is that of crate `tlog_tiles`, a port of Go's
//! `golang.org/x/mod/sumdb/tlog`. What it would panic on is refused before it is asked.
//!
//! **Invariant:** nothing here says who signed a root. A root is an argument; whoever passes it knows
//! why it is believed.

mod frontier;
mod hash;
mod log;
mod proof;
mod tile;
mod verify;

pub use frontier::{Frontier, LogFull, root_of};
pub use hash::{EMPTY_ROOT, LeafHash, MAX_LOG_SIZE, node_hash};
pub use log::{Log, OutOfRange};
pub use proof::{
    Consistent, Included, MAX_PROOF, Proof, ProofError, verify_consistency, verify_inclusion,
};
pub use tile::{HASHES_PER_TILE, MAX_TILE_LEVEL, TILE_BYTES, TilePath, tile_paths};
pub use verify::{TileError, VerifiedTiles, verify_tiles};
