//! Hashing several parts so that no two lists of parts collide.

use crate::Digest;
use sha2::{Digest as _, Sha256};

/// SHA-256 of `tag`, then of each part after its length as a u64, big endian.
///
/// Framed, `(a‖bc)` and `(ab‖c)` differ. `tag` names what is hashed, so that a digest of one kind is
/// never one of another. Source: `comity.cddl`, "frame".
#[must_use]
pub fn frame(tag: &str, parts: &[&[u8]]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(tag.as_bytes());
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    Digest(hash.finalize().into())
}

/// SHA-256 of `bytes`, unframed: only where a standard says so (SD-JWT, RFC 6962, the registry's record).
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a75_parts_are_framed() {
        assert_ne!(frame("t", &[b"a", b"bc"]), frame("t", &[b"ab", b"c"]));
        assert_ne!(frame("t", &[b"a"]), frame("t", &[b"a", b""]));
        assert_ne!(frame("t", &[b"a"]), frame("u", &[b"a"]));
    }

    #[test]
    fn bytes_are_pinned() {
        let digest = frame("comity/licence/v1", &[&[0; 16], b"1.2"]);
        assert_eq!(
            digest.to_hex(),
            sha256(b"comity/licence/v1\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x031.2").to_hex()
        );
    }
}
