//! Byte strings of one fixed length: digests, salts, keys, signatures.

use alloc::string::String;
use core::fmt;
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

/// Makes a newtype over `[u8; LEN]`: CBOR byte string, lower-case hexadecimal in JSON and on screens.
macro_rules! byte_string {
    ($(#[$doc:meta])* $name:ident, $len:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub [u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// The bytes, if there are exactly [`Self::LEN`] of them.
            #[must_use]
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// The bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }

            /// Lower-case hexadecimal, whole.
            #[must_use]
            pub fn to_hex(&self) -> String {
                hex::encode(self.0)
            }

            /// Reads exactly `2 * LEN` hexadecimal digits.
            ///
            /// # Errors
            ///
            /// [`BadHex`] on any other text.
            pub fn from_hex(text: &str) -> Result<Self, BadHex> {
                let mut out = [0; $len];
                hex::decode_to_slice(text, &mut out).map_err(|_| BadHex { digits: $len * 2 })?;
                Ok(Self(out))
            }

            /// First eight and last eight digits, for screens only; never accepted as input.
            #[must_use]
            pub fn short(&self) -> String {
                shorten(&self.to_hex())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.short())
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: encode::Write>(
                &self,
                e: &mut Encoder<W>,
                _: &mut C,
            ) -> Result<(), encode::Error<W::Error>> {
                e.bytes(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
                let at = d.position();
                Self::from_slice(d.bytes()?)
                    .ok_or_else(|| decode::Error::message("wrong length of a byte string").at(at))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(&self.to_hex())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(d)?;
                Self::from_hex(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

byte_string!(
    /// A SHA-256 digest.
    Digest, 32
);
byte_string!(
    /// 16 random bytes that keep a digest from being guessed.
    Salt, 16
);
byte_string!(
    /// A 32-byte public key: Ed25519 (RFC 8032) for signing, X25519 (RFC 7748) for encryption.
    PublicKey, 32
);
byte_string!(
    /// An Ed25519 signature, R then s (RFC 8032).
    Signature, 64
);
byte_string!(
    /// A BLS12-381 signature or signature share: a compressed point of G1 (minimal signature).
    BlsSignature, 48
);
byte_string!(
    /// A BLS12-381 public key: a compressed point of G2 (minimal signature).
    BlsPublicKey, 96
);

/// Text that is not the hexadecimal digits it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} hexadecimal digits")]
pub struct BadHex {
    /// How many digits were expected.
    pub digits: usize,
}

fn shorten(hex: &str) -> String {
    match (hex.get(..8), hex.len().checked_sub(8).and_then(|from| hex.get(from..))) {
        (Some(head), Some(tail)) if hex.len() > 16 => alloc::format!("{head}…{tail}"),
        _ => hex.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_read_back_and_nothing_else_is() {
        let digest = Digest([0xab; 32]);
        assert_eq!(Digest::from_hex(&digest.to_hex()), Ok(digest));
        assert_eq!(digest.short(), "abababab…abababab");
        assert!(Digest::from_hex("ab").is_err());
        assert!(Digest::from_hex(&digest.short()).is_err());
    }

    #[test]
    fn a_byte_string_of_another_length_is_refused() {
        let long = minicbor::to_vec(minicbor::bytes::ByteVec::from(alloc::vec![0; 33])).unwrap();
        assert!(decode::<Digest>(&long).is_err());
    }
}
