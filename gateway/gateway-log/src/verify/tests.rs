use super::*;
use crate::{LeafHash, Log, TILE_BYTES};
use proptest::prelude::*;
use std::collections::BTreeMap;

type Folder = BTreeMap<TilePath, Vec<u8>>;

fn log(size: u64) -> Log {
    let mut log = Log::new();
    for n in 0..size {
        log.append(LeafHash::of_data(&n.to_be_bytes())).unwrap();
    }
    log
}

fn folder(log: &Log) -> Folder {
    log.tiles(0, log.size()).unwrap().collect()
}

fn check(tiles: &Folder, log: &Log) -> Result<VerifiedTiles, TileError> {
    verify_tiles(|path| tiles.get(path).cloned(), &log.head())
}

const SIZES: [u64; 12] = [1, 2, 3, 255, 256, 257, 511, 512, 1_000, 65_535, 65_536, 66_049];

#[test]
fn tiles_of_a_log_lead_to_its_root() {
    for size in SIZES {
        let log = log(size);
        let tiles = folder(&log);
        let verified = check(&tiles, &log).unwrap();
        assert_eq!(verified.head(), log.head());
        assert_eq!(verified.tiles(), tiles.len() as u64, "every tile is read, and once");
    }
}

#[test]
fn tiles_written_step_by_step_are_those_written_at_once() {
    let log = log(1_000);
    let mut grown = Folder::new();
    let mut old = 0;
    for size in [1, 2, 200, 256, 257, 600, 768, 1_000] {
        grown.extend(log.tiles(old, size).unwrap());
        let head = log.head_at(size).unwrap();
        assert!(verify_tiles(|path| grown.get(path).cloned(), &head).is_ok());
        old = size;
    }
    assert_eq!(check(&grown, &log), check(&folder(&log), &log));
}

/// Whether the error names this tile, or the edge that it is part of.
fn names(error: &TileError, at: &TilePath) -> bool {
    match error {
        TileError::Missing { tile }
        | TileError::Length { tile, .. }
        | TileError::Altered { tile } => tile == at,
        TileError::Root { edge, .. } => edge.contains(at),
        TileError::TreeHead(_) => false,
    }
}

#[test]
fn a115_a_changed_tile_of_any_level_is_found_and_named() {
    for size in [1, 3, 256, 700, 66_049] {
        let log = log(size);
        let tiles = folder(&log);
        for path in tiles.keys().filter(|t| t.level() > 0 || t.n() < 3 || t.n() > 255) {
            for at in [0, path.len_in_bytes() / 2, path.len_in_bytes() - 1] {
                let mut edited = tiles.clone();
                edited.get_mut(path).unwrap()[at] ^= 1;
                assert!(names(&check(&edited, &log).unwrap_err(), path), "{path} of {size}");
            }
        }
    }
}

#[test]
fn a115_a_missing_or_cut_tile_is_found_and_named() {
    let log = log(700);
    let tiles = folder(&log);
    for path in tiles.keys() {
        let mut gone = tiles.clone();
        gone.remove(path);
        assert_eq!(check(&gone, &log), Err(TileError::Missing { tile: *path }));
        for len in [0, 31, path.len_in_bytes() - 32, path.len_in_bytes() + 32, TILE_BYTES + 1] {
            let mut cut = tiles.clone();
            cut.get_mut(path).unwrap().resize(len, 0);
            assert_eq!(check(&cut, &log), Err(TileError::Length { tile: *path, got: len }));
        }
    }
}

#[test]
fn a115_a_log_cut_short_or_rewritten_does_not_have_the_signed_root() {
    let signed = log(700);
    let shorter = folder(&log(699));
    assert!(check(&shorter, &signed).is_err(), "one entry deleted at the end");
    // One leaf edited, and every tile above it made anew, as somebody with the database would.
    let mut rewritten = Log::new();
    for n in 0..700u64 {
        let leaf = if n == 5 { b"another".to_vec() } else { n.to_be_bytes().to_vec() };
        rewritten.append(LeafHash::of_data(&leaf)).unwrap();
    }
    let error = check(&folder(&rewritten), &signed).unwrap_err();
    assert!(matches!(error, TileError::Root { expected, .. } if expected == signed.head().root));
}

#[test]
fn a47_a_size_or_root_that_stands_for_nothing_is_refused() {
    let log = log(3);
    let tiles = folder(&log);
    let read = |path: &TilePath| tiles.get(path).cloned();
    for root in [Digest([0; 32]), crate::EMPTY_ROOT] {
        assert_eq!(
            verify_tiles(read, &TreeHead { size: 3, root }),
            Err(TileError::TreeHead(ProofError::EmptyRoot))
        );
    }
    for size in [0, crate::MAX_LOG_SIZE + 1, u64::MAX] {
        let refused = Err(TileError::TreeHead(ProofError::Size { size }));
        assert_eq!(verify_tiles(read, &TreeHead { size, ..log.head() }), refused);
    }
}

#[test]
fn errors_read_as_sentences() {
    let log = log(300);
    let mut tiles = folder(&log);
    tiles.get_mut(&TilePath::full(0, 0)).unwrap()[0] ^= 1;
    let error = check(&tiles, &log).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tile/0/000 was changed: the tile above it gives it another hash"
    );
    let error = verify_tiles(
        |path| tiles.get(path).cloned(),
        &TreeHead { size: 300, root: Digest([1; 32]) },
    )
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "tile/0/001.p/44, tile/1/000.p/1 together do not lead to the root"
    );
}

proptest! {
    #[test]
    fn no_tiles_bring_the_check_down(
        size in any::<u64>(), root in any::<[u8; 32]>(), bytes in proptest::collection::vec(any::<u8>(), 0..600)
    ) {
        let head = TreeHead { size, root: Digest(root) };
        prop_assert!(verify_tiles(|_| Some(bytes.clone()), &head).is_err());
        let all_alike = |path: &TilePath| Some(vec![bytes.first().copied().unwrap_or(0); path.len_in_bytes()]);
        prop_assert!(verify_tiles(all_alike, &head).is_err());
    }
}
