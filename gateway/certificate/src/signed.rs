//! Signed notes under the keys of one epoch, and where a note says it belongs.

use gateway_cosign::Note;
pub(crate) use gateway_cosign::{BadCommittee, CheckpointError, EpochKeys, SignedCheckpoint};
use gateway_types::Origin;

/// Checks a note: all signatures that the lane requires, by `keys`.
///
/// Source: C2SP signed-note, tlog-checkpoint, tlog-cosignature; design section 5.
/// Trust: anybody may have written the note.
pub(crate) fn verify_note(
    note: &str,
    keys: &EpochKeys,
) -> Result<SignedCheckpoint, CheckpointError> {
    keys.verify_note(&Note::parse(note)?)
}

/// Whether the note's first line names this lane. Says nothing about who wrote it.
pub(crate) fn names_lane(note: &str, origin: &Origin) -> bool {
    note.split('\n').next() == Some(origin.to_string().as_str())
}

/// Whether a note failed only for want of signatures by known keys: another epoch may have signed it.
pub(crate) fn may_be_anothers(error: &CheckpointError) -> bool {
    matches!(error, CheckpointError::TooFew { .. } | CheckpointError::NoThreshold { .. })
}
