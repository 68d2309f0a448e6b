//! The light client's side: evidence, sync points, catching up.

use super::SECOND;
use crate::{
    chain::engine::ChainOutput,
    testing::{
        chain,
        world::{World, key},
    },
};
use gateway_core::{Evidence, SourceTrouble};
use gateway_types::{
    Bounded, Digest,
    body::CATCH_UP,
    link::{RelayEvidence, RelayWork},
};
use tokio::sync::oneshot;

fn platform() -> gateway_types::Platform {
    "comity://CN-HK/platform/counter".parse().unwrap()
}

#[test]
fn calls_for_one_licence_share_one_fetch_and_are_told_what_is_proven() {
    let mut world = World::begun();
    world.pass(SECOND);
    world.ledger.write(key(1), Digest([51; 32]), 1);
    let (now, chain) = (world.now, chain::pin().chain);
    let (first, mut told_first) = oneshot::channel();
    let (second, mut told_second) = oneshot::channel();
    world.gateways[0].chain.handle_ask(key(1), platform(), first, now);
    world.gateways[0].chain.handle_ask(key(1), platform(), second, now);
    let asked = world.offer(0);
    assert_eq!(asked, [RelayWork::Fetch(chain.clone(), key(1))]);
    // What is shown under a header not yet seen is held until the header comes.
    world.ledger.block(now);
    let shown = world.ledger.show(&key(1));
    let record = RelayEvidence::Record(chain.clone(), key(1), shown);
    world.gateways[0].chain.handle_evidence(record, now);
    assert!(told_first.try_recv().is_err());
    let headers = Bounded::new(vec![world.ledger.header()]).unwrap();
    world.gateways[0].chain.handle_evidence(RelayEvidence::Headers(chain, headers), now);
    for told in [&mut told_first, &mut told_second] {
        let proven = told.try_recv().unwrap().unwrap();
        assert!(matches!(proven.evidence, Evidence::Held(_)));
        assert_eq!(proven.evidence.at().height.get(), proven.shown.height);
        assert_eq!(proven.header, world.ledger.header());
    }
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait_longer() {
    let mut world = World::begun();
    world.pass(SECOND);
    let chain = &mut world.gateways[0].chain;
    let (teller, mut told) = oneshot::channel();
    chain.handle_ask(key(1), platform(), teller, world.now);
    let back = gateway_types::Timestamp(world.now.0 - 600_000);
    let mut fetches = 0;
    for second in 0..12 {
        chain.handle_time(back.saturating_add(SECOND * second));
        while let Some(output) = chain.poll_output() {
            let is_fetch = matches!(output, ChainOutput::Work(RelayWork::Fetch(..)));
            fetches += usize::from(is_fetch);
        }
    }
    assert_eq!(told.try_recv().unwrap().unwrap_err(), SourceTrouble::Unavailable);
    assert!((3..=5).contains(&fetches), "{fetches}");
}

#[test]
fn a38_a_relayer_that_shows_rubbish_makes_the_source_unavailable_never_absent() {
    let mut world = World::begun();
    world.pass(SECOND);
    world.ledger.write(key(1), Digest([51; 32]), 1);
    world.block();
    let (now, chain) = (world.now, chain::pin().chain);
    let (teller, mut told) = oneshot::channel();
    world.gateways[0].chain.handle_ask(key(1), platform(), teller, now);
    let mut shown = world.ledger.show(&key(1));
    shown.value = None;
    let record = RelayEvidence::Record(chain, key(1), shown);
    world.gateways[0].chain.handle_evidence(record, now);
    assert!(told.try_recv().is_err());
    let asked = world.offer(0);
    world.pass(4 * SECOND);
    assert_eq!(asked.len(), 1);
    assert!(told.try_recv().is_err());
    world.pass(7 * SECOND);
    assert_eq!(told.try_recv().unwrap().unwrap_err(), SourceTrouble::Unavailable);
}

#[test]
fn more_changes_than_a_batch_holds_are_caught_up_with() {
    let mut world = World::begun();
    world.pass(SECOND);
    for n in 0..=CATCH_UP {
        let mut licence = [7; 32];
        licence[..8].copy_from_slice(&(n as u64).to_be_bytes());
        let key = gateway_types::LicenceKey(Digest(licence));
        world.ledger.changes.push(gateway_types::registry::Change {
            key,
            code: gateway_types::SourceCode::VALID,
            sequence: 1,
        });
    }
    let (now, chain) = (world.now, chain::pin().chain);
    world.ledger.block(now);
    let engine = &mut world.gateways[0].chain;
    let headers = Bounded::new(vec![world.ledger.header()]).unwrap();
    engine.handle_evidence(RelayEvidence::Headers(chain.clone(), headers), now);
    for (at, some) in (0u64..).zip(world.ledger.changes.chunks(256)) {
        let some = Bounded::new(some.to_vec()).unwrap();
        engine.handle_evidence(RelayEvidence::Changes(chain.clone(), at * 256, some), now);
    }
    engine.handle_evidence(RelayEvidence::Head(chain.clone(), world.ledger.show_head()), now);
    let asked = world.offer(0);
    assert_eq!(asked, [RelayWork::FetchChange(chain.clone(), CATCH_UP as u64)]);
    let shown = world.ledger.show_change();
    let change = RelayEvidence::Change(chain, CATCH_UP as u64, shown);
    world.gateways[0].chain.handle_evidence(change, now);
    world.offer(0);
    world.pass(SECOND);
    world.work();
    let log = world.gateways[0].engine.log();
    assert!(log.with_state(|state| state.last_change().0) >= CATCH_UP as u64);
    world.assert_no_refusals();
}

#[test]
fn a_relayer_whose_changes_are_not_the_registrys_is_asked_again() {
    let mut world = World::begun();
    world.pass(SECOND);
    world.ledger.write(key(1), Digest([51; 32]), 1);
    let (now, chain) = (world.now, chain::pin().chain);
    world.ledger.block(now);
    let engine = &mut world.gateways[0].chain;
    let headers = Bounded::new(vec![world.ledger.header()]).unwrap();
    engine.handle_evidence(RelayEvidence::Headers(chain.clone(), headers), now);
    let mut lie = world.ledger.changes.clone();
    lie[0].key = key(2);
    let lie = Bounded::new(lie).unwrap();
    engine.handle_evidence(RelayEvidence::Changes(chain.clone(), 0, lie), now);
    engine.handle_evidence(RelayEvidence::Head(chain.clone(), world.ledger.show_head()), now);
    let asked = world.offer(0);
    assert!(matches!(asked[..], [RelayWork::Follow(_, _, 0)]), "{asked:?}");
    let honest = Bounded::new(world.ledger.changes.clone()).unwrap();
    let told = RelayEvidence::Changes(chain, 0, honest);
    world.gateways[0].chain.handle_evidence(told, now);
    world.pass(30 * SECOND);
    let log = world.gateways[0].engine.log();
    assert_eq!(log.with_state(|state| state.last_change().0), 1);
}
