//! One lane at this gateway: its log, who is connected, and leading it in turn.

pub mod engine;
mod handle;
mod keep;
mod log;
mod outbox;
mod recheck;
pub(crate) mod stored;
mod task;
mod view;
mod waiting;

pub use handle::{
    EVENTS_KEPT, FRAMES_WAITING, INPUTS_WAITING, LaneHandle, LaneStopped, PeerNotTaken,
};
pub use log::{Answered, LaneLog, LogError, PlacedEntry, RECENT_BATCHES};
pub use outbox::BYTES_WAITING;
pub(crate) use recheck::watch_log;
pub use task::{ALIVE, LaneTask, open};
pub(crate) use view::member_name;
pub use view::{FinalBatch, LaneEvent, LaneView, MemberSeen};
pub use waiting::MAX_WAITING;

#[cfg(test)]
pub(crate) use keep::{BATCHES, decode_batch, numbered};
