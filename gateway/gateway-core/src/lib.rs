//! The life of a recognition, as pure rules: what the gateway asks, what each member checks, what an answer is.
//!
//! - [`check_request`]: what can be said of a question on its arrival;
//! - [`make_candidate`]: question and evidence, judged by both packs, ready for verdicts;
//! - [`check_candidate`]: what a member of either side checks before it says anything;
//!
//! Evidence comes in as types that only its checks can make: [`Evidence`] (a light client's proof),
//! [`Presented`] (issuer, holder, consent). So an unproved candidate does not compile.
//!
//! **Invariant:** a gateway decides nothing. Only members make a *no*, only the log makes an answer, and what is
//! not known is *unknown*, never *no*. Nothing here reads a clock, a network, a file or randomness; no error and
//! no `Debug` shows a licence number or a field of a record.

mod candidate;
mod check;
mod evidence;
mod facts;
mod intake;
mod lane;
mod presented;
mod request;

#[cfg(test)]
mod fixture;

pub use candidate::{CANDIDATE_VERSION, CandidateError, Made, make_candidate};
pub use check::{Judgement, NoVerdict, View as MemberView, check_candidate};
pub use evidence::Evidence;
pub use facts::derive_facts;
pub use intake::{IntakeError, check_request, texts_of};
pub use lane::{CANDIDATE_LIFE, Lane, MAX_CLOCK_DISTANCE, MAX_EVIDENCE_AGE_S, PlatformStanding};
pub use presented::{Asked, Presented, PresentedError, Texts, verify_presented};
pub use request::{
    KEY_KEPT, KeyCheck, KeyReused, KeyUse, Question, RecognitionId, StoredRequest, check_key,
};
