//! Taking headers in: verify, look for misbehaviour, then apply all or nothing.

use crate::{
    Header, HeaderBytes, HeaderError, Height, LightClient, Scope, SignatureCheck, Status, Trusted,
    UpdateError,
    consensus_state::ConsensusState,
    misbehaviour::{self, Misbehaviour, VerifiedMisbehaviour},
    rules::{
        contradicted, contradiction, header_fits, header_is_of_this_chain, heights_rise, is_stored,
        trusted_state_holds,
    },
    store::ClientStore,
};
use alloc::{boxed::Box, vec::Vec};
use gateway_types::{
    Bounded, Digest, Timestamp,
    body::{MAX_EVIDENCE, MAX_HEADERS},
};
use minicbor::{Decode, Encode};

/// What a relayer, a gateway or a member's own fetcher hands to a client.
///
/// Source: ICS-02 `ClientMessage`. Trust: anybody may have made it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum ClientMessage {
    /// Headers, heights rising, at most 64: all are taken, or none.
    #[n(0)]
    Headers(#[n(0)] Bounded<HeaderBytes, MAX_HEADERS>),
    /// Two headers that are said to contradict each other.
    #[n(1)]
    Misbehaviour(#[n(0)] HeaderBytes, #[n(1)] HeaderBytes),
}

/// A message that was verified against one client's storage; only [`verify_client_message`] makes one.
///
/// ```compile_fail,E0277
/// # use light_client::VerifiedMessage;
/// let verified: VerifiedMessage = minicbor::decode(&[0x80]).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct VerifiedMessage {
    pin: Digest,
    /// Headers not yet stored, heights rising.
    headers: Vec<Header>,
    /// Stored headers that bring a next set that the store does not have.
    learnt: Vec<Header>,
    misbehaviour: Option<Misbehaviour>,
}

impl VerifiedMessage {
    /// The states that will be new, lowest first.
    pub fn new_states(&self) -> impl Iterator<Item = &ConsensusState> {
        self.headers.iter().map(|header| &header.state)
    }
}

/// What a message did to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Update {
    /// States were added at these heights; none if all were known.
    Advanced(Vec<Height>),
    /// Two valid headers contradict each other: the client is frozen, the evidence kept.
    Frozen(Box<Misbehaviour>),
}

/// Verifies a message, then freezes the client or adds the headers.
///
/// `now` is the verifier's clock. The three steps of ICS-02 `updateClient` in one.
///
/// Trust: `store` is this node's own; anybody may have made `message`, who can at most make us check as many
/// signatures as 64 headers hold.
///
/// # Errors
///
/// [`UpdateError`], with the header's place: nothing was taken.
pub fn update_client(
    chain: &mut dyn LightClient,
    store: &mut ClientStore,
    message: &ClientMessage,
    now: Timestamp,
) -> Result<Update, UpdateError> {
    let verified = verify_client_message(chain, store, message, now)?;
    if let Some(misbehaviour) = check_for_misbehaviour(&verified) {
        let evidence = Box::new(misbehaviour.evidence().clone());
        update_state_on_misbehaviour(store, misbehaviour);
        return Ok(Update::Frozen(evidence));
    }
    Ok(Update::Advanced(update_state(store, verified)))
}

/// Verifies every header of a message from trusted state, or from headers before it in the message.
///
/// Source: ICS-02 `verifyClientMessage`, ICS-07 `verifyHeader` and `verifyMisbehaviour`. Deviations: several
/// headers in one message; the trusted state is the highest below, not one that the message names; a header that
/// contradicts what is stored must have *only* valid signatures before it freezes anything (A20); a frozen client
/// still judges other evidence, which others may have seen first and want to log.
///
/// # Errors
///
/// [`UpdateError`]: see there what to do.
pub fn verify_client_message(
    chain: &mut dyn LightClient,
    store: &ClientStore,
    message: &ClientMessage,
    now: Timestamp,
) -> Result<VerifiedMessage, UpdateError> {
    match (store.status(now), message) {
        (Status::Active, _) | (Status::Frozen, ClientMessage::Misbehaviour(..)) => {}
        (status, _) => return Err(UpdateError::NotActive { status }),
    }
    match message {
        ClientMessage::Headers(headers) => verify_headers(chain, store, headers, now),
        ClientMessage::Misbehaviour(a, b) => verify_misbehaviour(chain, store, [a, b], now),
    }
}

/// The misbehaviour that a verified message shows, if any.
///
/// Source: ICS-02 `checkForMisbehaviour`.
#[must_use]
pub fn check_for_misbehaviour(message: &VerifiedMessage) -> Option<VerifiedMisbehaviour> {
    message.misbehaviour.clone().map(VerifiedMisbehaviour)
}

/// Adds the headers of a verified message, and drops states beyond the limit. Gives the heights added.
///
/// Does nothing if the message shows misbehaviour, was verified for another client, or is contradicted by what
/// the store has taken since.
/// Source: ICS-02 `updateState`.
#[expect(clippy::needless_pass_by_value, reason = "a verified message is used once")]
pub fn update_state(store: &mut ClientStore, message: VerifiedMessage) -> Vec<Height> {
    let client = store.client();
    let stale = client.frozen().is_some() || message.pin != client.pin().id();
    let contradicted = message.headers.iter().any(|header| contradicted(store, header).is_some());
    if stale || contradicted || message.misbehaviour.is_some() {
        return Vec::new();
    }
    for header in message.learnt.iter().chain(&message.headers) {
        store.insert(header);
    }
    store.prune();
    message.headers.iter().map(Header::height).collect()
}

/// Freezes the client and keeps the evidence. The first evidence stays.
///
/// Source: ICS-02 `updateStateOnMisbehaviour`.
pub fn update_state_on_misbehaviour(store: &mut ClientStore, misbehaviour: VerifiedMisbehaviour) {
    store.client_mut().freeze(misbehaviour.0);
}

fn verify_headers(
    chain: &mut dyn LightClient,
    store: &ClientStore,
    headers: &[HeaderBytes],
    now: Timestamp,
) -> Result<VerifiedMessage, UpdateError> {
    if headers.is_empty() {
        return Err(UpdateError::Count { len: 0, max: MAX_HEADERS });
    }
    let decoded = decode_all(chain, headers.iter())?;
    heights_rise(&decoded)?;
    let sorted = sort(store, decoded);
    for (index, header) in &sorted.fresh {
        header_fits(store, header, now).map_err(at(*index))?;
    }
    let headers: Vec<Header> = sorted.fresh.iter().map(|(_, header)| header.clone()).collect();
    let last = headers.len().checked_sub(1).filter(|_| sorted.suspect.is_some());
    let scope = |i| if Some(i) == last { Scope::All } else { Scope::Enough };
    verify_signatures(chain, store, (&sorted.learnt, &headers), scope, now).map_err(
        |(i, reason)| UpdateError::Header {
            index: sorted.fresh.get(i).map_or(i, |(index, _)| *index),
            reason,
        },
    )?;
    let pin = store.client().pin().id();
    Ok(VerifiedMessage { pin, headers, learnt: sorted.learnt, misbehaviour: sorted.suspect })
}

fn verify_misbehaviour(
    chain: &mut dyn LightClient,
    store: &ClientStore,
    pair: [&HeaderBytes; 2],
    now: Timestamp,
) -> Result<VerifiedMessage, UpdateError> {
    let decoded = decode_all(chain, pair.into_iter())?;
    let [a, b] = decoded.as_slice() else {
        return Err(UpdateError::Count { len: decoded.len(), max: 2 });
    };
    for (index, header) in [a, b].into_iter().enumerate() {
        header_is_of_this_chain(store, header).map_err(at(index))?;
    }
    if !misbehaviour::contradict(&a.state, &b.state) {
        return Err(UpdateError::Frivolous);
    }
    for (index, header) in [a, b].into_iter().enumerate() {
        if !is_stored(store, header) {
            let one = core::slice::from_ref(header);
            verify_signatures(chain, store, (&[], one), |_| Scope::All, now)
                .map_err(|(_, reason)| UpdateError::Header { index, reason })?;
        }
    }
    // What is stored was verified; the copy in the message was not.
    let kept = |header: &Header| match store.stored(header.height()) {
        Some(stored) if stored.state == header.state => stored.clone(),
        _ => header.stored(),
    };
    let evidence = Misbehaviour::of(kept(a), kept(b));
    let pin = store.client().pin().id();
    Ok(VerifiedMessage {
        pin,
        headers: Vec::new(),
        learnt: Vec::new(),
        misbehaviour: Some(evidence),
    })
}

fn decode_all<'a>(
    chain: &dyn LightClient,
    headers: impl Iterator<Item = &'a HeaderBytes>,
) -> Result<Vec<Header>, UpdateError> {
    let decode =
        |(index, bytes): (usize, &HeaderBytes)| chain.decode_header(bytes).map_err(at(index));
    headers.enumerate().map(decode).collect()
}

/// A message's headers, sorted by what the store knows.
#[derive(Default)]
struct Sorted {
    /// Stored already, but with a next set that the store lacks.
    learnt: Vec<Header>,
    /// Not stored yet, with their places in the message; if one contradicts the store, it is the last.
    fresh: Vec<(usize, Header)>,
    suspect: Option<Misbehaviour>,
}

fn sort(store: &ClientStore, headers: Vec<Header>) -> Sorted {
    let mut sorted = Sorted::default();
    for (index, header) in headers.into_iter().enumerate() {
        if is_stored(store, &header) {
            let known = store.set(&header.state.next_validators_hash).is_some();
            sorted.learnt.extend((!known && header.next_set.is_some()).then_some(header));
            continue;
        }
        sorted.suspect = contradiction(store, &header);
        sorted.fresh.push((index, header));
        if sorted.suspect.is_some() {
            break;
        }
    }
    sorted
}

/// Checks the signatures of `headers`, each from the highest trusted state below it. `learnt` are stored
/// headers that bring sets.
fn verify_signatures(
    chain: &mut dyn LightClient,
    store: &ClientStore,
    (learnt, headers): (&[Header], &[Header]),
    scope: impl Fn(usize) -> Scope,
    now: Timestamp,
) -> Result<(), (usize, HeaderError)> {
    let threshold = store.client().trust_threshold();
    let mut checks = Vec::with_capacity(headers.len());
    for (index, header) in headers.iter().enumerate() {
        let earlier = headers.get(..index).unwrap_or_default();
        let refuse = |reason| (index, reason);
        let state = trusted_below(store, earlier.last(), header).map_err(refuse)?;
        let scope = scope(index);
        trusted_state_holds(store, state, header, scope, now).map_err(refuse)?;
        let next_set = next_set(store, learnt.iter().chain(earlier), state);
        let trusted = Trusted { state, next_set };
        checks.push(SignatureCheck { trusted, header, threshold, scope });
    }
    chain.verify_signatures(&checks)
}

/// The highest trusted state below `header`: stored, or the one before it in the message.
fn trusted_below<'a>(
    store: &'a ClientStore,
    previous: Option<&'a Header>,
    header: &Header,
) -> Result<&'a ConsensusState, HeaderError> {
    let stored = store.below(header.height()).map(|stored| &stored.state);
    let pending = previous.map(|header| &header.state);
    let highest = stored.into_iter().chain(pending).max_by_key(|state| state.height);
    highest.ok_or_else(|| HeaderError::HeightNotAboveTrusted {
        got: header.height(),
        lowest: store.lowest().unwrap_or(header.height()),
    })
}

/// The set that signs after `trusted`, if the store or a header of the message has it.
fn next_set<'a>(
    store: &'a ClientStore,
    headers: impl Iterator<Item = &'a Header>,
    trusted: &ConsensusState,
) -> Option<&'a [u8]> {
    let hash = &trusted.next_validators_hash;
    let mut named = headers.filter(|header| header.state.next_validators_hash == *hash);
    let in_message = || named.find_map(|header| header.next_set.as_deref());
    store.set(hash).or_else(in_message)
}

fn at(index: usize) -> impl Fn(HeaderError) -> UpdateError {
    move |reason| UpdateError::Header { index, reason }
}

const _: () = assert!(MAX_EVIDENCE >= 1024 * 1024, "headers of 200 validators must fit");
