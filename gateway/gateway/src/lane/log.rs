//! The lane's log for readers: hashes in memory, bodies in the store.

use super::{keep, view::FinalBatch};
use gateway_agreement::{DigestedBody, LogChecks};
use gateway_cosign::{BadNote, CheckpointError, EpochKeys, Note};
use gateway_lane::{LaneState, StatusList};
use gateway_log::{Log, OutOfRange, Proof};
use gateway_store::{Store, StoreError};
use gateway_types::{
    Digest, LaneId, LicenceKey, Timestamp,
    body::{Body, BodyEntry},
    cbor::DecodeError,
    checkpoint::TreeHead,
    entry::Entry,
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, PoisonError, RwLock},
};

/// How many of the newest batches are kept in memory; older ones are read from the store.
pub const RECENT_BATCHES: usize = 16;

/// An entry and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedEntry {
    /// Its place in the log, from 0.
    pub index: u64,
    /// Salt and bytes, as they were agreed.
    pub entry: BodyEntry,
}

/// Where a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Number of the batch.
    pub k: u64,
    /// Place of the `recognised` or `declined` entry in the log.
    pub index: u64,
}

/// A lane's log, shared by all tasks of the gateway. Reading never waits for more than a commit in memory.
///
/// Trust: every batch in it was checked under the lane's keys before it was kept.
#[derive(Debug)]
pub struct LaneLog {
    store: Arc<dyn Store>,
    keys: Arc<EpochKeys>,
    inner: RwLock<Inner>,
    /// What came of reading it again.
    pub(super) checks: RwLock<LogChecks>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) log: Log,
    pub(super) state: LaneState,
    /// Of each batch, by number.
    places: Vec<Place>,
    /// The last `status` entry of each licence that was recognised here and has changed since.
    changed: BTreeMap<LicenceKey, u64>,
    recent: VecDeque<Arc<FinalBatch>>,
}

/// Where a batch lies.
#[derive(Clone, Copy, Debug)]
struct Place {
    first: u64,
    /// The log's size after it.
    size: u64,
    time: Timestamp,
    /// Block time of its sync point.
    sync: Option<Timestamp>,
}

impl LaneLog {
    /// An empty log over `store`.
    pub(super) fn empty(store: Arc<dyn Store>, keys: Arc<EpochKeys>) -> Self {
        let state = LaneState::new(keys.origin().clone());
        let inner = Inner {
            log: Log::new(),
            state,
            places: Vec::new(),
            changed: BTreeMap::new(),
            recent: VecDeque::new(),
        };
        Self { store, keys, inner: RwLock::new(inner), checks: RwLock::default() }
    }

    /// Reads the hashes: for proofs of several things under one head, and for `certificate::Assembler`.
    pub fn with_log<T>(&self, read: impl FnOnce(&Log) -> T) -> T {
        self.read(|inner| read(&inner.log))
    }

    /// Reads the lane's state. Short work only: the next batch waits for it.
    pub fn with_state<T>(&self, read: impl FnOnce(&LaneState) -> T) -> T {
        self.read(|inner| read(&inner.state))
    }

    /// Both at once, of one moment.
    pub fn with_both<T>(&self, read: impl FnOnce(&Log, &LaneState) -> T) -> T {
        self.read(|inner| read(&inner.log, &inner.state))
    }

    /// The log's size and root.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.with_log(Log::head)
    }

    /// How many batches are final: the next one's number.
    #[must_use]
    pub fn next_k(&self) -> u64 {
        self.read(|inner| u64::try_from(inner.places.len()).unwrap_or(u64::MAX))
    }

    /// Batch `k` as it is kept; nothing if it is not final yet.
    ///
    /// # Errors
    ///
    /// [`LogError`]: the store failed, or holds something else than was written.
    pub fn batch(&self, k: u64) -> Result<Option<Arc<FinalBatch>>, LogError> {
        if let Some(recent) = self.read(|inner| inner.recent(k)) {
            return Ok(Some(recent));
        }
        let Some(place) = self.read(|inner| inner.place(k)) else { return Ok(None) };
        let bytes = self.encoded(k)?.ok_or(LogError::Missing { k })?;
        Ok(Some(Arc::new(read_batch(&self.keys, place.first, &bytes)?)))
    }

    /// Batch `k` in its encoding: a `FinalMessage` with its body, as members and peers get it.
    ///
    /// # Errors
    ///
    /// [`LogError::Store`].
    pub fn encoded(&self, k: u64) -> Result<Option<Vec<u8>>, LogError> {
        Ok(self.store.load(keep::BATCHES, &keep::numbered(self.lane(), k))?)
    }

    /// The number of the batch that holds the entry at `index`.
    #[must_use]
    pub fn batch_of(&self, index: u64) -> Option<u64> {
        self.read(|inner| inner.batch_of(index))
    }

    /// The entry at `index`, from 0.
    ///
    /// # Errors
    ///
    /// As [`LaneLog::batch`].
    pub fn entry(&self, index: u64) -> Result<Option<PlacedEntry>, LogError> {
        let Some(batch) = self.batch_with(index)? else { return Ok(None) };
        let place = index.checked_sub(batch.first).and_then(|at| usize::try_from(at).ok());
        let entry = place.and_then(|at| batch.body.body().entries.get(at).cloned());
        Ok(entry.map(|entry| PlacedEntry { index, entry }))
    }

    /// The `batch` entry of the batch that holds the entry at `index`.
    ///
    /// # Errors
    ///
    /// As [`LaneLog::batch`].
    pub fn batch_entry_of(&self, index: u64) -> Result<Option<PlacedEntry>, LogError> {
        let Some(batch) = self.batch_with(index)? else { return Ok(None) };
        let entry = batch.body.body().entries.first().cloned();
        Ok(entry.map(|entry| PlacedEntry { index: batch.first, entry }))
    }

    /// The place in the log of the last `status` entry of a licence; nothing if it has not changed since it was
    /// recognised here.
    #[must_use]
    pub fn last_change_of(&self, licence: &LicenceKey) -> Option<u64> {
        self.read(|inner| inner.changed.get(licence).copied())
    }

    /// The signed note of batch `k`.
    ///
    /// # Errors
    ///
    /// As [`LaneLog::batch`].
    pub fn note_at(&self, k: u64) -> Result<Option<String>, LogError> {
        Ok(self.batch(k)?.map(|batch| batch.checkpoint.note().to_text()))
    }

    /// The number of the batch after which the log had exactly `size` entries: checkpoints have these sizes.
    #[must_use]
    pub fn batch_at_size(&self, size: u64) -> Option<u64> {
        let k = self.batch_of(size.checked_sub(1)?)?;
        self.read(|inner| inner.place(k)).filter(|place| place.size == size).map(|_| k)
    }

    /// The first batch whose sync point's block is of `at` or later: it proves the past moment `at`.
    #[must_use]
    pub fn first_synced_at(&self, at: Timestamp) -> Option<u64> {
        // Block times of sync points never go back.
        self.read(|inner| {
            let is_before = |place: &Place| place.sync.is_none_or(|sync| sync < at);
            let k = inner.places.partition_point(is_before);
            (k < inner.places.len()).then(|| u64::try_from(k).ok()).flatten()
        })
    }

    /// The time of batch `k`.
    #[must_use]
    pub fn time_of(&self, k: u64) -> Option<Timestamp> {
        self.read(|inner| inner.place(k)).map(|place| place.time)
    }

    /// The proof that entry `index` is in the log of `size` entries.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] unless `index < size <= self.head().size`.
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Proof, OutOfRange> {
        self.with_log(|log| log.inclusion_proof(index, size))
    }

    /// The proof that the log of `old` entries is the beginning of that of `new`.
    ///
    /// # Errors
    ///
    /// [`OutOfRange`] unless `1 <= old <= new <= self.head().size`.
    pub fn consistency_proof(&self, old: u64, new: u64) -> Result<Proof, OutOfRange> {
        self.with_log(|log| log.consistency_proof(old, new))
    }

    /// The tile `n` of `level` with `width` hashes, 1 to 256; nothing if the log does not have so many.
    #[must_use]
    pub fn tile(&self, level: u8, n: u64, width: u16) -> Option<Vec<u8>> {
        if !(1..=256).contains(&width) {
            return None;
        }
        // The size at which this tile was the last one of its level.
        let hashes = n.checked_mul(256)?.checked_add(u64::from(width))?;
        let size = hashes.checked_mul(256_u64.checked_pow(u32::from(level))?)?;
        self.with_log(|log| {
            let mut tiles = log.tiles(size.checked_sub(1)?, size).ok()?;
            let is_it = |(path, _): &(gateway_log::TilePath, Vec<u8>)| {
                (path.level(), path.n(), path.width()) == (level, n, width)
            };
            tiles.find(is_it).map(|(_, bytes)| bytes)
        })
    }

    /// The lane's status list after batch `k`.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    pub fn status_list(&self, k: u64) -> Result<Option<StatusList>, LogError> {
        let Some(bytes) = self.store.load(keep::LISTS, &keep::numbered(self.lane(), k))? else {
            return Ok(None);
        };
        keep::decode_list(&bytes).map(Some).ok_or(LogError::List { k })
    }

    /// Where a request was answered: for questions that were open when the program stopped.
    ///
    /// # Errors
    ///
    /// [`LogError`].
    pub fn find_request(&self, request: &Digest) -> Result<Option<Answered>, LogError> {
        let key = keep::by_digest(self.lane(), request);
        let Some(bytes) = self.store.load(keep::REQUESTS, &key)? else { return Ok(None) };
        let (k, index) = keep::decode_place(&bytes).ok_or(LogError::Request)?;
        Ok(Some(Answered { k, index }))
    }

    /// The keys of the epoch in force.
    #[must_use]
    pub fn keys(&self) -> &Arc<EpochKeys> {
        &self.keys
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    fn lane(&self) -> &LaneId {
        &self.keys.origin().lane
    }

    fn batch_with(&self, index: u64) -> Result<Option<Arc<FinalBatch>>, LogError> {
        self.batch_of(index).map_or(Ok(None), |k| self.batch(k))
    }

    pub(super) fn read<T>(&self, read: impl FnOnce(&Inner) -> T) -> T {
        read(&self.inner.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn write<T>(&self, write: impl FnOnce(&mut Inner) -> T) -> T {
        write(&mut self.inner.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Inner {
    /// Notes where a batch lies, whose entries are in log and state already.
    pub(super) fn place_batch(&mut self, first: u64, body: &Body) {
        let sync = self.state.sync().map(|sync| sync.block_time);
        self.places.push(Place { first, size: body.head.size, time: body.time, sync });
    }

    /// Notes which licences a batch, whose first entry lies at `first`, says have changed.
    pub(super) fn note_changes(&mut self, first: u64, entries: &[Entry]) {
        for (index, entry) in (first..).zip(entries) {
            if let Entry::Status(status) = entry {
                self.changed.insert(status.change.key, index);
            }
        }
    }

    /// Keeps a batch at hand.
    pub(super) fn remember(&mut self, batch: Arc<FinalBatch>) {
        self.recent.push_back(batch);
        while self.recent.len() > RECENT_BATCHES {
            self.recent.pop_front();
        }
    }

    fn place(&self, k: u64) -> Option<Place> {
        self.places.get(usize::try_from(k).ok()?).copied()
    }

    fn recent(&self, k: u64) -> Option<Arc<FinalBatch>> {
        self.recent.iter().rev().find(|batch| batch.k == k).cloned()
    }

    fn batch_of(&self, index: u64) -> Option<u64> {
        let k = self.places.partition_point(|place| place.size <= index);
        (k < self.places.len()).then(|| u64::try_from(k).ok()).flatten()
    }
}

/// Reads a batch as it is stored, and checks its note again: a disk is no evidence (A47).
pub(super) fn read_batch(
    keys: &EpochKeys,
    first: u64,
    bytes: &[u8],
) -> Result<FinalBatch, LogError> {
    let message = keep::decode_batch(bytes)?;
    let k = message.k;
    let body = DigestedBody::new(message.body.ok_or(LogError::Missing { k })?);
    let text = std::str::from_utf8(&message.note).map_err(|_| LogError::NotText { k })?;
    let checkpoint = keys.verify_note(&Note::parse(text)?)?;
    let (signed, leads_to) = (checkpoint.checkpoint().head, body.body().head);
    if signed != leads_to || body.body().k != k {
        return Err(LogError::OtherRoot { k, signed: signed.size, leads_to: leads_to.size });
    }
    Ok(FinalBatch { k, first, body, checkpoint })
}

/// Why the log could not be read. All but [`LogError::Store`] mean that the store is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Not a batch.
    #[error("what is kept is not a batch")]
    Decode(#[from] DecodeError),
    /// Not a note.
    #[error("what is kept is not a note")]
    Note(#[from] BadNote),
    /// A note that was not signed as the lane requires.
    #[error("the note that is kept does not hold")]
    Checkpoint(#[from] CheckpointError),
    /// A note that is not text.
    #[error("the note of batch {k} is not text")]
    NotText {
        /// Its number.
        k: u64,
    },
    /// A batch whose note is of something else.
    #[error("batch {k} leads to {leads_to} entries, its note is of {signed}")]
    OtherRoot {
        /// Its number.
        k: u64,
        /// Size in the note.
        signed: u64,
        /// Size in the body.
        leads_to: u64,
    },
    /// A batch, or its body, is not there.
    #[error("batch {k} is not in the store")]
    Missing {
        /// Its number.
        k: u64,
    },
    /// Not a status list.
    #[error("the status list of batch {k} cannot be read")]
    List {
        /// The batch's number.
        k: u64,
    },
    /// Not a place.
    #[error("the place of a request cannot be read")]
    Request,
}
