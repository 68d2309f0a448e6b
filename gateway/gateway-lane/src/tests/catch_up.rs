//! More changes wait than one batch may take in: the sync point's number goes on, its height stays.

use super::fixture::*;
use crate::{EntryError, LaneError};
use gateway_types::{
    Timestamp,
    entry::{Entry, RecognisedEntry, SyncPoint},
};

/// The height of the last real sync point of [`caught_up`].
const LAST: u64 = PIN_HEIGHT + 1;

/// The next batch, synced elsewhere than at the chain's head, with a `status` entry for each change due.
pub(super) fn batch_at(
    lane: &mut Lane,
    sync: SyncPoint,
    recognised: Vec<RecognisedEntry>,
) -> Vec<Entry> {
    let n = usize::try_from(sync.n - lane.state.last_change().0).unwrap();
    let due = lane.state.status_entries(&lane.changes_due()[..n]);
    let mut entries = lane.batch(recognised);
    entries.retain(|entry| !matches!(entry, Entry::Status(_)));
    entries.extend(due.into_iter().map(Entry::Status));
    lane.sealed(with_head(&entries, |head| head.sync = Some(sync)))
}

/// A sync point at change 1, then change 2 revokes licence 5, and a batch catches up to change 3.
fn caught_up() -> Lane {
    let mut lane = Lane::begun();
    lane.change(90, 1);
    lane.commit(vec![]).unwrap();
    lane.change(5, 7);
    lane.change(91, 1);
    let sync = lane.sync_at(LAST, 3);
    let batch = batch_at(&mut lane, sync, vec![]);
    lane.apply(batch).unwrap();
    lane
}

/// An entry about licence 5 whose evidence is of that height.
fn of_height(lane: &mut Lane, height: u64) -> RecognisedEntry {
    let mut entry = lane.recognised(5);
    entry.candidate.evidence.height = height;
    entry
}

fn refusal(lane: &Lane, entries: &[Entry]) -> Option<EntryError> {
    match lane.check(entries) {
        Ok(_) => None,
        Err(LaneError::Entry { at: 1, error }) => Some(error),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn a60_after_a_catch_up_no_evidence_below_the_batchs_own_sync_point_counts() {
    // Licence 5 was valid at the last real sync point, and no change after the caught-up one is of it.
    let check = |height: u64| {
        let mut lane = caught_up();
        lane.change(92, 1);
        lane.height = 130;
        let entry = of_height(&mut lane, height);
        let batch = lane.batch(vec![entry]);
        refusal(&lane, &batch)
    };
    for got in [LAST, LAST + 1, 130] {
        assert_eq!(check(got), Some(EntryError::OldEvidence { got, last: 131 }), "{got}");
    }
    assert_eq!(check(131), None);
}

#[test]
fn a60_a_heartbeat_does_not_forget_that_the_lane_caught_up() {
    let mut lane = caught_up();
    for _ in 0..2 {
        let same = lane.state.sync().unwrap().clone();
        let batch = batch_at(&mut lane, same, vec![]);
        lane.apply(batch).unwrap();
        assert!(lane.state.tip().unwrap().caught_up);
    }
    let entry = of_height(&mut lane, LAST);
    let batch = lane.batch(vec![entry]);
    assert!(matches!(refusal(&lane, &batch), Some(EntryError::OldEvidence { got: LAST, .. })));
    // The next real sync point ends it, and evidence counts from there on as before.
    lane.commit(vec![]).unwrap();
    assert!(!lane.state.tip().unwrap().caught_up);
    let real = lane.state.sync().unwrap().height;
    let entry = of_height(&mut lane, real);
    let batch = lane.batch(vec![entry]);
    assert_eq!(refusal(&lane, &batch), None);
}

#[test]
fn a131_nothing_is_recognised_until_the_next_real_sync_point() {
    let mut lane = caught_up();
    lane.change(92, 1);
    let again = lane.sync_at(LAST, 4);
    let same = lane.state.sync().unwrap().clone();
    // Both are a few seconds old, which would be fresh.
    for sync in [again, same] {
        let mut lane = lane.clone();
        let entry = of_height(&mut lane, 130);
        let batch = batch_at(&mut lane, sync, vec![entry]);
        assert_eq!(refusal(&lane, &batch), Some(EntryError::NoFreshSync));
    }
}

#[test]
fn a131_a_change_that_is_caught_up_with_is_logged() {
    let mut lane = Lane::with_recognised(&[1]);
    lane.change(1, 7);
    lane.change(92, 1);
    lane.change(93, 1);
    let height = lane.state.sync().unwrap().height;
    let sync = lane.sync_at(height, 2);
    let batch = batch_at(&mut lane, sync, vec![]);
    let taken = lane.changes_due()[..2].to_vec();
    let checked = lane.check(&batch).unwrap();
    assert!(checked.has_caught_up());
    assert_eq!(lane.state.check_changes(&checked, &taken), Ok(()));
    let hiding = lane.sealed(batch[..1].to_vec());
    let checked = lane.check(&hiding).unwrap();
    assert!(lane.state.check_changes(&checked, &taken).is_err());
    lane.apply(batch).unwrap();
    assert_eq!(lane.state.status_list().value(0), Some(1));
}

#[test]
fn a_lane_without_a_sync_point_catches_up_at_the_pin_and_then_recognises() {
    let mut lane = Lane::begun();
    for licence in 90..96 {
        lane.change(licence, 1);
    }
    for n in [2, 4] {
        let base = lane.state.catch_up_base().unwrap();
        assert_eq!((base.height, base.block_time), (PIN_HEIGHT, Timestamp(0)));
        let sync = SyncPoint { n: n as u64, acc: lane.acc(n), ..base };
        let batch = batch_at(&mut lane, sync, vec![]);
        lane.apply(batch).unwrap();
        assert!(lane.state.tip().unwrap().caught_up && lane.state.is_stale(Timestamp(START)));
    }
    lane.height = 130;
    let entry = of_height(&mut lane, 131);
    lane.commit(vec![entry]).unwrap();
    assert_eq!(lane.state.last_change(), (6, lane.acc(6)));
    assert!(!lane.state.is_stale(Timestamp(lane.time)));
}
