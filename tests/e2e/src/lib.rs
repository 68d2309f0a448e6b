//! Two regions as real programs on this machine: started, killed, paused, cut off, lied to.
//!
//! [`Running`] writes a deployment as its parties would, starts every program as a process with its own store, and
//! asks as a platform does, over mutual TLS. Whatever happens in between, [`Running::check_history`] holds: what was
//! acknowledged is still there with the same bytes, the same key gets the same answer, and no log has two roots of
//! one size.
//!
//! The program is given by the environment: `E2E_PROGRAM`, built with the feature `fault-points`.

mod ask;
mod door;
mod fault;
mod history;
mod log;
mod place;
mod running;
mod secrets;

pub use ask::Asked;
pub use door::{Door, answer_of, post};
pub use fault::table;
pub use log::SeenLog;
pub use place::{DESTINATION, LANE, SOURCE};
pub use running::{PATIENCE, Running};
