//! What waits for one leader, in frames and in bytes.

use gateway_types::{
    Timestamp,
    body::Body,
    checkpoint::TreeHead,
    link::MemberFrame,
    message::{ToLeader, Votes},
    verdict::SignedVerdicts,
};
use std::collections::VecDeque;
use tokio::sync::mpsc;

/// Frames that wait for one leader. When full, further ones are dropped; once there is room again the member repeats
/// what it last said, as to a leader that was away.
pub(super) const MAX_QUEUED: usize = 1024;

/// Bytes that wait for one leader, roughly: some of the largest bodies. When full, as with frames.
pub(super) const MAX_QUEUED_BYTES: usize = 32 * 1024 * 1024;

/// A frame without anything long in it, and what is around each signature, in bytes: more than it takes.
const SHORT: usize = 512;

/// One vote, or one verdict, in bytes: more than it takes.
const WORD: usize = 128;

/// The sending side of a leader's queue.
#[derive(Debug)]
pub(super) struct Queue {
    sender: mpsc::Sender<MemberFrame>,
    /// The newest frames, the oldest of them first: as many as wait.
    waiting: VecDeque<Waits>,
    bytes: usize,
}

/// What is remembered of a frame that waits.
#[derive(Debug)]
struct Waits {
    bytes: usize,
    body: Option<BodyId>,
}

/// Which body it is: number, time, and where it leads.
type BodyId = (u64, Timestamp, TreeHead);

/// An empty queue, and where its frames come out.
pub(super) fn queue() -> (Queue, mpsc::Receiver<MemberFrame>) {
    let (sender, frames) = mpsc::channel(MAX_QUEUED);
    (Queue { sender, waiting: VecDeque::new(), bytes: 0 }, frames)
}

impl Queue {
    /// Queues a frame; `false` if there is no room, and it is dropped. A body that waits already is not queued again.
    pub(super) fn send(&mut self, frame: &MemberFrame) -> bool {
        self.forget_taken();
        let waits = Waits { bytes: size(frame), body: body_of(frame).map(id) };
        if waits.body.is_some() && self.waiting.iter().any(|it| it.body == waits.body) {
            return true;
        }
        let bytes = self.bytes.saturating_add(waits.bytes);
        if bytes > MAX_QUEUED_BYTES || self.sender.try_send(frame.clone()).is_err() {
            return false;
        }
        self.bytes = bytes;
        self.waiting.push_back(waits);
        true
    }

    /// How many frames wait.
    pub(super) fn len(&self) -> usize {
        self.sender.max_capacity().saturating_sub(self.sender.capacity())
    }

    fn forget_taken(&mut self) {
        while self.waiting.len() > self.len() {
            let taken = self.waiting.pop_front().map_or(0, |it| it.bytes);
            self.bytes = self.bytes.saturating_sub(taken);
        }
    }
}

fn body_of(frame: &MemberFrame) -> Option<&Body> {
    match frame {
        MemberFrame::Agree(message) => match &**message {
            ToLeader::Body(body) => Some(body),
            _ => None,
        },
        MemberFrame::Verdicts(_) => None,
    }
}

fn id(body: &Body) -> BodyId {
    (body.k, body.time, body.head)
}

/// Whether it goes in a post by itself: a body may be as long as a post may be.
pub(super) fn is_long(frame: &MemberFrame) -> bool {
    body_of(frame).is_some()
}

/// Bytes of a frame, roughly.
pub(super) fn size(frame: &MemberFrame) -> usize {
    let long = match frame {
        MemberFrame::Verdicts(signed) => size_of_list(signed),
        MemberFrame::Agree(message) => match &**message {
            ToLeader::Body(body) => size_of_body(body),
            ToLeader::Lock(lock) => size_of_votes(&lock.certificate),
            ToLeader::Timeout(timeout) => timeout.certificate.as_ref().map_or(0, size_of_votes),
            ToLeader::LockedOn(votes) => size_of_votes(votes),
            _ => 0,
        },
    };
    long.saturating_add(SHORT)
}

fn size_of_body(body: &Body) -> usize {
    let entries = body.entries.iter().map(|it| it.bytes.len().saturating_add(WORD));
    let lists = body.verdicts.iter().map(|it| size_of_list(it).saturating_add(SHORT));
    entries.chain(lists).fold(0, usize::saturating_add)
}

fn size_of_list(signed: &SignedVerdicts) -> usize {
    signed.list.verdicts.len().saturating_mul(WORD)
}

fn size_of_votes(votes: &Votes) -> usize {
    votes.votes.len().saturating_mul(WORD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::lane;
    use gateway_types::{Bounded, Bytes, Digest, Salt, body::BodyEntry};

    fn body(k: u64, megabytes: usize) -> MemberFrame {
        let bytes = Bytes::new(vec![7; 32 * 1024]).unwrap();
        let entry = BodyEntry { salt: Salt([0; 16]), bytes };
        let head = TreeHead { size: k, root: Digest([1; 32]) };
        MemberFrame::Agree(Box::new(ToLeader::Body(Box::new(Body {
            origin: lane::origin(),
            epoch: 1,
            k,
            base: head,
            time: Timestamp(k),
            entries: Bounded::new(vec![entry; megabytes.saturating_mul(32)]).unwrap(),
            verdicts: Bounded::default(),
            possession: Bounded::default(),
            head,
        }))))
    }

    fn tip(k: u64) -> MemberFrame {
        let head = TreeHead { size: k, root: Digest([1; 32]) };
        MemberFrame::Agree(Box::new(ToLeader::Tip(head, k)))
    }

    #[test]
    fn a_body_that_is_asked_for_again_and_again_waits_once() {
        let (mut queue, mut frames) = queue();
        for _ in 0..1_000 {
            assert!(queue.send(&body(1, 8)));
        }
        assert_eq!(queue.len(), 1);
        assert!(queue.send(&body(2, 8)), "another one does");
        assert_eq!(frames.try_recv().unwrap(), body(1, 8));
        assert!(queue.send(&body(1, 8)), "it was taken: it is queued again");
        assert_eq!(queue.len(), 2);
    }

    #[test]
    fn a_leader_that_reads_nothing_holds_few_bytes() {
        let (mut queue, mut frames) = queue();
        let taken = (0..100).filter(|k| queue.send(&body(*k, 7))).count();
        assert_eq!(taken, MAX_QUEUED_BYTES / (7 * 1024 * 1024));
        assert!(queue.send(&tip(1)), "there is room for what is short");
        assert!(frames.try_recv().is_ok());
        assert!(queue.send(&body(200, 7)));
        let (mut queue, _frames) = super::queue();
        assert_eq!((0..2 * MAX_QUEUED as u64).filter(|k| queue.send(&tip(*k))).count(), MAX_QUEUED);
    }
}
