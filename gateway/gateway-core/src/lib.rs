//! The life of a recognition, as pure rules: what the gateway asks, what each member checks, what an answer is.
//!
//! - [`check_request`]: what can be said of a question on its arrival;
//! - [`Recognition`]: the state machine from a stored question to an answer, `handle_*` in, [`Effect`] out;
//! - [`make_candidate`]: question and evidence, judged by both packs, ready for verdicts;
//! - [`check_candidate`]: what a member of either side checks before it says anything;
//! - [`Tally`]: what the verdicts come to;
//! - [`verify_logged`]: the only way to a *yes* or *no*.
//!
//! Evidence comes in as types that only its checks can make: [`Evidence`] (a light client's proof),
//! [`Presented`] (issuer, holder, consent), `Verified<VerdictList>` (members' signatures), [`Logged`] (under a
//! checkpoint that the committees signed). So an unproved recognition does not compile.
//!
//! **Invariant:** a gateway decides nothing. Only members make a *no*, only the log makes an answer, and what is
//! not known is *unknown*, never *no*. Nothing here reads a clock, a network, a file or randomness; no error and
//! no `Debug` shows a licence number or a field of a record.

mod candidate;
mod check;
mod evidence;
mod facts;
mod failure;
mod intake;
mod lane;
mod logged;
mod presented;
mod recognition;
mod request;
mod tally;
mod view;

#[cfg(test)]
mod fixture;

pub use candidate::{CANDIDATE_VERSION, CandidateError, Made, make_candidate};
pub use check::{Judgement, NoVerdict, View as MemberView, check_candidate};
pub use evidence::Evidence;
pub use facts::derive_facts;
pub use failure::{EvidenceError, Failure, SourceTrouble};
pub use intake::{IntakeError, check_consent, check_request, texts_of};
pub use lane::{
    CANDIDATE_LIFE, KnownPlatforms, Lane, MAX_CLOCK_DISTANCE, MAX_EVIDENCE_AGE_S, PlatformStanding,
};
pub use logged::{Leaf, Logged, LoggedError, MAX_STATUS_AGE, Outcome, verify_logged};
pub use presented::{Asked, Presented, PresentedError, Texts, verify_presented};
pub use recognition::{
    BATCH_PATIENCE, Effect, Progress, Recognition, SOURCE_PATIENCE, SOURCE_RETRY, answer_of,
};
pub use request::{
    KEY_KEPT, KeyCheck, KeyReused, KeyUse, Question, RecognitionId, StoredRequest, check_key,
};
pub use tally::{Count, NoCommittee, Standing, Tally};
pub use view::{Answer, LicenceStanding, StateWord, View, WaitingOn};
