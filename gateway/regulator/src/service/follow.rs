//! Following the source chain by oneself, through every source in turn.

use super::{Event, Parts};
use chain_adapter::{ChainAdapter, CrossCheck, FollowError, Follower, MAX_CHANGES_FETCHED};
use gateway_net::Clock;
use gateway_types::{
    body::MAX_HEADERS,
    link::ShownValue,
    registry::{Change, RegistryHead, head_path},
};
use light_client::{HeaderBytes, Misbehaviour};
use std::sync::Arc;
use tokio::{
    sync::{mpsc, watch},
    time::{Duration, timeout},
};

/// How often the sources are asked.
const EVERY: Duration = Duration::from_secs(1);

/// How long one source may take for one thing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Most changes fetched before the lane has logged any of them: then it catches up, and these are asked for anew.
const MAX_CHANGES_AHEAD: usize = gateway_types::body::MAX_CHANGES;

/// What the chain's task brings.
#[derive(Debug)]
pub(crate) enum FromChain {
    /// Verified headers, heights rising, at most 64.
    Headers(Vec<HeaderBytes>),
    /// Two valid headers that contradict each other.
    Conflict(HeaderBytes, HeaderBytes),
    /// The registry's head, unproven, and the changes since what the lane has logged.
    Head(Box<ShownValue>, Vec<Change>),
    /// Whether a source answered.
    Source(String, bool),
}

/// The chain's task.
#[derive(Debug)]
pub(super) struct Follow {
    follower: Follower,
    sources: Vec<Arc<dyn ChainAdapter>>,
    clock: Arc<dyn Clock>,
    after: watch::Receiver<u64>,
    turn: usize,
    /// Up to which height the lane's task was told of headers, and whether it was told that the follower is frozen.
    told: (u64, bool),
    head: Option<RegistryHead>,
}

/// The lane's task has ended.
struct Over;

impl Follow {
    pub(super) fn new(follower: Follower, parts: &Parts, after: watch::Receiver<u64>) -> Self {
        // The engine begins with the same client.
        let told = (follower.height(), follower.client().client().frozen().is_some());
        Self {
            told,
            follower,
            sources: parts.sources.clone(),
            clock: Arc::clone(&parts.clock),
            after,
            turn: 0,
            head: None,
        }
    }

    /// Asks all sources every second, until the lane's task ends.
    pub(super) async fn run(mut self, events: mpsc::Sender<Event>) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if self.round(&events).await.is_err() {
                return;
            }
        }
    }

    /// Goes on by one source, compares with the others, then asks for the registry's head.
    async fn round(&mut self, events: &mpsc::Sender<Event>) -> Result<(), Over> {
        let first = self.turn.checked_rem(self.sources.len()).unwrap_or(0);
        self.turn = self.turn.wrapping_add(1);
        let mut sources = self.sources.clone();
        sources.rotate_left(first);
        let mut answered = None;
        for source in &sources {
            let good = match answered {
                None => self.advance(&**source, events).await?,
                Some(()) => self.compare(&**source, events).await?,
            };
            answered = answered.or_else(|| good.then_some(()));
            let name = source.source().0.clone();
            tell(events, FromChain::Source(name, good)).await?;
        }
        for source in &sources {
            if self.fetch_head(&**source, events).await? {
                break;
            }
        }
        Ok(())
    }

    async fn advance(
        &mut self,
        source: &dyn ChainAdapter,
        events: &mpsc::Sender<Event>,
    ) -> Result<bool, Over> {
        let now = self.clock.now();
        let advanced = timeout(PATIENCE, self.follower.advance(source, now)).await;
        self.tell_news(events).await?;
        Ok(match advanced {
            Ok(Ok(advanced)) => advanced.stopped.is_none_or(|why| is_fine(source, &why)),
            Ok(Err(why)) => is_fine(source, &why),
            Err(_) => false,
        })
    }

    /// Tells what the follower has taken since, whatever became of the call in which it did: what is not told now the
    /// engine would never know.
    async fn tell_news(&mut self, events: &mpsc::Sender<Event>) -> Result<(), Over> {
        let height = self.follower.height();
        for message in self.follower.headers_between(self.told.0, height).chunks(MAX_HEADERS) {
            tell(events, FromChain::Headers(message.to_vec())).await?;
        }
        self.told.0 = height;
        let frozen = self.follower.client().client().frozen();
        if let Some((a, b)) = frozen.filter(|_| !self.told.1).map(Misbehaviour::headers) {
            let (a, b) = (a.clone(), b.clone());
            self.told.1 = true;
            tell(events, FromChain::Conflict(a, b)).await?;
        }
        Ok(())
    }

    async fn compare(
        &mut self,
        source: &dyn ChainAdapter,
        events: &mpsc::Sender<Event>,
    ) -> Result<bool, Over> {
        let now = self.clock.now();
        match timeout(PATIENCE, self.follower.cross_check(source, now)).await {
            Ok(Ok(CrossCheck::Same { .. })) => Ok(true),
            Ok(Ok(CrossCheck::Conflict { ours, theirs })) => {
                self.told.1 = true;
                tell(events, FromChain::Conflict(ours, theirs)).await?;
                Ok(false)
            }
            Ok(Err(why)) => Ok(is_fine(source, &why)),
            Err(_) => Ok(false),
        }
    }

    /// The head at the newest verified height, and the changes up to it; false if this source does not give them.
    async fn fetch_head(
        &mut self,
        source: &dyn ChainAdapter,
        events: &mpsc::Sender<Event>,
    ) -> Result<bool, Over> {
        let height = self.follower.height();
        let fetched = timeout(PATIENCE, source.fetch_value(&head_path(), height)).await;
        let Ok(Ok(shown)) = fetched else { return Ok(false) };
        let Ok(head) = self.follower.prove_head(&shown, self.clock.now()) else { return Ok(false) };
        let head = *head.value();
        let after = *self.after.borrow();
        let Some(changes) = self.fetch_changes(source, after, head.n).await else {
            return Ok(false);
        };
        self.head = Some(head);
        tell(events, FromChain::Head(Box::new(shown), changes)).await?;
        Ok(true)
    }

    async fn fetch_changes(
        &self,
        source: &dyn ChainAdapter,
        after: u64,
        until: u64,
    ) -> Option<Vec<Change>> {
        let wanted = usize::try_from(until.saturating_sub(after)).ok()?;
        let mut changes = Vec::new();
        while changes.len() < wanted.min(MAX_CHANGES_AHEAD) {
            let from = after.saturating_add(u64::try_from(changes.len()).ok()?);
            let more = timeout(PATIENCE, source.fetch_changes(from)).await.ok()?.ok()?;
            if more.is_empty() || more.len() > MAX_CHANGES_FETCHED {
                return None;
            }
            changes.extend(more);
        }
        changes.truncate(wanted);
        Some(changes)
    }
}

/// Whether a source is not to blame: our own client stopped, or it is a block behind.
fn is_fine(source: &dyn ChainAdapter, why: &FollowError) -> bool {
    let fine = !why.blames_source();
    if !fine {
        tracing::warn!(source = %source.source().0, error = %why, "a source is of no use now");
    }
    fine
}

async fn tell(events: &mpsc::Sender<Event>, what: FromChain) -> Result<(), Over> {
    events.send(Event::Chain(what)).await.map_err(|_| Over)
}

#[cfg(test)]
mod tests;
