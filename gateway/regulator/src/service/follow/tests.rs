#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

use super::*;
use crate::testing::{
    NOW,
    chain::{self, Ledger, pin, pinned_header},
};
use async_trait::async_trait;
use chain_adapter::{FetchError, SourceId, Tip, follower_limits};
use gateway_types::Timestamp;

#[derive(Debug)]
struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A source that takes questions and never answers.
#[derive(Debug)]
struct Hangs(SourceId);

#[async_trait]
impl ChainAdapter for Hangs {
    fn source(&self) -> &SourceId {
        &self.0
    }

    async fn fetch_tip(&self) -> Result<Tip, FetchError> {
        std::future::pending().await
    }

    async fn fetch_header(&self, _: u64) -> Result<HeaderBytes, FetchError> {
        std::future::pending().await
    }

    async fn fetch_value(&self, _: &[u8], _: u64) -> Result<ShownValue, FetchError> {
        std::future::pending().await
    }

    async fn fetch_changes(&self, _: u64) -> Result<Vec<Change>, FetchError> {
        std::future::pending().await
    }
}

fn following() -> Follow {
    let follower =
        Follower::new(chain::make(), &pin(), follower_limits(), &pinned_header()).unwrap();
    Follow {
        told: (follower.height(), false),
        follower,
        sources: vec![Arc::new(Hangs(SourceId("one".to_owned())))],
        clock: Arc::new(At(NOW)),
        after: watch::channel(0).1,
        turn: 0,
        head: None,
    }
}

/// The header of the next block, which is so many seconds after the pin.
fn block(ledger: &mut Ledger, seconds: u64) -> HeaderBytes {
    ledger.block(Timestamp(NOW.0 - 60_000 + seconds * 1_000));
    ledger.header()
}

fn told(events: &mut mpsc::Receiver<Event>) -> Vec<FromChain> {
    std::iter::from_fn(|| events.try_recv().ok())
        .map(|event| match event {
            Event::Chain(what) => what,
            other => panic!("{other:?}"),
        })
        .filter(|what| !matches!(what, FromChain::Source(..)))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn headers_of_a_call_that_was_cut_off_are_told_all_the_same() {
    let mut follow = following();
    let (events, mut received) = mpsc::channel(64);
    let mut ledger = Ledger::new();
    // As a call that takes two headers and is then cut off leaves it.
    let headers = [block(&mut ledger, 1), block(&mut ledger, 2)];
    follow.follower.handle_headers(&headers, NOW).unwrap();
    assert!(follow.round(&events).await.is_ok());
    let news = told(&mut received);
    assert!(matches!(&news[..], [FromChain::Headers(taken)] if *taken == headers), "{news:?}");
    assert!(follow.round(&events).await.is_ok());
    assert!(told(&mut received).is_empty(), "once");
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_froze_while_it_advanced_tells_why() {
    let mut follow = following();
    let (events, mut received) = mpsc::channel(64);
    let (mut ledger, mut fork) = (Ledger::new(), Ledger::new());
    let (ours, theirs) = (block(&mut ledger, 1), block(&mut fork, 2));
    follow.follower.handle_headers(std::slice::from_ref(&ours), NOW).unwrap();
    let frozen = follow.follower.handle_headers(std::slice::from_ref(&theirs), NOW);
    assert!(matches!(frozen, Err(FollowError::Frozen { .. })), "{frozen:?}");
    assert!(follow.round(&events).await.is_ok());
    let news = told(&mut received);
    let both = |a: &HeaderBytes, b: &HeaderBytes| {
        (a == &ours && b == &theirs) || (a == &theirs && b == &ours)
    };
    assert!(
        matches!(&news[..], [FromChain::Headers(_), FromChain::Conflict(a, b)] if both(a, b)),
        "{news:?}"
    );
    assert!(follow.round(&events).await.is_ok());
    assert!(told(&mut received).is_empty(), "once");
}
