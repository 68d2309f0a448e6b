//! The parts of Comity's one program that are also used by its benchmarks.
//!
//! [`local`] runs a whole lane in one process, over no network: what the demonstration shows and the
//! benchmarks measure. Every rule in it is the real code; only the wires are missing.

pub mod local;
