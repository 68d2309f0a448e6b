//! Loading and saving: the only file that touches the store.

use crate::RegistryError;
use crate::layout::{Change, HEAD, Head, Record, WRITERS, change_key, record_key, writer_key};
use cosmwasm_std::{Addr, Storage, from_json, to_json_vec};

pub(crate) fn load_writers(store: &dyn Storage) -> Result<Vec<Addr>, RegistryError> {
    let bytes = store.get(WRITERS).ok_or(RegistryError::Store { what: "the writers" })?;
    Ok(from_json(bytes)?)
}

pub(crate) fn save_writers(store: &mut dyn Storage, writers: &[Addr]) -> Result<(), RegistryError> {
    store.set(WRITERS, &to_json_vec(&writers)?);
    Ok(())
}

pub(crate) fn load_head(store: &dyn Storage) -> Result<Head, RegistryError> {
    store
        .get(HEAD)
        .and_then(|bytes| Head::from_bytes(&bytes))
        .ok_or(RegistryError::Store { what: "the head" })
}

pub(crate) fn save_head(store: &mut dyn Storage, head: &Head) {
    store.set(HEAD, &head.to_bytes());
}

/// The record of `key` and the address of its writer, if it was ever written.
pub(crate) fn load_record(
    store: &dyn Storage,
    key: &[u8; 32],
) -> Result<Option<(Record, String)>, RegistryError> {
    let Some(bytes) = store.get(&record_key(key)) else { return Ok(None) };
    let record = Record::from_bytes(&bytes).ok_or(RegistryError::Store { what: "a record" })?;
    let writer = store
        .get(&writer_key(key))
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or(RegistryError::Store { what: "a record's writer" })?;
    Ok(Some((record, writer)))
}

pub(crate) fn save_record(store: &mut dyn Storage, key: &[u8; 32], record: &Record, writer: &Addr) {
    store.set(&record_key(key), &record.to_bytes());
    store.set(&writer_key(key), writer.as_bytes());
}

pub(crate) fn load_change(store: &dyn Storage, n: u64) -> Result<Change, RegistryError> {
    store
        .get(&change_key(n))
        .and_then(|bytes| Change::from_bytes(&bytes))
        .ok_or(RegistryError::Store { what: "a change" })
}

pub(crate) fn save_change(store: &mut dyn Storage, n: u64, change: &Change) {
    store.set(&change_key(n), &change.to_bytes());
}
