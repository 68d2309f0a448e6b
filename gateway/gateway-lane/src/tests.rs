//! Lanes made of real entries, held against the rules.
#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

mod catch_up;
mod fixture;
mod genesis;
mod random;
mod recognition;
mod status;
mod sync;
