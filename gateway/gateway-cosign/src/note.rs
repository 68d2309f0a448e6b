//! Signed notes: a text, a blank line, and signature lines.
//!
//! Source: C2SP signed-note. Stricter than it in one thing: base64 must be canonical, so that a note
//! has one form.

use alloc::{collections::BTreeSet, format, string::String, vec::Vec};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::{Digest, certificate::MAX_NOTE};

/// Most signature lines that a note may carry. C2SP asks for at least 16.
pub const MAX_NOTE_LINES: usize = 64;

/// Longest signature after the key id, in bytes.
const MAX_PAYLOAD: usize = 512;

/// Begins a signature line: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// A text and the signatures that came with it, unchecked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    lines: Vec<NoteLine>,
}

/// One signature line, of whatever kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteLine {
    /// The key's name.
    pub name: String,
    /// The key's id: with the name it says which key and which kind of signature.
    pub key_id: [u8; 4],
    /// What follows the id: the signature, in the form of its kind.
    pub payload: Vec<u8>,
}

impl Note {
    /// A note of `text` and `lines`, which are put in order.
    ///
    /// # Errors
    ///
    /// [`BadNote`] if it could not be read back.
    pub fn new(text: &str, mut lines: Vec<NoteLine>) -> Result<Self, BadNote> {
        lines.sort();
        check_text(text)?;
        check_lines(&lines)?;
        Ok(Self { text: text.into(), lines })
    }

    /// A note without signatures, for the model checker.
    #[cfg(feature = "unverified-for-model")]
    pub(crate) fn unsigned_for_model(text: &str) -> Self {
        Self { text: text.into(), lines: Vec::new() }
    }

    /// Reads a note.
    ///
    /// Trust: `note` may come from anybody. Lines of unknown keys are kept and mean nothing.
    ///
    /// # Errors
    ///
    /// [`BadNote`]: refuse it for good.
    pub fn parse(note: &str) -> Result<Self, BadNote> {
        if note.len() > MAX_NOTE {
            return Err(BadNote::TooLong { len: note.len() });
        }
        // The text may hold blank lines of its own: the signatures begin after the last.
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(BadNote::NoSignatures)?;
        let text = note.get(..text.len().saturating_add(1)).ok_or(BadNote::NoSignatures)?;
        check_text(text)?;
        let signatures = signatures.strip_suffix('\n').ok_or(BadNote::NoSignatures)?;
        if signatures.split('\n').count() > MAX_NOTE_LINES {
            return Err(BadNote::TooManyLines);
        }
        let lines: Result<Vec<_>, _> = signatures.split('\n').map(parse_line).collect();
        let lines = lines?;
        check_lines(&lines)?;
        Ok(Self { text: text.into(), lines })
    }

    /// The signed text, with its last line feed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, as they came.
    #[must_use]
    pub fn lines(&self) -> &[NoteLine] {
        &self.lines
    }

    /// The line of one key, if there is one.
    #[must_use]
    pub fn line(&self, name: &str, key_id: [u8; 4]) -> Option<&NoteLine> {
        self.lines.iter().find(|line| line.name == name && line.key_id == key_id)
    }

    /// The note, as it is sent and kept.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut note = self.text.clone();
        note.push('\n');
        for line in &self.lines {
            let blob = [&line.key_id[..], &line.payload].concat();
            note.push_str(&format!("{DASH}{} {}\n", line.name, STANDARD.encode(blob)));
        }
        note
    }
}

/// The first four bytes of a digest: a key id.
pub(crate) fn first_four(digest: &Digest) -> [u8; 4] {
    let [a, b, c, d, ..] = digest.0;
    [a, b, c, d]
}

fn check_text(text: &str) -> Result<(), BadNote> {
    let printable = |c: char| c == '\n' || !c.is_ascii_control();
    if text.is_empty() || !text.ends_with('\n') || !text.chars().all(printable) {
        return Err(BadNote::Text);
    }
    Ok(())
}

fn check_lines(lines: &[NoteLine]) -> Result<(), BadNote> {
    if lines.is_empty() {
        return Err(BadNote::NoSignatures);
    }
    if lines.len() > MAX_NOTE_LINES {
        return Err(BadNote::TooManyLines);
    }
    if !lines.iter().all(|line| is_key_name(&line.name) && fits(&line.payload)) {
        return Err(BadNote::Line);
    }
    let mut seen = BTreeSet::new();
    match lines.iter().find(|line| !seen.insert((&line.name, line.key_id))) {
        Some(line) => Err(BadNote::Twice { name: line.name.clone() }),
        None => Ok(()),
    }
}

fn parse_line(line: &str) -> Result<NoteLine, BadNote> {
    let rest = line.strip_prefix(DASH).ok_or(BadNote::Line)?;
    let (name, blob) = rest.split_once(' ').ok_or(BadNote::Line)?;
    let blob = STANDARD.decode(blob).map_err(|_| BadNote::Line)?;
    let (key_id, payload) = blob.split_first_chunk::<4>().ok_or(BadNote::Line)?;
    Ok(NoteLine { name: name.into(), key_id: *key_id, payload: payload.to_vec() })
}

/// Not empty, no space, no plus sign.
fn is_key_name(name: &str) -> bool {
    let fits = |c: char| !c.is_whitespace() && c != '+' && !c.is_control();
    (1..=200).contains(&name.len()) && name.chars().all(fits)
}

fn fits(payload: &[u8]) -> bool {
    (1..=MAX_PAYLOAD).contains(&payload.len())
}

/// Why a text is not a signed note.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    /// Longer than a note may be.
    #[error("{len} bytes, at most {MAX_NOTE} are allowed")]
    TooLong {
        /// How long it is.
        len: usize,
    },
    /// The text before the signatures is empty, has no last line feed or holds control characters.
    #[error("the signed text has no last line feed, or holds a control character")]
    Text,
    /// There is no blank line with signature lines after it.
    #[error("no signatures")]
    NoSignatures,
    /// More signature lines than a note may have.
    #[error("more than {MAX_NOTE_LINES} signatures")]
    TooManyLines,
    /// A line that is not a dash, a name and base64.
    #[error("a signature line is not a dash, a name, and base64 of a key id and a signature")]
    Line,
    /// Two lines of one key.
    #[error("two signatures of one key of {name}")]
    Twice {
        /// The key's name.
        name: String,
    },
}
