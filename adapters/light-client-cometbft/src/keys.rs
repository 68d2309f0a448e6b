//! Decoded public keys, kept.

use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::fmt;
use curve25519_dalek::{
    constants::ED25519_BASEPOINT_POINT,
    edwards::{CompressedEdwardsY, EdwardsPoint, VartimeEdwardsPrecomputation},
    scalar::Scalar,
    traits::VartimePrecomputedMultiscalarMul,
};

/// Most decoded keys that are kept, 160 bytes each; then all are dropped and decoded again as needed.
pub const MAX_KEYS: usize = 4096;

/// Most keys of which multiples are kept, 10 KiB each; a batch of more keys does without.
const MAX_TABLES: usize = 256;

/// Ed25519 keys by their bytes, each decoded once: a chain's set changes little from block to block.
///
/// Of keys that come again, multiples are kept too. It all changes how fast an answer comes, never the answer.
#[derive(Clone, Debug, Default)]
pub struct KeyCache {
    points: BTreeMap<[u8; 32], EdwardsPoint>,
    tables: Option<Arc<Tables>>,
}

impl KeyCache {
    /// How many keys are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// The point that `key` encodes, by ZIP-215: encodings that are not canonical count.
    pub(crate) fn point(&mut self, key: &[u8; 32]) -> Option<EdwardsPoint> {
        if let Some(point) = self.points.get(key) {
            return Some(*point);
        }
        let point = CompressedEdwardsY(*key).decompress()?;
        if self.points.len() >= MAX_KEYS {
            self.points.clear();
        }
        self.points.insert(*key, point);
        Some(point)
    }

    /// Multiples of most of these keys, if they have come before; made anew if those kept are of others.
    pub(crate) fn tables<'a>(
        &mut self,
        keys: impl Iterator<Item = &'a [u8; 32]> + Clone,
    ) -> Option<Arc<Tables>> {
        let kept = self.tables.as_ref();
        let lack = keys.clone().filter(|key| kept.is_none_or(|t| !t.places.contains_key(*key)));
        let known = |key: &&'a [u8; 32]| self.points.contains_key(*key);
        // Making one takes about as long as checking a signature: it must come in useful again.
        if lack.filter(known).count().saturating_mul(4) > keys.clone().count() {
            let points: BTreeMap<_, _> =
                keys.filter_map(|key| Some((*key, *self.points.get(key)?))).collect();
            self.tables = (points.len() <= MAX_TABLES).then(|| Arc::new(Tables::of(&points)));
        }
        self.tables.clone()
    }
}

/// Multiples of the base point and of some keys: their terms of an equation cost less.
pub(crate) struct Tables {
    /// Where each key stands; the base point is at 0.
    places: BTreeMap<[u8; 32], usize>,
    multiples: VartimeEdwardsPrecomputation,
}

impl Tables {
    fn of(points: &BTreeMap<[u8; 32], EdwardsPoint>) -> Self {
        let all = core::iter::once(&ED25519_BASEPOINT_POINT).chain(points.values());
        let multiples = VartimeEdwardsPrecomputation::new(all);
        Self { places: points.keys().copied().zip(1..).collect(), multiples }
    }

    /// The base point `base` times, and each key and other point as often as is said.
    pub(crate) fn sum<'a>(
        &self,
        base: Scalar,
        keys: impl Iterator<Item = (&'a [u8; 32], Scalar, EdwardsPoint)>,
        others: impl Iterator<Item = (Scalar, EdwardsPoint)>,
    ) -> EdwardsPoint {
        let mut kept = Vec::from([base]);
        kept.resize(self.multiples.len(), Scalar::ZERO);
        let (mut scalars, mut points): (Vec<Scalar>, Vec<EdwardsPoint>) = others.unzip();
        for (key, scalar, point) in keys {
            match self.places.get(key).and_then(|place| kept.get_mut(*place)) {
                Some(sum) => *sum = scalar,
                None => {
                    scalars.push(scalar);
                    points.push(point);
                }
            }
        }
        self.multiples.vartime_mixed_multiscalar_mul(kept, scalars, points)
    }
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "multiples of {} keys", self.places.len())
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

    /// Keys that are points, from `from` on.
    fn keys(from: u64, count: usize) -> Vec<[u8; 32]> {
        let key = |i: u64| EdwardsPoint::mul_base(&Scalar::from(i)).compress().0;
        (from..).map(key).take(count).collect()
    }

    #[test]
    fn multiples_are_made_when_keys_come_again() {
        let mut cache = KeyCache::default();
        let (first, others) = (keys(1, 8), keys(100, 8));
        let mut ask = |keys: &[[u8; 32]]| {
            let tables = cache.tables(keys.iter());
            assert!(keys.iter().all(|key| cache.point(key).is_some()));
            tables.map(|tables| tables.places.keys().copied().collect::<Vec<_>>())
        };
        let sorted = |keys: &[[u8; 32]]| {
            let mut sorted = keys.to_vec();
            sorted.sort_unstable();
            Some(sorted)
        };
        assert_eq!(ask(&first), None);
        assert_eq!(ask(&first), sorted(&first));
        // Others, the first time; then again; then with a few that are known but have no multiples.
        assert_eq!(ask(&others), sorted(&first));
        assert_eq!(ask(&others), sorted(&others));
        assert_eq!(ask(&[&others[..6], &first[..2]].concat()), sorted(&others));
    }

    #[test]
    fn no_more_multiples_are_kept_than_said() {
        let mut cache = KeyCache::default();
        let most = keys(1, MAX_TABLES + 1);
        assert!(most.iter().all(|key| cache.point(key).is_some()));
        assert!(cache.tables(most.iter()).is_none());
        assert!(cache.tables(most.iter().skip(1)).is_some());
    }
}
