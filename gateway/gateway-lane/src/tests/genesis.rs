use super::fixture::*;
use crate::{EntryError, GenesisError, LaneError, LaneState, StatusList};
use gateway_types::{
    Bounded, Bytes, CommitteeSize, Digest, Timestamp,
    entry::{ClientEntry, ClientPin, CommitteeEntry, Entry, PackEntry},
};

fn check(entries: &[Entry]) -> Result<(), LaneError> {
    LaneState::new(origin()).check_batch(entries).map(drop)
}

fn with(at: usize, entry: Entry) -> Vec<Entry> {
    let mut entries = genesis();
    entries[at] = entry;
    entries
}

#[test]
fn batch_0_opens_the_lane() {
    let lane = Lane::begun();
    let tip = lane.state.tip().unwrap();
    assert_eq!((tip.k, tip.time, lane.state.log_size()), (0, Timestamp(START), 5));
    assert_eq!((tip.committee.epoch, tip.sync.as_ref()), (1, None));
    assert_eq!((&tip.client.pin, tip.client.id), (&pin(), pin().id()));
    assert_eq!(lane.state.status_list(), &StatusList::new());
    assert_eq!(lane.state.last_change(), (0, Digest([0; 32])));
}

#[test]
fn a_lane_that_has_not_begun_knows_nothing() {
    let state = LaneState::new(origin());
    assert_eq!((state.next_k(), state.log_size(), state.tip()), (0, 0, None));
    assert!(state.is_stale(Timestamp(0)) && state.status_age(Timestamp(0)).is_none());
    assert_eq!(state.pack_in_force(&"CN-GD".parse().unwrap(), Timestamp(u64::MAX)), None);
}

#[test]
fn batch_0_holds_its_kinds_once_each_and_no_other() {
    let shape = Err(LaneError::Genesis(GenesisError::Shape));
    for missing in 1..5 {
        let mut entries = genesis();
        entries.remove(missing);
        assert_eq!(check(&entries), shape, "without entry {missing}");
    }
    for doubled in 1..5 {
        let mut entries = genesis();
        entries.push(entries[doubled].clone());
        assert_eq!(check(&entries), shape, "entry {doubled} twice");
    }
    let mut lane = Lane::begun();
    let mut entries = genesis();
    entries.push(Entry::Recognised(lane.recognised(1)));
    assert_eq!(check(&entries), shape);
    assert_eq!(check(&with(2, Entry::Pack(pack("CN-HK", "2026.12.0")))), shape, "no pack of CN-GD");
    assert_eq!(check(&with(2, Entry::Pack(pack("CN-MO", "2026.11.0")))), shape);
    let mut swapped = genesis();
    swapped.swap(1, 4);
    assert_eq!(check(&swapped), shape, "the committee entry is entry 1");
    let synced = with_head(&genesis(), |batch| batch.sync = Some(lane.sync()));
    assert_eq!(check(&synced), shape);
}

#[test]
fn batch_0_is_numbered_0_of_epoch_1_with_an_empty_list() {
    let genesis = genesis();
    let other = with_head(&genesis, |batch| batch.k = 1);
    assert_eq!(check(&other), Err(LaneError::Number { got: 1, expected: 0 }));
    let other = with_head(&genesis, |batch| batch.epoch = 2);
    assert_eq!(check(&other), Err(LaneError::Epoch { got: 2, expected: 1 }));
    let other = with_head(&genesis, |batch| batch.status_list = digest(1));
    let expected = StatusList::new().digest();
    assert_eq!(check(&other), Err(LaneError::StatusList { got: digest(1), expected }));
    let late = START + 400 * 86_400_000;
    let other = with_head(&genesis, |batch| batch.time = Timestamp(late));
    let ended = LaneError::KeysEnded { got: Timestamp(late), keys_end: Timestamp(late) };
    assert_eq!(check(&other), Err(ended));
}

#[test]
fn a_batch_begins_with_its_batch_entry() {
    assert_eq!(check(&[]), Err(LaneError::Length { len: 0 }));
    assert_eq!(check(&genesis()[1..]), Err(LaneError::First { kind: "committee" }));
    let long = vec![genesis()[0].clone(); 4_097];
    assert_eq!(check(&long), Err(LaneError::Length { len: 4_097 }));
}

fn check_committee(edit: impl FnOnce(&mut CommitteeEntry)) -> GenesisError {
    let mut entry = committee();
    edit(&mut entry);
    match check(&with(1, Entry::Committee(entry))) {
        Err(LaneError::Genesis(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_committees_keys_last_longer_than_400_days() {
    let longest = Timestamp(START + 400 * 86_400_000);
    let with_end = |end: Timestamp| {
        check_committee(|entry| {
            let mut all = entry.committees.to_vec();
            all[1].keys_end = end;
            entry.committees = Bounded::new(all).unwrap();
        })
    };
    assert_eq!(committee().keys_end(), Some(longest));
    for end in [Timestamp(longest.0 + 1), Timestamp(u64::MAX)] {
        let what = "its keys last longer than 400 days";
        assert_eq!(with_end(end), GenesisError::Committee { what });
    }
}

#[test]
fn the_committees_are_the_lanes_own() {
    let wrong = |what| GenesisError::Committee { what };
    let order = wrong("the source's committee comes first, then the destination's");
    let of = |regions: &[&str]| {
        let keys = (1..).step_by(4).zip(regions).map(|(first, r)| committee_keys(r, first));
        Bounded::new(keys.collect()).unwrap()
    };
    for regions in [&[][..], &["CN-GD"], &["CN-HK"], &["CN-HK", "CN-GD"], &["CN-GD", "CN-MO"]] {
        assert_eq!(check_committee(|e| e.committees = of(regions)), order, "{regions:?}");
    }
    let twice = wrong("a region has two committees");
    assert_eq!(check_committee(|e| e.committees = of(&["CN-GD", "CN-HK", "CN-GD"])), twice);
    assert!(
        check(&with(1, {
            let committees = of(&["CN-GD", "CN-HK", "CN-MO"]);
            Entry::Committee(CommitteeEntry { committees, ..committee() })
        }))
        .is_ok()
    );
}

#[test]
fn a_committee_entry_opens_epoch_1_of_this_deployment() {
    let wrong = |what| GenesisError::Committee { what };
    let other = check_committee(|e| e.deployment = "other.gba".parse().unwrap());
    assert_eq!(other, wrong("it is of another deployment"));
    assert_eq!(check_committee(|e| e.epoch = 2), wrong("it does not open epoch 1"));
    assert_eq!(check_committee(|e| e.protocol = 2), wrong("its protocol's version is not known"));
    assert_eq!(check_committee(|e| e.leaders = Bounded::default()), wrong("it names no leader"));
    let (size, region) = (CommitteeSize::of(5).unwrap(), "CN-GD".parse().unwrap());
    let larger = check_committee(|e| {
        let mut committees = e.committees.clone().into_inner();
        committees[0].size = size;
        e.committees = Bounded::new(committees).unwrap();
    });
    assert_eq!(larger, GenesisError::Members { region, size, members: 4 });
}

#[test]
fn a47_digests_that_were_never_set_open_no_lane() {
    let pinned = |pin| check(&with(4, Entry::Client(ClientEntry::Pin(pin))));
    let unset = |what| Err(LaneError::Genesis(GenesisError::Unset { what }));
    for nothing in [Digest([0; 32]), gateway_types::frame::sha256(b"")] {
        let header = ClientPin { header_hash: nothing, ..pin() };
        assert_eq!(pinned(header), unset("pin's header hash"));
        let validators = ClientPin { validators_hash: nothing, ..pin() };
        assert_eq!(pinned(validators), unset("pin's validator-set hash"));
        let mut entry: PackEntry = pack("CN-HK", "2026.11.0");
        entry.pack.digest = nothing;
        assert_eq!(check(&with(3, Entry::Pack(entry))), unset("pack's digest"));
        let list = with_head(&genesis(), |batch| batch.status_list = nothing);
        assert!(matches!(check(&list), Err(LaneError::StatusList { .. })));
    }
    let nowhere = ClientPin { registry: Bytes::default(), ..pin() };
    assert_eq!(pinned(nowhere), unset("pin's registry"));
}

#[test]
fn a50_later_batches_hold_no_committee_pack_pin_or_batch_entry() {
    let mut lane = Lane::begun();
    let batch = lane.batch(vec![]);
    for entry in genesis() {
        let entries = [batch.clone(), vec![entry.clone()]].concat();
        let error = EntryError::Kind { kind: entry.kind() };
        assert_eq!(lane.check(&entries), Err(LaneError::Entry { at: 1, error }));
    }
}

/// Trust in the source's chain moves only by a re-pin that persons accepted, which is not built yet: so it
/// does not move at all, whatever the new pin says.
#[test]
fn a22_the_pin_of_the_source_does_not_change_after_batch_0() {
    let mut lane = Lane::begun();
    let batch = lane.batch(vec![]);
    let pins = [
        ClientPin { height: 99, header_hash: Digest([9; 32]), ..pin() },
        ClientPin { validators_hash: Digest([9; 32]), ..pin() },
        ClientPin { trust_threshold: (1, 3), trusting_period_ms: u64::MAX, ..pin() },
        ClientPin { chain: "gd-other".parse().unwrap(), ..pin() },
        pin(),
    ];
    for pin in pins {
        let entries = [batch.clone(), vec![Entry::Client(ClientEntry::Pin(pin))]].concat();
        let error = EntryError::Kind { kind: "client" };
        assert_eq!(lane.check(&entries), Err(LaneError::Entry { at: 1, error }));
    }
    assert_eq!(lane.state.tip().unwrap().client.pin, pin());
}
