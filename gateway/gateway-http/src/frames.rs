//! Frames of long responses and posts: four bytes of length, big endian, then CBOR.
//!
//! Source: `formats`, section 4.

use bytes::{Buf as _, Bytes, BytesMut};
use gateway_types::{
    cbor::{self, DecodeError},
    link::MAX_FRAME,
};
use minicbor::{Decode, Encode};

/// Media type of a run of frames.
pub const MEDIA_TYPE: &str = "application/vnd.comity.frames+cbor";

/// Bytes of a length.
const LENGTH: usize = 4;

/// Why frames were not taken, or not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Longer than any frame may be. Nothing was allocated for it.
    #[error("a frame of {len} bytes, at most {MAX_FRAME} are allowed")]
    TooLong {
        /// How long it says it is.
        len: usize,
    },
    /// Its bytes are not the one encoding of what was expected.
    #[error("a frame that cannot be read")]
    Content(#[source] DecodeError),
    /// The bytes end within a frame.
    #[error("{left} bytes of an unfinished frame")]
    Unfinished {
        /// How many were left.
        left: usize,
    },
    /// More frames than the reader takes at once.
    #[error("more than {limit} frames")]
    TooMany {
        /// How many may come.
        limit: usize,
    },
}

/// One frame, with its length.
///
/// # Errors
///
/// [`FrameError::TooLong`] if `value` is longer than [`MAX_FRAME`]: no reader would take it.
pub fn encode<T: Encode<()>>(value: &T) -> Result<Bytes, FrameError> {
    of_parts(&[&cbor::encode(value)])
}

/// One frame, with its length, of a content that is encoded already: its parts one after the other.
///
/// # Errors
///
/// [`FrameError::TooLong`] if they are longer than [`MAX_FRAME`] together: no reader would take it.
pub fn of_parts(content: &[&[u8]]) -> Result<Bytes, FrameError> {
    let len = content.iter().fold(0_usize, |len, part| len.saturating_add(part.len()));
    let too_long = FrameError::TooLong { len };
    if len > MAX_FRAME {
        return Err(too_long);
    }
    let length = u32::try_from(len).map_err(|_| too_long)?;
    let mut out = BytesMut::with_capacity(len.saturating_add(LENGTH));
    out.extend_from_slice(&length.to_be_bytes());
    content.iter().for_each(|part| out.extend_from_slice(part));
    Ok(out.freeze())
}

/// Reads all frames of a whole body, at most `limit` of them.
///
/// # Errors
///
/// [`FrameError`]: refuse the body for good.
pub fn decode_all<T>(body: &[u8], limit: usize) -> Result<Vec<T>, FrameError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    let mut reader = FrameReader::new();
    reader.push(body);
    let mut out = Vec::new();
    while let Some(frame) = reader.next()? {
        if out.len() >= limit {
            return Err(FrameError::TooMany { limit });
        }
        out.push(frame);
    }
    match reader.len() {
        0 => Ok(out),
        left => Err(FrameError::Unfinished { left }),
    }
}

/// Puts frames together from pieces.
///
/// It holds at most what is pushed between two calls of [`FrameReader::next`] and one unfinished frame.
#[derive(Debug, Default)]
pub struct FrameReader {
    buffer: BytesMut,
}

impl FrameReader {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes that came. Read all frames with [`FrameReader::next`] before the next push.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// How many bytes wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buffer.len()
    }

    /// Whether no byte waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// The next frame, if all of it has come.
    ///
    /// # Errors
    ///
    /// [`FrameError`]: the stream cannot be read any further; close it.
    #[expect(clippy::should_implement_trait, reason = "it is not one: the type differs by call")]
    pub fn next<T>(&mut self) -> Result<Option<T>, FrameError>
    where
        T: Encode<()> + for<'b> Decode<'b, ()>,
    {
        match self.next_bytes()? {
            Some(bytes) => cbor::decode(&bytes, MAX_FRAME).map(Some).map_err(FrameError::Content),
            None => Ok(None),
        }
    }

    /// The content of the next frame, if all of it has come.
    ///
    /// # Errors
    ///
    /// [`FrameError::TooLong`], as soon as its length has come (A103).
    pub fn next_bytes(&mut self) -> Result<Option<Bytes>, FrameError> {
        let Some(length) = self.buffer.first_chunk::<LENGTH>() else { return Ok(None) };
        let len = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if len > MAX_FRAME {
            return Err(FrameError::TooLong { len });
        }
        if self.buffer.len().saturating_sub(LENGTH) < len {
            return Ok(None);
        }
        self.buffer.advance(LENGTH);
        Ok(Some(self.buffer.split_to(len).freeze()))
    }
}

#[cfg(test)]
mod tests;
