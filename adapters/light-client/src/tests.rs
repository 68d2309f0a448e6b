//! The rules that are the same on every chain, on a toy chain.

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
fn a3_a4_a5_a_second_valid_header_of_a_height_freezes_and_keeps_both() {
    let mut store = check_taken(&store(), &[ToyHeader::at(12)], NOW);
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let Ok(Update::Frozen(evidence)) = update(&mut store, slice::from_ref(&fork), NOW) else {
        panic!("not frozen");
    };
    let (a, b) = evidence.headers();
    let kept = [a.to_vec(), b.to_vec()];
    assert!(kept.contains(&fork.bytes().to_vec()));
    assert!(kept.contains(&ToyHeader::at(12).bytes().to_vec()));
    assert_eq!(store.status(NOW), Status::Frozen);
    assert_eq!(store.state(height(12)).unwrap().header_hash, ToyHeader::at(12).hash());
    let entry = evidence.freeze_entry("toy-1".parse().unwrap(), Digest([3; 32])).unwrap();
    assert!(entry.hashes.0 < entry.hashes.1 && entry.height == 12);
}

#[test]
fn a4_a_frozen_client_proves_nothing() {
    let mut store = store();
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let pair = ClientMessage::Misbehaviour(ToyHeader::at(12).bytes(), fork.bytes());
    assert!(matches!(update_client(&mut Toy, &mut store, &pair, NOW), Ok(Update::Frozen(_))));
    let state = cbor::encode(&toy_state());
    let value = ValueProof { value: &toy_state()[0].1, proof: &state };
    let refused =
        verify_membership::<RegistryRecord>(&Toy, &store, height(10), toy_key(), value, NOW);
    assert_eq!(refused, Err(ProofError::NotActive { status: Status::Frozen }));
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
fn a10_a_time_outside_its_neighbours_freezes() {
    let store = check_taken(&store(), &[ToyHeader::at(12), ToyHeader::at(16)], NOW);
    for (nanos, frozen) in [
        (12 * SECOND, true),
        (11 * SECOND, true),
        (12 * SECOND + 1, false),
        (16 * SECOND - 1, false),
        (16 * SECOND, true),
        (17 * SECOND, true),
    ] {
        let header = ToyHeader { time: ChainTime(nanos), ..ToyHeader::at(14) };
        let mut after = store.clone();
        let update = update(&mut after, &[header], NOW).unwrap();
        assert_eq!(matches!(update, Update::Frozen(_)), frozen, "{nanos}");
        assert_eq!(after.status(NOW) == Status::Frozen, frozen);
    }
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
fn a20_a_bad_signature_beyond_the_quorum_is_overlooked_in_a_header_never_in_an_accusation() {
    let hidden = ToyHeader { bad: Some(4), ..ToyHeader::at(12) };
    let store = check_taken(&store(), slice::from_ref(&hidden), NOW);
    let accusing = ToyHeader { root: Digest([9; 32]), ..hidden };
    let bad = HeaderError::BadSignature { signer: "4".into() };
    check_refused(&store, &accusing, NOW, &bad);
    let pair = ClientMessage::Misbehaviour(accusing.bytes(), ToyHeader::at(12).bytes());
    let mut after = store.clone();
    let refused = update_client(&mut Toy, &mut after, &pair, NOW);
    assert_eq!(refused.unwrap_err().header(), Some(&bad));
    assert_eq!(after, store);
}

#[test]
fn a25_frivolous_evidence_freezes_nothing() {
    let before = check_taken(&store(), &[ToyHeader::at(12)], NOW);
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let unsigned = ToyHeader { signers: vec![1, 2], ..fork.clone() };
    let foreign = ToyHeader { chain: "toy-2".parse().unwrap(), ..fork };
    let resigned = ToyHeader { signers: vec![1, 2, 3], ..ToyHeader::at(12) };
    let below = ToyHeader::at(9);
    for (a, b) in [
        (ToyHeader::at(12), ToyHeader::at(12)),
        (ToyHeader::at(12), resigned),
        (ToyHeader::at(12), ToyHeader::at(13)),
        (ToyHeader::at(12), unsigned.clone()),
        (foreign.clone(), ToyHeader { root: Digest([8; 32]), ..foreign }),
        (below.clone(), ToyHeader { root: Digest([9; 32]), ..below }),
    ] {
        let mut after = before.clone();
        let pair = ClientMessage::Misbehaviour(a.bytes(), b.bytes());
        assert!(update_client(&mut Toy, &mut after, &pair, NOW).is_err(), "{a:?} {b:?}");
        assert_eq!(after, before);
    }
    check_refused(&before, &unsigned, NOW, &HeaderError::NotEnoughTrust { tally: 2, total: 4 });
}

#[test]
fn the_first_evidence_stays() {
    let mut store = store();
    let fork = |root| ToyHeader { root: Digest([root; 32]), ..ToyHeader::at(12) };
    let accuse = |root| ClientMessage::Misbehaviour(ToyHeader::at(12).bytes(), fork(root).bytes());
    let verified = [8, 9].map(|root| {
        let message = verify_client_message(&mut Toy, &store, &accuse(root), NOW).unwrap();
        check_for_misbehaviour(&message).unwrap()
    });
    for evidence in verified.clone() {
        update_state_on_misbehaviour(&mut store, evidence);
    }
    assert_eq!(store.client().frozen(), Some(verified[0].evidence()));
}

#[test]
fn misbehaviour_of_two_heights_freezes() {
    let mut store = store();
    let late = ToyHeader { time: ChainTime(15 * SECOND), ..ToyHeader::at(12) };
    let pair = ClientMessage::Misbehaviour(ToyHeader::at(14).bytes(), late.bytes());
    let Ok(Update::Frozen(evidence)) = update_client(&mut Toy, &mut store, &pair, NOW) else {
        panic!("not frozen");
    };
    assert_eq!((evidence.height(), evidence.is_fork()), (height(12), false));
}

#[test]
fn a27_a_proof_is_of_a_stored_height_and_not_too_old() {
    let store = check_taken(&store(), &[ToyHeader::at(12)], NOW);
    let state = cbor::encode(&toy_state());
    let prove = |h: u64, now| {
        let value = ValueProof { value: &toy_state()[0].1, proof: &state };
        verify_membership::<RegistryRecord>(&Toy, &store, height(h), toy_key(), value, now)
    };
    assert_eq!(prove(11, NOW), Err(ProofError::UnknownHeight { height: height(11) }));
    assert_eq!(prove(13, NOW), Err(ProofError::UnknownHeight { height: height(13) }));
    // Header 12 is of second 12; proofs may be 20 s old.
    let proven = prove(12, Timestamp(32_000)).unwrap();
    let old = ProofError::TooOld { age_ms: 20_001, max_ms: 20_000 };
    assert_eq!(prove(12, Timestamp(32_001)), Err(old.clone()));
    assert_eq!(prove(12, Timestamp(6_999)), Err(ProofError::FromTheFuture));
    assert_eq!(proven.at().block_time, Timestamp(12_000));
    assert_eq!(proven.at().header_hash, ToyHeader::at(12).hash());
    // Absence is held to the same: it must be of now, not of when the licence was issued (A38).
    let absent = LicenceKey(Digest([2; 32]));
    let late = verify_non_membership::<RegistryRecord>(
        &Toy,
        &store,
        height(12),
        absent,
        &state,
        Timestamp(32_001),
    );
    assert_eq!(late, Err(old));
}

#[test]
fn a38_absence_is_never_read_as_a_value() {
    let store = store();
    let state = cbor::encode(&toy_state());
    let absent = LicenceKey(Digest([2; 32]));
    let value = ValueProof { value: &toy_state()[0].1, proof: &state };
    let taken = verify_membership::<RegistryRecord>(&Toy, &store, height(10), absent, value, NOW);
    assert_eq!(taken, Err(ProofError::OtherPath));
    let empty = verify_membership::<RegistryRecord>(
        &Toy,
        &store,
        height(10),
        absent,
        ValueProof { value: &[], proof: &state },
        NOW,
    );
    assert_eq!(empty, Err(ProofError::NotRegistryValue { len: 0 }));
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
fn a21_a_proof_too_long_is_refused_before_it_is_read() {
    let (store, long) = (store(), vec![0; MAX_PROOF + 1]);
    let too_long = ProofError::TooLong { len: MAX_PROOF + 1, max: MAX_PROOF };
    let key = LicenceKey(Digest([2; 32]));
    let absent = verify_non_membership::<RegistryRecord>(&Toy, &store, height(10), key, &long, NOW);
    assert_eq!(absent, Err(too_long.clone()));
    let value = ValueProof { value: &toy_state()[0].1, proof: &long };
    let there =
        verify_membership::<RegistryRecord>(&Toy, &store, height(10), toy_key(), value, NOW);
    assert_eq!(there, Err(too_long));
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
fn a_message_for_another_client_changes_nothing() {
    let headers = message(&[ToyHeader::at(11).bytes().to_vec()]);
    let verified = verify_client_message(&mut Toy, &store(), &headers, NOW).unwrap();
    let mut other = ClientStore::new(&Toy, toy_client((1, 3)), &ToyHeader::at(10).bytes()).unwrap();
    assert_eq!(update_state(&mut other, verified), vec![]);
    assert_eq!(other.states().count(), 1);
}

#[test]
fn a_message_that_the_store_has_overtaken_changes_nothing() {
    let headers = |header: &ToyHeader| message(&[header.bytes().to_vec()]);
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let mut store = store();
    let late = verify_client_message(&mut Toy, &store, &headers(&fork), NOW).unwrap();
    let after = verify_client_message(&mut Toy, &store, &headers(&ToyHeader::at(14)), NOW).unwrap();
    update(&mut store, &[ToyHeader::at(12)], NOW).unwrap();
    let before = store.clone();
    assert_eq!(update_state(&mut store, late), vec![]);
    assert_eq!(store, before);
    update(&mut store, &[fork], NOW).unwrap();
    assert_eq!(update_state(&mut store, after), vec![], "a frozen client took a header");
}

#[test]
fn a_late_message_never_makes_time_go_back() {
    let mut store = store();
    let late = message(&[ToyHeader::at(15).bytes().to_vec()]);
    let late = verify_client_message(&mut Toy, &store, &late, NOW).unwrap();
    let ahead = ToyHeader { time: ChainTime(16 * SECOND), ..ToyHeader::at(14) };
    update(&mut store, &[ahead], NOW).unwrap();
    let before = store.clone();
    assert_eq!(update_state(&mut store, late), vec![]);
    assert_eq!(store, before);
}

#[test]
fn a22_no_message_changes_the_pin_or_thaws_the_client() {
    let mut store = store();
    let pin = store.client().pin().clone();
    let other = vec![1, 2, 3, 5];
    let announced =
        ToyHeader { next_set_hash: set_hash(&other), next_set: Some(other), ..ToyHeader::at(12) };
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let headers = |header: &ToyHeader| message(&[header.bytes().to_vec()]);
    for (sent, status) in [
        (headers(&announced), Status::Active),
        (headers(&fork), Status::Frozen),
        (headers(&ToyHeader::at(13)), Status::Frozen),
        (ClientMessage::Misbehaviour(announced.bytes(), fork.bytes()), Status::Frozen),
    ] {
        drop(update_client(&mut Toy, &mut store, &sent, NOW));
        assert_eq!((store.client().pin(), store.status(NOW)), (&pin, status));
    }
    // Another trust root is another client, which begins with its own pinned header only.
    let mut replaced = pin;
    replaced.height = 12;
    let client = ClientState::new(replaced, Limits::default()).unwrap();
    let refused = ClientStore::new(&Toy, client, &ToyHeader::at(12).bytes());
    assert!(matches!(refused, Err(PinError::OtherHeader { .. })), "{refused:?}");
}

#[test]
fn a25_evidence_keeps_the_header_that_was_verified_not_the_copy_shown() {
    let mut store = check_taken(&store(), &[ToyHeader::at(12)], NOW);
    let unsigned = ToyHeader { signers: vec![], ..ToyHeader::at(12) };
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let pair = ClientMessage::Misbehaviour(unsigned.bytes(), fork.bytes());
    let Ok(Update::Frozen(evidence)) = update_client(&mut Toy, &mut store, &pair, NOW) else {
        panic!("not frozen");
    };
    let (a, b) = evidence.headers();
    assert!([a, b].contains(&&ToyHeader::at(12).bytes()));
    assert!(![a, b].contains(&&unsigned.bytes()));
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
