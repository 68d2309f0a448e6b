//! Reading a whole space beside other work.

use crate::{Space, Store, StoreError};
use std::{ops::ControlFlow, time::Duration};
use tokio::time::{Instant, sleep};

/// Rows read at once.
const SLICE: usize = 4;

/// After a slice, so many times as long as it took nothing is read: a tenth of one core at most.
const REST: u32 = 9;

/// Reads the values of `space` whose keys begin with `prefix`, in the order of their keys, a few at once with rests
/// between them, until `take` breaks. Gives what it broke with; nothing if there are no more rows.
///
/// # Errors
///
/// [`StoreError`]: the store cannot be read.
pub async fn read_slowly<B>(
    store: &dyn Store,
    space: Space,
    prefix: &[u8],
    mut take: impl FnMut(&[u8]) -> ControlFlow<B>,
) -> Result<Option<B>, StoreError> {
    let mut after = None::<Vec<u8>>;
    loop {
        let begun = Instant::now();
        let rows = store.scan(space, prefix, after.as_deref(), SLICE)?;
        let Some((last, _)) = rows.last() else { return Ok(None) };
        after = Some(last.clone());
        for (_, value) in &rows {
            if let ControlFlow::Break(found) = take(value) {
                return Ok(Some(found));
            }
        }
        sleep(begun.elapsed().saturating_mul(REST).max(Duration::from_millis(1))).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Batch, MemoryStore, RunId};

    const SPACE: Space = Space("rows/1");

    async fn read(until: u8) -> (Vec<u8>, Option<u8>) {
        let store = MemoryStore::new(RunId([0; 16]));
        let rows = Batch::new().put(SPACE, [8, 0], [99]);
        let rows = (1..=10).fold(rows, |rows, n| rows.put(SPACE, [7, n], [n]));
        store.commit(rows).await.unwrap();
        let mut seen = Vec::new();
        let found = read_slowly(&store, SPACE, &[7], |value| {
            seen.extend(value);
            if value == [until] { ControlFlow::Break(until) } else { ControlFlow::Continue(()) }
        });
        let found = found.await.unwrap();
        (seen, found)
    }

    #[tokio::test]
    async fn each_row_comes_once_and_in_order_until_it_is_enough() {
        assert_eq!(read(0).await, ((1..=10).collect(), None));
        assert_eq!(read(6).await, ((1..=6).collect(), Some(6)));
    }
}
