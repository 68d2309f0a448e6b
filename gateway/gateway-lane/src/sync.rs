//! Which sync point may follow another.

use crate::{error::SyncError, state::Client};
use gateway_types::{Digest, entry::SyncPoint, frame::sha256, registry::ACC_0};

/// Checks that `next` may follow `last` under the client's pin.
///
/// Neither height, nor number of changes, nor the block's time goes back; what was named once is named
/// the same again. The same height with more changes only catches up with a proven `change/n`.
/// Source: design section 2.3.
pub(crate) fn check(
    next: Option<&SyncPoint>,
    last: Option<&SyncPoint>,
    client: &Client,
) -> Result<(), SyncError> {
    if client.freeze.is_some() && next != last {
        return Err(SyncError::Frozen);
    }
    match (next, last) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(SyncError::Missing),
        (Some(next), last) => {
            check_header(next, last, client)?;
            check_changes(next, last)
        }
    }
}

/// The height below which no evidence and no sync point counts: the last sync point's, or the pin's.
pub(crate) fn floor(last: Option<&SyncPoint>, client: &Client) -> u64 {
    last.map_or(client.pin.height, |last| last.height)
}

/// Whether `next` takes in changes without a newer header, so that more may be waiting: nothing is
/// recognised then. A lane without a sync point catches up at the pin's height.
pub(crate) fn only_catches_up(next: &SyncPoint, last: Option<&SyncPoint>, client: &Client) -> bool {
    next.height == floor(last, client) && next.n != last.map_or(0, |last| last.n)
}

/// A digest that was never set: all zero, or of nothing.
pub(crate) fn is_unset(digest: &Digest) -> bool {
    *digest == Digest([0; Digest::LEN]) || *digest == sha256(b"")
}

fn check_header(
    next: &SyncPoint,
    last: Option<&SyncPoint>,
    client: &Client,
) -> Result<(), SyncError> {
    let pin = &client.pin;
    if next.chain != pin.chain {
        return Err(SyncError::Chain { got: next.chain.clone(), expected: pin.chain.clone() });
    }
    if is_unset(&next.header_hash) {
        return Err(SyncError::Unset { what: "header hash" });
    }
    let lowest = floor(last, client);
    if next.height < lowest {
        return Err(SyncError::Height { got: next.height, last: lowest });
    }
    let named = last.map_or(pin.header_hash, |last| last.header_hash);
    if next.height == lowest && next.header_hash != named {
        return Err(SyncError::OtherHeader { height: next.height });
    }
    last.map_or(Ok(()), |last| check_time(next, last))
}

fn check_time(next: &SyncPoint, last: &SyncPoint) -> Result<(), SyncError> {
    if next.height == last.height && next.block_time != last.block_time {
        return Err(SyncError::OtherHeader { height: next.height });
    }
    if next.block_time < last.block_time {
        return Err(SyncError::BlockTime { got: next.block_time, last: last.block_time });
    }
    Ok(())
}

fn check_changes(next: &SyncPoint, last: Option<&SyncPoint>) -> Result<(), SyncError> {
    let (n, acc) = last.map_or((0, ACC_0), |last| (last.n, last.acc));
    if next.n < n {
        return Err(SyncError::Number { got: next.n, last: n });
    }
    if next.n == n && next.acc != acc {
        return Err(SyncError::OtherChange { n });
    }
    if next.n > 0 && is_unset(&next.acc) {
        return Err(SyncError::Unset { what: "running digest" });
    }
    Ok(())
}
