#![expect(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]

use super::*;
use crate::{
    member::Tip,
    testing::{body, cosigning_key, empty_tip, keys, others, share},
};
use gateway_cosign::ThresholdText;
use gateway_types::{Bounded, Bytes, body::Body};

/// A log of so many batches as it is stored, and what its owner knows of it.
fn log(batches: u8) -> (Vec<FinalMessage>, TreeHead) {
    let (keys, mut tip) = (keys(), empty_tip());
    let mut rows = Vec::new();
    for tag in 0..batches {
        let body = body(&tip, tag).body().clone();
        tip = Tip {
            k: tip.k + 1,
            frontier: verify_root(&tip.frontier, &body).unwrap(),
            time: Some(body.time),
        };
        rows.push(signed(&keys, body));
    }
    (rows, tip.head())
}

fn signed(keys: &EpochKeys, body: Body) -> FinalMessage {
    let checkpoint = Checkpoint { origin: keys.origin().clone(), head: body.head };
    let cosignatures: Vec<_> = others()
        .into_iter()
        .map(|it| {
            let signature = cosigning_key(it.committee, it.member).cosign(&checkpoint, 1_000_000);
            keys.verify_cosignature(&checkpoint, it, 1_000_000, &signature).unwrap()
        })
        .collect();
    let text = ThresholdText::checkpoint(&checkpoint);
    let thresholds = [0, 1].map(|place| share(place, 0).sign(&text).unwrap());
    let note = keys.finish_note(&checkpoint, &cosignatures, &thresholds).unwrap();
    let note = Bytes::new(note.note().to_text().into_bytes()).unwrap();
    FinalMessage { k: body.k, note, body: Some(body) }
}

fn check(rows: &[FinalMessage], k: u64, known: TreeHead) -> Result<(), LogChanged> {
    let mut recheck = Recheck::new(keys());
    rows.iter().try_for_each(|row| recheck.take(&cbor::encode(row)))?;
    recheck.finish(k, known)
}

#[test]
fn a_log_as_it_was_signed_is_good() {
    let (rows, head) = log(5);
    assert_eq!(check(&rows, 5, head), Ok(()));
    assert_eq!(check(&[], 0, TreeHead::empty()), Ok(()));
}

/// What whoever can write to a store may try; the log known has four batches.
fn found(change: impl Fn(&mut Vec<FinalMessage>)) -> LogChanged {
    let (mut rows, head) = log(4);
    change(&mut rows);
    check(&rows, 4, head).unwrap_err()
}

#[test]
fn a115_an_entry_that_was_edited_deleted_or_swapped_is_found_and_its_batch_named() {
    let edited = found(|rows| {
        let body = rows[1].body.as_mut().unwrap();
        let mut entries = body.entries.clone().into_inner();
        entries[0].bytes = Bytes::new(vec![99]).unwrap();
        body.entries = Bounded::new(entries).unwrap();
    });
    assert!(matches!(edited, LogChanged::Root { k: 1, .. }), "{edited:?}");
    let deleted = found(|rows| drop(rows.remove(2)));
    assert_eq!(deleted, LogChanged::Missing { k: 2 });
    let swapped = found(|rows| rows.swap(0, 1));
    assert_eq!(swapped, LogChanged::Missing { k: 0 });
}

#[test]
fn a115_a_log_that_was_cut_or_replaced_whole_is_found_though_each_part_is_signed() {
    let cut = found(|rows| rows.truncate(3));
    assert_eq!(cut, LogChanged::Missing { k: 3 });
    // A shorter history that the committees did sign, with its own last note: not what was known.
    let (rows, _) = log(3);
    let (_, longer) = log(4);
    assert_eq!(check(&rows, 3, longer), Err(LogChanged::OtherHead { k: 2 }));
}

#[test]
fn a115_a_note_of_another_root_or_with_a_signature_that_does_not_hold_is_found() {
    let other = found(|rows| rows[2].note = rows[1].note.clone());
    assert_eq!(other, LogChanged::OtherNote { k: 2 });
    let unsigned = found(|rows| {
        let text = String::from_utf8(rows[3].note.to_vec()).unwrap();
        // All lines of signatures but the first.
        let (head, lines) = text.split_once("\n\n").unwrap();
        let text = format!("{head}\n\n{}\n", lines.lines().next().unwrap());
        rows[3].note = Bytes::new(text.into_bytes()).unwrap();
    });
    assert_eq!(unsigned, LogChanged::Unsigned { k: 3 });
}

#[test]
fn a115_no_flipped_bit_of_a_batchs_entries_or_roots_passes() {
    let (rows, head) = log(2);
    let good = cbor::encode(&rows[0]);
    let second = cbor::encode(&rows[1]);
    let text = String::from_utf8(rows[0].note.to_vec()).unwrap();
    // Signatures of notes before the last are checked by whoever is shown such a note.
    let note = good.windows(text.len()).position(|it| it == text.as_bytes()).unwrap();
    let signatures = note + text.split_once("\n\n").unwrap().0.len()..note + text.len();
    let mut passed = Vec::new();
    for at in (0..good.len()).filter(|at| !signatures.contains(at)) {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        let mut recheck = Recheck::new(keys());
        let taken = recheck.take(&bytes).and_then(|()| recheck.take(&second));
        if taken.and_then(|()| recheck.finish(2, head)).is_ok() {
            passed.push(at);
        }
    }
    // The body's own time is told again by the `batch` entry of a real body, and is nothing to the root; all else is.
    assert!(passed.len() <= 10, "{passed:?}");
}
