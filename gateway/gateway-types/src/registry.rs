//! What a registry contract holds: records, numbered changes, and the head of the change log.
//!
//! Raw bytes, big endian; the layout is the same on every chain (`formats`, section 2).

use crate::{bytes::Digest, frame::frame, id::BadIdentifier, licence::LicenceKey, time::Timestamp};
use alloc::{string::String, vec::Vec};
use core::{fmt, str::FromStr};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// A status in the source's own code, 01 to 07 or 99 (the table of the housing ministry's collection API).
///
/// What a code means for a licence is [`SourceCode::status`]; its word is in the source's pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceCode(u8);

impl SourceCode {
    /// 01, valid.
    pub const VALID: Self = Self(1);

    /// Takes a code.
    #[must_use]
    pub fn new(code: u8) -> Option<Self> {
        matches!(code, 1..=7 | 99).then_some(Self(code))
    }

    /// The code as a number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }

    /// What it means for the licence. Fixed with the formats, so that a status list can be made from the
    /// log alone.
    #[must_use]
    pub fn status(self) -> Status {
        match self.0 {
            1 => Status::Valid,
            2 => Status::Suspended,
            5 => Status::Expired,
            6 => Status::Superseded,
            3 | 4 | 7 => Status::Revoked,
            _ => Status::Other,
        }
    }
}

impl fmt::Display for SourceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.0)
    }
}

impl FromStr for SourceCode {
    type Err = BadIdentifier;

    fn from_str(text: &str) -> Result<Self, BadIdentifier> {
        // Two digits: `parse` alone would take `+7`.
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        let code = digits.then(|| text.parse().ok().and_then(Self::new)).flatten();
        code.ok_or(BadIdentifier { expected: "a status code: 01 to 07, or 99" })
    }
}

impl<C> Encode<C> for SourceCode {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u8(self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for SourceCode {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        Self::new(d.u8()?).ok_or_else(|| decode::Error::message("unknown status code").at(at))
    }
}

impl serde::Serialize for SourceCode {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for SourceCode {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        <String as serde::Deserialize>::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What a licence is, whatever its source calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// In force.
    Valid,
    /// Not in force for a time.
    Suspended,
    /// Ended by an act.
    Revoked,
    /// Ended by time or by its conditions.
    Expired,
    /// Replaced or moved elsewhere.
    Superseded,
    /// Something that no rule of ours knows: denied until mapped.
    Other,
}

impl Status {
    /// The word in policies, JSON and on screens.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Other => "other",
        }
    }

    /// Its two bits in a status list: 0 valid, 1 invalid, 2 suspended, 3 anything else.
    ///
    /// Source: Token Status List, section 7.1.
    #[must_use]
    pub fn list_value(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Revoked | Self::Expired => 1,
            Self::Suspended => 2,
            Self::Superseded | Self::Other => 3,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A licence's record: `digest32 code1 sequence8`, under `0x0007 "records" key32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistryRecord {
    /// SHA-256 of the issuer's JWS, disclosures apart.
    pub digest: Digest,
    /// The source's status code.
    pub code: SourceCode,
    /// How often this record was written; 1 at registration.
    pub sequence: u64,
}

/// One numbered change: `key32 code1 sequence8 acc32`, under `0x0007 "changes" n8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistryChange {
    /// What changed.
    pub change: Change,
    /// The running digest after it.
    pub acc: Digest,
}

/// What one change did, without its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Change {
    /// Which licence.
    #[n(0)]
    pub key: LicenceKey,
    /// Its new status, in the source's code.
    #[n(1)]
    pub code: SourceCode,
    /// The record's sequence after it.
    #[n(2)]
    pub sequence: u64,
}

/// The head of the change log: `n8 time8 acc32`, under `"head"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistryHead {
    /// How many changes there were.
    pub n: u64,
    /// The time of the block that holds the last, or of a heartbeat.
    pub time: Timestamp,
    /// The running digest over all of them.
    pub acc: Digest,
}

/// `acc` before the first change.
pub const ACC_0: Digest = Digest([0; 32]);

/// `acc_n` from `acc_(n-1)` and change `n`.
///
/// One proof of the head so proves any list of changes that ends there.
#[must_use]
pub fn next_acc(acc: &Digest, n: u64, change: &Change) -> Digest {
    let number = n.to_be_bytes();
    let sequence = change.sequence.to_be_bytes();
    let parts: [&[u8]; 5] = [&acc.0, &number, &change.key.0.0, &[change.code.0], &sequence];
    frame("comity/change/v1", &parts)
}

/// The contract's key of a record.
#[must_use]
pub fn record_path(key: &LicenceKey) -> Vec<u8> {
    [b"\x00\x07records".as_slice(), &key.0.0].concat()
}

/// The contract's key of change `n`.
#[must_use]
pub fn change_path(n: u64) -> Vec<u8> {
    [b"\x00\x07changes".as_slice(), &n.to_be_bytes()].concat()
}

/// The contract's key of the head.
#[must_use]
pub fn head_path() -> Vec<u8> {
    b"head".to_vec()
}

impl RegistryRecord {
    /// Reads the 41 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (digest, rest) = bytes.split_first_chunk()?;
        let (code, sequence) = rest.split_first()?;
        Some(Self {
            digest: Digest(*digest),
            code: SourceCode::new(*code)?,
            sequence: be(sequence)?,
        })
    }

    /// The 41 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.digest.0[..], &[self.code.0], &self.sequence.to_be_bytes()].concat()
    }
}

impl RegistryChange {
    /// Reads the 73 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (key, rest) = bytes.split_first_chunk()?;
        let (code, rest) = rest.split_first()?;
        let (sequence, acc) = rest.split_first_chunk()?;
        let change = Change {
            key: LicenceKey(Digest(*key)),
            code: SourceCode::new(*code)?,
            sequence: u64::from_be_bytes(*sequence),
        };
        Some(Self { change, acc: Digest::from_slice(acc)? })
    }

    /// The 73 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Change { key, code, sequence } = &self.change;
        [&key.0.0[..], &[code.0], &sequence.to_be_bytes(), &self.acc.0].concat()
    }
}

impl RegistryHead {
    /// Reads the 48 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (n, rest) = bytes.split_first_chunk()?;
        let (time, acc) = rest.split_first_chunk()?;
        let time = Timestamp(u64::from_be_bytes(*time));
        Some(Self { n: u64::from_be_bytes(*n), time, acc: Digest::from_slice(acc)? })
    }

    /// The 48 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.n.to_be_bytes()[..], &self.time.0.to_be_bytes(), &self.acc.0].concat()
    }
}

fn be(bytes: &[u8]) -> Option<u64> {
    bytes.try_into().ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_one_length_and_known_codes() {
        let record =
            RegistryRecord { digest: Digest([7; 32]), code: SourceCode::VALID, sequence: 3 };
        let bytes = record.to_bytes();
        assert_eq!(bytes.len(), 41);
        assert_eq!(RegistryRecord::from_bytes(&bytes), Some(record));
        for len in 0..41 {
            assert_eq!(RegistryRecord::from_bytes(&bytes[..len]), None);
        }
        assert_eq!(RegistryRecord::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
        let mut unknown = bytes;
        unknown[32] = 8;
        assert_eq!(RegistryRecord::from_bytes(&unknown), None);
    }

    #[test]
    fn a_change_of_the_log_has_one_length() {
        let key = LicenceKey(Digest([1; 32]));
        let change = Change { key, code: SourceCode(7), sequence: 2 };
        let change = RegistryChange { change, acc: Digest([3; 32]) };
        let bytes = change.to_bytes();
        assert_eq!(bytes.len(), 73);
        assert_eq!(RegistryChange::from_bytes(&bytes), Some(change));
        assert_eq!(RegistryChange::from_bytes(&bytes[..72]), None);
        assert_eq!(RegistryChange::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
    }

    #[test]
    fn a_code_has_one_text() {
        let code: SourceCode = "07".parse().unwrap();
        assert_eq!(alloc::format!("{code}"), "07");
        for text in ["+7", "-0", " 7", "7", "007", "", "7 ", "７"] {
            assert!(text.parse::<SourceCode>().is_err(), "{text}");
        }
    }

    #[test]
    fn every_field_of_a_change_is_in_acc() {
        let change =
            Change { key: LicenceKey(Digest([1; 32])), code: SourceCode::VALID, sequence: 1 };
        let acc = next_acc(&ACC_0, 1, &change);
        assert_ne!(acc, next_acc(&ACC_0, 2, &change));
        assert_ne!(acc, next_acc(&acc, 1, &change));
        assert_ne!(acc, next_acc(&ACC_0, 1, &Change { sequence: 2, ..change }));
        assert_ne!(acc, next_acc(&ACC_0, 1, &Change { code: SourceCode(7), ..change }));
    }
}
