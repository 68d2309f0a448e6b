//! Form: what every member finds the same, at any time.

use super::{
    Checked,
    verdicts::{VerdictsError, verify_verdicts},
};
use crate::digested::{DigestedBody, RootError, verify_root};
use gateway_cosign::{BadCommittee, EpochKeys};
use gateway_lane::{CheckedBatch, LaneError, LaneState};
use gateway_log::Frontier;
use gateway_types::{
    Salt,
    body::{Body, MAX_BODY},
    cbor::DecodeError,
    entry::{BatchEntry, Entry},
};
use std::collections::BTreeSet;

/// What form is judged by.
#[derive(Clone, Copy, Debug)]
pub struct FormContext<'a> {
    /// The epoch's keys; before batch 0, those of the genesis file.
    pub keys: &'a EpochKeys,
    /// The lane's state at the tip.
    pub lane: &'a LaneState,
    /// The tip's hashes.
    pub frontier: &'a Frontier,
    /// What batch 0 must be.
    pub genesis: &'a Genesis,
}

/// The entries of batch 0 but for its first, byte for byte: the genesis file in the member's own
/// configuration is its operator's acceptance of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Genesis(Vec<Vec<u8>>);

impl Genesis {
    /// Takes the entries' bytes in their order: `committee`, the packs, the pin.
    #[must_use]
    pub fn new(entries: Vec<Vec<u8>>) -> Self {
        Self(entries)
    }

    /// The entries' bytes.
    #[must_use]
    pub fn entries(&self) -> &[Vec<u8>] {
        &self.0
    }
}

/// A body of good form, and the batch that it is. Only [`check_form`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormChecked {
    checked: Checked,
    batch: CheckedBatch,
}

impl FormChecked {
    /// For the member's state machine, where a prepare certificate makes more checks needless.
    #[must_use]
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    /// The batch.
    #[must_use]
    pub fn batch(&self) -> &CheckedBatch {
        &self.batch
    }

    /// The batch, to be applied to the lane's state once it is final.
    #[must_use]
    pub fn into_batch(self) -> CheckedBatch {
        self.batch
    }
}

/// Checks a body's form: place, sizes, root recomputed from the entries, salts, entries of the kinds
/// that have a place, and signed verdicts behind each that needs them.
///
/// Source: design section 2.2. Trust: a leader made the body, and may lie; at most 8 MiB are hashed and
/// as many signatures checked as there are verdict lists.
///
/// # Errors
///
/// [`FormError`]: refuse it for good.
pub fn check_form(
    context: &FormContext<'_>,
    body: &DigestedBody,
) -> Result<FormChecked, FormError> {
    let it = body.body();
    if body.encoded_len() > MAX_BODY {
        return Err(FormError::TooLong { len: body.encoded_len() });
    }
    check_place(context, it)?;
    verify_root(context.frontier, it)?;
    check_salts(it)?;
    let entries = decode_entries(it)?;
    check_batch_entry(it, entries.first())?;
    check_genesis(context, it)?;
    let batch = context.lane.check_batch(&entries)?;
    verify_verdicts(context.keys, &it.verdicts, &entries)?;
    let checked = Checked { d: body.d(), base: it.base, fresh: false };
    Ok(FormChecked { checked, batch })
}

fn check_place(context: &FormContext<'_>, body: &Body) -> Result<(), FormError> {
    let next = context.lane.next_k();
    let here = body.origin == *context.lane.origin() && body.epoch == context.keys.epoch();
    if !here || body.k != next {
        return Err(FormError::Place { epoch: body.epoch, k: body.k, next });
    }
    Ok(())
}

/// Two equal salts would let two entries be told equal in the tree.
fn check_salts(body: &Body) -> Result<(), FormError> {
    let mut seen = BTreeSet::<Salt>::new();
    match body.entries.iter().position(|entry| !seen.insert(entry.salt)) {
        Some(at) => Err(FormError::SaltTwice { at }),
        None => Ok(()),
    }
}

fn decode_entries(body: &Body) -> Result<Vec<Entry>, FormError> {
    let decode = |(at, bytes): (usize, &[u8])| {
        Entry::decode(bytes).map_err(|error| FormError::Entry { at, error })
    };
    body.entries.iter().map(|entry| &*entry.bytes).enumerate().map(decode).collect()
}

/// The body says of itself what its `batch` entry says of it.
fn check_batch_entry(body: &Body, first: Option<&Entry>) -> Result<(), FormError> {
    match first {
        Some(Entry::Batch(BatchEntry { k, epoch, time, .. }))
            if (*k, *epoch, *time) == (body.k, body.epoch, body.time) =>
        {
            Ok(())
        }
        _ => Err(FormError::BatchEntry),
    }
}

/// Batch 0 is the genesis file's, with every committee's proof that it holds its key; no other batch
/// brings such proofs.
fn check_genesis(context: &FormContext<'_>, body: &Body) -> Result<(), FormError> {
    if body.k > 0 {
        let none = body.possession.is_empty();
        return if none { Ok(()) } else { Err(FormError::Possession) };
    }
    let proposed = body.entries.iter().skip(1).map(|entry| &*entry.bytes);
    if !proposed.eq(context.genesis.0.iter().map(Vec::as_slice)) {
        return Err(FormError::Genesis);
    }
    let committee = context.genesis.0.first().ok_or(FormError::Genesis)?;
    context.keys.verify_possession(committee, &body.possession)?;
    Ok(())
}

/// Why a body's form is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Longer than a batch may be.
    #[error("{len} bytes, at most {MAX_BODY} are allowed")]
    TooLong {
        /// How many there are.
        len: usize,
    },
    /// Another lane, epoch or batch.
    #[error("the body is for epoch {epoch} and batch {k}, batch {next} comes next")]
    Place {
        /// The body's epoch.
        epoch: u64,
        /// The body's number.
        k: u64,
        /// The next batch.
        next: u64,
    },
    /// It does not lead where it says.
    #[error(transparent)]
    Root(#[from] RootError),
    /// Two entries have one salt.
    #[error("entry {at} has the salt of one before it")]
    SaltTwice {
        /// Its place in the batch.
        at: usize,
    },
    /// Not the one encoding of an entry of a kind that has a place.
    #[error("entry {at} is not an entry")]
    Entry {
        /// Its place in the batch.
        at: usize,
        /// What is wrong.
        #[source]
        error: DecodeError,
    },
    /// The first entry is not the `batch` entry of this body.
    #[error("the first entry is not this body's batch entry")]
    BatchEntry,
    /// Batch 0 is not what the operator accepted.
    #[error("batch 0 is not that of the genesis file")]
    Genesis,
    /// A proof of possession where none belongs.
    #[error("only batch 0 brings proofs of possession")]
    Possession,
    /// A committee's proof of possession does not hold.
    #[error(transparent)]
    Committee(#[from] BadCommittee),
    /// The entries are not the lane's next batch.
    #[error(transparent)]
    Lane(#[from] LaneError),
    /// An entry lacks the verdicts that it says it has.
    #[error(transparent)]
    Verdicts(#[from] VerdictsError),
}
