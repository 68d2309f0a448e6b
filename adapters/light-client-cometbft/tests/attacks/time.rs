//! Forks, accusations, and headers of the wrong time or height.

use super::*;

#[test]
fn a3_an_invented_app_hash_signed_by_the_old_set_freezes() {
    let mut store = pinned(&four(), (2, 3));
    let good = Block::at(12, &four());
    update(&mut store, &[good.bytes()], NOW).unwrap();
    let lunatic = Block { app_hash: [9; 32], ..good };
    let frozen = update(&mut store, &[lunatic.bytes()], NOW);
    assert!(matches!(frozen, Ok(Update::Frozen(_))), "{frozen:?}");
    assert_eq!(store.status(NOW), Status::Frozen);
}

#[test]
fn a5_commits_of_two_rounds_are_a_fork_when_the_blocks_differ() {
    let mut store = pinned(&four(), (2, 3));
    let first = Block::at(12, &four());
    // The same block committed again in a later round is the same block.
    let again = Block { round: 1, ..first.clone() };
    update(&mut store, &[first.bytes()], NOW).unwrap();
    let same = update(&mut store, &[again.bytes()], NOW);
    assert_eq!(same, Ok(Update::Advanced(vec![])));
    let amnesia = Block { round: 1, app_hash: [9; 32], ..first.clone() };
    let evidence = accusation(&first.bytes(), &amnesia.bytes());
    let frozen = update_client(&mut CometBft::new(), &mut store, &evidence, NOW);
    assert!(matches!(frozen, Ok(Update::Frozen(_))));
}

#[test]
fn a8_drift_is_counted_in_nanoseconds_of_the_real_header() {
    let store = pinned(&four(), (2, 3));
    let latest = (NOW.0 + 10_000) * 1_000_000;
    takes(&store, &Block { nanos: latest, ..Block::at(12, &four()) });
    let late = Block { nanos: latest + 1, ..Block::at(12, &four()) };
    assert!(matches!(refusal(&store, &late.bytes()), HeaderError::FromTheFuture { .. }));
}

#[test]
fn a20_a_bad_signature_beyond_the_quorum_is_overlooked_in_a_header_never_in_an_accusation() {
    let forged = |block: &Block| {
        let mut json = block.json();
        let signatures = &mut json["signed_header"]["commit"]["signatures"];
        signatures[3]["signature"] = signatures[0]["signature"].clone();
        serde_json::to_vec(&json).unwrap()
    };
    let good = Block::at(12, &four());
    let lunatic = Block { app_hash: [9; 32], ..good.clone() };
    let bad = HeaderError::BadSignature { signer: four()[3].address().to_string() };
    let mut store = pinned(&four(), (2, 3));
    assert!(update(&mut store, &[forged(&good)], NOW).is_ok());
    assert_eq!(refusal(&store, &forged(&lunatic)), bad);
    let accuse = |a: &[u8], b: &[u8], store: &mut ClientStore| {
        update_client(&mut CometBft::new(), store, &accusation(a, b), NOW)
    };
    let refused = accuse(&forged(&lunatic), &good.bytes(), &mut store).unwrap_err();
    assert_eq!(refused.header(), Some(&bad));
    assert_eq!(store.status(NOW), Status::Active);
    assert!(accuse(&lunatic.bytes(), &good.bytes(), &mut store).is_ok());
    assert_eq!(store.status(NOW), Status::Frozen);
}

#[test]
fn a25_frivolous_accusations_freeze_nothing() {
    let store = pinned(&four(), (2, 3));
    let good = Block::at(12, &four());
    let strangers: Vec<Validator> =
        chain::in_order((40..44).map(|s| Validator::new(s, 10)).collect());
    let forged = Block { app_hash: [9; 32], ..Block::at(12, &strangers) };
    let few = Block { app_hash: [9; 32], ..good.clone() }.voted_by(2);
    let again = Block { round: 3, ..good.clone() };
    for (a, b) in [
        (good.bytes(), good.bytes()),
        (good.bytes(), again.bytes()),
        (good.bytes(), Block::at(13, &four()).bytes()),
        (good.bytes(), forged.bytes()),
        (few.bytes(), good.bytes()),
        (
            Block::at(9, &four()).bytes(),
            Block { app_hash: [9; 32], ..Block::at(9, &four()) }.bytes(),
        ),
    ] {
        let mut after = store.clone();
        let refused = update_client(&mut CometBft::new(), &mut after, &accusation(&a, &b), NOW);
        assert!(refused.is_err(), "{refused:?}");
        assert_eq!(after, store);
    }
}

#[test]
fn a4_a_frozen_client_takes_no_header_of_either_side() {
    let mut store = pinned(&four(), (2, 3));
    let good = Block::at(12, &four());
    let fork = Block { app_hash: [9; 32], ..good.clone() };
    update(&mut store, &[good.bytes()], NOW).unwrap();
    update(&mut store, &[fork.bytes()], NOW).unwrap();
    let frozen = Err(UpdateError::NotActive { status: Status::Frozen });
    for next in [good, fork, Block::at(13, &four())] {
        assert_eq!(update(&mut store, &[next.bytes()], NOW), frozen);
    }
}

#[test]
fn a6_a_header_far_ahead_is_held_until_a_nearer_one_is_verified() {
    let max_lead = Limits::default().max_lead;
    let at = |height| Block { nanos: NOW.0 * 1_000_000, ..Block::at(height, &four()) };
    let store = pinned(&four(), (2, 3));
    let (got, newest) = (Height::new(11 + max_lead).unwrap(), Height::new(10).unwrap());
    let far = HeaderError::FarAhead { got, newest, max_lead };
    assert_eq!(refusal(&store, &at(11 + max_lead).bytes()), far);
    takes(&store, &at(10 + max_lead));
}

#[test]
fn a7_a_client_that_was_not_fed_for_its_period_has_expired() {
    let store = pinned(&four(), (2, 3));
    let end = time_of(&Block::at(10, &four()).bytes()).0 + 14 * 24 * 3600 * 1000;
    let next = Block::at(12, &four()).bytes();
    let at = |now| update(&mut store.clone(), std::slice::from_ref(&next), Timestamp(now));
    assert!(at(end - 1).is_ok());
    let expired = Err(UpdateError::NotActive { status: Status::Expired });
    assert_eq!(at(end), expired);
    assert_eq!(at(end + 1), expired);
}

#[test]
fn a9_a_header_whose_time_does_not_rise_is_refused() {
    let store = pinned(&four(), (2, 3));
    let trusted = Block::at(10, &four()).nanos;
    for nanos in [trusted, trusted - 1] {
        let block = Block { nanos, ..Block::at(11, &four()) };
        let (time, trusted) = (ChainTime(nanos), ChainTime(trusted));
        let late = HeaderError::TimeNotAfterTrusted { time, trusted };
        assert_eq!(refusal(&store, &block.bytes()), late);
    }
    takes(&store, &Block { nanos: trusted + 1, ..Block::at(11, &four()) });
}

#[test]
fn a10_a_header_whose_time_is_outside_its_neighbours_freezes() {
    let mut store = pinned(&four(), (2, 3));
    update(&mut store, &[12, 16].map(|height| Block::at(height, &four()).bytes()), NOW).unwrap();
    for (as_of, frozen) in [(12, true), (13, false), (15, false), (16, true), (17, true)] {
        let nanos = Block::at(as_of, &four()).nanos;
        let between = Block { nanos, ..Block::at(14, &four()) };
        let taken = update(&mut store.clone(), &[between.bytes()], NOW).unwrap();
        assert_eq!(matches!(taken, Update::Frozen(_)), frozen, "{as_of}");
    }
}
