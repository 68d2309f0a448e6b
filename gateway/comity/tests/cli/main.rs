//! The real program, as a user types it: what it prints, where, and how it ends.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test that cannot run the program, or read what it printed, stops at once"
)]

mod help;
mod log;
mod policy;
mod run;
mod verify;
