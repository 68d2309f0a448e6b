//! Hashing several parts so that no two lists of parts collide.

use sha2::{Digest as _, Sha256};

/// SHA-256 of `tag`, then of each part after its length as a u64, big endian. **Source:** `comity.cddl`, "frame".
pub(crate) fn frame(tag: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(tag.as_bytes());
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_after_their_length_and_the_tag_without() {
        let plain: [u8; 32] = Sha256::digest(b"tag\0\0\0\0\0\0\0\x02ab\0\0\0\0\0\0\0\0").into();
        assert_eq!(frame("tag", &[b"ab", b""]), plain);
    }
}
