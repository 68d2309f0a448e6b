use super::*;
use crate::service::link::{Inbox, LinkError};
use async_trait::async_trait;
use gateway_types::{Digest, checkpoint::TreeHead, message::ToLeader};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::sync::Mutex;

/// What a leader does with a post that has this frame in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Refuses,
    NeverAnswers,
    IsAway,
}

/// A leader that does not like tip 7.
#[derive(Debug)]
struct Picky {
    manner: Mutex<Option<Manner>>,
    taken: Mutex<Vec<u64>>,
}

fn tip(k: u64) -> MemberFrame {
    let head = TreeHead { size: k, root: Digest([1; 32]) };
    MemberFrame::Agree(Box::new(ToLeader::Tip(head, k)))
}

fn numbers(frames: &[MemberFrame]) -> Vec<u64> {
    let number = |frame: &MemberFrame| match frame {
        MemberFrame::Agree(message) => match **message {
            ToLeader::Tip(_, k) => k,
            _ => panic!("another frame"),
        },
        MemberFrame::Verdicts(_) => panic!("another frame"),
    };
    frames.iter().map(number).collect()
}

#[async_trait]
impl LeaderLink for Picky {
    async fn open_inbox(&self) -> Result<Box<dyn Inbox>, LinkError> {
        Err(LinkError::unreachable(&"no inbox"))
    }

    async fn post(&self, frames: &[MemberFrame]) -> Result<(), LinkError> {
        let numbers = numbers(frames);
        let manner = self.manner.lock().unwrap().filter(|_| numbers.contains(&7));
        match manner {
            Some(Manner::Refuses) => return Err(LinkError::status(400)),
            Some(Manner::NeverAnswers) => std::future::pending().await,
            Some(Manner::IsAway) => return Err(LinkError::status(503)),
            None => self.taken.lock().unwrap().extend(numbers),
        }
        Ok(())
    }
}

struct Posting {
    leader: Arc<Picky>,
    queue: super::super::queue::Queue,
    events: mpsc::Receiver<Event>,
}

fn posting(manner: Manner) -> Posting {
    let leader = Arc::new(Picky { manner: Mutex::new(Some(manner)), taken: Mutex::default() });
    let (queue, frames) = super::super::queue::queue();
    let (events, told) = mpsc::channel(8);
    let backoff = Backoff::new(ChaCha20Rng::from_seed([1; 32]));
    tokio::spawn(run(3, leader.clone(), frames, events, backoff));
    Posting { leader, queue, events: told }
}

impl Posting {
    fn send(&mut self, numbers: impl IntoIterator<Item = u64>) {
        numbers.into_iter().for_each(|k| assert!(self.queue.send(&tip(k))));
    }

    fn taken(&self) -> Vec<u64> {
        self.leader.taken.lock().unwrap().clone()
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_that_a_leader_refuses_does_not_keep_the_others_from_it() {
    let mut posting = posting(Manner::Refuses);
    posting.send(5..10);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(posting.taken(), [5, 6, 8, 9]);
    assert!(matches!(posting.events.try_recv(), Ok(Event::NotTaken(3))));
    posting.send(10..12);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(posting.taken(), [5, 6, 8, 9, 10, 11]);
    assert!(posting.events.try_recv().is_err(), "told once");
}

#[tokio::test(start_paused = true)]
async fn a_post_that_a_leader_never_answers_is_given_up() {
    let mut posting = posting(Manner::NeverAnswers);
    posting.send([7]);
    tokio::time::sleep(Duration::from_millis(1)).await;
    posting.send([8]);
    tokio::time::sleep(POST * 5).await;
    assert_eq!(posting.taken(), [8]);
    assert!(matches!(posting.events.try_recv(), Ok(Event::NotTaken(3))));
}

#[tokio::test(start_paused = true)]
async fn for_a_leader_that_is_away_it_waits() {
    let mut posting = posting(Manner::IsAway);
    posting.send(6..9);
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    assert!(posting.taken().is_empty() && posting.events.try_recv().is_err());
    *posting.leader.manner.lock().unwrap() = None;
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(posting.taken(), [6, 7, 8]);
    assert!(posting.events.try_recv().is_err());
}
