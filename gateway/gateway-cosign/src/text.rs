//! The bytes that protocol keys sign.

use alloc::{format, vec::Vec};
use core::fmt;
use gateway_types::{Origin, cbor, message::SignedObject};

/// `comity/TYPE/v1 LF origin LF` and the value's one CBOR encoding.
///
/// Neither the type nor the origin holds a line feed, and CBOR ends itself: two different (type, origin,
/// value) never give the same bytes. Source: formats, section 1.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SignedString(Vec<u8>);

impl SignedString {
    /// The string for `value` in the lane of `origin`.
    #[must_use]
    pub fn of<T: SignedObject>(origin: &Origin, value: &T) -> Self {
        let mut bytes = format!("comity/{}/v1\n{origin}\n", T::TYPE).into_bytes();
        bytes.extend_from_slice(&cbor::encode(value));
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SignedString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedString({} bytes)", self.0.len())
    }
}
