//! The chain before the real light client.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

mod proofs;

use super::*;
use crate::MAX_CHANGES_A_BLOCK;
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

#[test]
fn two_histories_freeze_a_client_that_sees_both() {
    let mut chain = chain();
    chain.produce_block(at(1));
    let mut fork = chain.fork();
    chain.issue(&key(1), Digest([1; 32])).unwrap();
    for i in 2..=5 {
        assert_eq!(chain.produce_block(at(i)), fork.produce_block(at(i)));
    }
    assert_ne!(chain.header(4), fork.header(4));
    // Each history alone convinces.
    let mut store = client(&chain);
    follow(&mut store, &fork, 4, at(5));
    let mut store = client(&chain);
    follow(&mut store, &chain, 4, at(5));
    let message = conformance::message(&[fork.header(4).unwrap()]);
    let update = update_client(&mut CometBft::new(), &mut store, &message, at(5)).unwrap();
    assert!(matches!(update, Update::Frozen(_)), "{update:?}");
}

#[test]
fn a_commit_with_absent_validators_counts_while_more_than_two_thirds_vote() {
    let mut chain = chain();
    chain.silence_validators(&[2]);
    let height = chain.produce_block(at(1));
    let mut store = client(&chain);
    follow(&mut store, &chain, height, at(1));
    // The next header holds the hash of that commit, absent vote and all.
    chain.silence_validators(&[0, 2]);
    let height = chain.produce_block(at(2));
    let message = conformance::message(&[chain.header(height).unwrap()]);
    assert!(update_client(&mut CometBft::new(), &mut store, &message, at(2)).is_err());
}

#[test]
fn sets_that_cannot_sign_are_refused() {
    let mut chain = chain();
    assert_eq!(chain.change_validators(&[0, 0]), Err(SetError::Nobody));
    assert_eq!(chain.change_validators(&[u64::MAX]), Err(SetError::Power { got: u64::MAX }));
    assert_eq!(chain.change_validators(&[1; 201]), Err(SetError::TooMany { got: 201 }));
    chain.change_validators(&[crate::MAX_POWER; 200]).unwrap();
    for i in 1..=3 {
        chain.produce_block(at(i));
    }
    let mut store = client(&chain);
    for height in FIRST_PIN + 1..=chain.tip() {
        follow(&mut store, &chain, height, at(3));
    }
}

#[test]
fn time_never_stands_still_or_goes_back() {
    let mut chain = chain();
    let first = chain.produce_block(at(10));
    let second = chain.produce_block(at(5));
    let time = |height| chain.block_time(height).unwrap();
    assert_eq!(time(second).0, time(first).0 + 1);
}
