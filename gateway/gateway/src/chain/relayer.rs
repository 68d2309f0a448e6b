//! What waits for one relayer, of all chains together.
//!
//! All chains of a gateway write into the one long response that a relayer reads. If one alone let go of it, the
//! relayer would go on reading the others and never dial again: so it is open for all, or closed for all.

use crate::lane::FRAMES_WAITING;
use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// Places that only what is said once may take. What is repeated anyway leaves them free.
const KEPT_FREE: usize = FRAMES_WAITING / 2;

/// Whether work that finds no room is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// It is said again after a while: without room it is left out.
    Again,
    /// It is said once: without room the response is closed, and all is said when the relayer dials again.
    Once,
}

/// The sending side of a relayer's long response. Clones are of the same response.
#[derive(Clone, Debug)]
pub struct RelayerOutbox(Arc<Mutex<Option<mpsc::Sender<Bytes>>>>);

impl RelayerOutbox {
    /// A response that is open, and the frames that come out of it; at most [`FRAMES_WAITING`] wait.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Bytes>) {
        let (sender, frames) = mpsc::channel(FRAMES_WAITING);
        (Self(Arc::new(Mutex::new(Some(sender)))), frames)
    }

    /// Whether somebody still reads it.
    pub(super) fn is_open(&self) -> bool {
        self.with(|sender| sender.as_ref().is_some_and(|sender| !sender.is_closed()))
    }

    /// Ends the response, whichever chain says so. What waits can still be read.
    pub(super) fn close(&self) {
        self.with(|sender| drop(sender.take()));
    }

    /// Queues a frame.
    pub(super) fn send(&self, frame: &Bytes, said: Said) {
        self.with(|it| {
            let Some(sender) = it else { return };
            if said == Said::Again && sender.capacity() <= KEPT_FREE {
                return;
            }
            if sender.try_send(frame.clone()).is_err() {
                *it = None;
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Option<mpsc::Sender<Bytes>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_leaves_room_and_what_is_not_closes_for_all() {
        let (outbox, mut frames) = RelayerOutbox::new();
        let (other, frame) = (outbox.clone(), Bytes::from_static(b"work"));
        (0..FRAMES_WAITING * 2).for_each(|_| outbox.send(&frame, Said::Again));
        assert!(outbox.is_open());
        (0..KEPT_FREE).for_each(|_| other.send(&frame, Said::Once));
        assert!(outbox.is_open() && other.is_open());
        other.send(&frame, Said::Once);
        assert!(!outbox.is_open() && !other.is_open());
        assert_eq!(std::iter::from_fn(|| frames.try_recv().ok()).count(), FRAMES_WAITING);
        assert_eq!(frames.try_recv(), Err(mpsc::error::TryRecvError::Disconnected));
    }
}
