//! The gateway as a service: takes questions, leads lanes, answers.
//!
//! - [`lane`]: one lane's log, kept and served; leading it when it is this gateway's turn;
//! - [`chain`]: this gateway's own light client of a source chain, fed by its region's relayer;
//! - [`questions`]: what platforms ask, stored, brought to an answer;
//! - [`api`]: the platforms' HTTP;
//! - [`metrics`]: what the operator's machines count and measure;
//! - [`links`], [`peer`]: what others dial, and whom this gateway dials;
//! - [`footing`], [`fault`]: the store and the clock of each of these, and where a test may end the program;
//! - [`settings`], [`service`]: what a gateway is started with; putting it together, running it.
//!
//! **Invariant:** a gateway decides nothing. What members agreed on is final, what a light client proved is
//! evidence, and nothing is told that is not written down.

pub mod api;
pub mod chain;
pub mod fault;
pub mod footing;
pub mod lane;
pub mod links;
pub mod metrics;
pub mod peer;
pub mod questions;
pub mod service;
pub mod settings;

#[cfg(test)]
mod testing;
