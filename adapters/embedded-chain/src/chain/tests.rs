//! The chain before the real light client.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use super::*;
use light_client::{ClientState, ClientStore, Height, Limits, Update, conformance, update_client};
use light_client_cometbft::CometBft;

const START: Timestamp = Timestamp(1_795_228_267_000);

fn chain() -> Chain {
    Chain::new(Genesis::four("embedded-1".parse().unwrap(), START)).unwrap()
}

fn client(chain: &Chain) -> ClientStore {
    let pin = chain.pin(FIRST_PIN).unwrap();
    let state = ClientState::new(pin.entry, Limits::default()).unwrap();
    ClientStore::new(&CometBft::new(), state, &pin.header).unwrap()
}

fn key(n: u8) -> LicenceKey {
    LicenceKey(Digest([n; 32]))
}

fn at(seconds: u64) -> Timestamp {
    Timestamp(START.0 + seconds * 1000)
}

/// Takes one header into the client, as of `now`.
fn follow(store: &mut ClientStore, chain: &Chain, height: u64, now: Timestamp) {
    let message = conformance::message(&[chain.header(height).unwrap()]);
    let update = update_client(&mut CometBft::new(), store, &message, now).unwrap();
    assert_eq!(update, Update::Advanced(vec![Height::new(height).unwrap()]));
}

/// A hundred blocks, a second each, over five sets of validators, changes in every third block.
fn story() -> Chain {
    let mut chain = chain();
    let sets: [&[u64]; 5] =
        [&[100, 100, 150, 100], &[100, 100, 150], &[90, 80, 70, 60, 50], &[1; 7], &[100; 4]];
    for i in 1..=100u8 {
        if i % 20 == 0 {
            chain.change_validators(sets[usize::from(i / 20 - 1)]).unwrap();
        }
        if i % 3 == 0 {
            chain.issue(&key(i), Digest([i; 32])).unwrap();
            chain.issue(&key(i + 100), Digest([i; 32])).unwrap();
        }
        if i % 9 == 0 {
            chain.set_status(&key(i - 3), SourceCode::new(7).unwrap()).unwrap();
        }
        chain.produce_block(at(i.into()));
    }
    chain
}

#[test]
fn every_header_follows_from_the_one_before() {
    let chain = story();
    let mut store = client(&chain);
    for height in FIRST_PIN + 1..=chain.tip() {
        follow(&mut store, &chain, height, at(100));
    }
}

#[test]
fn headers_follow_from_far_below_where_enough_of_the_old_set_signs() {
    let chain = story();
    for step in [2, 5, 17] {
        let mut store = client(&chain);
        for height in (FIRST_PIN + step..22).step_by(usize::try_from(step).unwrap()) {
            follow(&mut store, &chain, height, at(100));
        }
    }
    // Over the change of one power: all of the old set still sign.
    let mut store = client(&chain);
    follow(&mut store, &chain, 30, at(100));
}

#[test]
fn a_new_set_is_named_one_block_after_its_transaction_and_signs_two_after() {
    let mut chain = chain();
    let set = |chain: &Chain, height| chain.set(height).unwrap().hash;
    let old = set(&chain, 2);
    chain.change_validators(&[1, 2, 3]).unwrap();
    let t = chain.produce_block(at(1));
    chain.produce_block(at(2));
    chain.produce_block(at(3));
    let next = |height| chain.block(height).unwrap().header.next_validators_hash;
    assert_eq!([set(&chain, t), set(&chain, t + 1)], [old; 2]);
    assert_eq!(next(t), old);
    assert_ne!(set(&chain, t + 2), old);
    assert_eq!(next(t + 1), set(&chain, t + 2));
}
