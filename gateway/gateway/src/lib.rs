//! The gateway as a service: takes questions, leads lanes, answers.
//!
//! - [`lane`]: one lane's log, kept and served; leading it when it is this gateway's turn;
//! - [`chain`]: this gateway's own light client of a source chain, fed by its region's relayer;
//! - [`settings`]: what a gateway is started with.
//!
//! **Invariant:** a gateway decides nothing. What members agreed on is final, what a light client proved is
//! evidence, and nothing is told that is not written down.

pub mod chain;
pub mod lane;
pub mod settings;
pub mod fault;
pub mod links;
pub mod peer;
