//! The lane's status list: two bits a recognition, made from the log alone.

use flate2::{Compression, Decompress, FlushDecompress, Status as Progress, write::ZlibEncoder};
use gateway_types::{Digest, frame::frame};
use std::io::Write as _;

/// Most recognitions in one lane's list: 2^28, 64 MiB of list. When it is reached the lane recognises
/// nothing more, and status entries go on.
pub const MAX_STATUS_LIST: u32 = 1 << 28;

/// DEFLATE never makes more than this many bytes of one (RFC 1951: 258 bytes of two bits).
const MAX_RATIO: usize = 1_032;

/// Bits of one status.
const BITS: u32 = 2;

/// How all recognitions of a lane stand, by their running number.
///
/// Token Status List encoding with two bits: entry 0 stands in the two lowest bits of the first byte.
/// (The W3C's bit string list counts from the highest bit: another format.) Unused bits are 0.
/// Source: Token Status List (IETF OAuth draft), section 4.1; the values are
/// [`gateway_types::Status::list_value`].
#[derive(Clone, PartialEq, Eq, Default)]
pub struct StatusList {
    count: u32,
    bytes: Vec<u8>,
}

impl StatusList {
    /// A list without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many entries it has.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The unpacked bytes, four entries each.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The value of entry `index`: 0 valid, 1 ended, 2 suspended, 3 anything else. `None` if the list
    /// has no such entry, which is *unknown*, never *valid*.
    #[must_use]
    pub fn value(&self, index: u32) -> Option<u8> {
        let byte = self.bytes.get(byte_of(index)?).filter(|_| index < self.count)?;
        Some(byte.wrapping_shr(shift_of(index)) & 0b11)
    }

    /// Appends an entry; only the two lowest bits of `value` count.
    ///
    /// # Errors
    ///
    /// [`StatusListError::Full`] at [`MAX_STATUS_LIST`] entries; nothing is changed then.
    pub fn push(&mut self, value: u8) -> Result<(), StatusListError> {
        let index = self.count;
        let count = index.checked_add(1).filter(|count| *count <= MAX_STATUS_LIST);
        self.count = count.ok_or(StatusListError::Full)?;
        if shift_of(index) == 0 {
            self.bytes.push(0);
        }
        self.write(index, value);
        Ok(())
    }

    /// Gives entry `index` another value.
    ///
    /// # Errors
    ///
    /// [`StatusListError::NoEntry`] if there is none of that number.
    pub fn set(&mut self, index: u32, value: u8) -> Result<(), StatusListError> {
        if index >= self.count {
            return Err(StatusListError::NoEntry { index, count: self.count });
        }
        self.write(index, value);
        Ok(())
    }

    /// The digest that every `batch` entry holds: `frame("comity/status-list/v1", count, bytes)`, the
    /// count as u64 big endian, the bytes unpacked.
    ///
    /// Compressed bytes are not canonical, so they are never what is signed.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let count = u64::from(self.count).to_be_bytes();
        frame("comity/status-list/v1", &[&count, &self.bytes])
    }

    /// The list as it is handed out: ZLIB (RFC 1950), as the Token Status List has it.
    #[must_use]
    pub fn to_zlib(&self) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        // Writing into memory cannot fail.
        let written = encoder.write_all(&self.bytes);
        debug_assert!(written.is_ok(), "memory refused a write");
        encoder.finish().unwrap_or_default()
    }

    /// Reads a list of `count` entries.
    ///
    /// Unpacking stops at the length that `count` asks for, so a small file cannot fill the memory.
    /// Trust: both arguments may come from anybody; compare [`StatusList::digest`] with a `batch`
    /// entry's before a value counts, or use [`ProvenStatusList::verify`].
    ///
    /// # Errors
    ///
    /// [`StatusListError`]: not a list of that many entries.
    pub fn from_zlib(packed: &[u8], count: u32) -> Result<Self, StatusListError> {
        if count > MAX_STATUS_LIST {
            return Err(StatusListError::Full);
        }
        let bytes = unpack(packed, bytes_for(count))?;
        let list = Self { count, bytes };
        list.unused_bits_are_zero().then_some(list).ok_or(StatusListError::UnusedBits)
    }

    fn unused_bits_are_zero(&self) -> bool {
        match (shift_of(self.count), self.bytes.last()) {
            (0, _) | (_, None) => true,
            (used, Some(last)) => last.wrapping_shr(used) == 0,
        }
    }

    fn write(&mut self, index: u32, value: u8) {
        let shift = shift_of(index);
        if let Some(byte) = byte_of(index).and_then(|at| self.bytes.get_mut(at)) {
            *byte = (*byte & !0b11u8.wrapping_shl(shift)) | (value & 0b11).wrapping_shl(shift);
        }
    }
}

impl std::fmt::Debug for StatusList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StatusList")
            .field("count", &self.count)
            .field("digest", &self.digest())
            .finish()
    }
}

/// A status list whose digest is the one that a `batch` entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenStatusList(StatusList);

impl ProvenStatusList {
    /// Reads a list and compares it with the digest in the log.
    ///
    /// Trust: `expected` comes from a `batch` entry that was proven to be under a signed checkpoint;
    /// the rest may come from anybody. A list that somebody signed, a gateway for one, but whose digest
    /// is not in the log proves nothing.
    ///
    /// # Errors
    ///
    /// [`StatusListError`]: the answer is *cannot say*, never *valid*.
    pub fn verify(packed: &[u8], count: u32, expected: &Digest) -> Result<Self, StatusListError> {
        let list = StatusList::from_zlib(packed, count)?;
        let got = list.digest();
        if got == *expected {
            Ok(Self(list))
        } else {
            Err(StatusListError::Digest { got, expected: *expected })
        }
    }

    /// The value of entry `index`, as [`StatusList::value`] gives it.
    #[must_use]
    pub fn value(&self, index: u32) -> Option<u8> {
        self.0.value(index)
    }

    /// The list.
    #[must_use]
    pub fn list(&self) -> &StatusList {
        &self.0
    }
}

/// Why bytes are not a status list, or not the one asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StatusListError {
    /// More entries than a list may have.
    #[error("a status list has at most {MAX_STATUS_LIST} entries")]
    Full,
    /// There is no entry of that number.
    #[error("there is no entry {index} in a list of {count}")]
    NoEntry {
        /// Entry asked for, from 0.
        index: u32,
        /// Entries of the list.
        count: u32,
    },
    /// Not a whole ZLIB stream, or something follows it.
    #[error("the list is not one whole ZLIB stream")]
    Zlib,
    /// It unpacks to another length than the number of entries asks for.
    #[error("the list unpacks to another length than {expected} bytes")]
    Length {
        /// What the number of entries asks for.
        expected: usize,
    },
    /// Bits after the last entry are set.
    #[error("bits after the list's last entry are set")]
    UnusedBits,
    /// Its digest is not the one in the log.
    #[error("the list's digest is not the one in the log")]
    Digest {
        /// The list's own.
        got: Digest,
        /// The one in the `batch` entry.
        expected: Digest,
    },
}

/// Unpacks exactly `len` bytes; room for one more shows a longer stream.
fn unpack(packed: &[u8], len: usize) -> Result<Vec<u8>, StatusListError> {
    if len > packed.len().saturating_mul(MAX_RATIO) {
        // No stream this short holds so much: nothing is reserved for it.
        return Err(StatusListError::Length { expected: len });
    }
    let room = len.saturating_add(1);
    let mut inflate = Decompress::new(true);
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(room).map_err(|_| StatusListError::Length { expected: len })?;
    let done = inflate
        .decompress_vec(packed, &mut bytes, FlushDecompress::Finish)
        .map_err(|_| StatusListError::Zlib)?;
    if bytes.len() > len {
        return Err(StatusListError::Length { expected: len });
    }
    let whole = u64::try_from(packed.len()) == Ok(inflate.total_in());
    if done != Progress::StreamEnd || !whole {
        return Err(StatusListError::Zlib);
    }
    if bytes.len() == len { Ok(bytes) } else { Err(StatusListError::Length { expected: len }) }
}

fn byte_of(index: u32) -> Option<usize> {
    usize::try_from(index / (u8::BITS / BITS)).ok()
}

fn shift_of(index: u32) -> u32 {
    (index % (u8::BITS / BITS)).saturating_mul(BITS)
}

fn bytes_for(count: u32) -> usize {
    usize::try_from(count.div_ceil(u8::BITS / BITS)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
