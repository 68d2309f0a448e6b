//! The nodes of one operator, asked in turn.

use crate::{
    Egress, Endpoint, SettingsError,
    connection::{Dialler, REQUEST_TIMEOUT},
    node::{Node, Registry},
    settings,
};
use async_trait::async_trait;
use chain_adapter::{
    ChainAdapter, FetchError, Health, MAX_CHANGES_FETCHED, SourceId, SourceSettings, TIP_SLACK, Tip,
};
use futures_util::future::join_all;
use gateway_net::{Clock, Net};
use gateway_types::{entry::ClientPin, link::ShownValue, registry::Change};
use light_client::HeaderBytes;
use rand_chacha::ChaCha20Rng;
use std::{
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep_until, timeout};

/// How long one node may take for one call, all its requests together: shorter than callers wait, so that the next
/// node is asked while somebody still waits for the answer.
pub const NODE_TIME: Duration = Duration::from_secs(4);

/// How long one node may take to give a list of changes; what came by then is given.
pub const CHANGES_TIME: Duration = Duration::from_millis(3_500);

/// A node that somebody stopped waiting for after so long was slow: it counts as silent.
const SLOW: Duration = Duration::from_secs(1);

/// The `CometBFT` nodes of one operator, with the registry's contract.
///
/// A node that lags, lies, prunes or is silent makes way for the next one, and is left alone for a while.
#[derive(Debug)]
pub struct CometBftNodes {
    source: SourceId,
    registry: Arc<Registry>,
    nodes: Vec<Endpoint>,
    dialler: Dialler,
    net: Arc<dyn Net>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    nodes: Vec<NodeState>,
    rng: ChaCha20Rng,
}

/// How a node did, and what it last said.
#[derive(Clone, Debug, Default)]
struct NodeState {
    health: Health,
    /// The greatest height that it claimed; nothing once it was caught.
    claimed: u64,
}

impl CometBftNodes {
    /// Takes one operator's nodes, for the chain and contract that `pin` names.
    ///
    /// `rng` spreads the waits of nodes that failed.
    ///
    /// # Errors
    ///
    /// [`SettingsError`]: start-up must refuse.
    pub fn new(
        pin: &ClientPin,
        settings: &SourceSettings,
        net: Arc<dyn Net>,
        clock: Arc<dyn Clock>,
        rng: ChaCha20Rng,
    ) -> Result<Self, SettingsError> {
        let egress = Egress::new(settings::networks(settings)?, settings.plain);
        let nodes = settings::nodes(settings, &egress)?;
        let tls = settings::tls(settings, &nodes)?;
        let registry = Registry { chain: pin.chain.clone(), contract: pin.registry.clone() };
        let state = State { nodes: vec![NodeState::default(); nodes.len()], rng };
        Ok(Self {
            source: settings.operator.clone(),
            registry: Arc::new(registry),
            nodes,
            dialler: Dialler { egress, tls },
            net,
            clock,
            state: Mutex::new(state),
        })
    }

    /// The answer of the first node that has one. `ask` is told when the node was turned to.
    async fn first<T, F>(
        &self,
        asked: Option<u64>,
        ask: impl Fn(Node, Instant) -> F,
    ) -> Result<T, FetchError>
    where
        F: Future<Output = Result<T, FetchError>>,
    {
        let mut best = FetchError::Unavailable { why: "no node".to_owned() };
        for place in self.due() {
            match self.ask_one(place, asked, &ask).await {
                Ok(answer) => return Ok(answer),
                Err(error) => best = more_telling(best, error),
            }
        }
        Err(best)
    }

    /// The answer of one node within [`NODE_TIME`], and how it did.
    async fn ask_one<T, F>(
        &self,
        place: usize,
        asked: Option<u64>,
        ask: impl Fn(Node, Instant) -> F,
    ) -> Result<T, FetchError>
    where
        F: Future<Output = Result<T, FetchError>>,
    {
        let waits = Waits { nodes: self, place: Some(place), since: Instant::now() };
        let answer = timeout(NODE_TIME, async {
            let node = self.open(place).await?;
            ask(node, waits.since).await
        });
        let answer = answer.await.unwrap_or_else(|_| Err(too_slow()));
        waits.end();
        self.judge(place, asked, answer)
    }

    async fn open(&self, place: usize) -> Result<Node, FetchError> {
        let gone = || FetchError::Unavailable { why: "no such node".to_owned() };
        let endpoint = self.nodes.get(place).ok_or_else(gone)?;
        let connection = self.dialler.open(&*self.net, endpoint).await?;
        Ok(Node { connection, registry: self.registry.clone() })
    }

    async fn tip_of(&self, place: usize) -> Result<Tip, FetchError> {
        let tip = self.ask_one(place, None, |mut node, _| async move { node.tip().await }).await?;
        if let Some(node) = self.state().nodes.get_mut(place) {
            node.claimed = tip.height;
        }
        Ok(tip)
    }

    /// Notes how a node did. One that is not where it said it was has lied (A19), and is left alone too.
    fn judge<T>(
        &self,
        place: usize,
        asked: Option<u64>,
        answer: Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let now = self.clock.now();
        let State { nodes, rng } = &mut *self.state();
        let Some(node) = nodes.get_mut(place) else { return answer };
        let claimed = asked.is_some_and(|asked| node.claimed >= asked);
        match &answer {
            Err(FetchError::Behind { tip, asked })
                if claimed && asked.saturating_sub(*tip) > TIP_SLACK =>
            {
                node.claimed = 0;
                node.health.apply_failure(now, rng);
            }
            Err(error) if error.blames_source() => node.health.apply_failure(now, rng),
            _ => node.health.apply_success(now),
        }
        answer
    }

    /// The nodes to be asked now, in order; if all are left alone, the one whose wait ends first.
    fn due(&self) -> Vec<usize> {
        let now = self.clock.now();
        let state = self.state();
        let nodes = state.nodes.iter().enumerate();
        let due = nodes.clone().filter(|(_, node)| node.health.is_due(now));
        let due: Vec<usize> = due.map(|(place, _)| place).collect();
        if due.is_empty() {
            let first = nodes.min_by_key(|(_, node)| node.health.held_until());
            return first.map(|(place, _)| place).into_iter().collect();
        }
        due
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What says more: when to come back, rather than that somebody was silent; of two, the one nearer to the tip.
fn more_telling(best: FetchError, error: FetchError) -> FetchError {
    let rank = |error: &FetchError| match error {
        FetchError::Behind { tip, .. } => (3, *tip),
        FetchError::Pruned { .. } => (2, 0),
        FetchError::Malformed { .. } => (1, 0),
        FetchError::Unavailable { .. } => (0, 0),
    };
    if rank(&error) >= rank(&best) { error } else { best }
}

#[async_trait]
impl ChainAdapter for CometBftNodes {
    fn source(&self) -> &SourceId {
        &self.source
    }

    async fn fetch_tip(&self) -> Result<Tip, FetchError> {
        let due = self.due();
        let tips = join_all(due.into_iter().map(|place| self.tip_of(place))).await;
        let (tips, errors): (Vec<_>, Vec<_>) = tips.into_iter().partition(Result::is_ok);
        let greatest = tips.into_iter().flatten().max_by_key(|tip| tip.height);
        let none = FetchError::Unavailable { why: "no node".to_owned() };
        let error = || errors.into_iter().filter_map(Result::err).fold(none, more_telling);
        greatest.ok_or_else(error)
    }

    async fn fetch_header(&self, height: u64) -> Result<HeaderBytes, FetchError> {
        self.first(Some(height), |mut node, _| async move { node.header(height).await }).await
    }

    async fn fetch_value(&self, path: &[u8], height: u64) -> Result<ShownValue, FetchError> {
        let ask = |mut node: Node, _| {
            let path = path.to_vec();
            async move { node.value(&path, height).await }
        };
        self.first(Some(height), ask).await
    }

    /// One raw key after the other, without proofs: unlike the contract's own query it needs neither JSON nor a
    /// running contract, works wherever the store can be read, and ends anywhere without loss.
    async fn fetch_changes(&self, after: u64) -> Result<Vec<Change>, FetchError> {
        self.first(None, |node, since| changes(node, after, since)).await
    }
}

/// Somebody waits for a node. Whoever drops this meanwhile waits no longer: then a slow node is left alone for a
/// while too, or it would be asked first again, and nobody would ever come to the next one.
struct Waits<'a> {
    nodes: &'a CometBftNodes,
    place: Option<usize>,
    since: Instant,
}

impl Waits<'_> {
    /// The answer is there, or will not be.
    fn end(mut self) {
        self.place = None;
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place.filter(|_| self.since.elapsed() >= SLOW) {
            // What became of it nobody waits to hear.
            drop(self.nodes.judge::<()>(place, None, Err(too_slow())));
        }
    }
}

fn too_slow() -> FetchError {
    FetchError::Unavailable { why: "no answer in time".to_owned() }
}

async fn changes(mut node: Node, after: u64, since: Instant) -> Result<Vec<Change>, FetchError> {
    let end = since.checked_add(CHANGES_TIME).ok_or_else(too_slow)?;
    let mut end = pin!(sleep_until(end));
    let mut changes = Vec::new();
    for n in (after.saturating_add(1)..=u64::MAX).take(MAX_CHANGES_FETCHED) {
        let change = tokio::select! {
            change = node.change(n) => change?,
            () = end.as_mut() => break,
        };
        let Some(change) = change else { return Ok(changes) };
        changes.push(change);
    }
    // Nothing in all this time is not the end of the list.
    if changes.is_empty() && after < u64::MAX { Err(too_slow()) } else { Ok(changes) }
}

const _: () =
    assert!(CHANGES_TIME.as_millis() > REQUEST_TIMEOUT.as_millis(), "one request must fit");
const _: () =
    assert!(NODE_TIME.as_millis() > CHANGES_TIME.as_millis(), "what came by then is given");
