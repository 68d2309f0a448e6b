//! Sealed files.

use super::harness::{proposal, rng, secrets};
use crate::{
    at_rest::{
        MAX_SECRET, OpenError, StoredKeys, StoredShare, open_keys, open_secret, open_share,
        seal_keys, seal_secret, seal_share,
    },
    run_local,
};
use alloc::{format, vec::Vec};
use gateway_types::Salt;

fn stored() -> StoredShare {
    let proposal = proposal(4, 1).verify().unwrap();
    let outcome = run_local(&mut rng(1), &proposal, &secrets(4)).unwrap().swap_remove(2);
    StoredShare {
        committee: proposal.committee(),
        epoch: 1,
        group_key: outcome.group_key,
        transcript: outcome.transcript,
        share: outcome.share,
    }
}

#[test]
fn a_share_is_read_back_under_its_passphrase_only() {
    let share = stored();
    let file = seal_share(b"correct horse", Salt([1; 16]), [2; 12], &share).unwrap();
    let read = open_share(b"correct horse", &file).unwrap();
    assert_eq!(read.encode(), share.encode());
    assert_eq!(read.share.number(), 3);
    assert_eq!(open_share(b"correct hors", &file).err(), Some(OpenError::Passphrase));
    assert!(!file.windows(32).any(|window| window == share.share.secret().as_slice()));
}

#[test]
fn a_changed_file_or_another_label_does_not_open() {
    let file = seal_secret("seed", b"p", Salt([1; 16]), [2; 12], b"secret").unwrap();
    assert_eq!(open_secret("seed", b"p", &file).unwrap().as_slice(), b"secret");
    assert_eq!(open_secret("key-share", b"p", &file).err(), Some(OpenError::Passphrase));
    for place in [2, 5, 20, file.len() - 20, file.len() - 1] {
        let mut changed = file.clone();
        changed[place] ^= 1;
        assert!(open_secret("seed", b"p", &changed).is_err(), "byte {place}");
    }
    for len in 0..file.len() {
        assert!(matches!(open_secret("seed", b"p", &file[..len]), Err(OpenError::Decode(_))));
    }
    let long = Vec::from([0; MAX_SECRET + 1]);
    let refused = seal_secret("seed", b"p", Salt([1; 16]), [2; 12], &long);
    assert_eq!(refused, Err(OpenError::TooLong { len: MAX_SECRET + 1 }));
}

#[test]
fn a_stored_share_of_another_version_or_number_zero_is_refused() {
    let bytes = stored().encode();
    assert!(StoredShare::decode(&bytes).is_ok());
    let mut version = bytes.to_vec();
    assert_eq!(version[..3], [0xa8, 0, 1]);
    version[2] = 2;
    assert_eq!(StoredShare::decode(&version).err(), Some(OpenError::Version { got: 2 }));
    let mut zero = bytes.to_vec();
    let place = zero.windows(3).position(|w| w == [6, 3, 7]).unwrap() + 1;
    zero[place] = 0;
    assert_eq!(StoredShare::decode(&zero).err(), Some(OpenError::Share));
}

#[test]
fn a_member_s_keys_are_read_back_under_their_passphrase_only() {
    let keys = StoredKeys::draw(&mut rng(5));
    let file = seal_keys(b"correct horse", Salt([1; 16]), [2; 12], &keys).unwrap();
    let read = open_keys(b"correct horse", &file).unwrap();
    assert_eq!(read.encode(), keys.encode());
    assert_eq!(read.member_keys().cosigning.public(), keys.member_keys().cosigning.public());
    assert_eq!(open_keys(b"other", &file).err(), Some(OpenError::Passphrase));
    let as_share = open_share(b"correct horse", &file);
    assert_eq!(as_share.err(), Some(OpenError::Passphrase), "a file of keys is no share");
    for seed in keys.encode()[5..].chunks(35).map(|field| &field[..32]) {
        assert!(!file.windows(32).any(|window| window == seed));
    }
    assert_eq!(format!("{keys:?}"), "StoredKeys");
}

#[test]
fn stored_keys_of_another_version_or_form_are_refused() {
    let keys = StoredKeys::draw(&mut rng(5));
    let other = StoredKeys::draw(&mut rng(6));
    assert_ne!(keys.encode(), other.encode());
    let mut version = keys.encode().to_vec();
    assert_eq!(version[..3], [0xa4, 0, 1]);
    version[2] = 2;
    assert_eq!(StoredKeys::decode(&version).err(), Some(OpenError::Version { got: 2 }));
    let bytes = keys.encode();
    for len in 0..bytes.len() {
        assert!(matches!(StoredKeys::decode(&bytes[..len]), Err(OpenError::Decode(_))));
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(StoredKeys::decode(&longer), Err(OpenError::Decode(_))));
}
