//! A checkpoint with all that its lane requires: what makes it final.

use crate::{
    bls::{Suite, ThresholdText},
    cosignature::{VerifiedCosignature, key_id, member_name, read_payload},
    epoch::{CommitteeKeySet, EpochKeys},
    note::{BadNote, MAX_NOTE_LINES, Note, NoteLine},
};
use alloc::{collections::BTreeMap, string::String, string::ToString, vec::Vec};
use gateway_types::{
    MemberRef,
    bytes::BlsSignature,
    checkpoint::{BadCheckpoint, Checkpoint},
    entry::Required,
};

/// A final checkpoint: at least t cosignatures of every committee, and one threshold signature of each
/// where the lane requires it.
///
/// Evidence: only [`EpochKeys::verify_note`] makes one. Source: design, section 5.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    epoch: u64,
    cosigners: Vec<Cosigner>,
    note: Note,
}

/// Who cosigned, and when by its own clock, in whole seconds since 1970.
type Cosigner = (MemberRef, u64);

impl SignedCheckpoint {
    /// A checkpoint that nobody signed, for the model checker.
    #[cfg(feature = "unverified-for-model")]
    #[must_use]
    pub fn unverified_for_model(checkpoint: Checkpoint, epoch: u64) -> Self {
        let note = Note::unsigned_for_model(&checkpoint.to_text());
        Self { checkpoint, epoch, cosigners: Vec::new(), note }
    }

    /// Origin, size, root.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The epoch whose keys signed it.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Who cosigned, sorted, with the time of each in whole seconds since 1970.
    #[must_use]
    pub fn cosigners(&self) -> &[(MemberRef, u64)] {
        &self.cosigners
    }

    /// The note that it came in.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }
}

impl EpochKeys {
    /// Checks a signed note: a checkpoint of this lane, with all signatures that the lane requires.
    ///
    /// Lines of unknown keys are ignored; a bad line of a known key refuses the note (C2SP signed-note),
    /// and with it one share or cosignature of four is no reason to lose a checkpoint: whoever makes the
    /// note leaves it out. Trust: `note` may come from anybody.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`]: this note proves nothing; ask elsewhere.
    pub fn verify_note(&self, note: &Note) -> Result<SignedCheckpoint, CheckpointError> {
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin != *self.origin() {
            return Err(CheckpointError::Origin { got: checkpoint.origin.to_string() });
        }
        let mut cosigners = Vec::new();
        for member in self.members() {
            cosigners
                .extend(self.cosigner(note, &checkpoint, member)?.map(|c| (member, c.time_s())));
        }
        self.check_counts(&cosigners)?;
        self.check_threshold_lines(note, &checkpoint)?;
        Ok(SignedCheckpoint { checkpoint, epoch: self.epoch(), cosigners, note: note.clone() })
    }

    /// Makes the note of a checkpoint from cosignatures and one threshold signature a committee, in the
    /// entry's order, and checks it as anybody would.
    ///
    /// Cosignatures of other checkpoints are left out; of a member's several, the first is taken.
    ///
    /// # Errors
    ///
    /// [`CheckpointError`] if they are not what the lane requires.
    pub fn finish_note(
        &self,
        checkpoint: &Checkpoint,
        cosignatures: &[VerifiedCosignature],
        thresholds: &[BlsSignature],
    ) -> Result<SignedCheckpoint, CheckpointError> {
        let mut lines = self.cosignature_lines(checkpoint, cosignatures);
        let committees = self.committees().iter().zip(thresholds);
        lines.extend(committees.map(|(committee, signature)| committee.line(signature)));
        self.verify_note(&Note::new(&checkpoint.to_text(), lines)?)
    }

    /// The lines of the cosignatures on `checkpoint`: all of them if they fit into a note, else those of
    /// the first t members of each committee, which always do.
    fn cosignature_lines(
        &self,
        checkpoint: &Checkpoint,
        cosignatures: &[VerifiedCosignature],
    ) -> Vec<NoteLine> {
        let on_it = cosignatures.iter().filter(|c| c.checkpoint() == checkpoint);
        let by_member: BTreeMap<_, _> = on_it.rev().map(|c| (c.member(), c.line())).collect();
        let all_fit = by_member.len().saturating_add(self.committees().len()) <= MAX_NOTE_LINES;
        let mut taken = BTreeMap::new();
        let mut has_place = |member: MemberRef| {
            let count: &mut u8 = taken.entry(member.committee).or_default();
            *count = count.saturating_add(1);
            let committee = self.committees().get(usize::from(member.committee));
            all_fit || committee.is_some_and(|committee| *count <= committee.size().t())
        };
        let kept = by_member.into_iter().filter(|(member, _)| has_place(*member));
        kept.map(|(_, line)| line.clone()).collect()
    }

    /// The cosignature of `member` in the note, if its line is there.
    fn cosigner(
        &self,
        note: &Note,
        checkpoint: &Checkpoint,
        member: MemberRef,
    ) -> Result<Option<VerifiedCosignature>, CheckpointError> {
        let (Some(keys), Some(name)) = (self.member(member), member_name(self, member)) else {
            return Ok(None);
        };
        let id = key_id(&name, &keys.cosigning().public());
        let Some(line) = note.line(&name, id) else { return Ok(None) };
        let bad = || CheckpointError::Line { name: name.clone() };
        let (time_s, signature) = read_payload(&line.payload).map_err(|_| bad())?;
        self.verify_cosignature(checkpoint, member, time_s, &signature).map(Some).map_err(|_| bad())
    }

    fn check_counts(&self, cosigners: &[Cosigner]) -> Result<(), CheckpointError> {
        for (place, committee) in (0u8..).zip(self.committees()) {
            let got = cosigners.iter().filter(|(member, _)| member.committee == place).count();
            let needed = committee.size().t();
            if got < usize::from(needed) {
                let committee = committee.name().to_string();
                return Err(CheckpointError::TooFew { committee, got, needed });
            }
        }
        Ok(())
    }

    fn check_threshold_lines(
        &self,
        note: &Note,
        checkpoint: &Checkpoint,
    ) -> Result<(), CheckpointError> {
        let text = ThresholdText::checkpoint(checkpoint);
        for committee in self.committees() {
            let name = committee.name().to_string();
            let required = self.entry().required == Required::CosignaturesAndThreshold;
            match note
                .line(&name, Suite::Bls12381MinSig.key_id(&name, committee.group_key().bytes()))
            {
                Some(line) => committee.check_line(line, &text)?,
                None if required => return Err(CheckpointError::NoThreshold { committee: name }),
                None => {}
            }
        }
        Ok(())
    }
}

impl CommitteeKeySet {
    /// The line of a threshold signature in a signed note. Source: formats, section 5.
    #[must_use]
    pub fn line(&self, signature: &BlsSignature) -> NoteLine {
        let name = self.name().to_string();
        let key_id = Suite::Bls12381MinSig.key_id(&name, self.group_key().bytes());
        NoteLine { name, key_id, payload: signature.as_bytes().to_vec() }
    }

    fn check_line(&self, line: &NoteLine, text: &ThresholdText) -> Result<(), CheckpointError> {
        let bad = || CheckpointError::Line { name: line.name.clone() };
        let signature = BlsSignature::from_slice(&line.payload).ok_or_else(bad)?;
        self.group_key().verify(text, &signature).map_err(|_| bad())
    }
}

/// Why a note is not a final checkpoint of this lane and epoch.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] BadNote),
    /// The text is not a checkpoint.
    #[error(transparent)]
    Text(#[from] BadCheckpoint),
    /// A checkpoint of another lane.
    #[error("the checkpoint is of {got}")]
    Origin {
        /// That lane.
        got: String,
    },
    /// A line of a known key that is not its signature.
    #[error("the signature of {name} does not hold")]
    Line {
        /// The key's name.
        name: String,
    },
    /// Too few cosignatures.
    #[error("{got} cosignatures of {committee}, {needed} are needed")]
    TooFew {
        /// The committee's name.
        committee: String,
        /// How many hold.
        got: usize,
        /// Its t.
        needed: u8,
    },
    /// No threshold signature.
    #[error("no threshold signature of {committee}")]
    NoThreshold {
        /// The committee's name.
        committee: String,
    },
}
