//! The rules that are the same on every chain, on a toy chain.

mod misbehaviour;
mod proofs;

use crate::{
    conformance::{self, Fixture, Proofs, message},
    toy::*,
    *,
};
use alloc::{vec, vec::Vec};
use core::slice;
use gateway_types::{ChainTime, Digest, LicenceKey, Timestamp, cbor, registry::RegistryRecord};

/// When nothing else is said: 20 s after 1970.
const NOW: Timestamp = Timestamp(20_000);

fn store() -> ClientStore {
    ClientStore::new(&Toy, toy_client((2, 3)), &ToyHeader::at(10).bytes()).unwrap()
}

fn update(
    store: &mut ClientStore,
    headers: &[ToyHeader],
    now: Timestamp,
) -> Result<Update, UpdateError> {
    let headers: Vec<Vec<u8>> = headers.iter().map(|h| h.bytes().to_vec()).collect();
    update_client(&mut Toy, store, &message(&headers), now)
}

/// Takes one header into a fresh store and expects this refusal, and nothing taken.
fn check_refused(store: &ClientStore, header: &ToyHeader, now: Timestamp, expected: &HeaderError) {
    let mut after = store.clone();
    let refused = update(&mut after, slice::from_ref(header), now);
    assert_eq!(refused.unwrap_err().header(), Some(expected));
    assert_eq!(after, *store);
}

fn check_taken(store: &ClientStore, headers: &[ToyHeader], now: Timestamp) -> ClientStore {
    let mut after = store.clone();
    let heights = headers.iter().map(|h| h.height).collect();
    assert_eq!(update(&mut after, headers, now), Ok(Update::Advanced(heights)));
    after
}

fn height(height: u64) -> Height {
    Height::new(height).unwrap()
}

#[test]
fn the_toy_chain_conforms() {
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(11) };
    let proofs = Proofs {
        height: 13,
        key: toy_key(),
        value: toy_state()[0].1.to_vec(),
        proof: cbor::encode(&toy_state()),
        absent: LicenceKey(Digest([2; 32])),
        absence: cbor::encode(&toy_state()),
    };
    let fixture = Fixture {
        client: toy_client((2, 3)),
        pinned: ToyHeader::at(10).bytes().to_vec(),
        headers: [11, 13].map(|h| ToyHeader::at(h).bytes().to_vec()).into(),
        fork: Some(fork.bytes().to_vec()),
        now: NOW,
        proofs: Some(proofs),
    };
    conformance::run(&mut Toy, &fixture);
}

#[test]
fn a6_a_header_far_ahead_is_held() {
    let far = HeaderError::FarAhead { got: height(61), newest: height(10), max_lead: 50 };
    check_refused(&store(), &ToyHeader::at(61), Timestamp(61_000), &far);
    let store = check_taken(&store(), &[ToyHeader::at(60)], Timestamp(61_000));
    check_taken(&store, &[ToyHeader::at(61)], Timestamp(61_000));
}

#[test]
fn a7_trust_exactly_as_old_as_the_period_has_expired() {
    // The pinned header's time is 10 s; the period is 100 s.
    let last = Timestamp(109_999);
    assert_eq!(store().status(last), Status::Active);
    assert_eq!(store().status(Timestamp(110_000)), Status::Expired);
    assert_eq!(store().status(Timestamp(110_001)), Status::Expired);
    // One nanosecond younger.
    let younger = ToyHeader { time: ChainTime(10 * SECOND + 1), ..ToyHeader::at(11) };
    let store = check_taken(&store(), &[younger], last);
    assert_eq!(store.status(Timestamp(110_000)), Status::Active);
    assert_eq!(store.status(Timestamp(110_001)), Status::Expired);
}

#[test]
fn a7_an_expired_state_is_not_built_on_though_a_newer_one_is_fresh() {
    let store = check_taken(&store(), &[ToyHeader::at(50)], Timestamp(50_000));
    let expired = HeaderError::TrustExpired { trusted: height(10) };
    check_refused(&store, &ToyHeader::at(20), Timestamp(110_000), &expired);
    check_taken(&store, &[ToyHeader::at(20)], Timestamp(109_999));
}

#[test]
fn a8_a_header_from_beyond_the_drift_is_refused() {
    let at = |nanos| ToyHeader { time: ChainTime(nanos), ..ToyHeader::at(11) };
    check_taken(&store(), &[at(25 * SECOND)], NOW);
    let time = ChainTime(25 * SECOND + 1);
    check_refused(&store(), &at(time.0), NOW, &HeaderError::FromTheFuture { time, now: NOW });
}

#[test]
fn a9_time_must_rise_at_the_tip() {
    for nanos in [10 * SECOND, 10 * SECOND - 1, 0] {
        let (time, trusted) = (ChainTime(nanos), ChainTime(10 * SECOND));
        let header = ToyHeader { time, ..ToyHeader::at(11) };
        let expected = HeaderError::TimeNotAfterTrusted { time, trusted };
        check_refused(&store(), &header, NOW, &expected);
    }
    // Within one message too.
    let second = ToyHeader { time: ChainTime(11 * SECOND), ..ToyHeader::at(12) };
    let refused = update(&mut store(), &[ToyHeader::at(11), second], NOW);
    assert_eq!(refused.unwrap_err().check(), "time");
}

#[test]
fn a12_an_adjacent_header_must_have_the_announced_set() {
    let set = vec![1, 2, 3, 5];
    let header = ToyHeader { signers: set.clone(), set, ..ToyHeader::at(11) };
    check_refused(&store(), &header, NOW, &HeaderError::NextValidatorSet);
}

#[test]
fn a13_overlap_is_counted_in_the_trusted_set() {
    let client = |threshold| {
        ClientStore::new(&Toy, toy_client(threshold), &ToyHeader::at(10).bytes()).unwrap()
    };
    let signed_by = |set: Vec<u8>| ToyHeader { signers: set.clone(), set, ..ToyHeader::at(12) };
    let little = |tally| HeaderError::NotEnoughTrust { tally, total: 4 };
    check_refused(&client((2, 3)), &signed_by(vec![1, 2, 7, 8]), NOW, &little(2));
    check_taken(&client((2, 3)), &[signed_by(vec![1, 2, 3, 8])], NOW);
    check_refused(&client((1, 3)), &signed_by(vec![1, 6, 7, 8]), NOW, &little(1));
    check_taken(&client((1, 3)), &[signed_by(vec![1, 2, 7, 8])], NOW);
}

#[test]
fn a16_a_header_of_another_chain_is_refused() {
    let header = ToyHeader { chain: "toy-2".parse().unwrap(), ..ToyHeader::at(11) };
    let expected = HeaderError::OtherChain {
        got: "toy-2".parse().unwrap(),
        expected: "toy-1".parse().unwrap(),
    };
    check_refused(&store(), &header, NOW, &expected);
}

#[test]
fn a47_nothing_is_never_trusted() {
    for nothing in [Digest([0; 32]), gateway_types::frame::sha256(b"")] {
        let mut pin = toy_client((2, 3)).pin().clone();
        pin.header_hash = nothing;
        let refused = ClientState::new(pin.clone(), Limits::default());
        assert_eq!(refused, Err(ClientStateError::NothingPinned));
        // A store that holds an empty root is not taken back.
        let root = ToyHeader { root: nothing, ..ToyHeader::at(12) };
        let poisoned = check_taken(&store(), &[root], NOW);
        let refused = ClientStore::decode(&poisoned.encode());
        assert_eq!(refused, Err(StoreError::EmptyRoot { height: height(12) }));
    }
    assert!(ClientStore::decode(&[]).is_err());
}

#[test]
fn a21_settings_without_sense_are_refused_at_load() {
    let check = |change: fn(&mut gateway_types::entry::ClientPin, &mut Limits)| {
        let (mut pin, mut limits) = (toy_client((2, 3)).pin().clone(), Limits::default());
        change(&mut pin, &mut limits);
        ClientState::new(pin, limits).unwrap_err()
    };
    assert_eq!(check(|pin, _| pin.height = 0), ClientStateError::ZeroHeight);
    assert_eq!(check(|pin, _| pin.trusting_period_ms = 0), ClientStateError::ZeroPeriod);
    assert_eq!(check(|_, l| l.max_proof_age_ms = 0), ClientStateError::ZeroPeriod);
    assert_eq!(check(|p, _| p.max_clock_drift_ms = 100_000), ClientStateError::DriftBeyondTrust);
    assert_eq!(check(|_, l| l.max_states = 1), ClientStateError::LimitOutOfRange);
    assert_eq!(check(|_, l| l.max_lead = 0), ClientStateError::LimitOutOfRange);
    for threshold in [(0, 0), (2, 1), (1, 4), (1, 1)] {
        let mut pin = toy_client((2, 3)).pin().clone();
        pin.trust_threshold = threshold;
        let refused = ClientState::new(pin, Limits::default());
        assert!(matches!(refused, Err(ClientStateError::Threshold(_))));
    }
}

#[test]
fn heights_must_rise_within_a_message() {
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    for (first, second) in [(12, ToyHeader::at(12)), (12, fork), (13, ToyHeader::at(12))] {
        let mut store = store();
        let previous = height(first);
        let reason = HeaderError::NotAscending { got: height(12), previous };
        let refused = update(&mut store, &[ToyHeader::at(first), second], NOW);
        assert_eq!(refused, Err(UpdateError::Header { index: 1, reason }));
        assert_eq!(store.states().count(), 1);
    }
}

#[test]
fn a_refused_header_is_named_by_its_place_though_others_are_known() {
    let mut store = check_taken(&store(), &[ToyHeader::at(12)], NOW);
    let bad = ToyHeader { bad: Some(1), ..ToyHeader::at(14) };
    let reason = HeaderError::BadSignature { signer: "1".into() };
    let refused = update(&mut store, &[ToyHeader::at(12), ToyHeader::at(13), bad], NOW);
    assert_eq!(refused, Err(UpdateError::Header { index: 2, reason }));
}

#[test]
fn heights_at_or_below_the_lowest_trusted_are_refused() {
    for h in [1, 9] {
        let expected = HeaderError::HeightNotAboveTrusted { got: height(h), lowest: height(10) };
        check_refused(&store(), &ToyHeader::at(h), NOW, &expected);
    }
}

#[test]
fn old_states_go_and_their_sets_with_them() {
    let other = vec![1, 2, 3, 5];
    let changed =
        ToyHeader { next_set_hash: set_hash(&other), next_set: Some(other), ..ToyHeader::at(11) };
    let mut store = check_taken(&store(), &[changed], NOW);
    assert!(store.set(&set_hash(&[1, 2, 3, 5])).is_some());
    for h in 12..=20 {
        store = check_taken(&store, &[skipping(h)], NOW);
    }
    assert_eq!(store.lowest(), Some(height(13)));
    assert_eq!(store.states().count(), 8);
    assert!(store.set(&set_hash(&[1, 2, 3, 5])).is_none());
    assert!(store.set(&set_hash(&[1, 2, 3, 4])).is_some());
}

/// Header 12 is signed by the set that 11 announced; later ones by the first set again.
fn skipping(h: u64) -> ToyHeader {
    let good = ToyHeader::at(h);
    if h == 12 {
        ToyHeader { set: vec![1, 2, 3, 5], signers: vec![1, 2, 3, 5], ..good }
    } else {
        good
    }
}

#[test]
fn a_set_may_be_learnt_later() {
    let other = vec![1, 2, 3, 5];
    let whole = ToyHeader {
        next_set_hash: set_hash(&other),
        next_set: Some(other.clone()),
        ..ToyHeader::at(11)
    };
    let without = ToyHeader { next_set: None, ..whole.clone() };
    let store = check_taken(&store(), &[without], NOW);
    let next = ToyHeader { set: other.clone(), signers: other, ..ToyHeader::at(14) };
    let unknown = HeaderError::UnknownTrustedSet { trusted: height(11) };
    check_refused(&store, &next, NOW, &unknown);
    let mut after = store;
    let taken = update(&mut after, &[whole, next], NOW);
    assert_eq!(taken, Ok(Update::Advanced(vec![height(14)])));
}

#[test]
fn another_header_or_set_than_the_pinned_one_is_refused() {
    let begin = |header: &ToyHeader| {
        ClientStore::new(&Toy, toy_client((2, 3)), &header.bytes()).unwrap_err()
    };
    let other = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(10) };
    assert!(matches!(begin(&other), PinError::OtherHeader { .. }));
    let without = ToyHeader { next_set: None, ..ToyHeader::at(10) };
    assert_eq!(begin(&without), PinError::NextSetMissing);
    let mut pin = toy_client((2, 3)).pin().clone();
    pin.validators_hash = Digest([5; 32]);
    let client = ClientState::new(pin, Limits::default()).unwrap();
    let refused = ClientStore::new(&Toy, client, &ToyHeader::at(10).bytes());
    assert_eq!(refused, Err(PinError::OtherSet));
}

proptest::proptest! {
    #[test]
    fn a21_no_bytes_bring_a_store_or_message_down(bytes: Vec<u8>) {
        drop(ClientStore::decode(&bytes));
        drop(cbor::decode::<ClientMessage>(&bytes, 1 << 20));
        drop(update_client(&mut Toy, &mut store(), &message(&[bytes]), NOW));
    }
}
