//! Settings of the programs: files, environment and flags, checked before anything starts.
//!
//! [`check()`] finds all that is wrong with a file, each with its place and what to write instead; a program
//! starts only with settings in which nothing is. The `config` crate lays the layers over each other; as it
//! keeps no places, these are looked up in the file by path.

mod check;
mod codes;
mod endpoint;
mod finding;
mod judge;
mod layers;
mod place;
pub mod platform;
mod schema;
mod secret;
mod shape;
mod units;
mod walk;
mod write;

pub use check::{Checked, Given, MAX_SETTINGS, check, check_text};
pub use codes::codes;
pub use endpoint::Endpoint;
pub use finding::{Finding, Severity, count, show};
pub(crate) use judge::load_pack;
pub use layers::{Effective, From, Over};
pub use place::Place;
pub use schema::Program;
pub use shape::*;
pub use units::{BadValue, Hex, Network, Rate, Share, Size, Span};
pub use write::write;

#[cfg(test)]
mod tests;
