//! What every store refuses before it looks at what it holds.

use crate::{Batch, Change, Expect, MAX_KEY, MAX_VALUE, Space, StoreError};

/// Checks that no key or value of `batch` is longer than a store takes. Each engine calls it first in its commit.
///
/// # Errors
///
/// [`StoreError::TooLong`], with the first that is.
pub fn check_lengths(batch: &Batch) -> Result<(), StoreError> {
    for (space, key, expect) in &batch.expects {
        check_length(*space, key, if let Expect::Holds(value) = expect { value.len() } else { 0 })?;
    }
    for (space, key, change) in &batch.changes {
        check_length(*space, key, if let Change::Put(value) = change { value.len() } else { 0 })?;
    }
    Ok(())
}

fn check_length(space: Space, key: &[u8], value: usize) -> Result<(), StoreError> {
    if key.len() <= MAX_KEY && value <= MAX_VALUE {
        return Ok(());
    }
    Err(StoreError::TooLong { space: space.0, key: key.len(), value })
}
