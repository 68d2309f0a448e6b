//! The suite that every adapter must pass, over whatever answers it: recorded answers, a chain of our own, real
//! nodes.

use crate::{
    BACK_OFF_MOST, ChainAdapter, FetchError, Follower, SOURCE_TIMEOUT, SourceId, Sources,
    SyncError, fetch_synced,
};
use gateway_core::Evidence;
use gateway_types::{
    LicenceKey, Timestamp,
    entry::ClientPin,
    registry::{ACC_0, change_path, head_path, record_path},
};
use light_client::{LightClient, Limits, ProofError, Status, SyncStart};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::{collections::BTreeSet, fmt::Debug, future::Future, sync::Arc};
use tokio::time::timeout;

/// Far above any chain's tip.
const FAR: u64 = 1_000_000;

/// A chain with a registry, and nodes that behave well or badly.
#[derive(Debug)]
pub struct Fixture {
    /// Nodes that answer as they should, and the chain's light client.
    pub adapter: Arc<dyn ChainAdapter>,
    /// Makes the chain's light client.
    pub light_client: fn() -> Box<dyn LightClient>,
    /// Where trust begins: the header at its height is asked of the adapter.
    pub pin: ClientPin,
    /// The follower's limits.
    pub limits: Limits,
    /// A licence that the registry holds at the tip.
    pub held: LicenceKey,
    /// A licence that it does not hold.
    pub absent: LicenceKey,
    /// Nodes that have dropped what is old, and a height whose state they no longer keep.
    pub pruned: (Arc<dyn ChainAdapter>, u64),
    /// Another operator's nodes, which answer as they should.
    pub other: Arc<dyn ChainAdapter>,
    /// Nodes that take connections and never answer.
    pub silent: Arc<dyn ChainAdapter>,
    /// Nodes that answer whatever they are asked with nothing, and without a proof.
    pub denying: Arc<dyn ChainAdapter>,
    /// Two nodes, the first of which is not there.
    pub half: Arc<dyn ChainAdapter>,
    /// A clock reading that fits the tip.
    pub now: Timestamp,
}

/// Runs every check.
///
/// # Panics
///
/// If the adapter breaks one of them.
pub async fn run(fixture: &Fixture) {
    let mut follower = begin(fixture).await;
    the_tip_is_reached_and_verifies(fixture, &mut follower).await;
    a_record_is_proven(fixture, &follower).await;
    an_absence_is_proven(fixture, &follower).await;
    a_proof_holds_for_its_own_key_and_height_only(fixture, &follower).await;
    changes_lead_to_the_head(fixture, &follower).await;
    changes_are_fetched_and_proven(fixture, &mut follower).await;
    a_future_height_is_behind(fixture).await;
    a_pruned_height_is_pruned(fixture).await;
    a_silent_node_is_unavailable_in_time(fixture).await;
    nothing_without_proof_is_never_absent(fixture).await;
    the_second_node_answers_for_the_first(fixture).await;
    two_sources_agree(fixture, &mut follower).await;
    a_persisted_follower_goes_on(fixture, &follower).await;
}

/// Begins a follower at the fixture's pin.
///
/// # Panics
///
/// If the adapter does not give the pinned header.
pub async fn begin(f: &Fixture) -> Follower {
    let pinned = held("the pinned header", f.adapter.fetch_header(f.pin.height).await);
    held("the pin", Follower::new((f.light_client)(), &f.pin, f.limits, &pinned))
}

async fn the_tip_is_reached_and_verifies(f: &Fixture, follower: &mut Follower) {
    let tip = held("the tip", f.adapter.fetch_tip().await);
    assert!(tip.height > f.pin.height, "the fixture's chain has nothing above its pin");
    let advanced = held("an advance", follower.advance(&*f.adapter, f.now).await);
    assert_eq!(advanced.stopped, None, "the tip was not reached");
    assert!(follower.height() >= tip.height, "{} of {}", follower.height(), tip.height);
    assert_eq!(follower.status(f.now), Status::Active);
    let kept = follower.headers_between(f.pin.height, follower.height());
    assert_eq!(kept, advanced.headers, "what was new is kept, in order");
    let again = held("known headers", follower.handle_headers(&advanced.headers, f.now));
    assert!(again.is_empty(), "known headers are not new");
}

async fn a_record_is_proven(f: &Fixture, follower: &Follower) {
    let shown = f.adapter.fetch_value(&record_path(&f.held), follower.height()).await;
    let shown = held("a record", shown);
    let evidence = held("its proof", follower.prove_record(f.held, &shown, f.now));
    assert!(matches!(&evidence, Evidence::Held(proven) if *proven.key() == f.held));
    let mut changed = shown;
    changed.value = None;
    let refused = follower.prove_record(f.held, &changed, f.now);
    assert!(refused.is_err(), "a hidden value was taken for absence: {refused:?}");
}

async fn an_absence_is_proven(f: &Fixture, follower: &Follower) {
    let shown = f.adapter.fetch_value(&record_path(&f.absent), follower.height()).await;
    let shown = held("an absence", shown);
    assert_eq!(shown.value, None, "nothing is there");
    let evidence = held("its proof", follower.prove_record(f.absent, &shown, f.now));
    assert!(matches!(&evidence, Evidence::Absent(absence) if *absence.key() == f.absent));
}

async fn a_proof_holds_for_its_own_key_and_height_only(f: &Fixture, follower: &Follower) {
    let height = follower.height();
    let shown = held("a record", f.adapter.fetch_value(&record_path(&f.held), height).await);
    let other = follower.prove_record(f.absent, &shown, f.now);
    assert!(other.is_err(), "one licence's proof was taken for another's: {other:?}");
    let mut moved = shown;
    moved.height = height.saturating_add(1);
    let unknown = follower.prove_record(f.held, &moved, f.now);
    assert!(matches!(unknown, Err(ProofError::UnknownHeight { .. })), "{unknown:?}");
    moved.height = f.pin.height;
    let wrong = follower.prove_record(f.held, &moved, f.now);
    assert!(wrong.is_err(), "proven under another header: {wrong:?}");
}

async fn changes_lead_to_the_head(f: &Fixture, follower: &Follower) {
    let height = follower.height();
    let shown = held("the head", f.adapter.fetch_value(&head_path(), height).await);
    let head = held("its proof", follower.prove_head(&shown, f.now));
    assert!(head.value().n > 0, "the fixture's registry has no change");
    let mut changes = held("changes", f.adapter.fetch_changes(0).await);
    changes.truncate(usize::try_from(head.value().n).unwrap_or(usize::MAX));
    let start = SyncStart { n: 0, acc: ACC_0 };
    let proven = held("all changes", follower.prove_changes(start, &changes, &head));
    assert_eq!((proven.end().n, proven.end().acc), (head.value().n, head.value().acc));
    changes.pop();
    assert!(follower.prove_changes(start, &changes, &head).is_err(), "one change is missing");
    one_change_is_proven(f, follower, head.value().n).await;
    let none = held("changes after the last", f.adapter.fetch_changes(FAR).await);
    assert!(none.is_empty(), "changes that are not there: {none:?}");
}

async fn changes_are_fetched_and_proven(f: &Fixture, follower: &mut Follower) {
    let start = SyncStart { n: 0, acc: ACC_0 };
    let synced = fetch_synced(&mut &mut *follower, &*f.adapter, start, f.now).await;
    let synced = held("all changes", synced);
    assert_eq!(synced.changes.end().n, synced.head.value().n);
    let end = synced.changes.end();
    let again = fetch_synced(&mut &mut *follower, &*f.adapter, end, f.now).await;
    assert_eq!(held("nothing new", again).changes.changes().count(), 0);
    let other = SyncStart { n: end.n.saturating_sub(1), acc: ACC_0 };
    let wrong = fetch_synced(&mut &mut *follower, &*f.adapter, other, f.now).await;
    assert!(matches!(wrong, Err(SyncError::Changes(_))), "from another digest: {wrong:?}");
    let later = SyncStart { n: end.n.saturating_add(1), acc: end.acc };
    let old = fetch_synced(&mut &mut *follower, &*f.adapter, later, f.now).await;
    assert!(matches!(old, Err(SyncError::Old { .. })), "before what is known: {old:?}");
}

async fn one_change_is_proven(f: &Fixture, follower: &Follower, n: u64) {
    let height = follower.height();
    let shown = held("a change", f.adapter.fetch_value(&change_path(n), height).await);
    let change = held("its proof", follower.prove_change(n, &shown, f.now));
    assert_eq!(*change.key(), n);
    let next = n.saturating_add(1);
    let shown = held("no change", f.adapter.fetch_value(&change_path(next), height).await);
    assert!(follower.prove_change(next, &shown, f.now).is_err(), "a change that is not there");
}

async fn a_future_height_is_behind(f: &Fixture) {
    let tip = held("the tip", f.adapter.fetch_tip().await).height;
    let asked = tip.saturating_add(FAR);
    let behind = |error: &FetchError| matches!(error, FetchError::Behind { tip: at, asked: of } if *at >= tip && *of == asked);
    let header = f.adapter.fetch_header(asked).await;
    assert!(header.as_ref().is_err_and(behind), "a header of the future: {header:?}");
    let value = f.adapter.fetch_value(&record_path(&f.held), asked).await;
    assert!(value.as_ref().is_err_and(behind), "a value of the future: {value:?}");
}

async fn a_pruned_height_is_pruned(f: &Fixture) {
    let (nodes, asked) = (&f.pruned.0, f.pruned.1);
    let value = nodes.fetch_value(&record_path(&f.held), asked).await;
    assert_eq!(value, Err(FetchError::Pruned { asked }));
}

async fn a_silent_node_is_unavailable_in_time(f: &Fixture) {
    let path = record_path(&f.held);
    unavailable("a tip", f.silent.fetch_tip()).await;
    unavailable("a header", f.silent.fetch_header(f.pin.height)).await;
    unavailable("a value", f.silent.fetch_value(&path, f.pin.height)).await;
    unavailable("changes", f.silent.fetch_changes(0)).await;
}

async fn unavailable<T: Debug>(what: &str, call: impl Future<Output = Result<T, FetchError>>) {
    let answer = timeout(SOURCE_TIMEOUT, call).await;
    let silent = matches!(answer, Ok(Err(FetchError::Unavailable { .. })));
    assert!(silent, "{what} of a silent node: {answer:?}");
}

async fn nothing_without_proof_is_never_absent(f: &Fixture) {
    let height = held("the tip", f.adapter.fetch_tip().await).height;
    for key in [f.held, f.absent] {
        let shown = f.denying.fetch_value(&record_path(&key), height).await;
        assert!(shown.is_err(), "nothing, and no proof of it: {shown:?}");
    }
}

async fn the_second_node_answers_for_the_first(f: &Fixture) {
    let tip = held("the tip of the other node", f.half.fetch_tip().await);
    held("its header", f.half.fetch_header(tip.height).await);
    held("its value", f.half.fetch_value(&record_path(&f.absent), tip.height).await);
}

async fn two_sources_agree(f: &Fixture, follower: &mut Follower) {
    let list = vec![f.silent.clone(), f.adapter.clone(), f.other.clone()];
    let gateways = BTreeSet::from([f.adapter.source().clone()]);
    let sources = held("sources", Sources::new(list, &gateways, ChaCha20Rng::seed_from_u64(1)));
    assert!(sources.is_degraded(f.now), "nobody was asked yet");
    sources.probe(f.now).await;
    assert!(!sources.is_degraded(f.now), "two answer");
    let (checked, _) = held(
        "a comparison",
        sources.cross_check(&mut &mut *follower, f.adapter.source(), f.now).await,
    );
    assert_eq!(checked, f.other.source().clone(), "the one that is well is asked");
    let path = record_path(&f.held);
    let later = f.now.saturating_add(BACK_OFF_MOST);
    let shown = sources.fetch_value(&path, follower.height(), later).await;
    let (from, shown) = held("a value", shown);
    assert_ne!(from, SourceId(f.silent.source().0.clone()));
    held("its proof", follower.prove_record(f.held, &shown, f.now));
}

async fn a_persisted_follower_goes_on(f: &Fixture, follower: &Follower) {
    let mut read = held("itself", Follower::decode((f.light_client)(), &follower.encode()));
    assert_eq!(read.client(), follower.client());
    assert_eq!(read.pin(), &f.pin);
    held("an advance", read.advance(&*f.adapter, f.now).await);
}

#[expect(clippy::panic, reason = "a suite of tests: this is how it fails")]
fn held<T, E: Debug>(what: &str, result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error:?}"))
}
