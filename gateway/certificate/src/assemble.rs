//! Certificate, status and trust files, made from a log and its notes.
//!
//! What is made here is not checked: whoever hands a file out checks it first, as its reader will.

use crate::read::FILE_VERSION;
use gateway_lane::StatusList;
use gateway_log::{Log, OutOfRange};
use gateway_types::{
    Bounded, Bytes, Origin,
    body::BodyEntry,
    bounded::TooMany,
    bytes::BlsSignature,
    certificate::{
        Certificate, Closing, HashText, MAX_PROOF, ProvenChange, ProvenCommittee, ProvenEntry,
        SaltText, Seal, StatusFile, TrustFile, TrustedLane,
    },
};

/// An entry and its place in the log.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The place, from 0.
    pub index: u64,
    /// Salt and bytes, as they were agreed.
    pub entry: &'a BodyEntry,
}

/// A checkpoint that was signed.
#[derive(Clone, Copy, Debug)]
pub struct SignedSize<'a> {
    /// How many entries the log had.
    pub size: u64,
    /// The signed note.
    pub note: &'a str,
}

/// A `committee` entry, and the checkpoint that closed the epoch before it; none for the first.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'a> {
    /// The entry.
    pub committee: Placed<'a>,
    /// The note over the log that ends with it.
    pub closing: Option<&'a str>,
}

/// Makes proofs from one log.
#[derive(Clone, Copy, Debug)]
pub struct Assembler<'a> {
    /// The lane.
    pub origin: &'a Origin,
    /// Its log.
    pub log: &'a Log,
}

impl Assembler<'_> {
    /// A certificate of `entry` under `checkpoint`.
    ///
    /// `committees` are those of the lane's first epoch to the one that signed.
    ///
    /// # Errors
    ///
    /// [`AssembleError`]: an index that the log does not have, or too much for a file.
    pub fn certificate(
        &self,
        entry: Placed<'_>,
        batch: Placed<'_>,
        checkpoint: SignedSize<'_>,
        committees: &[Opened<'_>],
    ) -> Result<Certificate, AssembleError> {
        Ok(Certificate {
            v: FILE_VERSION,
            origin: self.origin.clone(),
            entry: self.prove(entry, checkpoint.size)?,
            batch: self.prove(batch, checkpoint.size)?,
            checkpoint: checkpoint.note.to_owned(),
            committees: self.committees(committees, checkpoint.size)?,
            seal: None,
        })
    }

    /// A seal for a certificate: its entry and `batch` entry under a checkpoint of a later epoch.
    ///
    /// # Errors
    ///
    /// As [`Assembler::certificate`].
    pub fn seal(
        &self,
        certificate: &Certificate,
        checkpoint: SignedSize<'_>,
        committees: &[Opened<'_>],
    ) -> Result<Seal, AssembleError> {
        Ok(Seal {
            checkpoint: checkpoint.note.to_owned(),
            proof: self.proof(certificate.entry.index, checkpoint.size)?,
            batch_proof: self.proof(certificate.batch.index, checkpoint.size)?,
            committees: self.committees(committees, checkpoint.size)?,
        })
    }

    /// The status of all recognitions as of `batch`, whose digest must be that of `list`.
    ///
    /// `change` is the `status` entry of one licence with its `batch` entry, for a file that goes with one
    /// certificate.
    ///
    /// # Errors
    ///
    /// As [`Assembler::certificate`].
    pub fn status(
        &self,
        batch: Placed<'_>,
        list: &StatusList,
        checkpoint: SignedSize<'_>,
        change: Option<(Placed<'_>, Placed<'_>)>,
    ) -> Result<StatusFile, AssembleError> {
        let size = checkpoint.size;
        let change = change.map(|(entry, batch)| {
            let (entry, batch) = (self.prove(entry, size)?, self.prove(batch, size)?);
            Ok::<_, AssembleError>(ProvenChange { entry, batch })
        });
        Ok(StatusFile {
            v: FILE_VERSION,
            origin: self.origin.clone(),
            batch: self.prove(batch, size)?,
            checkpoint: checkpoint.note.to_owned(),
            count: list.count(),
            list: Bytes::new(list.to_zlib())?,
            change: change.transpose()?,
        })
    }

    /// An entry with its proof in the log of `size` entries.
    ///
    /// # Errors
    ///
    /// As [`Assembler::certificate`].
    pub fn prove(&self, placed: Placed<'_>, size: u64) -> Result<ProvenEntry, AssembleError> {
        Ok(ProvenEntry {
            index: placed.index,
            salt: SaltText(placed.entry.salt),
            bytes: placed.entry.bytes.clone(),
            proof: self.proof(placed.index, size)?,
        })
    }

    fn committees<const MAX: usize>(
        &self,
        opened: &[Opened<'_>],
        size: u64,
    ) -> Result<Bounded<ProvenCommittee, MAX>, AssembleError> {
        let proven: Result<Vec<_>, _> = opened.iter().map(|o| self.committee(o, size)).collect();
        Ok(Bounded::new(proven?)?)
    }

    fn committee(&self, opened: &Opened<'_>, size: u64) -> Result<ProvenCommittee, AssembleError> {
        let ProvenEntry { index, salt, bytes, proof } = self.prove(opened.committee, size)?;
        let closing = opened.closing.map(|note| self.closing(index, note)).transpose()?;
        Ok(ProvenCommittee { index, salt, bytes, proof, closing })
    }

    fn closing(&self, index: u64, note: &str) -> Result<Closing, AssembleError> {
        let proof = self.proof(index, index.saturating_add(1))?;
        Ok(Closing { checkpoint: note.to_owned(), proof })
    }

    fn proof(&self, index: u64, size: u64) -> Result<Bounded<HashText, MAX_PROOF>, AssembleError> {
        let proof = self.log.inclusion_proof(index, size)?;
        Ok(Bounded::new(proof.iter().map(|hash| HashText(*hash)).collect())?)
    }
}

/// A trust file. `lanes` are each lane's first `committee` entry and one proof of possession a committee.
///
/// It is made from what a ceremony left with the members, never from what a gateway says.
///
/// # Errors
///
/// [`AssembleError::TooMany`].
pub fn trust(
    dated: &str,
    lanes: &[(Origin, &[u8], &[BlsSignature])],
) -> Result<TrustFile, AssembleError> {
    let lanes: Result<Vec<_>, _> = lanes.iter().map(trusted_lane).collect();
    Ok(TrustFile { v: FILE_VERSION, dated: dated.to_owned(), lanes: Bounded::new(lanes?)? })
}

fn trusted_lane(
    (origin, committee, possession): &(Origin, &[u8], &[BlsSignature]),
) -> Result<TrustedLane, AssembleError> {
    let signatures: Result<Vec<_>, _> =
        possession.iter().map(|signature| Bytes::new(signature.as_bytes().to_vec())).collect();
    Ok(TrustedLane {
        origin: origin.clone(),
        committee: Bytes::new(committee.to_vec())?,
        possession: Bounded::new(signatures?)?,
    })
}

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The log has no such entry, or was never of that size.
    #[error(transparent)]
    Log(#[from] OutOfRange),
    /// More than a file may hold.
    #[error(transparent)]
    TooMany(#[from] TooMany),
}
