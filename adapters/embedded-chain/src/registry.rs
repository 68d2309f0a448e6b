//! What the registry contract does when it is told to write: the same keys and values as the real one's.
//!
//! Source: `adapters/registry-cosmwasm`, `contract.rs` and `layout.rs`. One writer, who may write every record.

use crate::{address, iavl::Tree, merkle::sha256};
use gateway_types::{
    ChainId, Digest, LicenceKey, Timestamp,
    registry::{
        ACC_0, Change, RegistryChange, RegistryHead, RegistryRecord, SourceCode, change_path,
        head_path, next_acc, record_path,
    },
};

/// Most changes in one block: then writers are told to wait for the next.
pub const MAX_CHANGES_A_BLOCK: usize = 10_000;

/// Why nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PutError {
    /// The record says this already.
    #[error("the record says this already")]
    NothingChanged,
    /// There is no record under this key: issue it first.
    #[error("no record under {}", key.0.to_hex())]
    NoRecord {
        /// The key.
        key: LicenceKey,
    },
    /// The next block is full: try again after it.
    #[error("the next block is full: {MAX_CHANGES_A_BLOCK} changes")]
    BlockFull,
}

/// The contract.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    /// Its 32 bytes.
    pub(crate) address: Digest,
    writer: String,
    head: RegistryHead,
    /// Changes since the last block, as the transactions that made them.
    pending: Vec<Vec<u8>>,
}

impl Registry {
    /// The contract of a chain, and its first entries: who may write.
    pub(crate) fn create(chain: &ChainId, store: &mut Tree) -> Self {
        let named = |what: &str| sha256(format!("comity embedded {what} {chain}").as_bytes());
        let mut account = [0; 20];
        account.iter_mut().zip(named("writer")).for_each(|(to, from)| *to = from);
        let registry = Self {
            address: Digest(named("registry")),
            writer: address::text(&account),
            head: RegistryHead { n: 0, time: Timestamp(0), acc: ACC_0 },
            pending: Vec::new(),
        };
        let writers = format!("[\"{}\"]", registry.writer);
        store.set(&registry.store_key(b"writers"), writers.as_bytes());
        registry
    }

    /// The address, as text, of the account that writes every record.
    pub(crate) fn writer(&self) -> &str {
        &self.writer
    }

    /// `0x03 ‖ contract ‖ the contract's key`. Source: wasmd `ContractStorePrefix`.
    pub(crate) fn store_key(&self, path: &[u8]) -> Vec<u8> {
        [&[3], self.address.as_bytes(), path].concat()
    }

    /// The record under a key, as of the last write.
    pub(crate) fn record(&self, store: &Tree, key: &LicenceKey) -> Option<RegistryRecord> {
        store.get(&self.store_key(&record_path(key))).and_then(RegistryRecord::from_bytes)
    }

    /// Writes one change. The head follows when the block is made, for it tells the block's time.
    pub(crate) fn put(
        &mut self,
        store: &mut Tree,
        key: &LicenceKey,
        digest: Digest,
        code: SourceCode,
    ) -> Result<(), PutError> {
        if self.pending.len() >= MAX_CHANGES_A_BLOCK {
            return Err(PutError::BlockFull);
        }
        let old = self.record(store, key);
        if old.is_some_and(|old| old.digest == digest && old.code == code) {
            return Err(PutError::NothingChanged);
        }
        let sequence = old.map_or(0, |old| old.sequence).saturating_add(1);
        let change = Change { key: *key, code, sequence };
        let n = self.head.n.saturating_add(1);
        let acc = next_acc(&self.head.acc, n, &change);
        let record = RegistryRecord { digest, code, sequence }.to_bytes();
        let logged = RegistryChange { change, acc }.to_bytes();
        store.set(&self.store_key(&record_path(key)), &record);
        store.set(&self.writer_key(key), self.writer.as_bytes());
        store.set(&self.store_key(&change_path(n)), &logged);
        self.head = RegistryHead { n, acc, ..self.head };
        self.pending.push(record);
        Ok(())
    }

    /// Ends a block of this time: writes the head if anything changed, or nothing was there. Gives the
    /// transactions that the block holds.
    pub(crate) fn end_block(&mut self, store: &mut Tree, time: Timestamp) -> Vec<Vec<u8>> {
        let created = self.head.time == Timestamp(0);
        if created || !self.pending.is_empty() {
            self.head.time = time;
            store.set(&self.store_key(&head_path()), &self.head.to_bytes());
        }
        std::mem::take(&mut self.pending)
    }

    /// One more transaction, which does nothing, in the next block: so the two blocks of a fork differ at once.
    pub(crate) fn mark_fork(&mut self) {
        self.pending.push(b"fork".to_vec());
    }

    /// Who wrote a record. Source: `layout.rs`, `writer_key`.
    fn writer_key(&self, key: &LicenceKey) -> Vec<u8> {
        self.store_key(&[b"\x00\x07writers".as_slice(), key.0.as_bytes()].concat())
    }
}
