//! Carrying out the steps of a plan.

use crate::{
    chain::Chain,
    plan::{Outcome, Step},
};
use chain_adapter::{CrossCheck, FetchError, FollowError, Follower, SharedFollower, SourceId};
use gateway_types::{
    Bounded, LicenceKey, Timestamp,
    link::{MAX_LISTED, RelayEvidence, ShownValue},
    registry::{change_path, head_path, record_path},
};
use light_client::{HeaderBytes, ProofError, Status, UpdateError};

/// Most bytes of headers in one frame, beside its last one: well below the longest frame.
const MAX_HEADERS_BYTES: usize = 1 << 20;

/// What was found, and what became of the step.
pub(crate) type Done = (Vec<RelayEvidence>, Outcome);

/// Carries out a step.
pub(crate) async fn act(chain: &Chain, step: Step) -> Done {
    match step {
        Step::Anchor { height, source } => {
            let begun = chain.anchor(height, source).await;
            let trouble = RelayEvidence::Unavailable(chain.id().clone(), None);
            (begun.map_or(vec![trouble], |_| Vec::new()), Outcome::Anchored(begun))
        }
        Step::Advance => advance(chain).await,
        Step::Compare { but } => compare(chain, &but).await,
        Step::TellConflict => (chain.conflict().into_iter().collect(), Outcome::Told),
        Step::Headers { after, to } => (headers(chain, after, to), Outcome::Told),
        Step::Head { height } => head(chain, height).await,
        Step::Changes { after, again } => changes(chain, after, again).await,
        Step::Record { key, height } => record(chain, key, height).await,
        Step::Change { n, height } => change(chain, n, height).await,
    }
}

async fn advance(chain: &Chain) -> Done {
    let Some(mut follower) = chain.follower() else { return (Vec::new(), Outcome::Expired) };
    let advanced = chain.sources().advance(&mut follower, chain.now()).await;
    let height = follower.with(|own| own.height());
    match advanced {
        Ok((from, brought)) => {
            let from = (!brought.headers.is_empty()).then_some(from);
            (Vec::new(), Outcome::Advanced(height, from))
        }
        Err(FollowError::Frozen { .. }) => (Vec::new(), Outcome::Frozen),
        Err(FollowError::Refused(UpdateError::NotActive { status: Status::Expired })) => {
            (Vec::new(), Outcome::Expired)
        }
        Err(error) => {
            tracing::warn!(chain = %chain.id(), %error, "no source brings a header");
            (Vec::new(), Outcome::NotAdvanced)
        }
    }
}

async fn compare(chain: &Chain, but: &SourceId) -> Done {
    let Some(mut follower) = chain.follower() else { return (Vec::new(), Outcome::Compared) };
    match chain.sources().cross_check(&mut follower, but, chain.now()).await {
        Ok((source, CrossCheck::Conflict { .. })) => {
            tracing::error!(chain = %chain.id(), source = source.0, "sources contradict each other");
            (Vec::new(), Outcome::Frozen)
        }
        Ok((_, CrossCheck::Same { .. })) => (Vec::new(), Outcome::Compared),
        Err(error) => {
            tracing::debug!(chain = %chain.id(), %error, "no other source to compare with");
            (Vec::new(), Outcome::Compared)
        }
    }
}

/// Verified headers, in as many frames as they need.
fn headers(chain: &Chain, after: u64, to: u64) -> Vec<RelayEvidence> {
    let Some(follower) = chain.follower() else { return Vec::new() };
    let mut frames = Vec::new();
    let (mut frame, mut bytes): (Vec<HeaderBytes>, usize) = (Vec::new(), 0);
    for header in follower.with(|own| own.headers_between(after, to)) {
        bytes = bytes.saturating_add(header.len());
        frame.push(header);
        if bytes >= MAX_HEADERS_BYTES || frame.len() >= MAX_LISTED {
            frames.push(std::mem::take(&mut frame));
            bytes = 0;
        }
    }
    frames.push(frame);
    let frames = frames.into_iter().filter(|frame| !frame.is_empty()).map(Bounded::new);
    frames.flatten().map(|frame| RelayEvidence::Headers(chain.id().clone(), frame)).collect()
}

async fn head(chain: &Chain, height: u64) -> Done {
    let prove = |own: &Follower, shown: &ShownValue, now| {
        own.prove_head(shown, now).map(|proven| proven.value().n)
    };
    match fetch_proven(chain, &head_path(), height, prove).await {
        Ok((shown, n)) => {
            let head = RelayEvidence::Head(chain.id().clone(), shown);
            (vec![head], Outcome::Head(height, Some(n)))
        }
        Err(error) => {
            tracing::warn!(chain = %chain.id(), %error, "no source shows the registry's head");
            (Vec::new(), Outcome::Head(height, None))
        }
    }
}

async fn changes(chain: &Chain, after: u64, again: bool) -> Done {
    let (sources, now) = (chain.sources(), chain.now());
    let mut fetched = sources.fetch_changes(after, now).await;
    if again && let Ok((source, _)) = &fetched {
        sources.blame(source, now);
        fetched = sources.fetch_changes(after, now).await;
    }
    let changes = fetched.map(|(_, changes)| Bounded::<_, MAX_LISTED>::new(changes));
    match changes {
        Ok(Ok(changes)) if !changes.is_empty() => {
            let count = changes.len();
            let posted = RelayEvidence::Changes(chain.id().clone(), after, changes);
            (vec![posted], Outcome::Changes(after, Some(count)))
        }
        _ => (Vec::new(), Outcome::Changes(after, None)),
    }
}

async fn record(chain: &Chain, key: LicenceKey, height: u64) -> Done {
    let prove =
        |own: &Follower, shown: &ShownValue, now| own.prove_record(key, shown, now).map(drop);
    let found = match fetch_proven(chain, &record_path(&key), height, prove).await {
        Ok((shown, ())) => RelayEvidence::Record(chain.id().clone(), key, shown),
        Err(error) => {
            tracing::warn!(chain = %chain.id(), %error, "no source shows a licence");
            RelayEvidence::Unavailable(chain.id().clone(), Some(key))
        }
    };
    (vec![found], Outcome::Record(key))
}

async fn change(chain: &Chain, n: u64, height: u64) -> Done {
    let prove = |own: &Follower, shown: &ShownValue, now| own.prove_change(n, shown, now).map(drop);
    match fetch_proven(chain, &change_path(n), height, prove).await {
        Ok((shown, ())) => {
            let found = RelayEvidence::Change(chain.id().clone(), n, shown);
            (vec![found], Outcome::Change(n))
        }
        Err(error) => {
            tracing::warn!(chain = %chain.id(), n, %error, "no source shows a change");
            (Vec::new(), Outcome::Change(n))
        }
    }
}

/// What the first source shows that can prove it. One that proves nothing is blamed, and another one asked.
async fn fetch_proven<T>(
    chain: &Chain,
    path: &[u8],
    height: u64,
    prove: impl Fn(&Follower, &ShownValue, Timestamp) -> Result<T, ProofError>,
) -> Result<(ShownValue, T), FetchError> {
    let nobody = || FetchError::Unavailable { why: "no source proves it".to_owned() };
    let follower: SharedFollower = chain.follower().ok_or_else(nobody)?;
    for _ in chain.sources().iter() {
        let now = chain.now();
        let (source, shown) = chain.sources().fetch_value(path, height, now).await?;
        match follower.with(|own| prove(own, &shown, now)) {
            Ok(proven) => return Ok((shown, proven)),
            Err(error) => {
                tracing::warn!(chain = %chain.id(), source = source.0, %error, "not proven");
                chain.sources().blame(&source, now);
            }
        }
    }
    Err(nobody())
}
