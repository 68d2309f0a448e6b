//! The shared suite, which every light client must pass, and the tests that are this chain's own.
//!
//! It runs on blocks of a real network, and on a chain of our own that forks.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests: what they take is theirs, and a panic is a failed test"
)]

mod attacks;
mod chain;
mod common;
mod ed25519;
mod mutation;
mod proofs;
mod real_blocks;
mod recorded;
mod simd;
mod strange;

use chain::Block;
use common::*;
use gateway_types::Timestamp;
use light_client::conformance::{Fixture, Proofs, run};
use light_client_cometbft::CometBft;

#[test]
fn a_real_network_conforms() {
    let record = answer("record_revoked_250");
    let absent = answer("absent_unknown_250");
    let proofs = Proofs {
        height: 251,
        key: record.key,
        value: record.value.unwrap(),
        proof: bytes_of(&record.proof),
        absent: absent.key,
        absence: bytes_of(&absent.proof),
    };
    let fixture = Fixture {
        client: client(&light(238), NETWORK_1_REGISTRY, (2, 3)),
        pinned: light(238),
        headers: [239, 241, 251, 303].map(light).into(),
        fork: None,
        now: network_1_now(),
        proofs: Some(proofs),
    };
    run(&mut CometBft::new(), &fixture);
}

#[test]
fn a_chain_that_forks_conforms() {
    let set = chain::set(&[10, 10, 10, 10]);
    let pinned = Block::at(10, &set).bytes();
    let fork = Block { app_hash: [9; 32], ..Block::at(11, &set) };
    let fixture = Fixture {
        client: client(&pinned, NETWORK_1_REGISTRY, (2, 3)),
        pinned,
        headers: [11, 14].map(|height| Block::at(height, &set).bytes()).into(),
        fork: Some(fork.bytes()),
        now: Timestamp((1_767_225_600 + 20) * 1000),
        proofs: None,
    };
    run(&mut CometBft::new(), &fixture);
}
