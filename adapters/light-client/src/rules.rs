//! The rules for headers that are the same on every chain.

use crate::{
    ConsensusState, Header, HeaderError, Scope, StoredState, UpdateError,
    misbehaviour::{self, Misbehaviour},
    store::{ClientStore, is_expired},
};
use gateway_types::{ChainTime, Timestamp};

pub(crate) fn heights_rise(headers: &[Header]) -> Result<(), UpdateError> {
    let pairs = headers.iter().zip(headers.iter().skip(1)).enumerate();
    for (index, (previous, header)) in pairs {
        if header.height() <= previous.height() {
            let reason =
                HeaderError::NotAscending { got: header.height(), previous: previous.height() };
            return Err(UpdateError::Header { index: index.saturating_add(1), reason });
        }
    }
    Ok(())
}

/// The rules that are the same on every chain, but for trusted state and signatures.
pub(crate) fn header_fits(
    store: &ClientStore,
    header: &Header,
    now: Timestamp,
) -> Result<(), HeaderError> {
    header_is_of_this_chain(store, header)?;
    header_is_not_from_the_future(store, header, now)?;
    header_is_not_far_ahead(store, header)
}

pub(crate) fn header_is_of_this_chain(
    store: &ClientStore,
    header: &Header,
) -> Result<(), HeaderError> {
    let expected = &store.client().pin().chain;
    if header.chain == *expected {
        return Ok(());
    }
    Err(HeaderError::OtherChain { got: header.chain.clone(), expected: expected.clone() })
}

fn header_is_not_from_the_future(
    store: &ClientStore,
    header: &Header,
    now: Timestamp,
) -> Result<(), HeaderError> {
    let latest = ChainTime::from(now).saturating_add(store.client().max_clock_drift());
    if header.state.time <= latest {
        return Ok(());
    }
    Err(HeaderError::FromTheFuture { time: header.state.time, now })
}

fn header_is_not_far_ahead(store: &ClientStore, header: &Header) -> Result<(), HeaderError> {
    let max_lead = store.client().limits().max_lead;
    match store.newest() {
        Some(newest) if header.height().get() > newest.height.get().saturating_add(max_lead) => {
            Err(HeaderError::FarAhead { got: header.height(), newest: newest.height, max_lead })
        }
        _ => Ok(()),
    }
}

/// The trusted state is young enough, and time goes on from it (but in misbehaviour, where it may not).
pub(crate) fn trusted_state_holds(
    store: &ClientStore,
    trusted: &ConsensusState,
    header: &Header,
    scope: Scope,
    now: Timestamp,
) -> Result<(), HeaderError> {
    if is_expired(trusted, store.client().trusting_period(), now) {
        return Err(HeaderError::TrustExpired { trusted: trusted.height });
    }
    if scope == Scope::Enough && header.state.time <= trusted.time {
        let (time, trusted) = (header.state.time, trusted.time);
        return Err(HeaderError::TimeNotAfterTrusted { time, trusted });
    }
    Ok(())
}

/// What in the store `header` contradicts: another header of its height, or, between two stored ones, a
/// neighbour's time (A10). A time that does not rise at the tip is refused, not misbehaviour (A9).
pub(crate) fn contradiction(store: &ClientStore, header: &Header) -> Option<Misbehaviour> {
    let stored = contradicted(store, header)?;
    let at_the_tip = store.above(header.height()).is_none();
    let only_late = at_the_tip && stored.state.height < header.height();
    (!only_late).then(|| misbehaviour::evidence(stored, header))
}

/// The stored state that cannot be true beside `header`: of its height, or a neighbour whose time does not fit.
pub(crate) fn contradicted<'a>(store: &'a ClientStore, header: &Header) -> Option<&'a StoredState> {
    let height = header.height();
    let beside = [store.stored(height), store.below(height), store.above(height)];
    let mut beside = beside.into_iter().flatten();
    beside.find(|stored| misbehaviour::contradict(&stored.state, &header.state))
}

pub(crate) fn is_stored(store: &ClientStore, header: &Header) -> bool {
    store.state(header.height()) == Some(&header.state)
}
