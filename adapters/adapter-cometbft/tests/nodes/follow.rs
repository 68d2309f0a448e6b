//! A follower and its sources, among nodes that overstate, show what is not final, or are cut off.

use crate::{
    replay::Behaviour,
    setup::{Setup, changed},
};
use chain_adapter::{
    FetchError, FollowError, REACHED_FOR, SourceId, Sources, SourcesError, check_sources,
};
use gateway_types::registry::record_path;
use light_client::{HeaderError, ProofError, UpdateError};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
};

fn id(operator: &str) -> SourceId {
    SourceId(operator.to_owned())
}

/// A node that says that it is at height 10^9 the first time, and at 25 from then on; it has what was recorded.
fn boaster() -> Behaviour {
    let asked = AtomicUsize::new(0);
    changed("/status", move |body| {
        let first = asked.fetch_add(1, Ordering::Relaxed) == 0;
        let tip = if first { "1000000000" } else { "25" };
        body["result"]["sync_info"]["latest_block_height"] = json!(tip);
    })
}

#[tokio::test(start_paused = true)]
async fn a19_a_source_that_boasts_and_takes_it_back_stalls_nobody() {
    let setup = Setup::new();
    setup.net.node("127.0.0.1:1", boaster());
    let mut follower = setup.follower();
    let boasting = setup.source("boaster", &[1]);
    let advanced = follower.advance(&*boasting, setup.now).await.unwrap();
    assert_eq!(follower.height(), 25, "where it really is, in one advance");
    assert!(matches!(
        advanced.stopped,
        Some(FollowError::Overstated { claimed: 1_000_000_000, .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn a19_the_source_is_demoted_and_the_others_reach_the_head() {
    let setup = Setup::new();
    let always = changed("/status", |body| {
        body["result"]["sync_info"]["latest_block_height"] = json!("1000000000");
    });
    setup.net.node("127.0.0.1:1", always);
    setup.net.node("127.0.0.1:2", Behaviour::Honest);
    let list = vec![setup.source("liar", &[1]), setup.source("honest", &[2])];
    let sources = Sources::new(list, &BTreeSet::new(), ChaCha20Rng::seed_from_u64(1)).unwrap();
    let mut follower = setup.follower();
    let (from, advanced) = sources.advance(&mut &mut follower, setup.now).await.unwrap();
    assert_eq!((from, advanced.stopped), (id("honest"), None));
    assert_eq!(follower.height(), setup.last());
    let health = sources.health();
    assert_eq!(health[0].0, id("liar"));
    assert!(!health[0].1.is_due(setup.now), "left alone: {health:?}");
    assert!(health[1].1.is_due(setup.now));
}

#[tokio::test(start_paused = true)]
async fn a23_one_source_left_is_degraded_and_one_alone_is_refused() {
    let setup = Setup::new();
    setup.net.node("127.0.0.1:1", Behaviour::Honest);
    setup.net.node("127.0.0.1:2", Behaviour::Honest);
    let list = vec![setup.source("one", &[1]), setup.source("two", &[2])];
    let sources = Sources::new(list, &BTreeSet::new(), ChaCha20Rng::seed_from_u64(1)).unwrap();
    assert!(sources.is_degraded(setup.now), "nobody was asked");
    sources.probe(setup.now).await;
    assert!(!sources.is_degraded(setup.now));
    assert!(sources.is_degraded(setup.now.saturating_add(REACHED_FOR * 2)), "long ago");
    setup.net.node("127.0.0.1:2", Behaviour::Gone);
    sources.probe(setup.now).await;
    assert!(sources.is_degraded(setup.now), "one is cut off");

    let alone = Sources::new(
        vec![setup.source("one", &[1])],
        &BTreeSet::new(),
        ChaCha20Rng::seed_from_u64(1),
    );
    assert_eq!(alone.unwrap_err(), SourcesError::TooFew { got: 1 });
}

#[test]
fn a23_sources_are_of_two_operators_and_one_runs_no_gateway() {
    let check = |sources: &[&str], gateways: &[&str]| {
        let sources: Vec<SourceId> = sources.iter().copied().map(id).collect();
        check_sources(&sources, &gateways.iter().copied().map(id).collect())
    };
    assert_eq!(check(&["a", "b"], &[]), Ok(()));
    assert_eq!(check(&["a", "b"], &["a"]), Ok(()));
    assert_eq!(check(&["a", "b"], &["a", "b"]), Err(SourcesError::NoneIndependent));
    assert_eq!(check(&["a", "a"], &[]), Err(SourcesError::Twice { operator: id("a") }));
    assert_eq!(check(&["a"], &[]), Err(SourcesError::TooFew { got: 1 }));
    assert_eq!(check(&[], &[]), Err(SourcesError::TooFew { got: 0 }));
}

/// A node whose newest block has only some of its votes yet.
fn unfinished(last: u64) -> Behaviour {
    let path: &'static str = Box::leak(format!("/commit?height={last}").into_boxed_str());
    changed(path, |body| {
        let votes = &mut body["result"]["signed_header"]["commit"]["signatures"];
        for vote in votes.as_array_mut().unwrap().iter_mut().skip(1) {
            *vote = json!({
                "block_id_flag": 1, "validator_address": "",
                "timestamp": "0001-01-01T00:00:00Z", "signature": Value::Null,
            });
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a46_a_block_that_is_not_final_proves_nothing() {
    let setup = Setup::new();
    let source = setup.node(unfinished(setup.last()));
    let mut follower = setup.follower();
    let advanced = follower.advance(&*source, setup.now).await.unwrap();
    let Some(FollowError::Refused(UpdateError::Header { reason, .. })) = advanced.stopped else {
        panic!("{:?}", advanced.stopped);
    };
    assert!(matches!(reason, HeaderError::NotEnoughSigners { .. }), "{reason}");
    assert_eq!(follower.header_at(setup.last()), None, "what is below may be taken, this is not");
    let shown = source.fetch_value(&record_path(&setup.held), setup.last()).await.unwrap();
    let pending = follower.prove_record(setup.held, &shown, setup.now);
    assert!(matches!(pending, Err(ProofError::UnknownHeight { .. })), "{pending:?}");
    let later = setup.node(Behaviour::Honest);
    follower.advance(&*later, setup.now).await.unwrap();
    assert!(follower.prove_record(setup.held, &shown, setup.now).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a55_a_contract_that_is_not_there_proves_nothing() {
    let mut setup = Setup::new();
    let honest = setup.node(Behaviour::Honest);
    let mut follower = setup.follower();
    follower.advance(&*honest, setup.now).await.unwrap();
    // A proof that the key of another contract's head holds nothing is no head.
    let shown = honest.fetch_value(&record_path(&setup.absent), setup.last()).await.unwrap();
    assert!(follower.prove_head(&shown, setup.now).is_err());
    setup.pin.registry = gateway_types::Bytes::new(vec![7; 32]).unwrap();
    let other = setup.source("other", &[9]);
    let unknown = other.fetch_value(b"head", setup.last()).await;
    assert!(unknown.is_err(), "{unknown:?}");
}

#[tokio::test(start_paused = true)]
async fn a_source_with_nothing_new_is_not_believed_for_long() {
    let setup = Setup::new();
    let frozen = changed("/status", |body| {
        body["result"]["sync_info"]["latest_block_height"] = json!("20");
    });
    setup.net.node("127.0.0.1:1", frozen);
    setup.net.node("127.0.0.1:2", Behaviour::Honest);
    let list = vec![setup.source("frozen", &[1]), setup.source("honest", &[2])];
    let sources = Sources::new(list, &BTreeSet::new(), ChaCha20Rng::seed_from_u64(1)).unwrap();
    let mut follower = setup.follower();
    for (from, height) in [("frozen", 20), ("honest", setup.last()), ("frozen", setup.last())] {
        let (source, _) = sources.advance(&mut &mut follower, setup.now).await.unwrap();
        assert_eq!((source, follower.height()), (id(from), height));
    }
}

#[tokio::test(start_paused = true)]
async fn headers_from_anybody_are_taken_once_and_in_order() {
    let setup = Setup::new();
    let mut follower = setup.follower();
    let headers: Vec<_> = (6..=12).map(|height| setup.header(height)).collect();
    assert_eq!(follower.handle_headers(&headers, setup.now).unwrap(), headers);
    assert_eq!(follower.handle_headers(&headers, setup.now).unwrap(), []);
    assert_eq!(follower.headers_between(8, 11), headers[3..6]);
    assert_eq!(follower.header_at(12).as_ref(), headers.last());
    assert_eq!(follower.header_at(13), None);
    let mut broken = setup.header(14).into_inner();
    broken.truncate(500);
    let broken = light_client::HeaderBytes::new(broken).unwrap();
    let wrong = follower.handle_headers(&[setup.header(13), broken], setup.now);
    assert!(matches!(wrong, Err(FollowError::Refused(_))), "{wrong:?}");
    assert_eq!(follower.height(), 12, "all or nothing");
}

#[tokio::test(start_paused = true)]
async fn no_source_at_all_says_so_and_is_asked_again() {
    let setup = Setup::new();
    let gone = |operator, port| setup.source(operator, &[port]);
    let list = vec![gone("one", 1), gone("two", 2)];
    let sources = Sources::new(list, &BTreeSet::new(), ChaCha20Rng::seed_from_u64(1)).unwrap();
    let mut follower = setup.follower();
    let nothing = sources.advance(&mut &mut follower, setup.now).await;
    assert!(
        matches!(nothing, Err(FollowError::Fetch(FetchError::Unavailable { .. }))),
        "{nothing:?}"
    );
    setup.net.node("127.0.0.1:1", Behaviour::Honest);
    setup.net.node("127.0.0.1:2", Behaviour::Honest);
    let shared = chain_adapter::SharedFollower::new(follower);
    // All wait, but one whose wait ends first is asked all the same.
    sources.advance(&mut shared.clone(), setup.now).await.unwrap();
    assert_eq!(shared.with(|follower| follower.height()), setup.last());
}
