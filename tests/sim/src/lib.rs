//! Whole committees in one thread and virtual time.
//!
//! One seed is one run: two regions, a chain of four nodes, two gateways with their relayers, eight members, a
//! platform that asks, all of them the real services over real TLS and real stores on simulated networks, clocks
//! and disks. The seed draws what goes wrong: [`fault`], [`villains`]. What must hold is in [`check`].
//!
//! **Invariant:** nothing here decides anything in the place of a program's own rules.

pub mod check;
mod entropy;
pub mod fault;
pub mod hosts;
pub mod kept;
pub mod links;
pub mod made;
pub mod net;
pub mod platform;
pub mod run;
pub mod table;
pub mod villains;
pub mod watch;
