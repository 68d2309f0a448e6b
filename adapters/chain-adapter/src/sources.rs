//! Several sources of one chain, asked in turn.

use crate::{
    Advanced, ChainAdapter, CrossCheck, FetchError, FollowError, Follower, Health, Holds, SourceId,
    follow,
};
use futures_util::future::join_all;
use gateway_types::{Timestamp, link::ShownValue, registry::Change};
use light_client::HeaderBytes;
use rand_chacha::ChaCha20Rng;
use std::{
    collections::BTreeSet,
    fmt::Debug,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::timeout;

/// How long one source may take for one call, all its nodes together; then the next one is asked.
pub const SOURCE_TIMEOUT: Duration = Duration::from_secs(10);

/// How old the newest verified header may be before a source that has nothing newer is not believed: then the next
/// one is asked, too.
pub const STALE_AFTER: Duration = Duration::from_secs(10);

/// Fewest sources of a chain.
const MIN_SOURCES: usize = 2;

/// Why a set of sources is refused at start-up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourcesError {
    /// One source alone decides what is seen (A23).
    #[error("{got} sources, at least {MIN_SOURCES} of different operators are needed")]
    TooFew {
        /// How many there are.
        got: usize,
    },
    /// Two sources of one operator are one.
    #[error("the operator {} is named twice", .operator.0)]
    Twice {
        /// Who.
        operator: SourceId,
    },
    /// All are run by those who are to be watched.
    #[error("every source is run by the operator of a gateway")]
    NoneIndependent,
}

/// Checks that at least two operators run the sources, and that one of them operates no gateway of the lane.
///
/// # Errors
///
/// [`SourcesError`]: start-up must refuse.
pub fn check_sources<'a>(
    sources: impl IntoIterator<Item = &'a SourceId>,
    gateway_operators: &BTreeSet<SourceId>,
) -> Result<(), SourcesError> {
    let mut operators = BTreeSet::new();
    for operator in sources {
        if !operators.insert(operator) {
            return Err(SourcesError::Twice { operator: operator.clone() });
        }
    }
    if operators.len() < MIN_SOURCES {
        return Err(SourcesError::TooFew { got: operators.len() });
    }
    let independent = operators.iter().any(|operator| !gateway_operators.contains(*operator));
    if independent { Ok(()) } else { Err(SourcesError::NoneIndependent) }
}

/// The sources of one chain, one per operator.
///
/// They are asked in the order given. One that lies or gives nothing is left alone for a while; if all are, the one
/// whose wait ends first is asked all the same.
#[derive(Debug)]
pub struct Sources {
    list: Vec<Arc<dyn ChainAdapter>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    health: Vec<Health>,
    rng: ChaCha20Rng,
    /// How often sources were compared.
    turn: usize,
}

impl Sources {
    /// Takes the sources of one chain. `rng` spreads the waits.
    ///
    /// # Errors
    ///
    /// [`SourcesError`]: start-up must refuse.
    pub fn new(
        list: Vec<Arc<dyn ChainAdapter>>,
        gateway_operators: &BTreeSet<SourceId>,
        rng: ChaCha20Rng,
    ) -> Result<Self, SourcesError> {
        check_sources(list.iter().map(|source| source.source()), gateway_operators)?;
        let health = vec![Health::default(); list.len()];
        Ok(Self { list, state: Mutex::new(State { health, rng, turn: 0 }) })
    }

    /// The sources, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn ChainAdapter>> {
        self.list.iter()
    }

    /// How each source answered lately.
    #[must_use]
    pub fn health(&self) -> Vec<(SourceId, Health)> {
        let sources = self.list.iter().map(|source| source.source().clone());
        sources.zip(self.state().health.iter().cloned()).collect()
    }

    /// Whether all but one are unreachable, or all (A23): what is asked now is not to be started.
    ///
    /// A source counts once it was asked: [`probe`](Self::probe) at start-up and from time to time.
    #[must_use]
    pub fn is_degraded(&self, now: Timestamp) -> bool {
        let reachable = |health: &&Health| health.is_reachable(now);
        self.state().health.iter().filter(reachable).count() < MIN_SOURCES
    }

    /// Asks every source that is due how far it is, so that [`is_degraded`](Self::is_degraded) knows.
    pub async fn probe(&self, now: Timestamp) {
        let due = self.due(now).into_iter();
        let ask = |(place, source): (usize, Arc<dyn ChainAdapter>)| async move {
            (place, within(source.fetch_tip()).await)
        };
        for (place, tip) in join_all(due.map(ask)).await {
            self.note_fetch(place, tip.as_ref().err(), now);
        }
    }

    /// Advances a follower from the first source that brings something new; gives which.
    ///
    /// A source with nothing new is believed only while the newest verified header is young.
    ///
    /// # Errors
    ///
    /// [`FollowError`] of the last source, if none gave anything.
    pub async fn advance(
        &self,
        follower: &mut impl Holds,
        now: Timestamp,
    ) -> Result<(SourceId, Advanced), FollowError> {
        let mut nothing = Err(unavailable("no source").into());
        for (place, source) in self.due(now) {
            let advanced = self.advance_from(place, &source, follower, now).await;
            let done = match &advanced {
                Ok((_, brought)) => !brought.headers.is_empty() || is_fresh(follower, now),
                Err(FollowError::Frozen { .. }) => true,
                Err(_) => false,
            };
            if done {
                return advanced;
            }
            nothing = nothing.or(advanced);
        }
        nothing
    }

    /// Compares the newest verified header with another source than `but`, the first that shows one.
    ///
    /// # Errors
    ///
    /// [`FollowError`] of the last source, if none can be compared with.
    pub async fn cross_check(
        &self,
        follower: &mut impl Holds,
        but: &SourceId,
        now: Timestamp,
    ) -> Result<(SourceId, CrossCheck), FollowError> {
        let mut nothing = unavailable("no other source").into();
        let mut others = self.due(now);
        others.retain(|(_, source)| source.source() != but);
        // Another one each time: whichever source shows something else, it is found.
        let turn = self.next_turn().checked_rem(others.len()).unwrap_or_default();
        others.rotate_left(turn);
        for (place, source) in others {
            let checked = within(follow::cross_check(follower, &*source, now)).await;
            self.note_follow(place, checked.as_ref().err(), now);
            match checked {
                Ok(checked) => return Ok((source.source().clone(), checked)),
                Err(error) => nothing = error,
            }
        }
        Err(nothing)
    }

    /// As [`ChainAdapter::fetch_header`], of the first source that has it.
    ///
    /// # Errors
    ///
    /// [`FetchError`]: the most telling one.
    pub async fn fetch_header(
        &self,
        height: u64,
        now: Timestamp,
    ) -> Result<HeaderBytes, FetchError> {
        self.first(now, |source| async move { source.fetch_header(height).await }).await
    }

    /// As [`ChainAdapter::fetch_value`], of the first source that shows it. A source that proves nothing is found
    /// by the caller's light client: tell [`blame`](Self::blame).
    ///
    /// # Errors
    ///
    /// [`FetchError`]: the most telling one.
    pub async fn fetch_value(
        &self,
        path: &[u8],
        height: u64,
        now: Timestamp,
    ) -> Result<(SourceId, ShownValue), FetchError> {
        let ask = |source: Arc<dyn ChainAdapter>| {
            let path = path.to_vec();
            async move {
                let shown = source.fetch_value(&path, height).await?;
                Ok((source.source().clone(), shown))
            }
        };
        self.first(now, ask).await
    }

    /// As [`ChainAdapter::fetch_changes`], of the first source that gives them.
    ///
    /// # Errors
    ///
    /// [`FetchError`]: the most telling one.
    pub async fn fetch_changes(
        &self,
        after: u64,
        now: Timestamp,
    ) -> Result<(SourceId, Vec<Change>), FetchError> {
        let ask = |source: Arc<dyn ChainAdapter>| async move {
            let changes = source.fetch_changes(after).await?;
            Ok((source.source().clone(), changes))
        };
        self.first(now, ask).await
    }

    /// What this source gave did not hold: it is left alone for a while.
    pub fn blame(&self, source: &SourceId, now: Timestamp) {
        let place = self.list.iter().position(|other| other.source() == source);
        if let Some(place) = place {
            self.note(place, true, now);
        }
    }

    async fn advance_from(
        &self,
        place: usize,
        source: &Arc<dyn ChainAdapter>,
        follower: &mut impl Holds,
        now: Timestamp,
    ) -> Result<(SourceId, Advanced), FollowError> {
        let advanced = follow::advance(follower, &**source, now).await;
        let error = match &advanced {
            Ok(advanced) => advanced.stopped.as_ref(),
            Err(error) => Some(error),
        };
        self.note_follow(place, error, now);
        advanced.map(|advanced| (source.source().clone(), advanced))
    }

    async fn first<T, F>(
        &self,
        now: Timestamp,
        ask: impl Fn(Arc<dyn ChainAdapter>) -> F,
    ) -> Result<T, FetchError>
    where
        F: Future<Output = Result<T, FetchError>>,
    {
        let mut best = unavailable("no source");
        for (place, source) in self.due(now) {
            let answer = within(ask(source)).await;
            self.note_fetch(place, answer.as_ref().err(), now);
            match answer {
                Ok(answer) => return Ok(answer),
                Err(_) if tells_more(&best) => {}
                Err(error) => best = error,
            }
        }
        Err(best)
    }

    /// Those to be asked now, in order.
    fn next_turn(&self) -> usize {
        let mut state = self.state();
        let turn = state.turn;
        state.turn = turn.wrapping_add(1);
        turn
    }

    fn due(&self, now: Timestamp) -> Vec<(usize, Arc<dyn ChainAdapter>)> {
        let state = self.state();
        let all = self.list.iter().cloned().enumerate();
        let health = |place: usize| state.health.get(place);
        let is_due = |place| health(place).is_none_or(|health: &Health| health.is_due(now));
        let due: Vec<_> = all.clone().filter(|(place, _)| is_due(*place)).collect();
        if due.is_empty() {
            let until = |place: usize| health(place).and_then(Health::held_until);
            return all.min_by_key(|(place, _)| until(*place)).into_iter().collect();
        }
        due
    }

    fn note_fetch(&self, place: usize, error: Option<&FetchError>, now: Timestamp) {
        self.note(place, error.is_some_and(FetchError::blames_source), now);
    }

    fn note_follow(&self, place: usize, error: Option<&FollowError>, now: Timestamp) {
        self.note(place, error.is_some_and(FollowError::blames_source), now);
    }

    fn note(&self, place: usize, failed: bool, now: Timestamp) {
        let State { health, rng, .. } = &mut *self.state();
        match health.get_mut(place) {
            Some(health) if failed => health.apply_failure(now, rng),
            Some(health) => health.apply_success(now),
            None => {}
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits at most [`SOURCE_TIMEOUT`].
async fn within<T, E: From<FetchError>>(call: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    match timeout(SOURCE_TIMEOUT, call).await {
        Ok(answer) => answer,
        Err(_) => Err(unavailable("no answer in time").into()),
    }
}

fn is_fresh(follower: &mut impl Holds, now: Timestamp) -> bool {
    let newest = follower.with(|follower: &mut Follower| follower.block_time());
    now.since(newest) <= STALE_AFTER
}

/// Whether an error says when to come back, so that another source's silence does not hide it.
fn tells_more(error: &FetchError) -> bool {
    matches!(error, FetchError::Behind { .. } | FetchError::Pruned { .. })
}

fn unavailable(why: &str) -> FetchError {
    FetchError::Unavailable { why: why.to_owned() }
}
