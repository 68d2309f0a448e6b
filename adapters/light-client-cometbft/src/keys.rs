//! Decoded public keys, kept.

use alloc::collections::BTreeMap;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};

/// Most decoded keys that are kept, 160 bytes each; then all are dropped and decoded again as needed.
pub const MAX_KEYS: usize = 4096;

/// Ed25519 keys by their bytes, each decoded once: a chain's set changes little from block to block.
///
/// It changes how fast an answer comes, never the answer.
#[derive(Clone, Debug, Default)]
pub struct KeyCache(BTreeMap<[u8; 32], EdwardsPoint>);

impl KeyCache {
    /// How many keys are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The point that `key` encodes, by ZIP-215: encodings that are not canonical count.
    pub(crate) fn point(&mut self, key: &[u8; 32]) -> Option<EdwardsPoint> {
        if let Some(point) = self.0.get(key) {
            return Some(*point);
        }
        let point = CompressedEdwardsY(*key).decompress()?;
        if self.0.len() >= MAX_KEYS {
            self.0.clear();
        }
        self.0.insert(*key, point);
        Some(point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_keys_are_kept_than_said() {
        let mut cache = KeyCache::default();
        let mut decoded = 0;
        for i in 0u32..20_000 {
            let mut key = [0; 32];
            key[..4].copy_from_slice(&i.to_le_bytes());
            decoded += usize::from(cache.point(&key).is_some());
            assert!(cache.len() <= MAX_KEYS);
        }
        assert!(decoded > MAX_KEYS, "the bound was not reached");
    }
}
