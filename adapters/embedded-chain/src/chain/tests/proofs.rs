//! What the chain proves, before the real light client.

use super::*;
use gateway_types::registry::{
    ACC_0, RegistryChange, RegistryHead, change_path, head_path, next_acc, record_path,
};
use light_client_cometbft::{STORE, verify_absence, verify_existence};

/// The state at `height` is proven by the header above.
fn root_of(chain: &Chain, height: u64) -> Digest {
    Digest(chain.block(height + 1).unwrap().header.app_hash)
}

/// The value under a raw key at a height: what is there is proven to be there, and what is not is proven absent.
fn proven(chain: &Chain, path: &[u8], height: u64) -> Option<Vec<u8>> {
    let (value, proof) = chain.prove(path, height).unwrap();
    let (root, key) = (root_of(chain, height), chain.contract().store_key(path));
    match &value {
        Some(value) => verify_existence(&root, STORE, &key, value, &proof).unwrap(),
        None => verify_absence(&root, STORE, &key, &proof).unwrap(),
    }
    // Neither under the header of the height itself.
    let own = root_of(chain, height - 1);
    assert!(verify_existence(&own, STORE, &key, value.as_deref().unwrap_or(b"x"), &proof).is_err());
    assert!(verify_absence(&own, STORE, &key, &proof).is_err());
    value
}

fn head(chain: &Chain, height: u64) -> RegistryHead {
    RegistryHead::from_bytes(&proven(chain, &head_path(), height).unwrap()).unwrap()
}

#[test]
fn a_record_is_proven_absent_then_as_it_is_at_every_height() {
    let chain = story();
    // Issued in block 6 after the pin, revoked in the one at 9: heights 8 and 11.
    let path = record_path(&key(6));
    for height in 3..chain.tip() {
        let record = proven(&chain, &path, height).and_then(|v| RegistryRecord::from_bytes(&v));
        let seen = record.map(|record| (record.code.get(), record.sequence));
        let expected = match height {
            ..8 => None,
            8..11 => Some((1, 1)),
            _ => Some((7, 2)),
        };
        assert_eq!(seen, expected, "{height}");
    }
}

#[test]
fn changes_lead_to_the_head_at_every_height() {
    let chain = story();
    let (mut acc, mut n) = (ACC_0, 0);
    for height in 3..chain.tip() {
        let head = head(&chain, height);
        while n < head.n {
            n += 1;
            let value = proven(&chain, &change_path(n), height).unwrap();
            let change = RegistryChange::from_bytes(&value).unwrap();
            acc = next_acc(&acc, n, &change.change);
            assert_eq!(change.acc, acc);
            assert_eq!(Some(head.time), chain.block_time(height), "the block that holds it");
        }
        assert_eq!((head.n, head.acc), (n, acc));
        assert_eq!(proven(&chain, &change_path(n + 1), height), None);
    }
    assert_eq!(n, 33 * 2 + 11);
}

#[test]
fn absence_is_proven_before_between_and_after_all_keys() {
    let chain = story();
    let height = chain.tip() - 1;
    let (state, root) = (chain.state(height).unwrap(), root_of(&chain, height));
    let record = |n: u8| chain.contract().store_key(&record_path(&key(n)));
    let mut keys: Vec<Vec<u8>> =
        (0..=255).filter(|n| state.wasm.get(&record(*n)).is_none()).map(record).collect();
    let (there, before, after) = (record(3), vec![0], vec![0xff; 40]);
    keys.extend([before, after, [&there[..], &[0]].concat(), there[..there.len() - 1].to_vec()]);
    assert!(keys.len() > 150);
    for key in keys {
        let proof = stores::merkle_proof(state.prove(WASM, &key).unwrap());
        verify_absence(&root, STORE, &key, &proof).unwrap();
    }
}

/// No byte of a proof may be another.
fn every_flip_is_refused(proof: &[u8], verify: impl Fn(&[u8]) -> bool) {
    assert!(verify(proof));
    for place in 0..proof.len() {
        for bit in [1, 0x80] {
            let mut flipped = proof.to_vec();
            flipped[place] ^= bit;
            assert!(!verify(&flipped), "bit {bit} of byte {place}");
        }
    }
}

#[test]
fn no_byte_of_a_proof_may_be_another() {
    let chain = story();
    let height = chain.tip() - 1;
    let root = root_of(&chain, height);
    let store_key = |path: &[u8]| chain.contract().store_key(path);
    for path in [head_path(), record_path(&key(3)), change_path(40)] {
        let (value, proof) = chain.prove(&path, height).unwrap();
        let (value, key) = (value.unwrap(), store_key(&path));
        every_flip_is_refused(&proof, |proof| {
            verify_existence(&root, STORE, &key, &value, proof).is_ok()
        });
    }
    for path in [record_path(&key(1)), change_path(9_999)] {
        let (_, proof) = chain.prove(&path, height).unwrap();
        let key = store_key(&path);
        every_flip_is_refused(&proof, |proof| verify_absence(&root, STORE, &key, proof).is_ok());
    }
}

#[test]
fn what_is_not_there_yet_or_no_more_is_not_proven() {
    let mut chain = chain();
    for i in 1..=1_200 {
        chain.produce_block(at(i));
    }
    let tip = chain.tip();
    let oldest = tip - u64::try_from(KEPT_STATES).unwrap() + 1;
    assert_eq!(chain.prove(&head_path(), tip + 1), None);
    assert_eq!(chain.prove(&head_path(), oldest - 1), None);
    assert!(chain.prove(&head_path(), oldest).is_some());
    assert!(chain.header(oldest - 1).is_some() && chain.header(tip + 1).is_none());
}

#[test]
fn a_record_is_written_as_the_contract_would() {
    let mut chain = chain();
    let (one, digest) = (key(1), Digest([7; 32]));
    let revoked = SourceCode::new(7).unwrap();
    assert_eq!(chain.set_status(&one, revoked), Err(PutError::NoRecord { key: one }));
    chain.issue(&one, digest).unwrap();
    assert_eq!(chain.issue(&one, digest), Err(PutError::NothingChanged));
    chain.set_status(&one, revoked).unwrap();
    assert_eq!(chain.set_status(&one, revoked), Err(PutError::NothingChanged));
    let expected = RegistryRecord { digest, code: revoked, sequence: 2 };
    assert_eq!(chain.record(&one), Some(expected));
    // Another record of the same licence: valid again, the count goes on.
    chain.issue(&one, Digest([8; 32])).unwrap();
    assert_eq!(chain.record(&one).map(|record| record.sequence), Some(3));
}

#[test]
fn a_block_takes_so_many_changes_and_no_more() {
    let mut chain = chain();
    let key = |n: usize| LicenceKey(Digest(sha256(&n.to_be_bytes())));
    for n in 0..MAX_CHANGES_A_BLOCK {
        chain.issue(&key(n), Digest([1; 32])).unwrap();
    }
    let last = key(MAX_CHANGES_A_BLOCK);
    assert_eq!(chain.issue(&last, Digest([1; 32])), Err(PutError::BlockFull));
    chain.produce_block(at(1));
    chain.issue(&last, Digest([1; 32])).unwrap();
}
