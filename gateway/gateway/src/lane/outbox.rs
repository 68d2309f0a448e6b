//! What waits on one connection, in frames and in bytes.

use super::handle::FRAMES_WAITING;
use bytes::Bytes;
use std::collections::VecDeque;
use tokio::sync::mpsc;

/// Most bytes that wait on one connection: a few of the largest batches. When there are more the connection is
/// closed, as when there are too many frames.
pub const BYTES_WAITING: usize = 64 * 1024 * 1024;

/// The sending side of a long response.
#[derive(Debug)]
pub(super) struct Outbox {
    sender: mpsc::Sender<Bytes>,
    /// Lengths of the newest frames: as many as may wait.
    lengths: VecDeque<usize>,
    bytes: usize,
}

impl Outbox {
    pub(super) fn new(sender: mpsc::Sender<Bytes>) -> Self {
        Self { sender, lengths: VecDeque::new(), bytes: 0 }
    }

    /// Queues a frame; `false` if the reader is gone or too slow: then drop this.
    pub(super) fn send(&mut self, frame: &Bytes) -> bool {
        let waiting = FRAMES_WAITING.saturating_sub(self.sender.capacity());
        while self.lengths.len() > waiting {
            let read = self.lengths.pop_front().unwrap_or_default();
            self.bytes = self.bytes.saturating_sub(read);
        }
        let bytes = self.bytes.saturating_add(frame.len());
        if bytes > BYTES_WAITING || self.sender.try_send(frame.clone()).is_err() {
            return false;
        }
        self.bytes = bytes;
        self.lengths.push_back(frame.len());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_is_too_slow_is_left() {
        let (sender, mut reader) = mpsc::channel(FRAMES_WAITING);
        let mut outbox = Outbox::new(sender);
        let large = Bytes::from(vec![0; BYTES_WAITING / 4]);
        for _ in 0..4 {
            assert!(outbox.send(&large));
        }
        assert!(!outbox.send(&large));
        assert!(reader.try_recv().is_ok());
        assert!(outbox.send(&large));
        let small = Bytes::from_static(b"");
        assert_eq!((0..FRAMES_WAITING).filter(|_| outbox.send(&small)).count(), FRAMES_WAITING - 4);
        drop(reader);
        assert!(!outbox.send(&small));
    }
}
