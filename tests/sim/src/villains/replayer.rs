//! A member that says old things again with each new one: of earlier batches and views.

use gateway_types::link::MemberFrame;
use std::collections::VecDeque;

/// Most that it keeps.
const KEPT: usize = 64;

/// How many old ones it says with each post.
const AT_ONCE: usize = 4;

/// What it said, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Replayer {
    kept: VecDeque<MemberFrame>,
}

impl Replayer {
    pub(super) fn pass(&mut self, said: Vec<MemberFrame>, replays: bool) -> Vec<MemberFrame> {
        let mut all = Vec::new();
        if replays && !said.is_empty() {
            for _ in 0..AT_ONCE.min(self.kept.len()) {
                if let Some(old) = self.kept.pop_front() {
                    all.push(old.clone());
                    self.kept.push_back(old);
                }
            }
        }
        for frame in said {
            if self.kept.len() < KEPT {
                self.kept.push_back(frame.clone());
            }
            all.push(frame);
        }
        all
    }
}
