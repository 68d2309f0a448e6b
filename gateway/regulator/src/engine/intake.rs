//! Candidates that wait for a verdict: a few milliseconds, so that one signature and one write serve many.

use core::time::Duration;
use gateway_types::{Timestamp, link::CandidateFrame};
use std::collections::VecDeque;

/// How long the first that came waits for others.
const GATHER: Duration = Duration::from_millis(3);

/// So many are judged without waiting.
pub(super) const GATHERED: usize = 512;

/// Most that wait: more are dropped, and may be sent again.
const MAX_WAITING: usize = 2048;

/// Most that wait for a header of their height.
const MAX_HELD: usize = 256;

/// How long one waits for its header: no longer than its time may differ from the clock.
const HELD_FOR: Duration = Duration::from_secs(4);

/// What waits. It holds what holders handed over, for as short a time as can be.
#[derive(Debug, Default)]
pub(super) struct Intake {
    waiting: VecDeque<CandidateFrame>,
    judge_at: Option<Timestamp>,
    held: VecDeque<(Timestamp, CandidateFrame)>,
}

impl Intake {
    /// Takes one; false if there is no room.
    pub(super) fn push(&mut self, frame: CandidateFrame, now: Timestamp) -> bool {
        let room = self.waiting.len() < MAX_WAITING;
        if room {
            self.waiting.push_back(frame);
            self.judge_at.get_or_insert(now.saturating_add(GATHER));
        }
        room
    }

    /// When those that wait are to be judged.
    pub(super) fn poll_deadline(&self) -> Option<Timestamp> {
        self.judge_at
    }

    /// Whether enough wait to be judged at once.
    pub(super) fn is_full(&self) -> bool {
        self.waiting.len() >= GATHERED
    }

    /// Those that wait, at most [`GATHERED`].
    pub(super) fn take(&mut self) -> Vec<CandidateFrame> {
        let count = self.waiting.len().min(GATHERED);
        let taken = self.waiting.drain(..count).collect();
        if self.waiting.is_empty() {
            self.judge_at = None;
        }
        taken
    }

    /// Keeps one until a header of its height comes; false if there is no room.
    pub(super) fn hold(&mut self, frame: CandidateFrame, now: Timestamp) -> bool {
        self.apply_time(now);
        let room = self.held.len() < MAX_HELD;
        if room {
            self.held.push_back((now.saturating_add(HELD_FOR), frame));
        }
        room
    }

    /// Headers came: those that were kept for one wait again.
    pub(super) fn release(&mut self, now: Timestamp) {
        let held = std::mem::take(&mut self.held);
        for (_, frame) in held.into_iter().filter(|(until, _)| *until > now) {
            self.push(frame, now);
        }
    }

    /// Forgets those whose header did not come.
    pub(super) fn apply_time(&mut self, now: Timestamp) {
        self.held.retain(|(until, _)| *until > now);
    }

    /// Forgets all: nothing may be said now.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}
