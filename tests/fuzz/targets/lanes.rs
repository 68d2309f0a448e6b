//! gateway-lane: status lists, and batches of entries. Nothing is recognised that no quorum accepted.
#![no_main]

use fuzz::{array, input, lane::EXAMPLE, parts, plant};
use gateway_agreement::{
    DigestedBody,
    check::{FormContext, Genesis, check_form},
};
use gateway_cosign::EpochKeys;
use gateway_lane::{LaneState, ProvenStatusList, StatusList};
use gateway_log::{Frontier, LeafHash};
use gateway_types::{
    Bounded, Bytes, Salt, Timestamp,
    body::{Body, BodyEntry},
    checkpoint::TreeHead,
    entry::Entry,
};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// The state before each batch of the first epoch, and after the last.
static STATES: LazyLock<Vec<LaneState>> = LazyLock::new(|| {
    let mut states = vec![LaneState::new(EXAMPLE.first.origin.clone())];
    for batch in batches() {
        let mut state = states.last().expect("a state").clone();
        // The last answers one request a second time.
        let Ok(checked) = state.check_batch(&batch) else { break };
        state.apply_batch(checked);
        states.push(state);
    }
    assert!(states.len() > 3, "batch 0, a recognition and a change of code are honest");
    states
});

static KEYS: LazyLock<EpochKeys> = LazyLock::new(|| EXAMPLE.keys());

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 4 {
        0 => packed_list(bytes),
        1 => list_of_changes(bytes),
        2 => batch(bytes, &STATES[usize::from(which / 4) % STATES.len()]),
        _ => batch_in_place(bytes, usize::from(which / 4)),
    }
});

/// A packed list as it came.
fn packed_list(bytes: &[u8]) {
    let [count, packed] = parts(bytes);
    let count = u32::from_be_bytes(array(count));
    let Ok(list) = StatusList::from_zlib(packed, count) else { return };
    assert_eq!(list.count(), count);
    assert_eq!(list.as_bytes().len(), usize::try_from(count.div_ceil(4)).expect("short"));
    assert!(list.value(count).is_none());
    assert_eq!(StatusList::from_zlib(&list.to_zlib(), count).as_ref(), Ok(&list));
    let digest = list.digest();
    assert_eq!(
        ProvenStatusList::verify(packed, count, &digest).map(|it| it.list().clone()),
        Ok(list)
    );
    let logged = &STATES.last().expect("a state").status_list().digest();
    assert!(digest == *logged || ProvenStatusList::verify(packed, count, logged).is_err());
}

/// A list against a vector of what was done to it.
fn list_of_changes(bytes: &[u8]) {
    let (mut list, mut model) = (StatusList::new(), Vec::new());
    for step in bytes.chunks_exact(3).take(2_000) {
        let [place, at, value] = array::<3>(step);
        let at = u16::from_be_bytes([place, at]);
        if value & 4 == 0 {
            list.push(value).expect("room");
            model.push(value & 3);
        } else if let Some(known) = model.get_mut(usize::from(at)) {
            list.set(at.into(), value).expect("it is there");
            *known = value & 3;
        } else {
            assert!(list.set(at.into(), value).is_err());
        }
    }
    let read: Vec<u8> = (0..list.count()).filter_map(|at| list.value(at)).collect();
    assert_eq!(read, model);
    assert_eq!(StatusList::from_zlib(&list.to_zlib(), list.count()), Ok(list));
}

/// Entries as they came, each after its length.
fn entries(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    while let ([entry, rest], true) = (parts(bytes), bytes.len() > 2) {
        entries.extend(Entry::decode(entry));
        bytes = rest;
    }
    entries
}

fn batch(bytes: &[u8], state: &LaneState) {
    take(state, entries(bytes));
}

/// The same, with the `batch` entry's own fields set so that it comes next.
fn batch_in_place(bytes: &[u8], which: usize) {
    let state = &STATES[which % STATES.len()];
    let mut entries = entries(bytes);
    let later = state.tip().map_or(certificate::testing::START, |tip| Timestamp(tip.time.0 + 1000));
    if let Some(Entry::Batch(batch)) = entries.first_mut() {
        (batch.k, batch.epoch, batch.time) = (state.next_k(), 1, later);
    }
    if let Ok(list) = state.status_list_after(&entries)
        && let Some(Entry::Batch(batch)) = entries.first_mut()
    {
        batch.status_list = list.digest();
    }
    take(state, entries);
}

/// A batch of good form leads on by its entries and can be applied, once; and its body holds nothing that needs
/// verdicts, for no member's key is in an input.
fn take(before: &LaneState, entries: Vec<Entry>) {
    let Ok(checked) = before.check_batch(&entries) else { return };
    let mut state = before.clone();
    state.apply_batch(checked);
    assert_eq!(state.next_k(), before.next_k() + 1);
    assert_eq!(state.log_size(), before.log_size() + u64::try_from(entries.len()).expect("few"));
    let recognised = entries.iter().filter(|entry| matches!(entry, Entry::Recognised(_))).count();
    assert_eq!(state.status_list().count(), before.status_list().count() + recognised as u32);
    assert!(before.tip().is_none_or(|tip| state.tip().expect("a tip").time > tip.time));
    assert!(state.check_batch(&entries).is_err(), "one batch twice");
    body(before, &entries);
}

fn body(lane: &LaneState, entries: &[Entry]) {
    let leaf = |entry: &BodyEntry| LeafHash::of(&entry.salt, &entry.bytes);
    let frontier = Frontier::empty()
        .with(EXAMPLE.first.entries.iter().take(lane.log_size() as usize).map(leaf))
        .expect("room");
    let salted = (0u128..).zip(entries).map(|(at, entry)| BodyEntry {
        salt: Salt((1_000 + at).to_be_bytes()),
        bytes: Bytes::new(entry.encode()).expect("it was decoded"),
    });
    let Ok(salted) = Bounded::<BodyEntry, 4096>::new(salted.collect()) else { return };
    let after = frontier.with(salted.iter().map(leaf)).expect("room");
    let Some(Entry::Batch(first)) = entries.first() else { panic!("a batch without its entry") };
    let (committees, _) = &EXAMPLE.first.epochs[0];
    let possession = committees.possession(&EXAMPLE.first.origin);
    let genesis: Vec<Vec<u8>> =
        EXAMPLE.first.entries[1..5].iter().map(|entry| entry.bytes.to_vec()).collect();
    let body = Body {
        origin: EXAMPLE.first.origin.clone(),
        epoch: first.epoch,
        k: first.k,
        base: TreeHead { size: frontier.size(), root: frontier.root() },
        time: first.time,
        entries: salted,
        verdicts: Bounded::default(),
        possession: Bounded::new(if first.k == 0 { possession } else { Vec::new() }).expect("two"),
        head: TreeHead { size: after.size(), root: after.root() },
    };
    let genesis = &Genesis::new(genesis);
    let context = FormContext { keys: &KEYS, lane, frontier: &frontier, genesis };
    if check_form(&context, &DigestedBody::new(body)).is_ok() {
        let needs_verdicts = |it: &Entry| matches!(it, Entry::Recognised(_) | Entry::Declined(_));
        assert!(!entries.iter().any(needs_verdicts), "a made-up decision has good form");
        let own = entries.iter().skip(1).map(Entry::encode);
        assert!(first.k > 0 || own.eq(genesis.entries().iter().cloned()), "another batch 0");
    }
}

/// The batches of the example's first epoch.
fn batches() -> Vec<Vec<Entry>> {
    let lane = &EXAMPLE.first;
    let all: Vec<Entry> =
        lane.entries.iter().map(|entry| Entry::decode(&entry.bytes).expect("an entry")).collect();
    all.chunk_by(|_, next| !matches!(next, Entry::Batch(_))).map(<[Entry]>::to_vec).collect()
}

fn seeds() -> Vec<Vec<u8>> {
    let mut list = StatusList::new();
    (0..40u8).for_each(|at| list.push(at % 4).expect("room"));
    let mut seeds = vec![
        input(0, &[&list.count().to_be_bytes(), &list.to_zlib()]),
        input(0, &[&8u32.to_be_bytes(), &StatusList::new().to_zlib()]),
        input(1, &[&[0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 0, 0, 1, 5, 0, 0, 6, 0, 9, 4]]),
    ];
    for (at, batch) in (0u8..).zip(batches()) {
        let mut entries = Vec::new();
        for entry in &batch {
            let entry = entry.encode();
            entries.extend(u16::try_from(entry.len()).expect("short").to_be_bytes());
            entries.extend(entry);
        }
        seeds.push([vec![2 + 4 * at], entries.clone()].concat());
        seeds.extend((0..5).map(|state| [vec![3 + 4 * state], entries.clone()].concat()));
    }
    seeds
}
