//! The bytes in the store: what a proof shows. Numbers are big endian.
//!
//! | key | value |
//! |---|---|
//! | `0x0007 "records"` key32 | digest32, code1, sequence8 |
//! | `0x0007 "changes"` n8 | key32, code1, sequence8, acc32 |
//! | `"head"` | n8, time8, acc32 |
//! | `0x0007 "writers"` key32 | the address, as text, of the one that wrote the record |
//! | `"writers"` | all that may write: a JSON list of addresses |

use crate::frame::frame;

/// Where the newest change is named.
pub const HEAD: &[u8] = b"head";
/// Where the list of writers is.
pub const WRITERS: &[u8] = b"writers";

/// The status codes of a source; its pack gives their meaning.
pub const CODES: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 99];

const TAG: &str = "comity/change/v1";

/// The store key of a licence's record.
#[must_use]
pub fn record_key(key: &[u8; 32]) -> Vec<u8> {
    in_map(b"records", key)
}

/// The store key of change `n`; the first is 1.
#[must_use]
pub fn change_key(n: u64) -> Vec<u8> {
    in_map(b"changes", &n.to_be_bytes())
}

/// The store key of the writer of a licence's record.
#[must_use]
pub fn writer_key(key: &[u8; 32]) -> Vec<u8> {
    in_map(b"writers", key)
}

fn in_map(name: &[u8; 7], rest: &[u8]) -> Vec<u8> {
    [&7u16.to_be_bytes(), name.as_slice(), rest].concat()
}

/// What is said of a licence now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// SHA-256 of the issuer's signed record.
    pub digest: [u8; 32],
    /// One of [`CODES`].
    pub code: u8,
    /// 1 when the record is first written; one more with each change.
    pub sequence: u64,
}

impl Record {
    /// The 41 bytes in the store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.digest.as_slice(), &[self.code], &self.sequence.to_be_bytes()].concat()
    }

    /// Reads the 41 bytes; nothing else is a record.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (digest, code, sequence, rest) = digest_code_sequence(bytes)?;
        rest.is_empty().then_some(Self { digest, code, sequence })
    }
}

/// One numbered change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which licence.
    pub key: [u8; 32],
    /// Its status code after the change.
    pub code: u8,
    /// Its sequence number after the change.
    pub sequence: u64,
    /// The hash of this change and all before it.
    pub acc: [u8; 32],
}

impl Change {
    /// The 73 bytes in the store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.key.as_slice(), &[self.code], &self.sequence.to_be_bytes(), &self.acc].concat()
    }

    /// Reads the 73 bytes; nothing else is a change.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (key, code, sequence, rest) = digest_code_sequence(bytes)?;
        Some(Self { key, code, sequence, acc: rest.try_into().ok()? })
    }
}

fn digest_code_sequence(bytes: &[u8]) -> Option<([u8; 32], u8, u64, &[u8])> {
    let (digest, rest) = bytes.split_first_chunk()?;
    let (code, rest) = rest.split_first()?;
    let (sequence, rest) = rest.split_first_chunk()?;
    Some((*digest, *code, u64::from_be_bytes(*sequence), rest))
}

/// The newest change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// How many changes there are; 0 when the contract was made.
    pub n: u64,
    /// The time of the block of the newest change, or of the contract's creation: milliseconds since 1970,
    /// rounded down.
    pub time: u64,
    /// The hash of all changes; 32 zero bytes before the first.
    pub acc: [u8; 32],
}

impl Head {
    /// The 48 bytes in the store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [self.n.to_be_bytes().as_slice(), &self.time.to_be_bytes(), &self.acc].concat()
    }

    /// Reads the 48 bytes; nothing else is a head.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (n, rest) = bytes.split_first_chunk()?;
        let (time, rest) = rest.split_first_chunk()?;
        Some(Self {
            n: u64::from_be_bytes(*n),
            time: u64::from_be_bytes(*time),
            acc: rest.try_into().ok()?,
        })
    }

    /// The head after one more change, and that change; none when the numbers are used up.
    #[must_use]
    pub fn after(&self, time: u64, key: [u8; 32], record: &Record) -> Option<(Self, Change)> {
        let n = self.n.checked_add(1)?;
        let acc = frame(
            TAG,
            &[&self.acc, &n.to_be_bytes(), &key, &[record.code], &record.sequence.to_be_bytes()],
        );
        Some((
            Self { n, time, acc },
            Change { key, code: record.code, sequence: record.sequence, acc },
        ))
    }
}
