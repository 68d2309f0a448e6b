//! Sync points for the lanes of a source: what is proven, in the form in which leaders propose it.

use super::changes::Changes;
use chain_adapter::Follower;
use gateway_agreement::build::SyncOffer;
use gateway_lane::LaneState;
use gateway_types::{
    Bounded, Bytes,
    body::{CATCH_UP, MAX_EVIDENCE, MAX_HEADERS},
    link::ShownValue,
    registry::{RegistryChange, RegistryHead},
};
use light_client::{HeaderBytes, Proven, SyncStart};

/// Something proven, and the proof that members check.
#[derive(Clone, Debug)]
pub(super) struct Shown<T: light_client::Registered> {
    pub(super) proven: Proven<T>,
    pub(super) shown: ShownValue,
}

/// What can be done for a lane.
#[derive(Debug)]
pub(super) enum Step {
    /// Offer this; whether licences recognised there changed up to it.
    Offer(Box<SyncOffer>, bool),
    /// Not all changes are there.
    Changes,
    /// More wait than a head may bring: change of this number must be proven.
    Change(u64),
    /// What the relayer told does not lead to what was proven: all of it must be told again.
    Rubbish,
    /// Nothing.
    Nothing,
}

/// The step from where a lane stands to a proven head.
pub(super) fn step(
    follower: &Follower,
    changes: &Changes,
    lane: &LaneState,
    head: &Shown<RegistryHead>,
    change: Option<&Shown<RegistryChange>>,
) -> Step {
    let Some(base) = lane.catch_up_base() else { return Step::Nothing };
    let (after, end) = (SyncStart { n: base.n, acc: base.acc }, head.proven.value().n);
    let waiting = end.saturating_sub(after.n);
    if waiting > u64::try_from(CATCH_UP).unwrap_or(u64::MAX) {
        let n = after.n.saturating_add(u64::try_from(CATCH_UP).unwrap_or(u64::MAX));
        return match change.filter(|change| *change.proven.key() == n) {
            Some(change) => catch_up(follower, changes, lane, after, change),
            None => Step::Change(n),
        };
    }
    if head.proven.at().height.get() <= base.height || end < after.n {
        return Step::Nothing;
    }
    let Some(list) = changes.between(after.n, end) else { return Step::Changes };
    let Ok(proven) = follower.prove_changes(after, &list, &head.proven) else {
        return Step::Rubbish;
    };
    let headers = headers(follower, base.height, head.proven.at().height.get());
    let offer =
        proof(&head.shown).and_then(|it| SyncOffer::new(&head.proven, &proven, it, headers));
    let changed = !lane.status_entries(&list).is_empty();
    offer.map_or(Step::Nothing, |offer| Step::Offer(Box::new(offer), changed))
}

/// As many changes as one batch may hold, up to one that is proven by itself.
fn catch_up(
    follower: &Follower,
    changes: &Changes,
    lane: &LaneState,
    after: SyncStart,
    change: &Shown<RegistryChange>,
) -> Step {
    let end = *change.proven.key();
    let Some(list) = changes.between(after.n, end) else { return Step::Changes };
    let Ok(proven) = follower.prove_changes(after, &list, &change.proven) else {
        return Step::Rubbish;
    };
    let base = lane.catch_up_base().map_or(0, |base| base.height);
    let headers = headers(follower, base, change.proven.at().height.get());
    let proof = proof(&change.shown);
    let offer =
        proof.and_then(|it| SyncOffer::catch_up(lane, &change.proven, &proven, it, headers));
    // Whoever waits for a recognition waits for this: it is as pressing as a revocation.
    offer.map_or(Step::Nothing, |offer| Step::Offer(Box::new(offer), true))
}

fn proof(shown: &ShownValue) -> Option<Bytes<MAX_EVIDENCE>> {
    Bytes::new(shown.proof.to_vec()).ok()
}

/// The headers by which a light client that stands at `from` comes to `to`: those that bring another set, and the
/// last. Members follow the chain by themselves too; of more than fit, the newest go.
fn headers(follower: &Follower, from: u64, to: u64) -> Bounded<HeaderBytes, MAX_HEADERS> {
    let states = || follower.client().states();
    let below = states().take_while(|state| state.height.get() <= from).last();
    let mut set = below.map(|state| state.next_validators_hash);
    let mut heights = Vec::new();
    for state in
        states().filter(|state| (from.saturating_add(1)..=to).contains(&state.height.get()))
    {
        if set != Some(state.next_validators_hash) || state.height.get() == to {
            heights.push(state.height.get());
        }
        set = Some(state.next_validators_hash);
    }
    let skip = heights.len().saturating_sub(MAX_HEADERS);
    let headers = heights.into_iter().skip(skip).filter_map(|height| follower.header_at(height));
    Bounded::new(headers.collect()).unwrap_or_default()
}
