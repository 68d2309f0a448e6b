//! A regulator's node as a service: judges, agrees, co-signs.
//!
//! - [`Engine`]: what one member of one lane does, as a state machine without I/O: `handle_*` in, [`Effect`]s out,
//!   in the order in which they must be done;
//! - [`Regulator`]: the tasks around it: an inbox and a sender for each leader, the sources' nodes, the store;
//! - [`Start`]: a new member, or one that may have spoken before;
//! - [`RegulatorView`]: how it stands; [`Admin`]: what its operator's own machines are told.
//!
//! It proves again, by its own light client, what a gateway shows it, judges by its own packs, writes its word down
//! before it says it, and says nothing while its journal may be lost or its clock is wrong.
//!
//! **Invariant:** persist, then tell. One verdict a candidate, for ever. What a holder hands over is forgotten as
//! soon as it is judged: never stored, never logged.

mod admin;
mod clock;
mod engine;
mod fault;
mod journal;
mod moment;
mod restore;
mod service;
mod setup;
mod spaces;
#[cfg(test)]
mod testing;
mod view;
#[cfg(feature = "villains")]
mod villain;

pub use admin::{Admin, missing};
pub use clock::{ClockGuard, ClockState, MAX_DIFFERENCE, MAX_STEP_BACK};
pub use engine::{ChainRefused, Dropped, Effect, Engine, NotJudged, Notice, OwnWords, own_words};
pub use fault::{FaultPoints, Hook, POINTS, Step};
pub use gateway_core::KnownPlatforms;
pub use journal::{
    JournalEnd, JournalEntry, JournalError, MAX_JOURNAL_ENTRY, Written, verify_journal, verify_next,
};
pub use moment::Moment;
pub use restore::{RestoreError, Restored, load_journal, restore};
pub use service::{
    Begun, Ended, HttpLink, Inbox, LeaderLink, LinkError, MIN_SOURCES, Parts, Regulator,
    StartError, Watched,
};
pub use setup::{BadSetup, Setup, Start};
pub use view::RegulatorView;
#[cfg(feature = "villains")]
pub use villain::{Spoils, Villain};
