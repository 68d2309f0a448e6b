//! What is found about a log: its tiles, and who signed its checkpoint.

use certificate::Trust;
use gateway_cosign::{BadCommittee, BadNote, CheckpointError, EpochKeys, Note, SignedCheckpoint};
use gateway_log::{TileError, TilePath, VerifiedTiles, verify_tiles};
use gateway_types::{
    Digest, Timestamp,
    checkpoint::{BadCheckpoint, Checkpoint},
};

/// All that was found.
#[derive(Debug)]
pub(super) enum Findings {
    /// The file `checkpoint` is none: damaged, or something else.
    NoCheckpoint(NoCheckpoint),
    /// What its tiles and its signatures show.
    Log(Box<LogFindings>),
}

/// What a log's tiles and signatures show.
#[derive(Debug)]
pub(super) struct LogFindings {
    pub(super) checkpoint: Checkpoint,
    pub(super) tiles: Result<VerifiedTiles, TileError>,
    pub(super) signatures: Signatures,
}

/// Who signed the checkpoint.
#[derive(Debug)]
pub(super) enum Signatures {
    /// No trust file was given.
    NotAsked,
    /// All that the lane requires, by committees of the trust file.
    Good { signed: Box<SignedCheckpoint>, keys: Box<EpochKeys>, fingerprint: Digest },
    /// A signature by a known key that does not hold.
    Bad(CheckpointError),
    /// The trust file does not reach so far.
    Unknown(Unknown),
}

/// Why it cannot be said who signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unknown {
    /// Another lane than those of the trust file.
    #[error("the trust file does not name this lane")]
    Lane,
    /// Signatures are missing; a later epoch may have signed.
    #[error("{0}. A later epoch may have signed, of which this trust file knows nothing")]
    TooFew(CheckpointError),
    /// The epoch is over: whoever keeps its old keys can still sign.
    #[error("the keys of epoch {epoch} have ended, so what they sign proves nothing any more")]
    KeysEnded { epoch: u64 },
    /// An entry that was good when the trust file was read, and now is not.
    #[error(transparent)]
    Committee(#[from] BadCommittee),
}

/// Why a file is no checkpoint.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoCheckpoint {
    /// Not text.
    #[error("it is not text")]
    Text,
    /// Not a signed note.
    #[error("{0}")]
    Note(#[from] BadNote),
    /// A note about something else.
    #[error("{0}")]
    Checkpoint(#[from] BadCheckpoint),
}

/// Looks at a log. Judges keys as of `now`.
///
/// Trust: `note` and the tiles may come from anybody; `trust` from those whom the user trusts.
pub(super) fn look(
    note: &[u8],
    read_tile: impl FnMut(&TilePath) -> Option<Vec<u8>>,
    trust: Option<&Trust>,
    now: Timestamp,
) -> Findings {
    let (note, checkpoint) = match read_checkpoint(note) {
        Ok(read) => read,
        Err(error) => return Findings::NoCheckpoint(error),
    };
    let tiles = verify_tiles(read_tile, &checkpoint.head);
    let signatures =
        trust.map_or(Signatures::NotAsked, |trust| who(&note, &checkpoint, trust, now));
    Findings::Log(Box::new(LogFindings { checkpoint, tiles, signatures }))
}

fn read_checkpoint(note: &[u8]) -> Result<(Note, Checkpoint), NoCheckpoint> {
    let text = std::str::from_utf8(note).map_err(|_| NoCheckpoint::Text)?;
    let note = Note::parse(text)?;
    let checkpoint = Checkpoint::parse(note.text())?;
    Ok((note, checkpoint))
}

fn who(note: &Note, checkpoint: &Checkpoint, trust: &Trust, now: Timestamp) -> Signatures {
    let Some(lane) = trust.lane(&checkpoint.origin) else {
        return Signatures::Unknown(Unknown::Lane);
    };
    // Possession was checked when the trust file was read.
    let keys = match EpochKeys::from_logged(lane.origin(), lane.bytes()) {
        Ok(keys) => keys,
        Err(error) => return Signatures::Unknown(error.into()),
    };
    match keys.verify_note(note) {
        Ok(_) if keys_have_ended(&keys, now) => {
            Signatures::Unknown(Unknown::KeysEnded { epoch: keys.epoch() })
        }
        Ok(signed) => Signatures::Good {
            signed: Box::new(signed),
            keys: Box::new(keys),
            fingerprint: trust.fingerprint(),
        },
        Err(error) if may_be_a_later_epoch(&error) => Signatures::Unknown(Unknown::TooFew(error)),
        Err(error) => Signatures::Bad(error),
    }
}

fn keys_have_ended(keys: &EpochKeys, now: Timestamp) -> bool {
    keys.entry().keys_end().is_none_or(|keys_end| now >= keys_end)
}

fn may_be_a_later_epoch(error: &CheckpointError) -> bool {
    matches!(error, CheckpointError::TooFew { .. } | CheckpointError::NoThreshold { .. })
}
