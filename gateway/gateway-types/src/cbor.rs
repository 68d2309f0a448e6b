//! Deterministic CBOR (RFC 8949 section 4.2.1): one value, one encoding.
//!
//! A decoder re-encodes what it read and compares. Whatever differs is refused: unknown keys, keys out of
//! order, lengths longer than needed, trailing bytes. Versions switch by a `committee` entry, never by
//! leniency.

use alloc::{string::String, string::ToString, vec::Vec};
use minicbor::{Decode, Encode};

/// Room that an encoding begins with, in bytes: most objects fit, so that it need not grow step by step.
const ROOM: usize = 1024;

/// The one encoding of `value`.
#[must_use]
pub fn encode<T: Encode<()>>(value: &T) -> Vec<u8> {
    let mut out = encode_into(value, ROOM);
    // What is kept for long takes no more than it needs.
    out.shrink_to_fit();
    out
}

fn encode_into<T: Encode<()>>(value: &T, room: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(room);
    // Writing into memory cannot fail, and no encoder of ours refuses a value.
    let written = minicbor::encode(value, &mut out);
    debug_assert!(written.is_ok(), "an encoder refused its value");
    out
}

/// Reads the one encoding of a `T`, at most `limit` bytes long.
///
/// Source: RFC 8949 section 4.2.1. Trust: `bytes` may come from anybody; at most `limit` bytes are read.
///
/// # Errors
///
/// [`DecodeError`], with the place: refuse the bytes for good.
pub fn decode<T>(bytes: &[u8], limit: usize) -> Result<T, DecodeError>
where
    T: Encode<()> + for<'b> Decode<'b, ()>,
{
    if bytes.len() > limit {
        return Err(DecodeError::TooLong { len: bytes.len(), limit });
    }
    let value: T = minicbor::decode(bytes).map_err(|error| DecodeError::from_minicbor(&error))?;
    let again = encode_into(&value, bytes.len());
    // Comparing whole is fast; where they differ is looked for only if they do.
    if again == bytes {
        return Ok(value);
    }
    Err(DecodeError::NotCanonical { at: first_difference(bytes, &again) })
}

/// Why bytes were not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// More bytes than this object may have.
    #[error("{len} bytes, at most {limit} are allowed")]
    TooLong {
        /// How many came.
        len: usize,
        /// How many may come.
        limit: usize,
    },
    /// Not CBOR of the expected shape.
    #[error("malformed at byte {at}: {what}")]
    Malformed {
        /// Offset in the input, where known, else zero.
        at: usize,
        /// What was expected.
        what: String,
    },
    /// Readable, but not its one encoding: an unknown key, a longer form, trailing bytes.
    #[error("not the canonical encoding, from byte {at} on")]
    NotCanonical {
        /// Offset of the first byte that differs.
        at: usize,
    },
}

impl DecodeError {
    fn from_minicbor(error: &minicbor::decode::Error) -> Self {
        Self::Malformed { at: error.position().unwrap_or(0), what: error.to_string() }
    }
}

fn first_difference(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Encode, Decode)]
    #[cbor(map)]
    struct Pair {
        #[n(0)]
        a: u64,
        #[n(1)]
        b: Option<u64>,
    }

    fn check(bytes: &[u8], expected: &Result<Pair, DecodeError>) {
        assert_eq!(&decode::<Pair>(bytes, 16), expected);
    }

    #[test]
    fn the_one_encoding_is_read() {
        check(&[0xa1, 0, 5], &Ok(Pair { a: 5, b: None }));
        check(&[0xa2, 0, 5, 1, 6], &Ok(Pair { a: 5, b: Some(6) }));
    }

    #[test]
    fn a119_unknown_keys_and_other_encodings_are_refused() {
        check(&[0xa2, 0, 5, 2, 6], &Err(DecodeError::NotCanonical { at: 0 }));
        check(&[0xa2, 1, 6, 0, 5], &Err(DecodeError::NotCanonical { at: 1 }));
        check(&[0xa1, 0, 0x18, 5], &Err(DecodeError::NotCanonical { at: 2 }));
        check(&[0xbf, 0, 5, 0xff], &Err(DecodeError::NotCanonical { at: 0 }));
        check(&[0xa1, 0, 5, 0], &Err(DecodeError::NotCanonical { at: 3 }));
        check(&[0xa2, 0, 5, 1, 0xf6], &Err(DecodeError::NotCanonical { at: 0 }));
        assert!(matches!(decode::<Pair>(&[0; 17], 16), Err(DecodeError::TooLong { len: 17, .. })));
        assert!(matches!(decode::<Pair>(&[0xa1, 0], 16), Err(DecodeError::Malformed { .. })));
    }
}
