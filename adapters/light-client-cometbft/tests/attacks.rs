//! What a dishonest node or a minority of validators may send, row by row of the attack catalogue.

mod forms;
mod sets;
mod time;
mod votes;

use crate::{
    chain::{self, Block, Signed, Validator, Voted},
    common::*,
};
use gateway_types::{ChainTime, Timestamp, cbor};
use light_client::{
    ClientMessage, ClientState, ClientStateError, ClientStore, HeaderError, Height, LightClient,
    Limits, PinError, Scope, SignatureCheck, Status, TrustThreshold, Trusted, Update, UpdateError,
    update_client,
};
use light_client_cometbft::{CometBft, LightBlock, MAX_HEADER, MAX_VALIDATORS};
use serde_json::{Value, json};

/// 100 s after the year 2026 began; block 10 is of second 10.
const NOW: Timestamp = Timestamp((1_767_225_600 + 100) * 1000);

/// A client pinned at block 10 of a chain with this set.
fn pinned(set: &[Validator], threshold: (u64, u64)) -> ClientStore {
    let header = Block::at(10, set).bytes();
    let client = client(&header, NETWORK_1_REGISTRY, threshold);
    ClientStore::new(&CometBft::new(), client, &header).unwrap()
}

/// Four validators of power 10.
fn four() -> Vec<Validator> {
    chain::set(&[10, 10, 10, 10])
}

fn refusal(store: &ClientStore, header: &[u8]) -> HeaderError {
    let mut after = store.clone();
    let refused = update(&mut after, &[header.to_vec()], NOW).expect_err("the header was taken");
    assert_eq!(after, *store, "a refused header changed something");
    refused.header().unwrap().clone()
}

fn takes(store: &ClientStore, header: &Block) {
    let taken = update(&mut store.clone(), &[header.bytes()], NOW);
    assert!(matches!(&taken, Ok(Update::Advanced(new)) if new.len() == 1), "{taken:?}");
}

/// The refusal of a good block 12 after `change` to its JSON.
fn changed(change: impl Fn(&mut Value)) -> HeaderError {
    let mut block = Block::at(12, &four()).json();
    change(&mut block);
    refusal(&pinned(&four(), (2, 3)), &serde_json::to_vec(&block).unwrap())
}

fn malformed(error: &HeaderError) -> bool {
    matches!(error, HeaderError::Malformed { .. })
}
