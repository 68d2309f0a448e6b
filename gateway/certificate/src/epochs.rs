//! From the committees of the trust file to those that signed: the chain of `committee` entries.
//!
//! The way of a `committee` entry to a root proves nothing by itself: whoever signed the root wrote the
//! entry, and anybody can name committees after the first. What proves epoch e + 1 is epoch e: its members
//! agreed on the entry that opens e + 1 as the last of their own epoch, and so signed the checkpoint whose
//! last leaf it is. Each later entry therefore brings that checkpoint along ([`Closing`]), and it is checked
//! under the keys of the epoch before. The same checkpoint says up to which size epoch e signs at all.
//!
//! *Limit:* whoever steals the keys of t members of every committee of a closed epoch can sign another
//! closing checkpoint, and found another chain. Against that: destroyed keys, witnesses, time stamps, a
//! newer trust file. No file can prove the contrary by itself.

use crate::{
    inclusion::verify_leaf,
    outcome::{FileKind, Leaf, NotGenuine, Refusal},
    signed::{EpochKeys, SignedCheckpoint, verify_note},
    trust::TrustedCommittees,
};
use gateway_types::{
    Origin, Timestamp,
    certificate::{Closing, ProvenCommittee},
    checkpoint::TreeHead,
    entry::CommitteeEntry,
};

/// One epoch of a lane: who signs, from which entry on.
#[derive(Clone, Debug)]
pub struct Epoch {
    /// The checked keys, with the entry that opened it.
    pub(crate) keys: EpochKeys,
    /// That entry's place in the log.
    pub(crate) index: u64,
    /// What the epoch before signed last, the entry its last leaf; none for the first epoch.
    pub(crate) opened_by: Option<TreeHead>,
}

impl Epoch {
    /// The entry that opened it.
    #[must_use]
    pub fn entry(&self) -> &CommitteeEntry {
        self.keys.entry()
    }

    /// Its number, from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.keys.epoch()
    }

    /// The time from which on its signatures prove nothing without a seal.
    #[must_use]
    pub fn keys_end(&self) -> Timestamp {
        // An epoch without committees is refused before; if it were not, it would be closed.
        self.entry().keys_end().unwrap_or(Timestamp(0))
    }
}

/// The epochs of a lane from its first on, each named by those before it.
///
/// Only the walk from a trust file makes one.
#[derive(Clone, Debug)]
pub struct Epochs {
    /// Never empty.
    first: Epoch,
    later: Vec<Epoch>,
}

impl Epochs {
    /// Walks from the trusted first entry through `chain`, whose first element is that entry.
    ///
    /// Trust: `chain` may come from anybody, `trusted` from the relying party's trust file.
    ///
    /// # Errors
    ///
    /// [`NotGenuine`]: another first entry, or a step that the epoch before did not sign.
    pub(crate) fn verify(
        trusted: &TrustedCommittees,
        chain: &[ProvenCommittee],
    ) -> Result<Self, Refusal> {
        let (given, rest) = chain.split_first().ok_or(NotGenuine::OtherCommittees)?;
        if !is_first(given, trusted.bytes()) {
            return Err(NotGenuine::OtherCommittees.into());
        }
        let mut epochs = Self { first: trusted.epoch().clone(), later: Vec::new() };
        for given in rest {
            let next = verify_step(epochs.last(), given)?;
            epochs.later.push(next);
        }
        Ok(epochs)
    }

    /// The newest epoch that is known.
    #[must_use]
    pub fn last(&self) -> &Epoch {
        self.later.last().unwrap_or(&self.first)
    }

    /// The epoch of this number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&Epoch> {
        self.iter().find(|epoch| epoch.number() == number)
    }

    /// All of them, the first first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Epoch> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// Size of the checkpoint that closes `epoch`: nothing larger counts under its keys. None if no later
    /// epoch is known.
    #[must_use]
    pub fn closing_size(&self, epoch: u64) -> Option<u64> {
        let next = self.get(epoch.checked_add(1)?)?;
        next.index.checked_add(1)
    }

    /// The heads of the checkpoints that closed the epochs before the last.
    pub(crate) fn closings(&self) -> impl Iterator<Item = TreeHead> {
        self.later.iter().filter_map(|epoch| epoch.opened_by)
    }
}

/// The place of a lane's first `committee` entry: after the first `batch` entry. Source: design section 2.4.
pub const FIRST_COMMITTEE_INDEX: u64 = 1;

fn is_first(given: &ProvenCommittee, trusted: &[u8]) -> bool {
    given.bytes[..] == *trusted && given.index == FIRST_COMMITTEE_INDEX && given.closing.is_none()
}

/// Checks that the members of `before` named the committees of the next epoch.
fn verify_step(before: &Epoch, given: &ProvenCommittee) -> Result<Epoch, Refusal> {
    let number = before.number().saturating_add(1);
    let not_agreed = || NotGenuine::NotAgreed { epoch: number };
    let origin = before.keys.origin();
    let keys = EpochKeys::from_logged(origin, &given.bytes).map_err(|_| not_agreed())?;
    let follows = keys.epoch() == number && given.index > before.index && fits_lane(origin, &keys);
    let closing = given.closing.as_ref().filter(|_| follows).ok_or_else(not_agreed)?;
    let closed = verify_closing(before, given, closing, number)?;
    Ok(Epoch { keys, index: given.index, opened_by: Some(closed.checkpoint().head) })
}

/// Whether the committees are the lane's own: the source's first, then the destination's, in a protocol that
/// this program knows.
pub(crate) fn fits_lane(origin: &Origin, keys: &EpochKeys) -> bool {
    let regions = keys.entry().committees.iter().map(|committee| &committee.region);
    let lane = &origin.lane;
    let named = regions.take(2).eq([&lane.source, &lane.destination]);
    named && keys.entry().protocol == PROTOCOL
}

/// The version of the lane's protocol that is known here. Source: design section 2.4.
const PROTOCOL: u32 = 1;

/// Checks that `before` signed the checkpoint whose last leaf is this entry.
fn verify_closing(
    before: &Epoch,
    given: &ProvenCommittee,
    closing: &Closing,
    number: u64,
) -> Result<SignedCheckpoint, Refusal> {
    let not_agreed = || NotGenuine::NotAgreed { epoch: number };
    let signed = verify_note(&closing.checkpoint, &before.keys).map_err(|_| not_agreed())?;
    let head = signed.checkpoint().head;
    if given.index.checked_add(1) != Some(head.size) {
        return Err(not_agreed().into());
    }
    let salt = &given.salt.0;
    verify_leaf(given.index, salt, &given.bytes, &closing.proof, &head)
        .map_err(|_| not_agreed())?;
    Ok(signed)
}

/// Checks that each entry of the chain is under `head`, so that the log that was signed is the one in which
/// the epochs follow each other.
///
/// # Errors
///
/// [`NotGenuine::NotIncluded`].
pub(crate) fn verify_chain_included(
    chain: &[ProvenCommittee],
    head: &TreeHead,
) -> Result<(), Refusal> {
    for (given, epoch) in chain.iter().zip(1..) {
        verify_leaf(given.index, &given.salt.0, &given.bytes, &given.proof, head)
            .map_err(|_| NotGenuine::NotIncluded { leaf: Leaf::Committee(epoch) })?;
    }
    Ok(())
}

/// Checks the closing rule for a checkpoint that `epoch` signed: nothing larger than what closed it. That it
/// is not another root of a size that a closing checkpoint has is [`crate::genuine::check_one_history`]'s.
///
/// # Errors
///
/// [`NotGenuine::AfterClosing`]: keys that were stolen later, or never destroyed.
pub(crate) fn verify_not_after_closing(
    epochs: &Epochs,
    epoch: u64,
    head: &TreeHead,
) -> Result<(), Refusal> {
    match epochs.closing_size(epoch) {
        Some(closing) if head.size > closing => Err(NotGenuine::AfterClosing { epoch }.into()),
        _ => Ok(()),
    }
}

/// Wraps a refused signature of `file`.
pub(crate) fn verify_file_note(
    file: FileKind,
    note: &str,
    keys: &EpochKeys,
) -> Result<SignedCheckpoint, Refusal> {
    let signed = verify_note(note, keys);
    signed.map_err(|source| NotGenuine::Signatures { file, source }.into())
}
