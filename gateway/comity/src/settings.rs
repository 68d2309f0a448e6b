//! Settings of the programs: files, environment and flags, checked before anything starts.

mod endpoint;
mod shape;
mod units;

pub use endpoint::Endpoint;
pub use shape::*;
pub use units::{BadValue, Hex, Rate, Share, Size, Span};
