//! What a relying party verifies, offline.
//!
//! [`check`] takes the files and a moment, and answers *good*, *not good*, *not genuine* or *cannot say*. Its
//! parts can be called one by one: [`Trust::read`], [`read::read_certificate`], [`verify_certificate`],
//! [`verify_status`], [`judge::judge`]. [`words`] has the sentences that people read; [`assemble`] makes the
//! files from a log.
//!
//! **Invariant:** nothing is asked of anybody, no clock is read, and what comes out as verified was checked
//! from the relying party's own trust file on: no key, committee or root in a file is believed because the
//! file says so. *Unknown* is never shown as *no*, and never as *yes*.
//!
//! Builds for `wasm32-unknown-unknown`.

pub mod assemble;
mod epochs;
mod genuine;
mod inclusion;
pub mod judge;
mod outcome;
pub mod read;
mod report;
mod signed;
mod status;
mod steps;
#[cfg(all(any(test, feature = "testing"), not(target_family = "wasm")))]
pub mod testing;
mod trust;
pub mod words;

pub use epochs::{Epoch, Epochs, FIRST_COMMITTEE_INDEX};
pub use genuine::{Decided, VerifiedCertificate, verify_certificate};
pub use judge::{OFFLINE_LIMIT, ONLINE_LIMIT, Question, Standing};
pub use outcome::{
    CannotSay, Changed, FileKind, Invalid, Leaf, NotGenuine, NotGood, Outcome, Refusal, SourceWord,
};
pub use report::{Files, Findings, MatchedRecord, Report, check, match_record};
pub use status::{VerifiedStatus, verify_status};
pub use steps::{Step, Trail};
pub use trust::{Trust, TrustError, TrustedCommittees};

#[cfg(test)]
mod tests;
