//! Which sync point may follow another.

use crate::{
    error::SyncError,
    state::{Client, Tip},
};
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

/// The height below which no sync point lies: the last one's, or the pin's.
fn floor(last: Option<&SyncPoint>, client: &Client) -> u64 {
    last.map_or(client.pin.height, |last| last.height)
}

/// Whether `next`, which may follow the sync point of `last`, takes in changes without a newer header,
/// or is the last one again and that did. A lane without a sync point catches up at the pin's height.
///
/// Nothing is recognised then: more changes may wait, of heights up to that of the proof.
pub(crate) fn has_caught_up(next: Option<&SyncPoint>, last: &Tip) -> bool {
    let (before, Some(next)) = (last.sync.as_ref(), next) else { return false };
    let catches_up = || {
        next.height == floor(before, &last.client) && next.n != before.map_or(0, |before| before.n)
    };
    if before == Some(next) { last.caught_up } else { catches_up() }
}

/// The height below which no evidence of a `recognised` entry counts in a batch at `next`.
///
/// It is the last sync point's: a change since is among those that the batch takes in. After a catch-up
/// that is not so, as changes of later heights were taken in before; then it is the batch's own.
/// Source: design section 2.3, rule (c), and its gap after a catch-up.
pub(crate) fn evidence_floor(next: Option<&SyncPoint>, last: &Tip) -> u64 {
    let own = next.filter(|_| last.caught_up).map(|next| next.height);
    own.unwrap_or_else(|| floor(last.sync.as_ref(), &last.client))
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
