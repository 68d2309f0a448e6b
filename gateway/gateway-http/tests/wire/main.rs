//! The server and the client over real TLS on loopback, and callers who do not keep to the rules.
#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic")]
#![expect(clippy::expect_used, reason = "the helpers of a test may panic")]

mod ca;
mod callers;
mod calls;
mod cost;
mod identity;
mod limits;
mod revocation;
mod smuggling;
mod world;
