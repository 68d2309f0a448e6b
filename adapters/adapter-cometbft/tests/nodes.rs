//! Nodes that answer as real ones were recorded, and nodes that lag, lie, say nothing, or say too much.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: what they take is theirs, and a panic is a failed test"
)]

#[path = "nodes/addresses.rs"]
mod addresses;
#[path = "nodes/answers.rs"]
mod answers;
#[path = "nodes/follow.rs"]
mod follow;
#[path = "nodes/replay.rs"]
mod replay;
#[path = "nodes/setup.rs"]
mod setup;
#[path = "nodes/tls.rs"]
mod tls;

use chain_adapter::conformance;
use replay::Behaviour;
use setup::{Setup, denying};

#[tokio::test(start_paused = true)]
async fn recorded_nodes_conform() {
    let setup = Setup::new();
    setup.net.node("127.0.0.1:1", Behaviour::Honest);
    setup.net.node("127.0.0.1:2", Behaviour::Honest);
    setup.net.node("127.0.0.1:3", Behaviour::Silent);
    setup.net.node("127.0.0.1:4", denying());
    setup.net.node("127.0.0.1:5", Behaviour::Gone);
    let fixture = conformance::Fixture {
        adapter: setup.source("one", &[1]),
        light_client: setup::light_client,
        pin: setup.pin.clone(),
        limits: chain_adapter::follower_limits(),
        held: setup.held,
        absent: setup.absent,
        pruned: (setup.source("one", &[1]), 3),
        other: setup.source("two", &[2]),
        silent: setup.source("silent", &[3]),
        denying: setup.source("denying", &[4]),
        half: setup.source("half", &[5, 2]),
        now: setup.now,
    };
    conformance::run(&fixture).await;
}
