//! gateway-ceremony: keys and shares at rest, proposals and messages as they came.
//!
//! A file opens unchanged or not at all; only what members said is theirs.
#![no_main]

use fuzz::{
    array,
    ceremony::{HONEST, PROPOSAL},
    input, parts, plant,
    seldom::Seldom,
};
use gateway_ceremony::{
    Proposal, SignedMessage,
    at_rest::{
        MAX_SECRET, OpenError, StoredKeys, StoredShare, open_keys, open_share, seal_keys,
        seal_share,
    },
};
use gateway_cosign::KeyShare;
use gateway_types::{Bytes, Digest, Salt, bytes::BlsPublicKey, cbor};
use libfuzzer_sys::fuzz_target;
use minicbor::{Decode, Encode};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};
use std::sync::LazyLock;

/// A member's sealed keys, and its sealed share.
static FILES: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    [
        seal_keys(b"pass", Salt([2; 16]), [3; 12], &keys_1()).expect("it seals"),
        seal_share(b"pass", Salt([4; 16]), [5; 12], &share_1()).expect("it seals"),
    ]
});

/// A passphrase's hash takes 64 MiB and three passes.
static HASH: Seldom = Seldom::once_in(2000);

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 8 {
        0 => sealed(bytes),
        1..=3 => stored(bytes),
        _ => texts(bytes),
    }
});

/// A sealed file that came, or an honest one with bytes changed. It opens as its own kind and unchanged, or not at all.
fn sealed(bytes: &[u8]) {
    let [head, edits, came] = parts(bytes);
    let [which, kind] = array(head);
    let (which, kind) = (usize::from(which % 3), usize::from(kind % 2));
    let mut file = FILES.get(which).map_or(came, |file| file).to_vec();
    for change in edits.chunks_exact(3).take(3).filter(|_| which < 2) {
        let at = usize::from(u16::from_be_bytes(array(change))) % file.len();
        file[at] ^= change[2];
    }
    let framed = cbor::decode::<Framing>(&file, 1 << 16).is_ok_and(|it| it.version == 1);
    if framed && !HASH.may() {
        return;
    }
    let opened = if kind == 1 {
        open_share(b"pass", &file).map(|share| assert_eq!(**share.encode(), **share_1().encode()))
    } else {
        open_keys(b"pass", &file).map(|keys| assert_eq!(**keys.encode(), **keys_1().encode()))
    };
    assert_eq!(opened.is_ok(), file == FILES[kind], "another file opens");
    assert_eq!(framed, matches!(opened, Ok(()) | Err(OpenError::Passphrase)), "{opened:?}");
}

/// A sealed file, as formats has it: what is none of these is refused without a hash.
#[derive(Encode, Decode)]
#[cbor(map)]
struct Framing {
    #[n(0)]
    version: u32,
    #[n(1)]
    salt: Salt,
    #[n(2)]
    #[cbor(with = "minicbor::bytes")]
    nonce: [u8; 12],
    #[n(3)]
    sealed: Bytes<{ MAX_SECRET + 16 }>,
}

/// What is inside of a sealed file.
fn stored(bytes: &[u8]) {
    if let Ok(keys) = StoredKeys::decode(bytes) {
        assert_eq!(**keys.encode(), *bytes);
    }
    if let Ok(share) = StoredShare::decode(bytes) {
        assert_eq!(**share.encode(), *bytes);
    }
}

/// Proposals and messages as they came.
fn texts(bytes: &[u8]) {
    if let Ok(proposal) = Proposal::decode(bytes) {
        assert_eq!(proposal.encode(), bytes);
        if let Ok(verified) = proposal.verify() {
            assert_eq!(usize::from(verified.size().n()), verified.proposal().members.len());
        }
    }
    if let Ok(message) = SignedMessage::decode(bytes) {
        assert_eq!(message.encode(), bytes);
        assert!(
            PROPOSAL.verify_message(&message).is_err()
                || HONEST.said.iter().any(|said| *said == bytes)
        );
    }
}

fn keys_1() -> StoredKeys {
    StoredKeys::draw(&mut ChaCha20Rng::from_seed([1; 32]))
}

fn share_1() -> StoredShare {
    StoredShare {
        committee: PROPOSAL.committee(),
        epoch: 1,
        group_key: BlsPublicKey([6; 96]),
        transcript: Digest([7; 32]),
        share: KeyShare::new(1, &[8; 32]).expect("a scalar"),
    }
}

fn seeds() -> Vec<Vec<u8>> {
    assert!(open_keys(b"pass", &FILES[0]).is_ok() && open_share(b"pass", &FILES[1]).is_ok());
    let mut seeds = vec![
        input(0, &[&[0, 0], b"", b""]),
        input(0, &[&[1, 1], b"", b""]),
        input(0, &[&[1, 0], &[0, 0, 0], b""]),
        input(0, &[&[0, 0], &[0, 9, 1], b""]),
        input(0, &[&[2, 0], b"", &FILES[0]]),
        input(0, &[&[2, 1], b"", &FILES[1]]),
        input(1, &[&keys_1().encode()]),
        input(1, &[&share_1().encode()]),
        input(4, &[&PROPOSAL.proposal().encode()]),
    ];
    seeds.extend(HONEST.said.iter().map(|said| input(4, &[said])));
    seeds
}
