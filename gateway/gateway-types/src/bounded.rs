//! Lists and byte strings that cannot be longer than said.

use alloc::vec::Vec;
use core::ops::Deref;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// A list of at most `MAX` items. A longer one is refused before its items are read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bounded<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> Bounded<T, MAX> {
    /// Takes the items.
    ///
    /// # Errors
    ///
    /// [`TooMany`] if there are more than `MAX`.
    pub fn new(items: Vec<T>) -> Result<Self, TooMany> {
        if items.len() > MAX {
            return Err(TooMany { len: items.len(), max: MAX });
        }
        Ok(Self(items))
    }

    /// The items.
    #[must_use]
    pub fn into_inner(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for Bounded<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Deref for Bounded<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<'a, T, const MAX: usize> IntoIterator for &'a Bounded<T, MAX> {
    type Item = &'a T;
    type IntoIter = core::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<C, T: Encode<C>, const MAX: usize> Encode<C> for Bounded<T, MAX> {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        ctx: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        self.0.encode(e, ctx)
    }
}

impl<'b, C, T: Decode<'b, C>, const MAX: usize> Decode<'b, C> for Bounded<T, MAX> {
    fn decode(d: &mut Decoder<'b>, ctx: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        let refused = || decode::Error::message("list of unknown or too great length").at(at);
        let len = d.array()?.and_then(|len| usize::try_from(len).ok()).ok_or_else(refused)?;
        if len > MAX {
            return Err(refused());
        }
        let items: Result<Vec<T>, _> = (0..len).map(|_| T::decode(d, ctx)).collect();
        Ok(Self(items?))
    }
}

impl<T: serde::Serialize, const MAX: usize> serde::Serialize for Bounded<T, MAX> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}

impl<'de, T: serde::Deserialize<'de>, const MAX: usize> serde::Deserialize<'de>
    for Bounded<T, MAX>
{
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::new(Vec::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

/// At most `MAX` bytes: a CBOR byte string, standard base64 in JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes<const MAX: usize>(Vec<u8>);

impl<const MAX: usize> Bytes<MAX> {
    /// Takes the bytes.
    ///
    /// # Errors
    ///
    /// [`TooMany`] if there are more than `MAX`.
    pub fn new(bytes: Vec<u8>) -> Result<Self, TooMany> {
        if bytes.len() > MAX {
            return Err(TooMany { len: bytes.len(), max: MAX });
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    #[must_use]
    pub fn into_inner(self) -> Vec<u8> {
        self.0
    }
}

impl<const MAX: usize> Deref for Bytes<MAX> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<C, const MAX: usize> Encode<C> for Bytes<MAX> {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(&self.0)?.ok()
    }
}

impl<'b, C, const MAX: usize> Decode<'b, C> for Bytes<MAX> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        Self::new(d.bytes()?.to_vec())
            .map_err(|_| decode::Error::message("byte string too long").at(at))
    }
}

impl<const MAX: usize> serde::Serialize for Bytes<MAX> {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        s.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de, const MAX: usize> serde::Deserialize<'de> for Bytes<MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        let text = <alloc::string::String as serde::Deserialize>::deserialize(d)?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text);
        Self::new(bytes.map_err(serde::de::Error::custom)?).map_err(serde::de::Error::custom)
    }
}

/// A list or byte string longer than it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{len} items, at most {max} are allowed")]
pub struct TooMany {
    /// How many there are.
    pub len: usize,
    /// How many there may be.
    pub max: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_list_is_refused_before_it_is_read() {
        // An array header that claims 2^32 items, and nothing after it.
        let claim = [0x9a, 0xff, 0xff, 0xff, 0xff];
        assert!(decode::<Bounded<u64, 4>>(&claim).is_err());
        assert!(decode::<Bounded<u64, 1>>(&[0x82, 1, 2]).is_err());
        assert!(decode::<Bounded<u64, 2>>(&[0x82, 1, 2]).is_ok());
        assert!(decode::<Bytes<1>>(&[0x42, 1, 2]).is_err());
    }
}
