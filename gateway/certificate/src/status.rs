//! How a recognition stands after its own batch: a later `batch` entry and the list whose digest it holds.

use crate::{
    epochs::{Epoch, verify_not_after_closing},
    genuine::{
        Decided, VerifiedCertificate, batch_entry, check_one_history, lies_in_batch,
        verify_is_under,
    },
    outcome::{CannotSay, FileKind, Invalid, Leaf, NotGenuine, Refusal, SourceWord},
    signed::{SignedCheckpoint, may_be_anothers, names_lane, verify_note},
};
use gateway_lane::{FRESH_SYNC, ProvenStatusList};
use gateway_types::{
    Timestamp,
    certificate::{ProvenChange, StatusFile},
    checkpoint::TreeHead,
    entry::{BatchEntry, Entry, RecognisedEntry, StatusEntry, SyncPoint},
};

/// What a status file proves of one certificate. Only [`verify_status`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedStatus {
    as_of: Timestamp,
    until: Timestamp,
    size: u64,
    /// None: valid.
    value: Option<Invalid>,
    word: Option<SourceWord>,
}

impl VerifiedStatus {
    /// As of when: the sync point's block time. Its age is counted from here.
    #[must_use]
    pub fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// Up to when its changes may be: its batch's time, if that is more than 60 s after [`Self::as_of`]; else
    /// the same.
    ///
    /// A batch that only catches up keeps the sync point's block time and takes in changes of after it.
    /// *Limit:* a batch does not say whether it does. A list of the first 60 s after its block, in which alone
    /// a batch recognises, is taken to be as of the block, and may hold changes of up to 60 s later.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.until
    }

    /// How the licence stands, if not valid.
    #[must_use]
    pub fn value(&self) -> Option<Invalid> {
        self.value
    }

    /// The source's own word, if the file proves it.
    #[must_use]
    pub fn word(&self) -> Option<SourceWord> {
        self.word
    }

    /// Size of the log that it is about.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }
}

/// The value of a status list as it is judged; none for valid. Source: Token Status List, section 7.1.
pub(crate) fn invalid(value: u8) -> Option<Invalid> {
    match value {
        0 => None,
        1 => Some(Invalid::Ended),
        2 => Some(Invalid::Suspended),
        _ => Some(Invalid::Other),
    }
}

/// Checks a status file for one certificate.
///
/// None if the file is older than the certificate's own batch, or the certificate is a refusal: then it
/// says nothing that the certificate does not.
///
/// A list that somebody signed, a gateway for one, proves nothing: its digest must be in a `batch` entry under
/// a checkpoint of the lane's committees (A135).
/// Source: design section 2.3. Trust: anybody may have written `file`.
///
/// # Errors
///
/// [`NotGenuine`], or [`CannotSay`] if the epoch that signed is not known, or closed.
pub fn verify_status(
    certificate: &VerifiedCertificate,
    file: &StatusFile,
) -> Result<Option<VerifiedStatus>, Refusal> {
    if file.origin != certificate.origin || !names_lane(&file.checkpoint, &file.origin) {
        return Err(NotGenuine::OtherLane { file: FileKind::Status }.into());
    }
    let (signed, batch) = verify_signed_batch(certificate, file)?;
    let Decided::Recognised(entry) = &certificate.decided else { return Ok(None) };
    if file.batch.index < certificate.batch_index {
        return Ok(None);
    }
    let sync = check_follows(certificate, file.batch.index, &batch)?;
    let value = invalid(value_in_list(file, &batch, entry.list_index)?);
    let head = signed.checkpoint().head;
    let change = file.change.as_ref();
    let word = change.map(|change| verify_change(certificate, file, change, entry, value, &head));
    Ok(Some(VerifiedStatus {
        as_of: sync.block_time,
        until: last_moment(&batch, &sync),
        size: head.size,
        value,
        word: word.transpose()?,
    }))
}

/// What [`VerifiedStatus::until`] says.
fn last_moment(batch: &BatchEntry, sync: &SyncPoint) -> Timestamp {
    if batch.time.since(sync.block_time) > FRESH_SYNC { batch.time } else { sync.block_time }
}

/// The file's `batch` entry, under a checkpoint that an epoch in force signed.
fn verify_signed_batch(
    certificate: &VerifiedCertificate,
    file: &StatusFile,
) -> Result<(SignedCheckpoint, BatchEntry), Refusal> {
    let batch = batch_entry(&file.batch.bytes);
    let batch = batch.ok_or(NotGenuine::WrongKind { leaf: Leaf::Batch })?;
    let (epoch, signed) = find_signer(certificate, file, &batch)?;
    let head = signed.checkpoint().head;
    verify_is_under(&file.batch, Leaf::Batch, &head)?;
    verify_not_after_closing(&certificate.epochs, epoch.number(), &head)?;
    if epoch.number() != certificate.epochs.last().number() {
        return Err(CannotSay::StatusEpochClosed { epoch: epoch.number() }.into());
    }
    for other in certificate.heads() {
        check_one_history(&head, &other)?;
    }
    Ok((signed, batch))
}

/// The epoch whose keys signed the file's checkpoint. A note does not name it, so all that are known and not
/// before the batch's are tried, the newest first.
fn find_signer<'a>(
    certificate: &'a VerifiedCertificate,
    file: &StatusFile,
    batch: &BatchEntry,
) -> Result<(&'a Epoch, SignedCheckpoint), Refusal> {
    let mut refused = None;
    for epoch in certificate.epochs.iter().rev().take_while(|e| e.number() >= batch.epoch) {
        match verify_note(&file.checkpoint, &epoch.keys) {
            Ok(signed) => return Ok((epoch, signed)),
            Err(source) => refused = refused.or(Some(source)),
        }
    }
    match refused {
        Some(source) if !may_be_anothers(&source) => {
            Err(NotGenuine::Signatures { file: FileKind::Status, source }.into())
        }
        _ => {
            let next = certificate.epochs.last().number().saturating_add(1);
            let (epoch, dated) = (batch.epoch.max(next), certificate.dated.clone());
            Err(CannotSay::UnknownCommittee { epoch, dated }.into())
        }
    }
}

/// The later batch goes on from the certificate's: its number, time and sync point do not go back.
fn check_follows(
    certificate: &VerifiedCertificate,
    index: u64,
    batch: &BatchEntry,
) -> Result<SyncPoint, Refusal> {
    let (own, own_sync) = (&certificate.batch, &certificate.sync);
    let sync = batch.sync.clone().ok_or_else(|| contradiction("its batch has no sync point"))?;
    let same_batch = index == certificate.batch_index && batch == own;
    let later = index > certificate.index
        && batch.k > own.k
        && batch.epoch >= own.epoch
        && batch.time > own.time;
    let goes_on = sync.chain == own_sync.chain
        && sync.n >= own_sync.n
        && sync.block_time >= own_sync.block_time;
    if (same_batch || later) && goes_on {
        Ok(sync)
    } else {
        Err(contradiction("its batch does not go on from the certificate's"))
    }
}

fn value_in_list(file: &StatusFile, batch: &BatchEntry, index: u32) -> Result<u8, Refusal> {
    let list = ProvenStatusList::verify(&file.list, file.count, &batch.status_list)
        .map_err(|_| NotGenuine::OtherList)?;
    list.value(index).ok_or_else(|| contradiction("the list has no place for the recognition"))
}

/// The source's own word: a `status` entry of this licence, under the same root, that says what the list says.
///
/// *Limit:* that no later change says the same is not proven; then `since` is later than said, and the
/// licence was valid in between.
fn verify_change(
    certificate: &VerifiedCertificate,
    file: &StatusFile,
    change: &ProvenChange,
    entry: &RecognisedEntry,
    value: Option<Invalid>,
    head: &TreeHead,
) -> Result<SourceWord, Refusal> {
    verify_is_under(&change.entry, Leaf::Change, head)?;
    verify_is_under(&change.batch, Leaf::Batch, head)?;
    let status = status_entry(&change.entry.bytes);
    let status = status.ok_or(NotGenuine::WrongKind { leaf: Leaf::Change })?;
    let batch = batch_entry(&change.batch.bytes);
    let batch = batch.ok_or(NotGenuine::WrongKind { leaf: Leaf::Batch })?;
    let placed = change.batch.index <= file.batch.index
        && change.entry.index > certificate.index
        && lies_in_batch(change.entry.index, change.batch.index);
    let of_licence = status.change.key == entry.candidate.licence
        && status.chain == certificate.sync.chain
        && invalid(status.change.code.status().list_value()) == value
        && value.is_some();
    let sync = batch.sync.filter(|sync| sync.n >= status.n && status.n > certificate.sync.n);
    let sync = sync.filter(|_| placed && of_licence);
    let sync = sync.ok_or_else(|| contradiction("its status entry is not of this licence"))?;
    // A batch that catches up takes in changes of after its block.
    let since = batch.time.max(sync.block_time);
    Ok(SourceWord { code: status.change.code, since, index: change.entry.index })
}

fn status_entry(bytes: &[u8]) -> Option<StatusEntry> {
    match Entry::decode(bytes) {
        Ok(Entry::Status(entry)) => Some(entry),
        _ => None,
    }
}

fn contradiction(what: &'static str) -> Refusal {
    NotGenuine::StatusContradiction { what }.into()
}
