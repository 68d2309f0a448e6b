//! Rows in the engine: one table, space and key together.

use gateway_store::{Batch, Change, Expect, MAX_SCANNED, Row, Space, StoreError};
use redb::{
    Database, Durability, Error, ReadableDatabase as _, ReadableTable, Table, TableDefinition,
};
use std::ops::Bound;

/// All rows. A key is its space's name, a zero byte, and the key; no name has a zero byte.
pub(crate) const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("comity/rows");

/// Whether each batch of a group was written, in their order.
pub(crate) type Outcomes = Vec<Result<(), StoreError>>;

pub(crate) fn load(db: &Database, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let rows = db.begin_read()?.open_table(ROWS)?;
    let held = rows.get(full_key(space, key).as_slice())?;
    Ok(held.map(|value| value.value().to_vec()))
}

pub(crate) fn scan(
    db: &Database,
    space: Space,
    prefix: &[u8],
    after: Option<&[u8]>,
    limit: usize,
) -> Result<Vec<Row>, Error> {
    let rows = db.begin_read()?.open_table(ROWS)?;
    let prefix_key = full_key(space, prefix);
    let after_key = after.filter(|after| *after >= prefix).map(|after| full_key(space, after));
    let from = match &after_key {
        Some(after) => Bound::Excluded(after.as_slice()),
        None => Bound::Included(prefix_key.as_slice()),
    };
    let mut found = Vec::new();
    for row in rows.range::<&[u8]>((from, Bound::Unbounded))?.take(limit.min(MAX_SCANNED)) {
        let (key, value) = row?;
        if !key.value().starts_with(&prefix_key) {
            break;
        }
        let own = key.value().get(space.0.len().saturating_add(1)..).unwrap_or_default();
        found.push((own.to_vec(), value.value().to_vec()));
    }
    Ok(found)
}

/// Writes a group of batches in one transaction. It is durable when this returns.
pub(crate) fn write(db: &Database, group: &[&Batch]) -> Result<Outcomes, Error> {
    let mut writing = db.begin_write()?;
    writing.set_quick_repair(true);
    writing.set_durability(Durability::Immediate)?;
    let mut outcomes = Vec::with_capacity(group.len());
    {
        let mut rows = writing.open_table(ROWS)?;
        for batch in group {
            outcomes.push(write_one(&mut rows, batch)?);
        }
    }
    if outcomes.iter().all(Result::is_err) {
        writing.abort()?
    } else {
        writing.commit()?
    }
    Ok(outcomes)
}

/// Writes one batch, or nothing of it: what it expects is looked at first.
fn write_one(
    rows: &mut Table<'_, &[u8], &[u8]>,
    batch: &Batch,
) -> Result<Result<(), StoreError>, Error> {
    for (space, key, expect) in &batch.expects {
        let held = rows.get(full_key(*space, key).as_slice())?;
        let as_expected = match (expect, &held) {
            (Expect::Absent, held) => held.is_none(),
            (Expect::Holds(value), Some(held)) => held.value() == value,
            (Expect::Holds(_), None) => false,
        };
        if !as_expected {
            return Ok(Err(StoreError::Conflict { space: space.0, key: key.clone() }));
        }
    }
    for (space, key, change) in &batch.changes {
        let key = full_key(*space, key);
        match change {
            Change::Put(value) => drop(rows.insert(key.as_slice(), value.as_slice())?),
            Change::Delete => drop(rows.remove(key.as_slice())?),
        }
    }
    Ok(Ok(()))
}

/// Whether the engine holds all that `group` would have written, the last change of each key.
pub(crate) fn holds(db: &Database, group: &[&Batch]) -> Result<bool, Error> {
    let changes = group.iter().flat_map(|batch| &batch.changes);
    let last: std::collections::BTreeMap<_, _> =
        changes.map(|(space, key, change)| ((*space, key), change)).collect();
    for ((space, key), change) in last {
        let held = load(db, space, key)?;
        let written = match change {
            Change::Put(value) => held.as_ref() == Some(value),
            Change::Delete => held.is_none(),
        };
        if !written {
            return Ok(false);
        }
    }
    Ok(true)
}

fn full_key(space: Space, key: &[u8]) -> Vec<u8> {
    [space.0.as_bytes(), &[0], key].concat()
}
