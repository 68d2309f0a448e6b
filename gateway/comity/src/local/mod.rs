//! A whole lane in one process, over no network: what the demonstration shows and the benchmarks measure.
//!
//! Every rule is the real code: keys from a ceremony, light clients that each follow the chain, verdicts and
//! votes signed, encoded, decoded and checked again. Only wires, disks and clocks are missing: bytes are put
//! into the other's hands, time is told.

pub mod disk;
pub mod follower;
pub mod found;
pub mod gateway;
pub mod holder;
pub mod keys;
pub mod lane;
pub mod node;
pub mod packs;
pub mod question;
pub mod recorded;
pub mod villain;
mod watch;
mod wire;
