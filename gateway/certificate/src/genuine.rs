//! Whether a certificate is what the committees of its lane signed.

use crate::{
    epochs::{Epoch, Epochs, verify_chain_included, verify_file_note, verify_not_after_closing},
    inclusion::{verify_entry, verify_leaf},
    outcome::{CannotSay, FileKind, Leaf, NotGenuine, Refusal},
    signed::{SignedCheckpoint, may_be_anothers, names_lane, verify_note},
    steps::{Step, Trail},
    trust::{Trust, TrustedCommittees},
};
use core::time::Duration;
use gateway_types::{
    CommitteeSize, Origin, Timestamp,
    body::MAX_BATCH,
    candidate::{Candidate, Form},
    certificate::{Certificate, ProvenCommittee, ProvenEntry, Seal},
    checkpoint::TreeHead,
    entry::{BatchEntry, DeclinedEntry, Entry, RecognisedEntry, SyncPoint},
};
use std::collections::BTreeMap;

/// How far the clocks of gateway, leader and member may lie apart, all together: 5 s from the candidate's
/// time to a member's clock, 5 s from there to the batch's time. Source: design sections 2.1, 2.2.
const CLOCKS: Duration = Duration::from_secs(10);

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The licence counts.
    Recognised(RecognisedEntry),
    /// It does not.
    Declined(DeclinedEntry),
}

impl Decided {
    /// What was asked.
    #[must_use]
    pub fn candidate(&self) -> &Candidate {
        match self {
            Self::Recognised(entry) => &entry.candidate,
            Self::Declined(entry) => &entry.candidate,
        }
    }

    /// Who accepted, or refused: a number a committee, bit `i` for member `i + 1`.
    #[must_use]
    pub fn members(&self) -> &[u32] {
        match self {
            Self::Recognised(entry) => &entry.accepted,
            Self::Declined(entry) => &entry.refused,
        }
    }
}

/// A certificate that the committees signed. Only [`verify_certificate`] makes one.
///
/// It says nothing about a moment yet: an epoch may be closed, a status too old.
///
/// *What is not proven*: that no other `batch` entry lies between the entry and the one given here. Whoever
/// holds the file may pair the entry with an earlier `batch` entry of the time in which verdicts were
/// taken: recognition and status then seem up to the candidate's life (60 s) older than they are, never
/// newer.
#[derive(Clone, Debug)]
pub struct VerifiedCertificate {
    pub(crate) origin: Origin,
    pub(crate) decided: Decided,
    pub(crate) index: u64,
    pub(crate) batch: BatchEntry,
    pub(crate) sync: SyncPoint,
    pub(crate) batch_index: u64,
    pub(crate) signed: SignedCheckpoint,
    pub(crate) seal: Option<SignedCheckpoint>,
    pub(crate) epochs: Epochs,
    pub(crate) dated: String,
}

impl VerifiedCertificate {
    /// The lane.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// What was decided.
    #[must_use]
    pub fn decided(&self) -> &Decided {
        &self.decided
    }

    /// The entry's place in the log.
    #[must_use]
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Its batch's `batch` entry.
    #[must_use]
    pub fn batch(&self) -> &BatchEntry {
        &self.batch
    }

    /// How far the source's changes were known then.
    #[must_use]
    pub fn sync(&self) -> &SyncPoint {
        &self.sync
    }

    /// The checkpoint that it came with.
    #[must_use]
    pub fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// The seal's checkpoint, if it has a seal.
    #[must_use]
    pub fn seal(&self) -> Option<&SignedCheckpoint> {
        self.seal.as_ref()
    }

    /// All epochs that are known, from the lane's first on.
    #[must_use]
    pub fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// Whether the signatures still prove something at `now`: the epoch that signed, or that of the seal, is
    /// not closed.
    ///
    /// `now` is when the file is looked at, not the moment asked about: keys of a closed epoch may have been
    /// stolen since, and sign with any date.
    ///
    /// # Errors
    ///
    /// [`CannotSay::EpochClosed`]: a seal is needed, or a newer one.
    pub fn check_open(&self, now: Timestamp) -> Result<(), CannotSay> {
        let last = self.epochs.last();
        if now < last.keys_end() {
            return Ok(());
        }
        let sealed = self.seal.is_some();
        Err(CannotSay::EpochClosed { epoch: last.number(), keys_end: last.keys_end(), sealed })
    }

    /// The heads that the committees signed in this file.
    pub(crate) fn heads(&self) -> impl Iterator<Item = TreeHead> {
        let signed = std::iter::once(&self.signed).chain(&self.seal);
        signed.map(|signed| signed.checkpoint().head).chain(self.epochs.closings())
    }
}

/// Checks everything about a certificate that does not hang on a moment.
///
/// From the trust file's first `committee` entry through the chain of those after it to the epoch that
/// signed; the checkpoint's signatures; entry, `batch` entry and chain under its root; that they belong
/// together; and the seal, if there is one, the same way.
/// Source: design sections 2.4 and 5. Trust: anybody may have written `file`.
///
/// # Errors
///
/// [`NotGenuine`], or [`CannotSay`] if the trust file does not reach to who signed.
pub fn verify_certificate(
    trust: &Trust,
    file: &Certificate,
    trail: &mut Trail,
) -> Result<VerifiedCertificate, Refusal> {
    let lane = trusted_lane(trust, file)?;
    let epochs = Epochs::verify(lane, &file.committees)?;
    trail.passed(Step::Committees { epochs: epochs.last().number() });
    let signed = verify_signatures(trust, &epochs, file)?;
    trail.passed(Step::Signed { epoch: signed.epoch() });
    verify_included(file, &signed.checkpoint().head)?;
    trail.passed(Step::Included { size: signed.checkpoint().head.size });
    let (decided, batch) = read_entries(file)?;
    let sync = check_together(file, &decided, &batch, &epochs)?;
    trail.passed(Step::Together);
    let (seal, epochs) = verify_seal(lane, file, &signed, epochs, trail)?;
    Ok(VerifiedCertificate {
        origin: file.origin.clone(),
        decided,
        index: file.entry.index,
        batch,
        sync,
        batch_index: file.batch.index,
        signed,
        seal,
        epochs,
        dated: trust.dated().to_owned(),
    })
}

/// The lane's trusted committees; before that, that the file is about one lane only.
fn trusted_lane<'a>(
    trust: &'a Trust,
    file: &Certificate,
) -> Result<&'a TrustedCommittees, Refusal> {
    let origin = &file.origin;
    let seal_fits = file.seal.as_ref().is_none_or(|seal| names_lane(&seal.checkpoint, origin));
    if !names_lane(&file.checkpoint, origin) || !seal_fits {
        return Err(NotGenuine::OtherLane { file: FileKind::Certificate }.into());
    }
    let unknown =
        || CannotSay::LaneNotTrusted { origin: origin.clone(), dated: trust.dated().to_owned() };
    trust.lane(origin).ok_or_else(|| unknown().into())
}

fn verify_signatures(
    trust: &Trust,
    epochs: &Epochs,
    file: &Certificate,
) -> Result<SignedCheckpoint, Refusal> {
    let last = epochs.last();
    verify_note(&file.checkpoint, &last.keys).map_err(|source| {
        let claimed = batch_entry(&file.batch.bytes).map_or(0, |batch| batch.epoch);
        if claimed > last.number() && may_be_anothers(&source) {
            CannotSay::UnknownCommittee { epoch: claimed, dated: trust.dated().to_owned() }.into()
        } else {
            NotGenuine::Signatures { file: FileKind::Certificate, source }.into()
        }
    })
}

/// Entry, `batch` entry and committees are under the signed root.
fn verify_included(file: &Certificate, head: &TreeHead) -> Result<(), Refusal> {
    verify_chain_included(&file.committees, head)?;
    verify_is_under(&file.entry, Leaf::Entry, head)?;
    verify_is_under(&file.batch, Leaf::Batch, head)
}

/// # Errors
///
/// [`NotGenuine::NotIncluded`].
pub(crate) fn verify_is_under(
    entry: &ProvenEntry,
    leaf: Leaf,
    head: &TreeHead,
) -> Result<(), Refusal> {
    verify_entry(entry, head).map_err(|_| NotGenuine::NotIncluded { leaf }.into())
}

fn read_entries(file: &Certificate) -> Result<(Decided, BatchEntry), Refusal> {
    let decided = match Entry::decode(&file.entry.bytes) {
        Ok(Entry::Recognised(entry)) => Decided::Recognised(entry),
        Ok(Entry::Declined(entry)) => Decided::Declined(entry),
        _ => return Err(NotGenuine::WrongKind { leaf: Leaf::Entry }.into()),
    };
    let batch = batch_entry(&file.batch.bytes);
    Ok((decided, batch.ok_or(NotGenuine::WrongKind { leaf: Leaf::Batch })?))
}

/// The `batch` entry in `bytes`, if it is one.
pub(crate) fn batch_entry(bytes: &[u8]) -> Option<BatchEntry> {
    match Entry::decode(bytes) {
        Ok(Entry::Batch(entry)) => Some(entry),
        _ => None,
    }
}

/// Entry and `batch` entry belong together, to this lane, and to an epoch of the chain.
fn check_together(
    file: &Certificate,
    decided: &Decided,
    batch: &BatchEntry,
    epochs: &Epochs,
) -> Result<SyncPoint, Refusal> {
    let epoch = epochs.get(batch.epoch).ok_or(NotGenuine::OtherBatch)?;
    let candidate = decided.candidate();
    check_lane(&file.origin, candidate)?;
    if !lies_in_batch(file.entry.index, file.batch.index)
        || !lies_in_epoch(file.batch.index, file.entry.index, epoch, epochs)
        || !times_fit(candidate, batch)
    {
        return Err(NotGenuine::OtherBatch.into());
    }
    if batch.time >= epoch.keys_end() {
        return Err(NotGenuine::AfterClosing { epoch: batch.epoch }.into());
    }
    check_members(decided, epoch)?;
    check_decision(decided)?;
    let sync = batch.sync.clone().filter(|sync| sync.chain == candidate.evidence.chain);
    sync.ok_or_else(|| contradiction("its batch has no sync point of the licence's chain"))
}

/// Whether leaf `index` may lie in the batch whose `batch` entry is leaf `batch`.
pub(crate) fn lies_in_batch(index: u64, batch: u64) -> bool {
    let most = u64::try_from(MAX_BATCH).unwrap_or(u64::MAX);
    index.checked_sub(batch).is_some_and(|after| (1..most).contains(&after))
}

/// Whether all of a batch lies behind the entry that opened its epoch, and before the one that closed it.
fn lies_in_epoch(batch: u64, entry: u64, epoch: &Epoch, epochs: &Epochs) -> bool {
    let closed = epochs.closing_size(epoch.number());
    batch > epoch.index && closed.is_none_or(|size| entry.saturating_add(1) < size)
}

/// Whether the batch's time is one at which the candidate could be logged. Source: design section 2.1.
fn times_fit(candidate: &Candidate, batch: &BatchEntry) -> bool {
    batch.time < candidate.lapses_at() && candidate.time() <= batch.time.saturating_add(CLOCKS)
}

/// The candidate is of this lane, in everything that says so (A45, A58).
fn check_lane(origin: &Origin, candidate: &Candidate) -> Result<(), Refusal> {
    let (lane, facts) = (&origin.lane, &candidate.facts);
    let fits = candidate.origin == *origin
        && facts.from == lane.source
        && facts.to == lane.destination
        && facts.tier == lane.tier;
    if fits { Ok(()) } else { Err(NotGenuine::OtherLane { file: FileKind::Certificate }.into()) }
}

/// t of every committee accepted; or so many of one refused that t could not accept any more.
fn check_members(decided: &Decided, epoch: &Epoch) -> Result<(), Refusal> {
    let bits = decided.members();
    let sizes: Vec<CommitteeSize> = epoch.entry().committees.iter().map(|c| c.size).collect();
    let exist = |(bits, size): (&u32, &CommitteeSize)| {
        bits.checked_shr(u32::from(size.n())).unwrap_or(0) == 0
    };
    if bits.len() != sizes.len() || !bits.iter().zip(&sizes).all(exist) {
        return Err(contradiction("it names members that there are not"));
    }
    let at_least = |(bits, needed): (&u32, u8)| bits.count_ones() >= u32::from(needed);
    let enough = match decided {
        Decided::Recognised(_) => bits.iter().zip(sizes.iter().map(|s| s.t())).all(at_least),
        Decided::Declined(_) => bits.iter().zip(sizes.iter().map(|s| s.blocking())).any(at_least),
    };
    if enough { Ok(()) } else { Err(contradiction("too few members stand behind it")) }
}

fn check_decision(decided: &Decided) -> Result<(), Refusal> {
    if decided.candidate().version != 1 {
        return Err(contradiction("its candidate is of a version that is not known here"));
    }
    match decided {
        Decided::Recognised(entry) if entry.candidate.decision.form == Form::Denied => {
            Err(contradiction("it is recognised, and its packs deny"))
        }
        Decided::Recognised(entry) if entry.candidate.facts.code.is_none() => {
            Err(contradiction("it is recognised, and was not in the registry"))
        }
        Decided::Declined(entry) if entry.reasons.is_empty() => {
            Err(contradiction("it is declined without a reason"))
        }
        _ => Ok(()),
    }
}

fn contradiction(what: &'static str) -> Refusal {
    NotGenuine::Contradiction { what }.into()
}

/// Checks the seal, if there is one, and gives the epochs that it makes known.
///
/// A seal proves that entry and `batch` entry are under a checkpoint of a later epoch. It also tells what
/// closed the certificate's own epoch: a larger checkpoint under its keys proves nothing (A130).
fn verify_seal(
    lane: &TrustedCommittees,
    file: &Certificate,
    own: &SignedCheckpoint,
    epochs: Epochs,
    trail: &mut Trail,
) -> Result<(Option<SignedCheckpoint>, Epochs), Refusal> {
    let own_head = own.checkpoint().head;
    let known = || epochs.closings().chain([own_head]);
    let Some(seal) = &file.seal else {
        check_one_history_of_all(known())?;
        return Ok((None, epochs));
    };
    let sealing = Epochs::verify(lane, &seal.committees)?;
    if !goes_on(&file.committees, &seal.committees) {
        return Err(contradiction("its seal is not of a later epoch of the same committees"));
    }
    let signed = verify_file_note(FileKind::Seal, &seal.checkpoint, &sealing.last().keys)?;
    verify_sealed(file, seal, &signed.checkpoint().head)?;
    let epoch = own.epoch();
    verify_not_after_closing(&sealing, epoch, &own_head)?;
    check_one_history_of_all(known().chain(sealing.closings()).chain([signed.checkpoint().head]))?;
    trail.passed(Step::Sealed { epoch, by: signed.epoch() });
    Ok((Some(signed), sealing))
}

/// Whether the seal's chain is the certificate's, and longer.
fn goes_on(own: &[ProvenCommittee], sealing: &[ProvenCommittee]) -> bool {
    let same = |(a, b): (&ProvenCommittee, &ProvenCommittee)| {
        a.index == b.index && a.salt == b.salt && a.bytes == b.bytes
    };
    sealing.len() > own.len() && own.iter().zip(sealing).all(same)
}

fn verify_sealed(file: &Certificate, seal: &Seal, head: &TreeHead) -> Result<(), Refusal> {
    verify_chain_included(&seal.committees, head)?;
    for (entry, proof, leaf) in
        [(&file.entry, &seal.proof, Leaf::Entry), (&file.batch, &seal.batch_proof, Leaf::Batch)]
    {
        verify_leaf(entry.index, &entry.salt.0, &entry.bytes, proof, head)
            .map_err(|_| NotGenuine::NotIncluded { leaf })?;
    }
    Ok(())
}

/// As [`check_one_history`], of any two.
fn check_one_history_of_all(heads: impl Iterator<Item = TreeHead>) -> Result<(), Refusal> {
    let mut by_size = BTreeMap::new();
    for head in heads {
        check_one_history(by_size.entry(head.size).or_insert(head), &head)?;
    }
    Ok(())
}

/// Two signed heads of one size have one root.
///
/// # Errors
///
/// [`NotGenuine::TwoHistories`].
pub(crate) fn check_one_history(a: &TreeHead, b: &TreeHead) -> Result<(), Refusal> {
    if a.size == b.size && a.root != b.root {
        return Err(NotGenuine::TwoHistories { size: a.size }.into());
    }
    Ok(())
}
