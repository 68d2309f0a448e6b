//! One connection to one gateway, as long as it stands.

use crate::{
    LinkError, RelayerSettings,
    act::{Done, act},
    chain::Chain,
    plan::{Plan, Step},
    served::Served,
};
use futures_util::{
    StreamExt as _,
    future::{BoxFuture, FutureExt as _},
    stream::FuturesUnordered,
};
use gateway_types::{
    ChainId,
    link::{RelayEvidence, RelayWork},
};
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    sync::mpsc::{self, error::TrySendError},
    task::JoinSet,
    time::{MissedTickBehavior, interval},
};

/// Most pieces of work that wait for one chain. More are dropped: the gateway asks again for what it lacks.
const MAX_WORK: usize = 1024;

/// Most evidence that waits to be posted. More: sources are not asked until there is room.
const MAX_FOUND: usize = 256;

/// Most evidence in one post.
const MAX_POSTED: usize = 64;

/// No more evidence is added to a post of so many bytes.
const MAX_POSTED_BYTES: usize = 1 << 20;

/// Serves one gateway until the link breaks.
///
/// `opened` is called once the gateway has answered.
pub(crate) async fn serve(
    gateway: &Arc<Served>,
    settings: RelayerSettings,
    opened: impl FnOnce(),
) -> LinkError {
    let mut stream = match gateway.link.open_work().await {
        Ok(stream) => stream,
        Err(error) => return error,
    };
    opened();
    gateway.set_up(true);
    let (found, finds) = mpsc::channel(MAX_FOUND);
    let mut tasks = JoinSet::new();
    let poster = Arc::clone(gateway);
    tasks.spawn(async move { post(&poster, finds).await });
    let mut queues = BTreeMap::new();
    for (id, chain) in &gateway.chains {
        let (queue, work) = mpsc::channel(MAX_WORK);
        queues.insert(id.clone(), queue);
        let task = follow(Arc::clone(chain), work, found.clone(), settings);
        tasks.spawn(task);
    }
    drop(found);
    loop {
        tokio::select! {
            work = stream.next() => match work {
                Ok(work) => hand_out(gateway, &queues, work),
                Err(error) => return error,
            },
            ended = tasks.join_next() => return ended_by(ended),
        }
    }
}

fn ended_by(ended: Option<Result<Result<(), LinkError>, tokio::task::JoinError>>) -> LinkError {
    let broke = |why: String| LinkError::Unreachable { why };
    match ended {
        Some(Ok(Err(error))) => error,
        Some(Err(error)) => broke(format!("a task broke: {error}")),
        Some(Ok(Ok(()))) | None => broke("a task ended".to_owned()),
    }
}

/// Gives each chain's task its work.
fn hand_out(
    gateway: &Served,
    queues: &BTreeMap<ChainId, mpsc::Sender<RelayWork>>,
    work: RelayWork,
) {
    let chain = match &work {
        RelayWork::Alive => return,
        RelayWork::Follow(chain, ..)
        | RelayWork::Fetch(chain, _)
        | RelayWork::FetchChange(chain, _) => chain,
    };
    let Some(queue) = queues.get(chain) else {
        return tracing::warn!(%chain, "the gateway asks for a chain that is not in the settings");
    };
    if let Err(TrySendError::Full(work)) = queue.try_send(work) {
        gateway.count_dropped();
        tracing::warn!(?work, "too much work: dropped, the gateway asks again");
    }
}

/// Follows one chain for the gateway, and fetches what it asks for.
async fn follow(
    chain: Arc<Chain>,
    mut work: mpsc::Receiver<RelayWork>,
    found: mpsc::Sender<RelayEvidence>,
    settings: RelayerSettings,
) -> Result<(), LinkError> {
    let mut plan = Plan::new(chain.newest(), chain.conflict().is_some());
    let mut looks = interval(settings.look_every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut running: FuturesUnordered<BoxFuture<'_, Done>> = FuturesUnordered::new();
    loop {
        chain.set_waiting(plan.waiting());
        while let Some(step) = plan.poll_step() {
            // Headers are at hand, and go before whatever is proven under them.
            if !matches!(step, Step::Headers { .. }) {
                running.push(act(&chain, step).boxed());
            } else if !send_all(&found, act(&chain, step).await.0).await {
                return Ok(());
            }
        }
        tokio::select! {
            Some((evidence, outcome)) = running.next() => {
                plan.handle_outcome(outcome);
                if !send_all(&found, evidence).await {
                    return Ok(());
                }
            }
            next = work.recv() => match next {
                Some(next) => if !chain.hear(&mut plan, &next) && !refuse(&chain, &found, next).await {
                    return Ok(());
                },
                None => return Ok(()),
            },
            _ = looks.tick() => {
                let unanswerable = plan.take_unanswerable();
                plan.handle_look();
                let tell = |key| RelayEvidence::Unavailable(chain.id().clone(), Some(key));
                if !send_all(&found, unanswerable.into_iter().map(tell)).await {
                    return Ok(());
                }
            }
        }
    }
}

/// Tells the gateway that a question was not taken.
async fn refuse(chain: &Chain, found: &mpsc::Sender<RelayEvidence>, work: RelayWork) -> bool {
    let RelayWork::Fetch(_, key) = work else { return true };
    found.send(RelayEvidence::Unavailable(chain.id().clone(), Some(key))).await.is_ok()
}

/// Sends in order; gives whether anybody still listens.
async fn send_all(
    found: &mpsc::Sender<RelayEvidence>,
    evidence: impl IntoIterator<Item = RelayEvidence>,
) -> bool {
    for evidence in evidence {
        if found.send(evidence).await.is_err() {
            return false;
        }
    }
    true
}

/// Posts what is found, as much at a time as waits.
async fn post(gateway: &Served, mut finds: mpsc::Receiver<RelayEvidence>) -> Result<(), LinkError> {
    while let Some(first) = finds.recv().await {
        let mut bytes = size(&first);
        let mut batch = vec![first];
        while batch.len() < MAX_POSTED && bytes < MAX_POSTED_BYTES {
            let Ok(next) = finds.try_recv() else { break };
            bytes = bytes.saturating_add(size(&next));
            batch.push(next);
        }
        gateway.link.post(&batch).await?;
        batch.iter().for_each(|evidence| gateway.count_posted(evidence));
    }
    Ok(())
}

/// Bytes of evidence, roughly.
fn size(evidence: &RelayEvidence) -> usize {
    match evidence {
        RelayEvidence::Headers(_, headers) => {
            headers.iter().map(|header| header.len()).fold(0, usize::saturating_add)
        }
        RelayEvidence::Head(_, shown)
        | RelayEvidence::Record(_, _, shown)
        | RelayEvidence::Change(_, _, shown) => shown.proof.len(),
        RelayEvidence::Changes(_, _, changes) => changes.len().saturating_mul(64),
        RelayEvidence::Unavailable(..) => 0,
        RelayEvidence::Conflict(_, a, b) => a.len().saturating_add(b.len()),
    }
}
