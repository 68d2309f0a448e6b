//! Lanes of random batches: what is kept along is what the entries say.

use super::{catch_up::batch_at, fixture::*};
use crate::{LaneState, ProvenStatusList};
use gateway_types::{
    LicenceKey, Timestamp,
    entry::{BatchEntry, Entry, RecognisedEntry, SyncPoint},
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What happens before and in one batch.
#[derive(Clone, Debug)]
struct Step {
    changes: Vec<(u64, u8)>,
    recognised: Vec<u64>,
    declined: Vec<u64>,
    blocks: u64,
    /// Half of the changes due are caught up with in a batch of their own.
    catches_up: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let change = (0u64..12, prop::sample::select(vec![1u8, 2, 3, 4, 5, 6, 7, 99]));
    let changes = prop::collection::vec(change, 0..6);
    let licences = || prop::collection::vec(0u64..12, 0..5);
    (changes, licences(), licences(), 0u64..100_000, any::<bool>()).prop_map(
        |(changes, recognised, declined, blocks, catches_up)| Step {
            changes,
            recognised,
            declined,
            blocks,
            catches_up,
        },
    )
}

/// Takes in half of the changes due, as if more waited than a batch may take in.
fn catch_up(lane: &mut Lane) {
    let taken = lane.changes_due()[..lane.changes_due().len().div_ceil(2)].to_vec();
    let base = lane.state.catch_up_base().unwrap();
    let n = base.n + taken.len() as u64;
    let sync = SyncPoint { n, acc: lane.acc(usize::try_from(n).unwrap()), ..base };
    let entries = batch_at(lane, sync, vec![]);
    let checked = lane.check(&entries).unwrap();
    lane.state.check_changes(&checked, &taken).unwrap();
    lane.apply(entries).unwrap();
}

/// Drives the lane by one step, as an honest leader would.
fn drive(lane: &mut Lane, step: &Step) {
    lane.height += step.blocks;
    lane.time += step.blocks * 1_000;
    for (licence, status) in &step.changes {
        lane.change(*licence, *status);
    }
    if step.catches_up && !lane.changes_due().is_empty() {
        catch_up(lane);
    }
    let changed: Vec<LicenceKey> = lane.changes_due().iter().map(|change| change.key).collect();
    let unchanged = step.recognised.iter().filter(|n| !changed.contains(&licence(**n)));
    let recognised: Vec<RecognisedEntry> = unchanged.map(|n| lane.recognised(*n)).collect();
    let declined: Vec<Entry> =
        step.declined.iter().map(|n| Entry::Declined(lane.declined(*n))).collect();
    let entries = [lane.batch(recognised), declined].concat();
    let entries = lane.sealed(entries);
    let checked = lane.check(&entries).unwrap();
    lane.state.check_changes(&checked, lane.changes_due()).unwrap();
    lane.apply(entries).unwrap();
}

fn grown(steps: &[Step]) -> Lane {
    let mut lane = Lane::begun();
    steps.iter().for_each(|step| drive(&mut lane, step));
    lane
}

/// The status list's values by the plainest reading of the log.
fn values_by_reading(log: &[Vec<Entry>]) -> Vec<u8> {
    let (mut values, mut of) = (Vec::new(), BTreeMap::<LicenceKey, Vec<usize>>::new());
    for entry in log.iter().flatten() {
        match entry {
            Entry::Recognised(entry) => {
                of.entry(entry.candidate.licence).or_default().push(values.len());
                values.push(entry.candidate.facts.code.unwrap().status().list_value());
            }
            Entry::Status(entry) => {
                for at in &of[&entry.change.key] {
                    values[*at] = entry.change.code.status().list_value();
                }
            }
            _ => {}
        }
    }
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_state_rebuilt_from_its_entries_is_the_one_kept_along(steps in prop::collection::vec(step(), 0..12)) {
        let lane = grown(&steps);
        let mut rebuilt = LaneState::new(origin());
        for batch in &lane.log {
            // Through bytes, as a store keeps them.
            let bytes: Vec<Vec<u8>> = batch.iter().map(Entry::encode).collect();
            let read: Vec<Entry> = bytes.iter().map(|b| Entry::decode(b).unwrap()).collect();
            let checked = rebuilt.check_batch(&read).unwrap();
            rebuilt.apply_batch(checked);
        }
        prop_assert_eq!(&rebuilt, &lane.state);
        let leaves: usize = lane.log.iter().map(Vec::len).sum();
        prop_assert_eq!(rebuilt.log_size(), leaves as u64);
    }

    #[test]
    fn the_status_list_is_what_the_log_says(steps in prop::collection::vec(step(), 0..12)) {
        let lane = grown(&steps);
        let values = values_by_reading(&lane.log);
        let list = lane.state.status_list();
        let kept: Vec<Option<u8>> = (0..list.count()).map(|at| list.value(at)).collect();
        prop_assert_eq!(kept, values.into_iter().map(Some).collect::<Vec<_>>());
        let Some(Entry::Batch(BatchEntry { status_list, .. })) = lane.log.last().and_then(|b| b.first()) else {
            panic!("no batch entry")
        };
        let proven = ProvenStatusList::verify(&list.to_zlib(), list.count(), status_list).unwrap();
        prop_assert_eq!(proven.list(), list);
    }

    #[test]
    fn a_licence_stands_as_its_source_last_said(steps in prop::collection::vec(step(), 0..12)) {
        let lane = grown(&steps);
        for number in 0..12 {
            let key = licence(number);
            for recognition in lane.state.recognitions(&key) {
                let batch = lane.log.iter().scan(0u64, |size, batch| {
                    *size += batch.len() as u64;
                    Some((*size, batch))
                });
                // Changes after the batch that recognised it decide; none means as it was then.
                let mut batch = batch.skip_while(|(size, _)| *size <= recognition.log_index);
                let seen = match batch.next().unwrap().1.first() {
                    Some(Entry::Batch(head)) => head.sync.as_ref().map_or(0, |sync| sync.n),
                    _ => 0,
                };
                let later = &lane.changes[usize::try_from(seen).unwrap()..];
                let last = later.iter().rev().find(|change| change.key == key);
                let expected = last.map_or(0, |change| change.code.status().list_value());
                prop_assert_eq!(lane.state.status_list().value(recognition.list_index), Some(expected));
            }
        }
    }

    #[test]
    fn a_batch_fits_its_own_place_only(steps in prop::collection::vec(step(), 2..6)) {
        let lane = grown(&steps);
        for (at, batch) in lane.log.iter().enumerate() {
            for other in (0..lane.log.len()).filter(|other| *other != at) {
                let mut state = LaneState::new(origin());
                for earlier in &lane.log[..other] {
                    let checked = state.check_batch(earlier).unwrap();
                    state.apply_batch(checked);
                }
                prop_assert!(state.check_batch(batch).is_err());
            }
        }
        prop_assert!(lane.state.tip().unwrap().time > Timestamp(START));
    }
}
