//! Proofs, as far as all chains check them alike.

use super::*;

#[test]
fn a4_a_frozen_client_proves_nothing() {
    let mut store = store();
    let fork = ToyHeader { root: Digest([9; 32]), ..ToyHeader::at(12) };
    let pair = ClientMessage::Misbehaviour(ToyHeader::at(12).bytes(), fork.bytes());
    assert!(matches!(update_client(&mut Toy, &mut store, &pair, NOW), Ok(Update::Frozen(_))));
    let state = cbor::encode(&toy_state());
    let value = ValueProof { value: &toy_state()[0].1, proof: &state };
    let refused =
        verify_membership::<RegistryRecord>(&Toy, &store, height(10), toy_key(), value, NOW);
    assert_eq!(refused, Err(ProofError::NotActive { status: Status::Frozen }));
}

#[test]
fn a27_a_proof_is_of_a_stored_height_and_not_too_old() {
    let store = check_taken(&store(), &[ToyHeader::at(12)], NOW);
    let state = cbor::encode(&toy_state());
    let prove = |h: u64, now| {
        let value = ValueProof { value: &toy_state()[0].1, proof: &state };
        verify_membership::<RegistryRecord>(&Toy, &store, height(h), toy_key(), value, now)
    };
    assert_eq!(prove(11, NOW), Err(ProofError::UnknownHeight { height: height(11) }));
    assert_eq!(prove(13, NOW), Err(ProofError::UnknownHeight { height: height(13) }));
    // Header 12 is of second 12; proofs may be 20 s old.
    let proven = prove(12, Timestamp(32_000)).unwrap();
    let old = ProofError::TooOld { age_ms: 20_001, max_ms: 20_000 };
    assert_eq!(prove(12, Timestamp(32_001)), Err(old.clone()));
    assert_eq!(prove(12, Timestamp(6_999)), Err(ProofError::FromTheFuture));
    assert_eq!(proven.at().block_time, Timestamp(12_000));
    assert_eq!(proven.at().header_hash, ToyHeader::at(12).hash());
    // Absence is held to the same: it must be of now, not of when the licence was issued (A38).
    let absent = LicenceKey(Digest([2; 32]));
    let late = verify_non_membership::<RegistryRecord>(
        &Toy,
        &store,
        height(12),
        absent,
        &state,
        Timestamp(32_001),
    );
    assert_eq!(late, Err(old));
}

#[test]
fn a38_absence_is_never_read_as_a_value() {
    let store = store();
    let state = cbor::encode(&toy_state());
    let absent = LicenceKey(Digest([2; 32]));
    let value = ValueProof { value: &toy_state()[0].1, proof: &state };
    let taken = verify_membership::<RegistryRecord>(&Toy, &store, height(10), absent, value, NOW);
    assert_eq!(taken, Err(ProofError::OtherPath));
    let empty = verify_membership::<RegistryRecord>(
        &Toy,
        &store,
        height(10),
        absent,
        ValueProof { value: &[], proof: &state },
        NOW,
    );
    assert_eq!(empty, Err(ProofError::NotRegistryValue { len: 0 }));
}

#[test]
fn a21_a_proof_too_long_is_refused_before_it_is_read() {
    let (store, long) = (store(), vec![0; MAX_PROOF + 1]);
    let too_long = ProofError::TooLong { len: MAX_PROOF + 1, max: MAX_PROOF };
    let key = LicenceKey(Digest([2; 32]));
    let absent = verify_non_membership::<RegistryRecord>(&Toy, &store, height(10), key, &long, NOW);
    assert_eq!(absent, Err(too_long.clone()));
    let value = ValueProof { value: &toy_state()[0].1, proof: &long };
    let there =
        verify_membership::<RegistryRecord>(&Toy, &store, height(10), toy_key(), value, NOW);
    assert_eq!(there, Err(too_long));
}
