//! Tiles: files of up to 256 hashes of one level, as C2SP tlog-tiles names them.
//!
//! Our tiles hold hashes only. There are no entry bundles: an entry goes to its parties and the
//! committees, and a leaf is the digest of a salted entry, so tiles tell a stranger nothing.

use crate::hash::MAX_LOG_SIZE;
use core::{fmt, ops::Range};
use gateway_types::Digest;

/// Hashes in a full tile: 2^8, the height that C2SP fixes.
pub const HASHES_PER_TILE: u64 = 1 << TILE_HEIGHT;

/// Bytes of a full tile. No tile is longer.
pub const TILE_BYTES: usize = 256 * Digest::LEN;

/// Highest level at which a log of [`MAX_LOG_SIZE`] leaves has a tile.
pub const MAX_TILE_LEVEL: u8 = 6;

/// Levels of the tree in one level of tiles.
const TILE_HEIGHT: u8 = 8;

/// Which tile: the `n`-th of its level, holding `width` hashes.
///
/// Prints as its path below the log's address: `tile/0/x001/234.p/5`.
/// Source: C2SP tlog-tiles, "Merkle Tree".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    level: u8,
    n: u64,
    width: u16,
}

impl TilePath {
    /// The full tile `n` of `level`.
    #[must_use]
    pub(crate) fn full(level: u8, n: u64) -> Self {
        Self { level, n, width: 256 }
    }

    /// The tiles' level; level 0 holds leaf hashes.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Its place in its level, from 0.
    #[must_use]
    pub fn n(&self) -> u64 {
        self.n
    }

    /// How many hashes it holds, 1 to 256.
    #[must_use]
    pub fn width(&self) -> u16 {
        self.width
    }

    /// How many bytes it has.
    #[must_use]
    pub fn len_in_bytes(&self) -> usize {
        usize::from(self.width).saturating_mul(Digest::LEN)
    }

    /// The level in the tree of the hashes that it holds; leaves are at level 0.
    #[must_use]
    pub(crate) fn tree_level(&self) -> u8 {
        self.level.saturating_mul(TILE_HEIGHT)
    }

    /// The places, at [`Self::tree_level`], of the hashes that it holds.
    pub(crate) fn nodes(&self) -> Range<u64> {
        let first = self.n.saturating_mul(HASHES_PER_TILE);
        first..first.saturating_add(u64::from(self.width))
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/", self.level)?;
        // Three digits a directory: the highest group that is not zero comes first, marked with x.
        for power in [1_000_000_000_000u64, 1_000_000_000, 1_000_000, 1_000] {
            if let Some(groups) = self.n.checked_div(power).filter(|groups| *groups > 0) {
                write!(f, "x{:03}/", groups % 1_000)?;
            }
        }
        write!(f, "{:03}", self.n % 1_000)?;
        if u64::from(self.width) < HASHES_PER_TILE {
            write!(f, ".p/{}", self.width)
        } else {
            Ok(())
        }
    }
}

/// The tiles of a log of `size` leaves that are not, or not as wide, among those of its first `old`
/// leaves; from `old` = 0 all of them, level by level.
///
/// A size above [`MAX_LOG_SIZE`] has none.
pub fn tile_paths(old: u64, size: u64) -> impl Iterator<Item = TilePath> {
    let size = if size > MAX_LOG_SIZE { 0 } else { size };
    (0..=MAX_TILE_LEVEL).flat_map(move |level| tiles_of_level(level, old, size))
}

fn tiles_of_level(level: u8, old: u64, size: u64) -> impl Iterator<Item = TilePath> {
    let (before, now) = (hashes_at(level, old), hashes_at(level, size));
    let first = before / HASHES_PER_TILE;
    let full = (first..now / HASHES_PER_TILE).map(move |n| TilePath::full(level, n));
    let partial = (now > before).then(|| partial_tile(level, size)).flatten();
    full.chain(partial)
}

/// The tile at the end of `level`, if it is not full and not empty.
pub(crate) fn partial_tile(level: u8, size: u64) -> Option<TilePath> {
    let hashes = hashes_at(level, size);
    let width = u16::try_from(hashes % HASHES_PER_TILE).ok().filter(|width| *width > 0)?;
    Some(TilePath { level, n: hashes / HASHES_PER_TILE, width })
}

/// How many hashes tiles of `level` hold in a log of `size` leaves.
fn hashes_at(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level).saturating_mul(u32::from(TILE_HEIGHT))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: u64, size: u64, expected: &[&str]) {
        let paths: Vec<String> = tile_paths(old, size).map(|tile| tile.to_string()).collect();
        assert_eq!(paths, expected, "from {old} to {size}");
    }

    #[test]
    fn paths_are_those_of_c2sp() {
        check(0, 0, &[]);
        check(0, 1, &["tile/0/000.p/1"]);
        check(0, 256, &["tile/0/000", "tile/1/000.p/1"]);
        check(0, 258, &["tile/0/000", "tile/0/001.p/2", "tile/1/000.p/1"]);
        // The example of the specification: a tree of 70,000 leaves has 273 full tiles at level 0.
        let tiles: Vec<TilePath> = tile_paths(0, 70_000).collect();
        assert_eq!(tiles.iter().filter(|t| t.level() == 0 && t.width() == 256).count(), 273);
        check(69_999, 70_000, &["tile/0/273.p/112"]);
        check(69_888, 70_000, &["tile/0/273.p/112"]);
        assert!(tiles.iter().any(|t| t.to_string() == "tile/1/001.p/17"));
        assert!(tiles.iter().any(|t| t.to_string() == "tile/2/000.p/1"));
    }

    #[test]
    fn long_numbers_are_split_in_threes() {
        check(
            1_234_067 * 256 - 1,
            1_234_067 * 256,
            &["tile/0/x001/x234/066", "tile/1/x004/820.p/147"],
        );
        assert_eq!(TilePath::full(0, 1_000).to_string(), "tile/0/x001/000");
        assert_eq!(TilePath::full(0, 2_000_000_005).to_string(), "tile/0/x002/x000/x000/005");
        let last = MAX_LOG_SIZE / HASHES_PER_TILE - 1;
        assert_eq!(TilePath::full(0, last).to_string(), "tile/0/x001/x099/x511/x627/775");
    }

    #[test]
    fn sizes_that_no_log_has_end_the_list() {
        check(0, u64::MAX, &[]);
        check(u64::MAX, 5, &[]);
        check(MAX_LOG_SIZE, MAX_LOG_SIZE, &[]);
        assert_eq!(partial_tile(6, MAX_LOG_SIZE).map(|tile| tile.width()), Some(1));
    }

    #[test]
    fn names_agree_with_another_implementation() {
        for size in [1, 255, 256, 257, 1000, 65_536, 70_000] {
            let theirs = tlog_tiles::tile::Tile::new_tiles(TILE_HEIGHT, 0, size);
            let theirs: Vec<String> =
                theirs.iter().map(|t| t.path().replace("tile/8/", "tile/")).collect();
            check(0, size, &theirs.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }
}
