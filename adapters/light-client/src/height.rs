//! A block's height.

use core::fmt;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// A block's height, at least 1.
///
/// Source: ICS-02, where zero means *no height*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Height(u64);

impl Height {
    /// Takes a height; nothing for zero.
    #[must_use]
    pub fn new(height: u64) -> Option<Self> {
        (height > 0).then_some(Self(height))
    }

    /// The height as a number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// The next one, or the last there is.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Height {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<C> Encode<C> for Height {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.u64(self.0)?.ok()
    }
}

impl<'b, C> Decode<'b, C> for Height {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        let at = d.position();
        Self::new(d.u64()?).ok_or_else(|| decode::Error::message("height zero").at(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a21_height_zero_is_no_height() {
        assert_eq!(Height::new(0), None);
        assert!(gateway_types::cbor::decode::<Height>(&[0], 9).is_err());
        assert_eq!(Height(u64::MAX).next(), Height(u64::MAX));
    }
}
