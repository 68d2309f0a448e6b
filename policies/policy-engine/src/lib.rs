//! Decides over facts by the jurisdictions' policy packs; Cedar inside.
//!
//! A [`Pack`] is one jurisdiction's rules, settings and list of issuers, loaded from texts and checked
//! strictly. [`decide`] asks the source's pack whether the licence may be disclosed and the destination's
//! whether it is recognised, and answers with a [`Permit`], a [`Denied`] or a [`Review`]. [`check`] is what
//! a committee's member does: the same, once, on the facts that the candidate states.
//!
//! **Invariant:** no answer is deny. An error in a rule, a request that does not fit the schema, a pack that
//! is not in force: all deny. Nothing here reads a file, a clock or a network, and the same texts and facts
//! give the same answer, in the same order, on every machine.

mod asked;
mod calendar;
mod canonical;
pub mod cases;
mod check;
mod decide;
pub mod explain;
mod issuers;
mod judge;
mod literals;
mod manifest;
mod pack;
mod problem;
mod rules;
mod scan;
mod schema;
mod situation;
mod spoken;
#[cfg(test)]
mod testing;
mod text;
mod values;
mod version;

pub use calendar::{BadTime, timestamp_of};
pub use decide::{Decision, Denied, Fault, Packs, Permit, Review, check, decide};
pub use issuers::{Issuer, IssuerKey};
pub use manifest::{Class, Equivalence, LocalForm, MaxStatusAge, RuleText, Words};
pub use pack::Pack;
pub use problem::{PackErrors, Place, Problem, ProblemCode};
pub use rules::{Requirement, Rule, RuleKind};
pub use schema::{Action, SCHEMA, schema_digest};
pub use spoken::{Spoken, spoken};
pub use version::VersionError;
