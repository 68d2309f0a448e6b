//! Key generation for a committee, without a dealer.
//!
//! Every member deals a polynomial of its own; the committee's key is the sum, and nobody holds it. A
//! ceremony goes in six rounds, in each of which every member sends one message to all: *accept* (with a
//! commitment to its deal), *deal*, *acknowledge*, *log*, *confirm* (the transcript's digest) and
//! *rehearse*. [`CeremonyMember`] is one member's part, without I/O; [`run_local`] plays all of them in
//! one process. The arithmetic is that of `commonware-cryptography` (joint-Feldman).
//!
//! It is all or nothing. A ceremony ends with a key when *every* member has dealt, acknowledged every
//! deal, signed the same transcript and shown that it can sign; otherwise it ends with a [`Failure`]
//! that says whose fault it is where that can be said, the old epoch stays in force, and the next one is
//! proposed with another in the culprit's place. Nobody is left out on the way, so a false complaint
//! evicts nobody, and a ceremony in which a share was revealed is thrown away.
//!
//! Before anybody has an outcome, everybody has signed the transcript. In the last round a cheat can
//! still show its signature share to some and not to others, so some may end with an outcome and some
//! without: no protocol's last message escapes this. An outcome is therefore not yet a committee; the
//! `committee` entry that puts it in force needs every member's word that it holds its share.
//!
//! **Invariant:** t = n - floor((n-1)/3) only: with another t, shares that a library reveals for players
//! that did not answer can add up to the key. No clock, no network; randomness is an argument.

#![no_std]

extern crate alloc;

pub mod at_rest;
mod authentic;
mod dealing;
mod failure;
mod local;
mod member;
mod message;
mod outcome;
mod proposal;
mod rehearsal;
mod seal;
mod seat;

pub use authentic::{ConfirmationError, MessageError};
pub use failure::Failure;
pub use local::{LocalError, run_local};
pub use member::{CeremonyMember, Effect, JoinError};
pub use message::{Answer, Deal, MAX_MESSAGE, Message, Round, Sealed, SignedMessage, Step};
pub use outcome::{Outcome, PossessionError, prove_possession};
pub use proposal::{BadProposal, MAX_PROPOSAL, Proposal, Seat, VerifiedProposal};
pub use rehearsal::{RehearsalError, rehearse};

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "numbers of a test")]
mod tests;
