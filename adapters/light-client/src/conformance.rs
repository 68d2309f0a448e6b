//! The suite that every light client must pass. Each client's `tests/conformance.rs` calls [`run`].
//!
//! It drives the common rules through the chain's own decoding and signatures: a chain that reads another time or
//! height than it was signed with fails here.

use crate::{
    ClientMessage, ClientState, ClientStore, HeaderBytes, HeaderError, Height, LightClient,
    ProofError, Status, Update, UpdateError, ValueProof, update_client, verify_membership,
    verify_non_membership,
};
use alloc::vec::Vec;
use gateway_types::{Bounded, LicenceKey, Timestamp, registry::RegistryRecord};

/// A short piece of a chain, all of it verifiable, from real blocks or from the chain's own rules.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Settings, with the pin of `pinned`.
    pub client: ClientState,
    /// The pinned header, with the set that signs next.
    pub pinned: Vec<u8>,
    /// At least two headers above it, heights rising, that one message may hold.
    pub headers: Vec<Vec<u8>>,
    /// A valid header of the same height as the first of `headers`, and of another hash; real chains have none.
    pub fork: Option<Vec<u8>>,
    /// A clock reading at which all of them are accepted.
    pub now: Timestamp,
    /// A record and an absence, proven under one of `headers`.
    pub proofs: Option<Proofs>,
}

/// Proofs under one header.
#[derive(Clone, Debug)]
pub struct Proofs {
    /// The header's height.
    pub height: u64,
    /// A licence that is there.
    pub key: LicenceKey,
    /// Its record's 41 bytes.
    pub value: Vec<u8>,
    /// The proof of it.
    pub proof: Vec<u8>,
    /// A licence that is not there.
    pub absent: LicenceKey,
    /// The proof that it is not.
    pub absence: Vec<u8>,
}

/// Runs every check.
///
/// # Panics
///
/// If the client breaks one of them.
pub fn run(chain: &mut dyn LightClient, fixture: &Fixture) {
    takes_good_headers_once_and_all_together(chain, fixture);
    takes_headers_one_by_one_as_all_together(chain, fixture);
    takes_all_headers_or_none(chain, fixture);
    the_header_that_fails_is_named_by_its_place(chain, fixture);
    another_header_than_the_pinned_one_is_refused(chain, fixture);
    truncated_and_changed_headers_are_refused(chain, fixture);
    a_header_from_the_future_is_refused(chain, fixture);
    an_expired_client_answers_nothing(chain, fixture);
    identical_headers_freeze_nothing(chain, fixture);
    a_fork_freezes_for_good(chain, fixture);
    an_accusation_freezes_as_the_fork_itself_does(chain, fixture);
    a_store_is_read_back(chain, fixture);
    if let Some(proofs) = &fixture.proofs {
        proofs_hold_under_their_own_header_only(chain, fixture, proofs);
        truncated_and_changed_proofs_are_refused(chain, fixture, proofs);
    }
}

/// Begins a client at the fixture's pin.
///
/// # Panics
///
/// If the pin is refused.
pub fn begin(chain: &dyn LightClient, fixture: &Fixture) -> ClientStore {
    let store = ClientStore::new(chain, fixture.client.clone(), &fixture.pinned);
    assert!(store.is_ok(), "the pin is refused: {store:?}");
    store.unwrap_or_else(|_| begin(chain, fixture))
}

/// A message of these headers; those that are too long or too many make an empty one.
#[must_use]
pub fn message(headers: &[Vec<u8>]) -> ClientMessage {
    let headers: Vec<_> = headers.iter().filter_map(|h| HeaderBytes::new(h.clone()).ok()).collect();
    ClientMessage::Headers(Bounded::new(headers).unwrap_or_default())
}

fn takes_good_headers_once_and_all_together(chain: &mut dyn LightClient, f: &Fixture) {
    let mut store = begin(chain, f);
    let taken = update_client(chain, &mut store, &message(&f.headers), f.now);
    assert!(
        matches!(&taken, Ok(Update::Advanced(heights)) if heights.len() == f.headers.len()),
        "good headers: {taken:?}"
    );
    let before = store.clone();
    let again = update_client(chain, &mut store, &message(&f.headers), f.now);
    assert_eq!(again, Ok(Update::Advanced(Vec::new())), "known headers");
    assert_eq!(store, before, "known headers changed something");
}

fn takes_headers_one_by_one_as_all_together(chain: &mut dyn LightClient, f: &Fixture) {
    let (mut together, mut single) = (begin(chain, f), begin(chain, f));
    assert!(update_client(chain, &mut together, &message(&f.headers), f.now).is_ok());
    for header in &f.headers {
        let one = message(core::slice::from_ref(header));
        let taken = update_client(chain, &mut single, &one, f.now);
        assert!(matches!(&taken, Ok(Update::Advanced(new)) if new.len() == 1), "{taken:?}");
    }
    assert_eq!(single, together, "the same headers led to another store");
}

fn the_header_that_fails_is_named_by_its_place(chain: &mut dyn LightClient, f: &Fixture) {
    for broken in 0..f.headers.len() {
        let mut headers = f.headers.clone();
        if let Some(header) = headers.get_mut(broken) {
            header.truncate(header.len() >> 1);
        }
        let mut store = begin(chain, f);
        let refused = update_client(chain, &mut store, &message(&headers), f.now);
        let named = matches!(&refused, Err(UpdateError::Header { index, .. }) if *index == broken);
        assert!(named, "header {broken} is broken: {refused:?}");
    }
}

fn takes_all_headers_or_none(chain: &mut dyn LightClient, f: &Fixture) {
    let mut store = begin(chain, f);
    let before = store.clone();
    let mut headers = f.headers.clone();
    headers.reverse();
    let refused = update_client(chain, &mut store, &message(&headers), f.now);
    let reason = refused.as_ref().err().and_then(UpdateError::header);
    assert!(matches!(reason, Some(HeaderError::NotAscending { .. })), "{refused:?}");
    let mut headers = f.headers.clone();
    headers.extend([Vec::from(*b"no header")]);
    assert!(update_client(chain, &mut store, &message(&headers), f.now).is_err());
    assert_eq!(store, before, "a refused message changed something");
}

fn another_header_than_the_pinned_one_is_refused(chain: &mut dyn LightClient, f: &Fixture) {
    for header in &f.headers {
        let refused = ClientStore::new(chain, f.client.clone(), header);
        assert!(refused.is_err(), "another header was taken for the pinned one");
    }
}

fn truncated_and_changed_headers_are_refused(chain: &mut dyn LightClient, f: &Fixture) {
    let Some(good) = f.headers.first() else { return };
    let store = begin(chain, f);
    let taken = chain.decode_header(good).map(|header| header.state);
    let step = good.len().checked_div(200).unwrap_or_default().max(1);
    for at in (0..good.len()).step_by(step) {
        let cut: Vec<u8> = good.iter().copied().take(at).collect();
        assert!(chain.decode_header(&cut).is_err(), "took the first {at} bytes");
        let mut changed = good.clone();
        if let Some(byte) = changed.get_mut(at) {
            *byte ^= 1;
        }
        let mut store = store.clone();
        if update_client(chain, &mut store, &message(&[changed]), f.now).is_ok() {
            // What is not signed may change, but nothing else is then believed.
            let known = taken.as_ref().ok().and_then(|state| store.state(state.height));
            assert_eq!(known, taken.as_ref().ok(), "byte {at} changed what is believed");
        }
    }
}

fn a_header_from_the_future_is_refused(chain: &mut dyn LightClient, f: &Fixture) {
    let mut store = begin(chain, f);
    let pinned = store.newest().map(|state| state.time.to_timestamp()).unwrap_or(Timestamp(0));
    let early = pinned.saturating_sub(f.client.max_clock_drift());
    let refused = update_client(chain, &mut store, &message(&f.headers), early);
    let reason = refused.as_ref().err().and_then(UpdateError::header);
    assert!(matches!(reason, Some(HeaderError::FromTheFuture { .. })), "{refused:?}");
}

fn an_expired_client_answers_nothing(chain: &mut dyn LightClient, f: &Fixture) {
    let mut store = begin(chain, f);
    let late = Timestamp(u64::MAX);
    assert_eq!(store.status(late), Status::Expired);
    let refused = update_client(chain, &mut store, &message(&f.headers), late);
    assert_eq!(refused, Err(UpdateError::NotActive { status: Status::Expired }));
    a_client_that_does_not_answer_proves_nothing(chain, &store, f, late);
}

fn identical_headers_freeze_nothing(chain: &mut dyn LightClient, f: &Fixture) {
    let mut store = begin(chain, f);
    let Some(header) = f.headers.first().and_then(|h| HeaderBytes::new(h.clone()).ok()) else {
        return;
    };
    let same = ClientMessage::Misbehaviour(header.clone(), header);
    let refused = update_client(chain, &mut store, &same, f.now);
    assert_eq!(refused, Err(UpdateError::Frivolous));
    assert_eq!(store.status(f.now), Status::Active);
}

fn a_fork_freezes_for_good(chain: &mut dyn LightClient, f: &Fixture) {
    let Some(fork) = &f.fork else { return };
    let mut store = begin(chain, f);
    assert!(update_client(chain, &mut store, &message(&f.headers), f.now).is_ok());
    let frozen = update_client(chain, &mut store, &message(core::slice::from_ref(fork)), f.now);
    let Ok(Update::Frozen(evidence)) = frozen else {
        assert!(frozen.is_err() && frozen.is_ok(), "a fork did not freeze: {frozen:?}");
        return;
    };
    assert!(evidence.is_fork());
    assert_eq!(store.status(f.now), Status::Frozen);
    let refused = update_client(chain, &mut store, &message(&f.headers), f.now);
    assert_eq!(refused, Err(UpdateError::NotActive { status: Status::Frozen }));
    let read = ClientStore::decode(&store.encode());
    assert_eq!(read.map(|store| store.status(f.now)), Ok(Status::Frozen), "thawed on disk");
}

fn an_accusation_freezes_as_the_fork_itself_does(chain: &mut dyn LightClient, f: &Fixture) {
    let (Some(fork), Some(first)) = (&f.fork, f.headers.first()) else { return };
    let bound = |header: &[u8]| HeaderBytes::new(header.into()).ok();
    let (Some(fork), Some(first)) = (bound(fork), bound(first)) else { return };
    for (a, b) in [(&first, &fork), (&fork, &first)] {
        let mut store = begin(chain, f);
        let pair = ClientMessage::Misbehaviour(a.clone(), b.clone());
        let frozen = update_client(chain, &mut store, &pair, f.now);
        assert!(matches!(frozen, Ok(Update::Frozen(_))), "an accusation: {frozen:?}");
        assert_eq!(store.status(f.now), Status::Frozen);
        a_client_that_does_not_answer_proves_nothing(chain, &store, f, f.now);
    }
}

/// A client that is frozen or expired proves nothing, not even what it proved before.
fn a_client_that_does_not_answer_proves_nothing(
    chain: &dyn LightClient,
    store: &ClientStore,
    f: &Fixture,
    now: Timestamp,
) {
    let (Some(p), Some(pinned)) = (&f.proofs, store.lowest()) else { return };
    let refused = Err(ProofError::NotActive { status: store.status(now) });
    let shown = ValueProof { value: &p.value, proof: &p.proof };
    let there = verify_membership::<RegistryRecord>(chain, store, pinned, p.key, shown, now);
    assert_eq!(there.map(|_| ()), refused);
    let absent =
        verify_non_membership::<RegistryRecord>(chain, store, pinned, p.absent, &p.absence, now);
    assert_eq!(absent.map(|_| ()), refused);
}

fn a_store_is_read_back(chain: &mut dyn LightClient, f: &Fixture) {
    let mut store = begin(chain, f);
    assert!(update_client(chain, &mut store, &message(&f.headers), f.now).is_ok());
    let bytes = store.encode();
    assert_eq!(ClientStore::decode(&bytes).as_ref(), Ok(&store));
    let cut: Vec<u8> = bytes.iter().copied().take(bytes.len().saturating_sub(1)).collect();
    assert!(ClientStore::decode(&cut).is_err());
}

fn proofs_hold_under_their_own_header_only(chain: &mut dyn LightClient, f: &Fixture, p: &Proofs) {
    let mut store = begin(chain, f);
    assert!(update_client(chain, &mut store, &message(&f.headers), f.now).is_ok());
    let heights: Vec<Height> = store.states().map(|state| state.height).collect();
    let roots: Vec<_> = store.states().map(|state| state.root).collect();
    let root = roots.iter().zip(&heights).find(|(_, h)| h.get() == p.height).map(|(root, _)| *root);
    for (height, its) in heights.iter().zip(&roots) {
        // A chain whose state did not change has the same root at several heights.
        let expected = Some(*its) == root;
        let there = verify_membership::<RegistryRecord>(
            chain,
            &store,
            *height,
            p.key,
            ValueProof { value: &p.value, proof: &p.proof },
            f.now,
        );
        assert_eq!(there.is_ok(), expected, "membership at {height}: {there:?}");
        let absent = verify_non_membership::<RegistryRecord>(
            chain, &store, *height, p.absent, &p.absence, f.now,
        );
        assert_eq!(absent.is_ok(), expected, "absence at {height}: {absent:?}");
    }
}

fn truncated_and_changed_proofs_are_refused(chain: &mut dyn LightClient, f: &Fixture, p: &Proofs) {
    let mut store = begin(chain, f);
    assert!(update_client(chain, &mut store, &message(&f.headers), f.now).is_ok());
    let Some(height) = Height::new(p.height) else { return };
    let there = |key, value: &[u8], proof: &[u8]| {
        verify_membership::<RegistryRecord>(
            chain,
            &store,
            height,
            key,
            ValueProof { value, proof },
            f.now,
        )
    };
    let absent = |key, proof: &[u8]| -> Result<_, ProofError> {
        verify_non_membership::<RegistryRecord>(chain, &store, height, key, proof, f.now)
    };
    for changed in changes(&p.proof) {
        assert!(there(p.key, &p.value, &changed).is_err(), "took a changed proof");
    }
    for changed in changes(&p.value) {
        assert!(there(p.key, &changed, &p.proof).is_err(), "took a changed value");
    }
    for changed in changes(&p.absence) {
        assert!(absent(p.absent, &changed).is_err(), "took a changed proof of absence");
    }
    assert!(there(p.absent, &p.value, &p.proof).is_err(), "took another key");
    assert!(there(p.absent, &p.value, &p.absence).is_err(), "took an absence for a presence");
    assert!(absent(p.key, &p.proof).is_err(), "took a presence for an absence");
    assert!(absent(p.key, &p.absence).is_err(), "what is there was taken for absent");
}

/// Every truncation, every byte changed, one byte more.
fn changes(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
    let cut = move |at: usize| bytes.iter().copied().take(at).collect();
    let changed = move |at: usize| {
        bytes.iter().enumerate().map(|(i, b)| if i == at { *b ^ 1 } else { *b }).collect()
    };
    (0..bytes.len()).map(cut).chain((0..bytes.len()).map(changed)).chain([longer])
}
