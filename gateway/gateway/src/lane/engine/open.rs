//! Starting: the log is read from the store, and every root is computed again.

use super::{Engine, LaneConfig, Step};
use crate::lane::{
    keep,
    log::{LaneLog, LogError, read_batch},
    waiting::Waiting,
};
use gateway_agreement::{
    RootError,
    leader::{Leader, LeaderConfig},
    verify_root,
};
use gateway_lane::LaneError;
use gateway_log::{LeafHash, LogFull};
use gateway_store::{Store, StoreError};
use gateway_types::{Timestamp, body::Body, cbor::DecodeError, entry::Entry};
use rand_chacha::ChaCha20Rng;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};

/// How many batches are read at once.
const READ_AT_ONCE: usize = 16;

/// Why a lane does not start. All but [`StoreError`] mean that the store is not what was written: restore it from
/// another gateway of the lane.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The lane's list of leaders has no such place, or names no committee.
    #[error("leader {me} is not in the lane's list")]
    NotALeader {
        /// The place given.
        me: u8,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A batch cannot be read, or its note does not hold.
    #[error("batch {k} cannot be read")]
    Log {
        /// Its number.
        k: u64,
        /// Why.
        #[source]
        source: LogError,
    },
    /// A batch that leads elsewhere than it says.
    #[error("batch {k} does not lead where it says")]
    Root {
        /// Its number.
        k: u64,
        /// Why.
        #[source]
        source: RootError,
    },
    /// A batch that the lane does not take.
    #[error("batch {k} is not the lane's next")]
    Lane {
        /// Its number.
        k: u64,
        /// Why.
        #[source]
        source: LaneError,
    },
    /// An entry that is none.
    #[error("batch {k} holds what is no entry")]
    Entry {
        /// Its number.
        k: u64,
        /// Why.
        #[source]
        source: DecodeError,
    },
    /// No log is that long.
    #[error(transparent)]
    Full(#[from] LogFull),
}

impl Engine {
    /// Starts a lane from what `store` holds; empty for a new one. `rng` draws salts and waits.
    ///
    /// Each batch's root is computed again from its entries, and the note of the last is checked, which commits to
    /// all before it (A47, A115).
    ///
    /// # Errors
    ///
    /// [`OpenError`]: do not start.
    pub fn open(
        config: LaneConfig,
        store: Arc<dyn Store>,
        rng: ChaCha20Rng,
        now: Timestamp,
    ) -> Result<Self, OpenError> {
        let me = config.me;
        let leads = LeaderConfig::new(Arc::clone(&config.keys), me);
        let leads = leads.ok_or(OpenError::NotALeader { me })?;
        let lane = config.keys.origin().lane.clone();
        let ballot = keep::load_ballot(&*store, &lane)?;
        let equivocations = keep::count_equivocations(&*store, &lane)?;
        let log = Arc::new(LaneLog::empty(store, Arc::clone(&config.keys)));
        replay(&config, &log)?;
        let (k, head) = (log.next_k(), log.head());
        let members: BTreeMap<_, _> =
            config.keys.members().map(|member| (member, Default::default())).collect();
        Ok(Self {
            leader: Leader::new(leads, k, head, ballot),
            log,
            rng,
            waiting: Waiting::new(members.len()),
            frames: BTreeMap::new(),
            headers: BTreeMap::new(),
            offers: BTreeMap::new(),
            offered_at: BTreeMap::new(),
            freeze: None,
            combined: None,
            blamed: BTreeSet::new(),
            ballot,
            members,
            behind: Default::default(),
            peers: BTreeMap::new(),
            steps: VecDeque::<Step>::new(),
            sweep_at: now,
            make_at: None,
            pace: Default::default(),
            gather_until: None,
            asked_for: None,
            view: None,
            entered_at: None,
            view_changes: 0,
            equivocations,
            now,
            config,
            #[cfg(feature = "villains")]
            villain: None,
            #[cfg(feature = "villains")]
            kept_back: None,
        })
    }
}

/// Reads every batch, the first one first.
fn replay(config: &LaneConfig, log: &LaneLog) -> Result<(), OpenError> {
    let prefix = keep::prefix(&config.keys.origin().lane);
    let mut after: Option<Vec<u8>> = None;
    let mut last = None;
    loop {
        let read = log.store().scan(keep::BATCHES, &prefix, after.as_deref(), READ_AT_ONCE)?;
        let Some((key, _)) = read.last() else { break };
        after = Some(key.clone());
        for (_, bytes) in read {
            last = Some((log.head().size, replay_one(log, &bytes)?, bytes));
        }
    }
    // The last note commits to all that was read.
    if let Some((first, k, bytes)) = last {
        let at = |source| OpenError::Log { k, source };
        let batch = read_batch(&config.keys, first, &bytes).map_err(at)?;
        log.write(|inner| inner.remember(Arc::new(batch)));
    }
    Ok(())
}

/// Takes in one batch as it is stored, and gives its number.
fn replay_one(log: &LaneLog, bytes: &[u8]) -> Result<u64, OpenError> {
    let k = log.next_k();
    let message = keep::decode_batch(bytes);
    let message = message.map_err(|error| OpenError::Log { k, source: error.into() })?;
    let missing = || OpenError::Log { k, source: LogError::Missing { k } };
    let body = message.body.filter(|body| body.k == k).ok_or_else(missing)?;
    let entries = decode_entries(&body).map_err(|source| OpenError::Entry { k, source })?;
    let checked = log.with_both(|hashes, state| {
        verify_root(hashes.frontier(), &body).map_err(|source| OpenError::Root { k, source })?;
        state.check_batch(&entries).map_err(|source| OpenError::Lane { k, source })
    })?;
    log.write(|inner| {
        let first = inner.log.size();
        inner.append(&body)?;
        inner.state.apply_batch(checked);
        inner.place_batch(first, &body);
        inner.note_changes(first, &entries);
        Ok::<_, OpenError>(())
    })?;
    Ok(k)
}

fn decode_entries(body: &Body) -> Result<Vec<Entry>, DecodeError> {
    body.entries.iter().map(|entry| Entry::decode(&entry.bytes)).collect()
}

impl crate::lane::log::Inner {
    /// Appends a body's leaves.
    pub(in crate::lane) fn append(&mut self, body: &Body) -> Result<(), LogFull> {
        let leaves = body.entries.iter().map(|entry| LeafHash::of(&entry.salt, &entry.bytes));
        leaves.into_iter().try_for_each(|leaf| self.log.append(leaf))
    }
}
