//! How a store is run.

use std::{fmt, time::Duration};

/// How much memory and disk a store takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Memory for pages, in bytes.
    pub cache_bytes: usize,
    /// Nothing is written when less than this would be left on the disk, in bytes: an engine that meets a full
    /// disk in the middle of a write has to be opened again.
    pub keep_free: u64,
    /// New questions are refused when less than this is left, in bytes: those that were taken need room to finish.
    pub new_above: u64,
}

impl Default for Settings {
    /// 64 MiB of memory; stops at 32 MiB free, takes nothing new below 128 MiB.
    fn default() -> Self {
        Self { cache_bytes: 64 << 20, keep_free: 32 << 20, new_above: 128 << 20 }
    }
}

/// How long each sync of a simulated disk takes.
pub type SyncDelay = Box<dyn FnMut() -> Duration + Send>;

/// Who writes.
pub enum Writing {
    /// A thread of its own, so that no task waits for a disk.
    Thread,
    /// The tasks that commit, one at a time, after a delay by the runtime's clock: no threads. For the simulator.
    Inline(SyncDelay),
}

impl fmt::Debug for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Thread => "Thread",
            Self::Inline(_) => "Inline",
        })
    }
}
