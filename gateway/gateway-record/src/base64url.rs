//! base64url without padding (RFC 4648 section 5): one text for each byte string.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// The text of `bytes`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of `text`; none for padding, other alphabets, line ends, or last bits that are not zero.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Exactly `N` bytes.
pub(crate) fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_string_has_one_text() {
        assert_eq!(decode("AA"), Some(vec![0]));
        for text in ["AB", "AA==", "A", "A A", "AA\n", "+/8", "é"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
        assert_eq!(decode_array::<2>("AA"), None);
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
    }
}
