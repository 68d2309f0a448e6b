//! Light blocks, client messages and stores: nothing but the recorded chain is ever trusted.
#![no_main]

use fuzz::{
    input, number, parts, plant,
    recorded::{BLOCKS, CONTRACT, HASHES, decode, now},
    same,
};
use gateway_types::{
    Bounded, Bytes, LicenceKey, Timestamp, cbor,
    entry::{ClientPin, ShortText},
    registry::{RegistryHead, RegistryRecord},
};
use libfuzzer_sys::fuzz_target;
use light_client::{
    ClientMessage, ClientState, ClientStore, Height, LightClient as _, Limits, Update, ValueProof,
    update_client, verify_membership, verify_non_membership,
};
use light_client_cometbft::{CometBft, LightBlock};
use std::sync::LazyLock;

/// A client pinned at the first recorded block.
static STORE: LazyLock<ClientStore> = LazyLock::new(|| {
    let state = *decode(&BLOCKS[0]).state();
    let pin = ClientPin {
        kind: "cometbft".parse().expect("a kind"),
        chain: decode(&BLOCKS[0]).chain().clone(),
        height: state.height.get(),
        header_hash: state.header_hash,
        validators_hash: state.next_validators_hash,
        registry: Bytes::new(CONTRACT.clone()).expect("32 bytes"),
        trusting_period_ms: 14 * 24 * 3_600_000,
        max_clock_drift_ms: 10_000,
        trust_threshold: (1, 3),
        reason: ShortText::new("fuzz").expect("short"),
    };
    let client = ClientState::new(pin, Limits::default()).expect("settings");
    ClientStore::new(&CometBft::new(), client, &BLOCKS[0]).expect("the pinned block")
});

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 5 {
        0 => header(bytes),
        1 => message(bytes),
        2 => store(bytes),
        3 => edited(bytes),
        _ => proof(bytes),
    }
});

/// One header as it came.
fn header(bytes: &[u8]) {
    if let Ok(block) = LightBlock::decode(bytes) {
        let read = CometBft::new().decode_header(bytes);
        assert_eq!(read.is_ok(), block.check().is_ok());
        assert!(read.is_err() || read.is_ok_and(|header| header.state == *block.state()));
    }
    take(vec![bytes.to_vec()]);
}

/// A client message as it came.
fn message(bytes: &[u8]) {
    if let Some(message) = same::<ClientMessage>(bytes) {
        give(&mut STORE.clone(), &message, now());
    }
}

/// A store as it came: what is read back is written the same, and answers or refuses.
fn store(bytes: &[u8]) {
    let Ok(mut store) = ClientStore::decode(bytes) else { return };
    assert_eq!(store.encode(), bytes);
    assert!(store.newest().is_some());
    let block = Bytes::new(BLOCKS[BLOCKS.len() - 1].clone()).expect("short");
    let message = ClientMessage::Headers(Bounded::new(vec![block]).expect("one"));
    for now in [now(), Timestamp(0), Timestamp(u64::MAX)] {
        let _ = store.status(now);
        let _ = update_client(&mut CometBft::new(), &mut store, &message, now);
    }
    assert_eq!(ClientStore::decode(&store.encode()).as_ref(), Ok(&store));
}

/// Recorded blocks with pieces of their text replaced.
fn edited(bytes: &[u8]) {
    let [which, edits] = parts(bytes);
    let mut headers: Vec<Vec<u8>> =
        which.iter().take(4).map(|at| BLOCKS[usize::from(*at) % BLOCKS.len()].clone()).collect();
    let [to, at, with] = parts(edits);
    if let Some(header) = headers.get_mut(usize::from(to.first().copied().unwrap_or(0) % 4)) {
        let at = usize::try_from(number(at)).unwrap_or(0) % header.len();
        let end = (at + with.len()).min(header.len());
        header.splice(at..end, with.iter().copied());
    }
    take(headers);
}

/// A proof as it came, through the store.
fn proof(bytes: &[u8]) {
    let [key, value, proof] = parts(bytes);
    let key = LicenceKey(gateway_types::Digest(fuzz::array(key)));
    let height = Height::new(4).expect("a height");
    let time = decode(&BLOCKS[0]).state().time.to_timestamp();
    let (chain, shown) = (CometBft::new(), ValueProof { value, proof });
    // The block before the contract: nothing was there.
    assert!(verify_membership::<RegistryRecord>(&chain, &STORE, height, key, shown, time).is_err());
    assert!(verify_membership::<RegistryHead>(&chain, &STORE, height, (), shown, time).is_err());
    let _ = verify_non_membership::<RegistryRecord>(&chain, &STORE, height, key, proof, time);
}

fn take(headers: Vec<Vec<u8>>) {
    let headers: Option<Vec<_>> = headers.into_iter().map(|bytes| Bytes::new(bytes).ok()).collect();
    let Some(headers) = headers.and_then(|headers| Bounded::new(headers).ok()) else { return };
    give(&mut STORE.clone(), &ClientMessage::Headers(headers), now());
}

/// All that is trusted afterwards was recorded, and nothing froze.
fn give(store: &mut ClientStore, message: &ClientMessage, now: Timestamp) {
    let before = store.clone();
    match update_client(&mut CometBft::new(), store, message, now) {
        Ok(Update::Advanced(_)) => {
            assert!(
                store.states().all(|state| HASHES.contains(&state.header_hash)),
                "a made-up header"
            );
            assert_eq!(ClientStore::decode(&store.encode()).as_ref(), Ok(&*store));
        }
        Ok(Update::Frozen(_)) => panic!("made-up evidence froze the client"),
        Err(_) => assert_eq!(before, *store, "a refused message changed something"),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let block = |at: usize| Bytes::new(BLOCKS[at].clone()).expect("short");
    let headers = |at: &[usize]| {
        let headers = at.iter().map(|at| block(*at)).collect();
        cbor::encode(&ClientMessage::Headers(Bounded::new(headers).expect("few")))
    };
    let mut grown = STORE.clone();
    let message = ClientMessage::Headers(Bounded::new(vec![block(1), block(12)]).expect("few"));
    update_client(&mut CometBft::new(), &mut grown, &message, now()).expect("recorded blocks");
    let accused = cbor::encode(&ClientMessage::Misbehaviour(block(1), block(2)));
    let mut seeds = vec![
        input(1, &[&headers(&[1])]),
        input(1, &[&headers(&[1, 2, 14])]),
        input(1, &[&accused]),
        input(2, &[&STORE.encode()]),
        input(2, &[&grown.encode()]),
        input(3, &[&[1, 2, 3], &fuzz::join(&[&[0], &[0, 40], b"\"app\":\"1\""])]),
        input(3, &[&[36], &fuzz::join(&[&[0], &[1, 0], b"A"])]),
    ];
    for at in [1, 12, 16, 28, 36] {
        seeds.push(input(0, &[&BLOCKS[at]]));
    }
    for answer in fuzz::recorded::ANSWERS.iter().take(2) {
        seeds.push(input(4, &[&answer.key, &[0; 48], &answer.proof]));
    }
    seeds
}
