//! gateway-log: frontiers, proofs, tiles. What is proven of the example log is what it holds.
#![no_main]

use fuzz::{array, input, join, number, parts, plant, same};
use gateway_log::{
    Frontier, LeafHash, Log, MAX_LOG_SIZE, TilePath, tile_paths, verify_consistency,
    verify_inclusion, verify_tiles,
};
use gateway_types::{Digest, cbor, checkpoint::TreeHead};
use libfuzzer_sys::fuzz_target;
use std::{collections::BTreeMap, sync::LazyLock};

/// Leaves of the example log: enough for full tiles at two levels' edge.
const SIZE: u64 = 600;

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let mut log = Log::new();
    (0..SIZE).for_each(|n| log.append(LeafHash::of_data(&n.to_be_bytes())).expect("room"));
    log
});

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 5 {
        0 => frontier(bytes),
        1 => inclusion(bytes),
        2 => consistency(bytes),
        3 => tiles(bytes),
        _ => names(bytes),
    }
});

fn frontier(bytes: &[u8]) {
    let Some(frontier) = same::<Frontier>(bytes) else { return };
    let leaf = LeafHash::of_data(bytes);
    match frontier.with([leaf]) {
        Ok(longer) => {
            assert_eq!(longer.size(), frontier.size() + 1);
            assert_ne!(longer.root(), frontier.root());
            assert_eq!(same::<Frontier>(&cbor::encode(&longer)), Some(longer));
        }
        Err(_) => assert_eq!(frontier.size(), MAX_LOG_SIZE),
    }
}

fn inclusion(bytes: &[u8]) {
    let [place, leaf, root, proof] = parts(bytes);
    let (index, size) = (number(place), number(place.get(8..).unwrap_or(&[])));
    let proof = digests(proof);
    let own = LOG.leaf(index).unwrap_or(LeafHash(Digest([1; 32])));
    let leaf = if leaf.is_empty() { own } else { LeafHash(Digest(array(leaf))) };
    // Against the example log, what is included is there.
    if let Ok(head) = LOG.head_at(size)
        && verify_inclusion(leaf, index, &head, &proof).is_ok()
    {
        assert_eq!(LOG.leaf(index), Some(leaf), "a leaf that is not there is included");
        assert_eq!(LOG.inclusion_proof(index, size).map(|proof| proof.to_vec()), Ok(proof.clone()));
    }
    // Against a root that anybody made up, nothing but the place is known.
    let head = TreeHead { size, root: Digest(array(root)) };
    if let Ok(included) = verify_inclusion(leaf, index, &head, &proof) {
        assert!(included.index() < included.head().size);
    }
}

fn consistency(bytes: &[u8]) {
    let [place, root, proof] = parts(bytes);
    let (old, new) = (number(place), number(place.get(8..).unwrap_or(&[])));
    let proof = digests(proof);
    let earlier = match LOG.head_at(old) {
        Ok(head) if root.is_empty() => head,
        _ => TreeHead { size: old, root: Digest(array(root)) },
    };
    if let Ok(later) = LOG.head_at(new)
        && verify_consistency(&earlier, &later, &proof).is_ok()
    {
        assert_eq!(LOG.head_at(old), Ok(earlier), "another beginning is consistent");
        assert_eq!(LOG.consistency_proof(old, new).map(|proof| proof.to_vec()), Ok(proof.clone()));
    }
    let later = TreeHead { size: new, root: Digest(array(root)) };
    let _ = verify_consistency(&earlier, &later, &proof);
}

/// The example's tiles with some replaced.
fn tiles(bytes: &[u8]) {
    let [size, replaced] = parts(bytes);
    let size = number(size) % (SIZE + 1);
    let mut tiles: BTreeMap<TilePath, Vec<u8>> = LOG.tiles(0, size).expect("in the log").collect();
    let paths: Vec<TilePath> = tiles.keys().copied().collect();
    let [which, content] = parts(replaced);
    let Some(path) = paths.get(usize::from(array::<1>(which)[0])) else { return };
    let honest = tiles.insert(*path, change(&tiles[path], content)).expect("it was there");
    let head = LOG.head_at(size).expect("in the log");
    let verified = verify_tiles(|path| tiles.get(path).cloned(), &head);
    assert_eq!(verified.is_ok(), tiles[path] == honest, "tile {path} was changed");
}

/// `content` in place of a tile, or one byte of it, as its first byte says.
fn change(tile: &[u8], content: &[u8]) -> Vec<u8> {
    let mut changed = tile.to_vec();
    match content {
        [0, at @ .., value] if at.len() == 2 => {
            let at = usize::try_from(number(at)).expect("two bytes") % changed.len();
            changed[at] ^= value;
            changed
        }
        [_, rest @ ..] => rest.to_vec(),
        [] => changed,
    }
}

/// Sizes that come from outside lead to no panic and to no end of names.
fn names(bytes: &[u8]) {
    let (old, size) = (number(bytes), number(bytes.get(8..).unwrap_or(&[])));
    for path in tile_paths(old, size).take(64) {
        assert!((1..=256).contains(&path.width()));
        assert!(path.to_string().starts_with("tile/"));
    }
    // A reader that finds nothing.
    let head = TreeHead { size, root: Digest([1; 32]) };
    assert!(verify_tiles(|_| None, &head).is_err());
}

fn digests(bytes: &[u8]) -> Vec<Digest> {
    bytes.chunks(32).map(|hash| Digest(array(hash))).collect()
}

fn seeds() -> Vec<Vec<u8>> {
    let place = |a: u64, b: u64| [a.to_be_bytes(), b.to_be_bytes()].concat();
    let mut seeds = Vec::new();
    for (index, size) in [(0, 1), (3, 7), (255, 256), (300, 600), (599, 600)] {
        let proof: Vec<u8> = LOG
            .inclusion_proof(index, size)
            .expect("in the log")
            .iter()
            .flat_map(|hash| hash.0)
            .collect();
        seeds.push(input(1, &[&place(index, size), b"", b"", &proof]));
        let old = index + 1;
        let proof: Vec<u8> = LOG
            .consistency_proof(old, size)
            .expect("in the log")
            .iter()
            .flat_map(|hash| hash.0)
            .collect();
        seeds.push(input(2, &[&place(old, size), b"", &proof]));
        let frontier = Frontier::empty().with((0..size).filter_map(|n| LOG.leaf(n))).expect("room");
        seeds.push(input(0, &[&cbor::encode(&frontier)]));
        seeds.push(input(3, &[&size.to_be_bytes(), &join(&[&[1], &[0, 1, 2, 3]])]));
        seeds.push(input(4, &[&place(old, size * 1_000_003)]));
    }
    seeds
}
