use super::fixture::*;
use crate::{ChangesError, EntryError, LaneError, LaneState};
use gateway_types::{
    Timestamp,
    entry::{Entry, StatusEntry},
    registry::Change,
};

/// A lane where licences 1 and 2 are recognised, and then 1 is revoked (change 2) between two changes
/// of licences that the lane does not know.
fn revoked() -> Lane {
    let mut lane = Lane::with_recognised(&[1, 2]);
    lane.change(90, 1);
    lane.change(1, 7);
    lane.change(91, 2);
    lane
}

fn refusal(lane: &Lane, entries: &[Entry]) -> Option<(usize, EntryError)> {
    match lane.check(entries) {
        Ok(_) => None,
        Err(LaneError::Entry { at, error }) => Some((at, error)),
        Err(other) => panic!("{other:?}"),
    }
}

/// The batch with other entries after the first.
fn with_statuses(lane: &Lane, batch: &[Entry], statuses: Vec<StatusEntry>) -> Vec<Entry> {
    let head = batch[..1].to_vec();
    lane.sealed([head, statuses.into_iter().map(Entry::Status).collect()].concat())
}

#[test]
fn a132_a_change_is_logged_without_anybodys_verdict() {
    let mut lane = revoked();
    assert_eq!(lane.state.status_list().value(0), Some(0));
    let due: Vec<u64> = lane.statuses_due().iter().map(|status| status.n).collect();
    assert_eq!(due, [2], "only what concerns a licence recognised here");
    lane.commit(vec![]).unwrap();
    assert_eq!(lane.state.status_list().value(0), Some(1));
    assert_eq!(lane.state.status_list().value(1), Some(0));
    assert_eq!(lane.state.last_change(), (3, lane.acc(3)));
}

#[test]
fn a131_a_batch_that_hides_a_change_is_refused() {
    let mut lane = revoked();
    let batch = lane.batch(vec![]);
    let hidden = with_statuses(&lane, &batch, vec![]);
    let checked = lane.check(&hidden).unwrap();
    let refused = lane.state.check_changes(&checked, lane.changes_due());
    assert_eq!(refused, Err(ChangesError::NotLogged { n: 2, licence: licence(1) }));
}

#[test]
fn a131_changes_cannot_be_left_out_altered_or_added() {
    let mut lane = revoked();
    let batch = lane.batch(vec![]);
    let checked = lane.check(&batch).unwrap();
    let changes = lane.changes_due().to_vec();
    assert_eq!(lane.state.check_changes(&checked, &changes), Ok(()));
    for len in 0..3 {
        let count = ChangesError::Count { got: len, due: 3 };
        assert_eq!(lane.state.check_changes(&checked, &changes[..len]), Err(count));
    }
    let longer = [&changes[..], &changes[..1]].concat();
    assert!(lane.state.check_changes(&checked, &longer).is_err());
    let mut others: Vec<Vec<Change>> = vec![changes.iter().rev().copied().collect()];
    for at in 0..3 {
        let edits: [fn(&mut Change); 3] = [
            |change| change.code = code(3),
            |change| change.key = licence(2),
            |change| change.sequence += 1,
        ];
        for edit in edits {
            let mut altered = changes.clone();
            edit(&mut altered[at]);
            others.push(altered);
        }
    }
    for altered in others {
        let refused = lane.state.check_changes(&checked, &altered);
        assert!(matches!(refused, Err(ChangesError::Digest { .. })), "{altered:?}");
    }
}

#[test]
fn a_status_entry_says_what_the_registry_says() {
    let mut lane = revoked();
    let batch = lane.batch(vec![]);
    let due = lane.statuses_due();
    let milder =
        StatusEntry { change: Change { code: code(2), ..due[0].change }, ..due[0].clone() };
    let entries = with_statuses(&lane, &batch, vec![milder]);
    let refused = lane.state.check_changes(&lane.check(&entries).unwrap(), lane.changes_due());
    assert_eq!(refused, Err(ChangesError::NotLogged { n: 2, licence: licence(1) }));
    let other = StatusEntry { n: 1, ..due[0].clone() };
    let entries = with_statuses(&lane, &batch, vec![other]);
    let refused = lane.state.check_changes(&lane.check(&entries).unwrap(), lane.changes_due());
    assert_eq!(refused, Err(ChangesError::NotLogged { n: 2, licence: licence(1) }));
    let invented = StatusEntry { n: 3, ..due[0].clone() };
    let entries = with_statuses(&lane, &batch, vec![due[0].clone(), invented]);
    let refused = lane.state.check_changes(&lane.check(&entries).unwrap(), lane.changes_due());
    assert_eq!(refused, Err(ChangesError::NoChange { n: 3 }));
}

#[test]
fn changes_are_in_order_between_the_two_sync_points() {
    let mut lane = revoked();
    lane.change(2, 2);
    lane.commit(vec![]).unwrap();
    lane.change(1, 1);
    lane.change(2, 1);
    let batch = lane.batch(vec![]);
    let due = lane.statuses_due();
    assert_eq!(refusal(&lane, &batch), None);
    let number = |got, first| EntryError::ChangeNumber { got, first, last: 6 };
    for got in [0, 4, 7, u64::MAX] {
        let moved = StatusEntry { n: got, ..due[0].clone() };
        let entries = with_statuses(&lane, &batch, vec![moved]);
        assert_eq!(refusal(&lane, &entries), Some((1, number(got, 5))));
    }
    let swapped = with_statuses(&lane, &batch, vec![due[1].clone(), due[0].clone()]);
    assert_eq!(refusal(&lane, &swapped), Some((2, number(5, 7))));
    let twice = with_statuses(&lane, &batch, vec![due[0].clone(), due[0].clone()]);
    assert_eq!(refusal(&lane, &twice), Some((2, number(5, 6))));
}

#[test]
fn a_change_of_another_chain_or_an_unknown_licence_is_refused() {
    let mut lane = revoked();
    let batch = lane.batch(vec![]);
    let due = lane.statuses_due();
    let chain = StatusEntry { chain: "mo-main".parse().unwrap(), ..due[0].clone() };
    let entries = with_statuses(&lane, &batch, vec![chain]);
    let expected = pin().chain;
    let error = EntryError::Chain { got: "mo-main".parse().unwrap(), expected };
    assert_eq!(refusal(&lane, &entries), Some((1, error)));
    let unknown = StatusEntry { n: 1, change: lane.changes[0], chain: pin().chain };
    let entries = with_statuses(&lane, &batch, vec![unknown]);
    let error = EntryError::NotRecognised { licence: licence(90) };
    assert_eq!(refusal(&lane, &entries), Some((1, error)));
}

#[test]
fn a_licence_that_changed_is_not_recognised_in_the_same_batch() {
    // Recognised here before: the batch itself shows it.
    let mut lane = revoked();
    let again = lane.recognised(1);
    let entries = lane.batch(vec![again]);
    let changed = EntryError::Changed { licence: licence(1) };
    assert_eq!(refusal(&lane, &entries), Some((1, changed)));
    // Never recognised here: only the changes show it.
    let mut lane = revoked();
    let other = lane.recognised(91);
    let entries = lane.batch(vec![other]);
    let checked = lane.check(&entries).unwrap();
    let refused = lane.state.check_changes(&checked, lane.changes_due());
    assert_eq!(refused, Err(ChangesError::Recognised { n: 3, licence: licence(91) }));
}

#[test]
fn every_recognition_of_a_licence_follows_its_status() {
    let mut lane = Lane::with_recognised(&[1, 2]);
    let again = lane.recognised(1);
    lane.commit(vec![again]).unwrap();
    let all = |lane: &Lane| (0..3).map(|at| lane.state.status_list().value(at)).collect::<Vec<_>>();
    for (status, value) in [(2, 2), (1, 0), (5, 1), (6, 3), (99, 3), (7, 1)] {
        lane.change(1, status);
        lane.commit(vec![]).unwrap();
        assert_eq!(all(&lane), [Some(value), Some(0), Some(value)], "code {status}");
    }
}

#[test]
fn a_status_list_digest_that_the_entries_do_not_make_is_refused() {
    let mut lane = revoked();
    let batch = lane.batch(vec![]);
    let before = lane.state.status_list().digest();
    let expected = lane.state.status_list_after(&batch).unwrap().digest();
    assert_ne!(before, expected);
    let entries = with_head(&batch, |head| head.status_list = before);
    let refused = Err(LaneError::StatusList { got: before, expected });
    assert_eq!(lane.check(&entries), refused);
}

#[test]
fn a131_without_word_from_the_source_answers_are_stale_from_60_seconds_on() {
    let lane = Lane::with_recognised(&[1]);
    let block = START + 1_000;
    assert!(!lane.state.is_stale(Timestamp(block)));
    assert!(!lane.state.is_stale(Timestamp(block + 60_000)));
    assert!(lane.state.is_stale(Timestamp(block + 60_001)));
    assert!(LaneState::new(origin()).is_stale(Timestamp(block)), "never followed");
}
