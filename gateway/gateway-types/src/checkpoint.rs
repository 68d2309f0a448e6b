//! The three lines that committees sign: origin, size, root (C2SP tlog-checkpoint).

use crate::{
    bytes::Digest,
    id::{BadIdentifier, Origin},
};
use alloc::{format, string::String};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use minicbor::{Decode, Encode};

/// Longest checkpoint text that is taken, in bytes.
pub const MAX_CHECKPOINT: usize = 256;

/// How long a log is and what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
#[cbor(map)]
pub struct TreeHead {
    /// Number of leaves.
    #[n(0)]
    pub size: u64,
    /// RFC 6962 root over them.
    #[n(1)]
    pub root: Digest,
}

impl TreeHead {
    /// The empty log: the root of no leaves is SHA-256 of nothing (RFC 6962 section 2.1).
    #[must_use]
    pub fn empty() -> Self {
        Self { size: 0, root: crate::frame::sha256(b"") }
    }
}

/// A lane's log at one size: what a checkpoint says.
///
/// Source: C2SP tlog-checkpoint; no extension lines. Trust: a parsed text is a claim until it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Whose log.
    pub origin: Origin,
    /// Its size and root.
    pub head: TreeHead,
}

impl Checkpoint {
    /// The text that is signed: three lines, each ended by a line feed.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.head.size, STANDARD.encode(self.head.root.0))
    }

    /// Reads exactly what [`Checkpoint::to_text`] writes.
    ///
    /// # Errors
    ///
    /// [`BadCheckpoint`] on any other text, extension lines included.
    pub fn parse(text: &str) -> Result<Self, BadCheckpoint> {
        let mut lines = text.split('\n');
        let (Some(origin), Some(size), Some(root), Some(""), None) =
            (lines.next(), lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(BadCheckpoint::Lines);
        };
        let root = STANDARD.decode(root).ok().and_then(|bytes| Digest::from_slice(&bytes));
        let head = TreeHead {
            size: size.parse().map_err(|_| BadCheckpoint::Size)?,
            root: root.ok_or(BadCheckpoint::Root)?,
        };
        let checkpoint = Self { origin: origin.parse().map_err(BadCheckpoint::Origin)?, head };
        if checkpoint.to_text() == text { Ok(checkpoint) } else { Err(BadCheckpoint::NotCanonical) }
    }
}

/// Why a text is not a checkpoint of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCheckpoint {
    /// Not three lines, each ended by a line feed.
    #[error("a checkpoint has three lines: origin, size, root")]
    Lines,
    /// The first line.
    #[error("the first line is {0}")]
    Origin(BadIdentifier),
    /// The second line.
    #[error("the second line is not a size")]
    Size,
    /// The third line.
    #[error("the third line is not a root: base64 of 32 bytes")]
    Root,
    /// Readable, but not as it is written.
    #[error("the text is not as a checkpoint is written")]
    NotCanonical,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        let origin = "comity.gba/CN-GD.CN-HK.standard".parse().unwrap();
        Checkpoint { origin, head: TreeHead { size: 7, root: Digest([1; 32]) } }
    }

    #[test]
    fn the_text_is_pinned() {
        let text =
            "comity.gba/CN-GD.CN-HK.standard\n7\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
        assert_eq!(checkpoint().to_text(), text);
        assert_eq!(Checkpoint::parse(text), Ok(checkpoint()));
    }

    #[test]
    fn any_other_text_is_refused() {
        let text = checkpoint().to_text();
        for bad in [
            text.replace("\n7\n", "\n07\n"),
            text.replace("\n7\n", "\n+7\n"),
            text.replace('=', ""),
            format!("{text}extension\n"),
            text.trim_end().into(),
            text.replace('\n', "\r\n"),
        ] {
            assert!(Checkpoint::parse(&bad).is_err(), "{bad}");
        }
    }
}
