//! One lane at this gateway: its log, who is connected, and leading it in turn.

mod handle;
mod keep;
mod log;
mod view;

pub use handle::{CANDIDATES_WAITING, EVENTS_KEPT, LaneHandle, LaneStopped};
pub use log::{Answered, LaneLog, LogError, PlacedEntry, RECENT_BATCHES};
pub use view::{FinalBatch, LaneEvent, LaneView, MemberSeen};
