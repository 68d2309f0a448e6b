//! A lane as the question side needs it: rules to judge by, and proofs from its log.

use crate::{
    chain::ChainHandle,
    lane::{FinalBatch, LaneHandle, LogError, PlacedEntry},
};
use certificate::{
    FIRST_COMMITTEE_INDEX,
    assemble::{AssembleError, Assembler, Opened, Placed, SignedSize},
};
use gateway_core::{Lane, Leaf, LicenceStanding, Logged, LoggedError, verify_logged};
use gateway_lane::StatusList;
use gateway_log::OutOfRange;
use gateway_types::{Digest, LaneId, Origin, Status, Timestamp, body::BodyEntry, entry::Entry};
use policy_engine::Pack;
use std::sync::{Arc, OnceLock};

/// A lane that this gateway serves, with all that a question of it needs.
#[derive(Debug)]
pub struct ServedLane {
    /// Its origin line.
    pub origin: Origin,
    /// The source's pack.
    pub source: Arc<Pack>,
    /// The destination's pack.
    pub destination: Arc<Pack>,
    /// The pin that counts until the log says another.
    pub pin: Digest,
    /// The lane itself.
    pub lane: LaneHandle,
    /// The source's chain.
    pub chain: ChainHandle,
    /// Its first `committee` entry, once it was read.
    pub(super) committee: OnceLock<PlacedEntry>,
}

/// Why something of a lane's log could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log is not that long.
    #[error(transparent)]
    Range(#[from] OutOfRange),
    /// It is no answer.
    #[error(transparent)]
    Logged(#[from] LoggedError),
    /// No file can be made of it.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
    /// Not JSON.
    #[error("the file cannot be written")]
    Json(#[from] serde_json::Error),
    /// An entry of the log that is not about the question that it was noted under.
    #[error("entry {index} answers another question")]
    OtherQuestion {
        /// Its place.
        index: u64,
    },
    /// There is no such entry.
    #[error("no entry {index} in the log")]
    NoEntry {
        /// Its place.
        index: u64,
    },
}

impl ServedLane {
    /// A lane, served.
    #[must_use]
    pub fn new(
        origin: Origin,
        (source, destination): (Arc<Pack>, Arc<Pack>),
        pin: Digest,
        lane: LaneHandle,
        chain: ChainHandle,
    ) -> Self {
        Self { origin, source, destination, pin, lane, chain, committee: OnceLock::new() }
    }

    /// Its name.
    #[must_use]
    pub fn id(&self) -> &LaneId {
        &self.origin.lane
    }

    /// Judges by the packs and the pin that are in force.
    pub fn judge<T>(&self, judge: impl FnOnce(&Lane<'_>) -> T) -> T {
        let logged = self.lane.log().with_state(|state| state.tip().map(|tip| tip.client.id));
        let pin = logged.unwrap_or(self.pin);
        judge(&Lane {
            origin: &self.origin,
            source: &self.source,
            destination: &self.destination,
            pin: &pin,
        })
    }

    /// The answer that lies at `index`, shown to be in the log.
    ///
    /// # Errors
    ///
    /// [`ProofError`]: nothing is answered.
    pub fn logged(&self, index: u64) -> Result<Logged, ProofError> {
        let batch = self.batch_with(index)?;
        self.logged_in(&batch, index)
    }

    /// The same, of a batch at hand.
    ///
    /// # Errors
    ///
    /// As [`ServedLane::logged`].
    pub fn logged_in(&self, batch: &FinalBatch, index: u64) -> Result<Logged, ProofError> {
        let (entry, first) = (entry_of(batch, index)?, entry_of(batch, batch.first)?);
        let size = batch.checkpoint.checkpoint().head.size;
        let (entry_proof, batch_proof) = self.lane.log().with_log(|log| {
            let entry = log.inclusion_proof(index, size)?;
            Ok::<_, OutOfRange>((entry, log.inclusion_proof(batch.first, size)?))
        })?;
        let entry = leaf(entry, index, &entry_proof);
        Ok(verify_logged(&batch.checkpoint, &entry, &leaf(first, batch.first, &batch_proof))?)
    }

    /// The certificate of the answer at `index`: the same bytes whenever it is asked for.
    ///
    /// *Limit:* a lane's log is kept under the keys of its first epoch, so one `committee` entry is enough.
    ///
    /// # Errors
    ///
    /// [`ProofError`].
    pub fn certificate(&self, index: u64) -> Result<Vec<u8>, ProofError> {
        let batch = self.batch_with(index)?;
        let (entry, first) = (entry_of(&batch, index)?, entry_of(&batch, batch.first)?);
        let committee = self.first_committee()?;
        let committee = Placed { index: committee.index, entry: &committee.entry };
        let note = batch.checkpoint.note().to_text();
        let size = batch.checkpoint.checkpoint().head.size;
        let certificate = self.lane.log().with_log(|log| {
            Assembler { origin: &self.origin, log }.certificate(
                Placed { index, entry },
                Placed { index: batch.first, entry: first },
                SignedSize { size, note: &note },
                &[Opened { committee, closing: None }],
            )
        })?;
        Ok(serde_json::to_vec(&certificate)?)
    }

    /// The status of every recognition, as of batch `k`, with its proof; nothing if that is not final.
    ///
    /// With `change`, the place of a `status` entry up to there, it holds the source's own word for one licence too.
    ///
    /// # Errors
    ///
    /// [`ProofError`].
    pub fn status_file(&self, k: u64, change: Option<u64>) -> Result<Option<Vec<u8>>, ProofError> {
        let log = self.lane.log();
        let Some(batch) = log.batch(k)? else { return Ok(None) };
        let Some(list) = log.status_list(k)? else { return Ok(None) };
        let first = entry_of(&batch, batch.first)?;
        let note = batch.checkpoint.note().to_text();
        let size = batch.checkpoint.checkpoint().head.size;
        let change = change.map(|index| self.with_its_batch(index)).transpose()?;
        let file = log.with_log(|log| {
            let assembler = Assembler { origin: &self.origin, log };
            let placed = Placed { index: batch.first, entry: first };
            let change = change.as_ref().map(|(entry, batch)| (placed_at(entry), placed_at(batch)));
            assembler.status(placed, &list, SignedSize { size, note: &note }, change)
        })?;
        Ok(Some(serde_json::to_vec(&file)?))
    }

    /// Where the source's own word on a recognition lies, as of batch `k`: its licence's last `status` entry, if by
    /// that it counts no more.
    ///
    /// # Errors
    ///
    /// [`ProofError`].
    pub fn change_of(&self, recognised: &Logged, k: u64) -> Result<Option<u64>, ProofError> {
        let log = self.lane.log();
        let last = log.last_change_of(&recognised.candidate().licence);
        // What came in later batches, or before this recognition, says nothing of it as of `k`.
        let fits = |index: &u64| {
            *index > recognised.index() && log.batch_of(*index).is_some_and(|of| of <= k)
        };
        let Some(index) = last.filter(fits) else { return Ok(None) };
        let placed = log.entry(index)?.ok_or(ProofError::NoEntry { index })?;
        let says = match Entry::decode(&placed.entry.bytes) {
            Ok(Entry::Status(status)) => status.change.code.status(),
            _ => return Err(ProofError::NoEntry { index }),
        };
        Ok((says != Status::Valid).then_some(index))
    }

    /// An entry and the `batch` entry of its batch.
    fn with_its_batch(&self, index: u64) -> Result<(PlacedEntry, PlacedEntry), ProofError> {
        let log = self.lane.log();
        let missing = || ProofError::NoEntry { index };
        let entry = log.entry(index)?.ok_or_else(missing)?;
        Ok((entry, log.batch_entry_of(index)?.ok_or_else(missing)?))
    }

    /// How the recognition of `list_index` stands by the newest batch.
    #[must_use]
    pub fn standing(&self, list_index: u32) -> Option<LicenceStanding> {
        self.lane.log().with_state(|state| {
            let as_of = state.sync()?.block_time;
            let status = status_of(state.status_list(), list_index)?;
            Some(LicenceStanding { status, as_of })
        })
    }

    /// How far the source was followed in the newest batch.
    #[must_use]
    pub fn synced_at(&self) -> Option<Timestamp> {
        let log = self.lane.log();
        log.with_state(|state| Some(state.sync()?.block_time))
    }

    fn batch_with(&self, index: u64) -> Result<Arc<FinalBatch>, ProofError> {
        let log = self.lane.log();
        let k = log.batch_of(index).ok_or(ProofError::NoEntry { index })?;
        log.batch(k)?.ok_or(ProofError::NoEntry { index })
    }

    fn first_committee(&self) -> Result<&PlacedEntry, ProofError> {
        if let Some(entry) = self.committee.get() {
            return Ok(entry);
        }
        let index = FIRST_COMMITTEE_INDEX;
        let entry = self.lane.log().entry(index)?.ok_or(ProofError::NoEntry { index })?;
        Ok(self.committee.get_or_init(|| entry))
    }
}

fn entry_of(batch: &FinalBatch, index: u64) -> Result<&BodyEntry, ProofError> {
    let at = index.checked_sub(batch.first).and_then(|at| usize::try_from(at).ok());
    let entry = at.and_then(|at| batch.body.body().entries.get(at));
    entry.ok_or(ProofError::NoEntry { index })
}

fn placed_at(placed: &PlacedEntry) -> Placed<'_> {
    Placed { index: placed.index, entry: &placed.entry }
}

fn leaf<'a>(entry: &'a BodyEntry, index: u64, proof: &'a [Digest]) -> Leaf<'a> {
    Leaf { salt: &entry.salt, bytes: &entry.bytes, index, proof }
}

/// A list says of an ended one only that it ended: the source's own word is in its `status` entry.
fn status_of(list: &StatusList, index: u32) -> Option<Status> {
    Some(match list.value(index)? {
        0 => Status::Valid,
        1 => Status::Revoked,
        2 => Status::Suspended,
        _ => Status::Other,
    })
}
