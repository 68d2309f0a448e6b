//! The parts of Comity's one program that are also used by its tests and benchmarks.
//!
//! [`local`] runs a whole lane in one process, over no network: what the demonstration shows and the
//! benchmarks measure. Every rule in it is the real code; only the wires are missing. [`settings`] are what
//! the programs are told, and [`deployment`] writes all that a whole deployment needs.

pub mod ask;
pub mod authority;
pub mod deployment;
pub mod fleet;
pub mod folder;
pub mod genesis;
pub mod load;
pub mod local;
pub mod secret_file;
pub mod settings;
