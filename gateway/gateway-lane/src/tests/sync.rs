use super::fixture::*;
use crate::{EntryError, LaneError, SyncError};
use gateway_types::{
    Digest, Timestamp,
    entry::{ClientEntry, Entry, SyncPoint},
};

/// A lane with a sync point at change 2, and one more change and ten blocks since.
fn lane() -> Lane {
    let mut lane = Lane::begun();
    lane.change(90, 1);
    lane.change(91, 1);
    lane.commit(vec![]).unwrap();
    lane.change(92, 1);
    lane.height += 9;
    lane.time += 9_000;
    lane
}

fn check_sync(lane: &mut Lane, sync: Option<SyncPoint>) -> Result<(), LaneError> {
    let batch = lane.batch(vec![]);
    lane.check(&with_head(&batch, |head| head.sync = sync)).map(drop)
}

fn check_edit(edit: impl FnOnce(&mut SyncPoint)) -> Result<(), LaneError> {
    let mut lane = lane();
    let mut sync = lane.sync();
    edit(&mut sync);
    check_sync(&mut lane, Some(sync))
}

#[test]
fn the_next_batch_has_the_next_number_epoch_and_a_later_time() {
    let mut lane = lane();
    let batch = lane.batch(vec![]);
    for k in [0, 1, 3, u64::MAX] {
        let refused = Err(LaneError::Number { got: k, expected: 2 });
        assert_eq!(lane.check(&with_head(&batch, |head| head.k = k)), refused);
    }
    for epoch in [0, 2] {
        let refused = Err(LaneError::Epoch { got: epoch, expected: 1 });
        assert_eq!(lane.check(&with_head(&batch, |head| head.epoch = epoch)), refused);
    }
    let last = lane.state.tip().unwrap().time;
    for time in [Timestamp(0), last] {
        let refused = Err(LaneError::Time { got: time, last });
        assert_eq!(lane.check(&with_head(&batch, |head| head.time = time)), refused);
    }
    let later = with_head(&batch, |head| head.time = Timestamp(last.0 + 1));
    assert!(lane.check(&later).is_ok());
}

#[test]
fn no_batch_is_of_a_time_after_the_keys_end() {
    let mut lane = lane();
    let keys_end = Timestamp(START + 400 * 86_400_000);
    let batch = lane.batch(vec![]);
    let last = with_head(&batch, |head| head.time = Timestamp(keys_end.0 - 1));
    assert!(lane.check(&last).is_ok());
    for got in [keys_end, Timestamp(u64::MAX)] {
        let refused = Err(LaneError::KeysEnded { got, keys_end });
        assert_eq!(lane.check(&with_head(&batch, |head| head.time = got)), refused);
    }
}

#[test]
fn a_sync_point_goes_on_or_stays() {
    assert_eq!(check_edit(|_| ()), Ok(()));
    let mut lane = lane();
    let last = lane.sync_at(PIN_HEIGHT + 1, 2);
    assert_eq!(check_sync(&mut lane, Some(last)), Ok(()), "the last one again");
    let quiet = lane.sync_at(lane.height, 2);
    assert_eq!(check_sync(&mut lane, Some(quiet)), Ok(()), "a later block without changes");
}

#[test]
fn a_sync_point_never_goes_back() {
    let refused = |error| Err(LaneError::Sync(error));
    let last = PIN_HEIGHT + 1;
    let lower = check_edit(|sync| sync.height = last - 1);
    assert_eq!(lower, refused(SyncError::Height { got: last - 1, last }));
    let fewer = check_edit(|sync| sync.n = 1);
    assert_eq!(fewer, refused(SyncError::Number { got: 1, last: 2 }));
    let other = check_edit(|sync| sync.n = 2);
    assert_eq!(other, refused(SyncError::OtherChange { n: 2 }), "with the digest of three");
    let (got, last) = (Timestamp(START), Timestamp(START + 1_000));
    let earlier = check_edit(|sync| sync.block_time = got);
    assert_eq!(earlier, refused(SyncError::BlockTime { got, last }));
    assert_eq!(check_sync(&mut lane(), None), refused(SyncError::Missing));
    let chain = check_edit(|sync| sync.chain = "mo-main".parse().unwrap());
    let (got, expected) = ("mo-main".parse().unwrap(), pin().chain);
    assert_eq!(chain, refused(SyncError::Chain { got, expected }));
}

#[test]
fn a_height_named_once_is_named_the_same_again() {
    let height = PIN_HEIGHT + 1;
    let other = Err(LaneError::Sync(SyncError::OtherHeader { height }));
    let mut lane = lane();
    let last = lane.sync_at(height, 2);
    let hash = SyncPoint { header_hash: digest(9), ..last.clone() };
    assert_eq!(check_sync(&mut lane, Some(hash)), other);
    let time = SyncPoint { block_time: Timestamp(START + 1_001), ..last };
    assert_eq!(check_sync(&mut lane, Some(time)), other);
}

#[test]
fn the_first_sync_point_does_not_lie_below_the_pin() {
    let begun = Lane::begun();
    let at = |height| begun.clone().sync_at(PIN_HEIGHT, 0).at(height);
    let check = |sync| check_sync(&mut begun.clone(), Some(sync));
    assert_eq!(check(at(PIN_HEIGHT)), Ok(()));
    let height = PIN_HEIGHT - 1;
    let below = SyncError::Height { got: height, last: PIN_HEIGHT };
    assert_eq!(check(at(height)), Err(LaneError::Sync(below)));
    let other = SyncPoint { header_hash: digest(9), ..at(PIN_HEIGHT) };
    let refused = SyncError::OtherHeader { height: PIN_HEIGHT };
    assert_eq!(check(other), Err(LaneError::Sync(refused)));
    let acc = SyncPoint { acc: digest(9), ..at(PIN_HEIGHT + 1) };
    assert_eq!(check(acc), Err(LaneError::Sync(SyncError::OtherChange { n: 0 })));
}

trait At {
    fn at(self, height: u64) -> Self;
}

impl At for SyncPoint {
    fn at(self, height: u64) -> Self {
        Self { height, header_hash: digest(height), ..self }
    }
}

#[test]
fn a47_a_sync_point_of_digests_never_set_is_refused() {
    for nothing in [Digest([0; 32]), gateway_types::frame::sha256(b"")] {
        let unset = |what| Err(LaneError::Sync(SyncError::Unset { what }));
        assert_eq!(check_edit(|sync| sync.header_hash = nothing), unset("header hash"));
        assert_eq!(check_edit(|sync| sync.acc = nothing), unset("running digest"));
    }
}

#[test]
fn nothing_is_recognised_without_a_fresh_sync_point() {
    let refused = |lane: &mut Lane, sync: Option<SyncPoint>, time: u64| {
        lane.time = time - 1_000;
        let entry = lane.recognised(1);
        let batch = lane.batch(vec![entry]);
        let entries = lane.sealed(with_head(&batch, |head| head.sync = sync));
        lane.check(&entries).err()
    };
    let stale = Some(LaneError::Entry { at: 1, error: EntryError::NoFreshSync });
    assert_eq!(refused(&mut Lane::begun(), None, START + 1_000), stale, "none at all");
    let mut lane = lane();
    let (sync, block) = (lane.sync(), lane.sync().block_time.0);
    for (age, expected) in [(60_000, None), (60_001, stale.clone()), (70_000, stale.clone())] {
        let mut lane = lane.clone();
        assert_eq!(refused(&mut lane, Some(sync.clone()), block + age), expected, "{age} ms");
    }
    // More changes wait than a batch holds: the header stays, the number goes on.
    let catching_up = lane.sync_at(PIN_HEIGHT + 1, 3);
    assert_eq!(check_sync(&mut lane.clone(), Some(catching_up.clone())), Ok(()));
    let time = lane.time + 1_000;
    assert_eq!(refused(&mut lane, Some(catching_up), time), stale);
    let mut first = Lane::begun();
    first.change(90, 1);
    let at_pin = first.sync_at(PIN_HEIGHT, 1);
    assert_eq!(refused(&mut first, Some(at_pin), START + 1_000), stale, "catching up from the pin");
}

#[test]
fn a_frozen_client_stands_still() {
    let mut lane = Lane::with_recognised(&[1]);
    lane.change(1, 7);
    let (last, batch) = (lane.state.sync().cloned(), lane.batch(vec![]));
    let still = || with_head(&batch[..1], |head| head.sync = last.clone());
    let frozen = Err(LaneError::Sync(SyncError::Frozen));
    let moving = [batch.clone(), vec![freeze(105)]].concat();
    assert_eq!(lane.check(&moving), frozen, "nothing new of that chain counts");
    let mut entry = lane.recognised(2);
    entry.list_index = 1;
    let recognising = lane.sealed([still(), vec![freeze(105), Entry::Recognised(entry)]].concat());
    let refused = LaneError::Entry { at: 2, error: EntryError::Frozen };
    assert_eq!(lane.check(&recognising), Err(refused));

    lane.apply(lane.sealed([still(), vec![freeze(105)]].concat())).unwrap();
    assert!(lane.state.tip().unwrap().client.freeze.is_some());
    let next = lane.batch(vec![]);
    assert_eq!(lane.check(&next), frozen);
    let still = with_head(&next[..1], |head| head.sync = last.clone());
    let again = lane.sealed([still.clone(), vec![freeze(106)]].concat());
    let refused = LaneError::Entry { at: 1, error: EntryError::Frozen };
    assert_eq!(lane.check(&again), Err(refused));
    assert!(lane.check(&lane.sealed(still)).is_ok(), "heartbeats go on");
}

#[test]
fn a_freeze_names_the_pinned_client_and_two_hashes() {
    let mut lane = Lane::begun();
    lane.tick();
    let head = Entry::Batch(batch_entry(1, lane.time));
    let Entry::Client(ClientEntry::Freeze(good)) = freeze(105) else { panic!("not a freeze") };
    let check = |freeze| {
        let entries = vec![head.clone(), Entry::Client(ClientEntry::Freeze(freeze))];
        lane.check(&entries).err()
    };
    let refused = |error| Some(LaneError::Entry { at: 1, error });
    assert_eq!(check(good.clone()), None);
    let mut other = good.clone();
    other.chain = "mo-main".parse().unwrap();
    assert_eq!(check(other), refused(EntryError::OtherClient));
    let mut other = good.clone();
    other.pin = digest(1);
    assert_eq!(check(other), refused(EntryError::OtherClient));
    let mut other = good.clone();
    other.hashes = (good.hashes.1, good.hashes.0);
    assert_eq!(check(other), refused(EntryError::Hashes));
    let mut other = good.clone();
    other.hashes = (good.hashes.0, good.hashes.0);
    assert_eq!(check(other), refused(EntryError::Hashes));
    let twice = [vec![head.clone()], vec![freeze(105), freeze(106)]].concat();
    let second = LaneError::Entry { at: 2, error: EntryError::Kind { kind: "client" } };
    assert_eq!(lane.check(&twice).err(), Some(second));
}
