//! Proofs that a dishonest node may send, row by row of the attack catalogue.

use crate::common::*;
use gateway_types::{Digest, LicenceKey, registry::RegistryRecord};
use ics23::{
    CommitmentProof, ExistenceProof, HashOp, InnerOp, LeafOp, LengthOp, NonExistenceProof,
    ProofSpec, commitment_proof::Proof, iavl_spec, tendermint_spec,
};
use light_client::{Height, ProofError, ValueProof, verify_membership, verify_non_membership};
use light_client_cometbft::{
    CometBft, MAX_IAVL_DEPTH, MAX_STORE_DEPTH, MerkleProof, ProofOp, verify_absence,
    verify_existence,
};

/// Changes a good proof of existence, and gives the refusal.
fn existence(change: impl FnOnce(&mut ExistenceProof, &mut ExistenceProof)) -> ProofError {
    let mut answer = answer("record_active_240");
    let [inner, outer] = answer.proof.proofs.as_mut_slice() else { panic!("not two") };
    let (Some(Proof::Exist(inner)), Some(Proof::Exist(outer))) =
        (&mut inner.proof, &mut outer.proof)
    else {
        panic!("not existence")
    };
    change(inner, outer);
    let proof = bytes_of(&answer.proof);
    let value = answer.value.unwrap();
    verify_existence(&app_hash(241), b"wasm", &answer.store_key, &value, &proof)
        .expect_err("the proof was taken")
}

/// Changes a good proof of absence, and gives the refusal.
fn absence(change: impl FnOnce(&mut NonExistenceProof)) -> ProofError {
    let mut answer = answer("absent_unknown_250");
    let Some(Proof::Nonexist(absence)) = &mut answer.proof.proofs[0].proof else {
        panic!("not absence")
    };
    change(absence);
    verify_absence(&app_hash(251), b"wasm", &answer.store_key, &bytes_of(&answer.proof))
        .expect_err("the proof was taken")
}

fn is_shape(error: &ProofError) -> bool {
    matches!(error, ProofError::Shape { .. })
}

fn is_malformed(error: &ProofError) -> bool {
    matches!(error, ProofError::Malformed { .. })
}

#[test]
fn a26_a_node_with_both_children_beside_the_path_is_refused() {
    let both = existence(|inner, _| {
        let left = InnerOp { suffix: [vec![32], vec![9; 32]].concat(), ..inner.path[0].clone() };
        let right = [left.prefix.clone(), vec![7; 32], vec![32]].concat();
        inner.path[0] = InnerOp { prefix: right, ..left };
    });
    assert!(is_shape(&both), "{both:?}");
    let none = existence(|inner, _| inner.path[0].suffix.clear());
    assert!(is_shape(&none), "{none:?}");
    // The key in a proof of absence is hashed by nothing: it must be the one asked for.
    assert_eq!(absence(|absence| absence.key[40] ^= 1), ProofError::OtherPath);
    assert_eq!(absence(|absence| absence.key.clear()), ProofError::OtherPath);
}

#[test]
fn a26_bytes_that_influence_nothing_are_refused() {
    let answer = answer("record_active_240");
    let check = |proof: &[u8]| {
        let value = answer.value.as_ref().unwrap();
        verify_existence(&app_hash(241), b"wasm", &answer.store_key, value, proof)
    };
    let good = bytes_of(&answer.proof);
    assert_eq!(check(&good), Ok(()));
    // An unknown field, a field of its default, a third proof.
    for tail in [&[0x7a, 1, 0][..], &[0x10, 0], &[0x0a, 0]] {
        let error = check(&[&good, tail].concat()).unwrap_err();
        assert!(is_malformed(&error), "{error:?}");
    }
}

#[test]
fn a27_a_genuine_but_old_root_is_refused() {
    let answer = answer("record_active_240");
    let mut store = trusting(241, (2, 3));
    update(&mut store, &[light(251), light(303)], network_1_now()).unwrap();
    let (proof, value) = (bytes_of(&answer.proof), answer.value.unwrap());
    let prove = |height: u64, now| {
        let shown = ValueProof { value: &value, proof: &proof };
        let height = Height::new(height).unwrap();
        verify_membership::<RegistryRecord>(
            &CometBft::new(),
            &store,
            height,
            answer.key,
            shown,
            now,
        )
    };
    assert!(prove(241, network_1_now()).is_ok());
    assert_eq!(prove(251, network_1_now()), Err(ProofError::OtherRoot));
    let unknown = Height::new(242).unwrap();
    assert_eq!(prove(242, network_1_now()), Err(ProofError::UnknownHeight { height: unknown }));
    let late = gateway_types::Timestamp(time_of(&light(241)).0 + 7 * 24 * 3600 * 1000 + 1);
    assert!(matches!(prove(241, late), Err(ProofError::TooOld { .. })));
}

#[test]
fn a28_absence_of_what_is_there_cannot_be_proven() {
    // Licence-1 is there at 250. Its own neighbours, taken from the proof of absence of another key.
    let there = answer("record_revoked_250");
    let Some(Proof::Exist(own)) = there.proof.proofs[0].proof.clone() else {
        panic!("not existence")
    };
    let other = answer("record_other_250");
    let Some(Proof::Exist(other)) = other.proof.proofs[0].proof.clone() else {
        panic!("not existence")
    };
    let check = |left: Option<ExistenceProof>, right: Option<ExistenceProof>| {
        let absence = NonExistenceProof { key: there.store_key.clone(), left, right };
        let inner = CommitmentProof { proof: Some(Proof::Nonexist(absence)) };
        let proof = MerkleProof { proofs: vec![inner, there.proof.proofs[1].clone()] };
        verify_absence(&app_hash(251), b"wasm", &there.store_key, &bytes_of(&proof)).unwrap_err()
    };
    // The key itself as a neighbour, on either side or both.
    assert_eq!(check(Some(own.clone()), None), ProofError::OtherPath);
    assert_eq!(check(None, Some(own.clone())), ProofError::OtherPath);
    assert_eq!(check(Some(own.clone()), Some(own.clone())), ProofError::OtherPath);
    let none = check(None, None);
    assert!(is_shape(&none), "{none:?}");
    // A real neighbour-to-be that is not the last, or not the first.
    let alone =
        if other.key < own.key { check(Some(other), None) } else { check(None, Some(other)) };
    assert!(is_shape(&alone), "{alone:?}");
}

#[test]
fn a28_neighbours_must_be_neighbours_in_order() {
    let swapped = absence(|a| std::mem::swap(&mut a.left, &mut a.right));
    assert_eq!(swapped, ProofError::OtherPath);
    for error in [absence(|a| a.left = None), absence(|a| a.right = None)] {
        assert!(is_shape(&error), "{error:?}");
    }
    // Paths that never part must not bring the verifier down.
    let same = absence(|a| {
        let right = a.right.as_mut().unwrap();
        right.path.clone_from(&a.left.as_ref().unwrap().path);
    });
    assert!(is_shape(&same), "{same:?}");
    let empty = absence(|a| {
        a.left.as_mut().unwrap().path.clear();
        a.right.as_mut().unwrap().path.clear();
    });
    assert!(is_shape(&empty), "{empty:?}");
    let one = absence(|a| a.right.as_mut().unwrap().path.truncate(1));
    assert!(is_shape(&one), "{one:?}");
    // Another real key between the two: the neighbours of a longer gap.
    let unknown = answer("absent_unknown_250");
    let Some(Proof::Nonexist(wide)) = &unknown.proof.proofs[0].proof else { panic!("not absence") };
    let left = &wide.left.as_ref().unwrap().key;
    let right = &wide.right.as_ref().unwrap().key;
    assert!(left < &unknown.store_key && &unknown.store_key < right);
    // Keys of which the neighbour is a beginning, or that begin with it, are other keys.
    let check = |key: &[u8]| {
        verify_absence(&app_hash(251), b"wasm", key, &bytes_of(&unknown.proof)).unwrap_err()
    };
    assert_eq!(check(left), ProofError::OtherPath);
    assert_eq!(check(&left[..left.len() - 1]), ProofError::OtherPath);
    assert_eq!(check(&[right.as_slice(), &[0]].concat()), ProofError::OtherPath);
}

/// A specification in which a prefix could be read as a prefix and a child.
fn is_ambiguous(spec: &ProofSpec) -> bool {
    let inner = spec.inner_spec.as_ref().unwrap();
    inner.child_size < 1 || inner.max_prefix_length >= inner.min_prefix_length + inner.child_size
}

#[test]
fn a29_the_two_specifications_are_ours_and_not_ambiguous() {
    assert!(!is_ambiguous(&iavl_spec()) && !is_ambiguous(&tendermint_spec()));
    let mut wide = tendermint_spec();
    wide.inner_spec.as_mut().unwrap().max_prefix_length = 33;
    assert!(is_ambiguous(&wide));
    // What an ambiguous one would let through: a child hidden in the prefix of a store's node, beside another.
    let hidden = existence(|_, outer| {
        let op = &mut outer.path[0];
        op.prefix = [&[1][..], &[9; 32]].concat();
        op.suffix = vec![9; 32];
    });
    assert!(is_shape(&hidden), "{hidden:?}");
    let long = existence(|_, outer| outer.path[0].prefix.push(0));
    assert!(is_shape(&long), "{long:?}");
}

#[test]
fn a30_proofs_deeper_than_any_tree_are_refused_before_anything_is_hashed() {
    for depth in [MAX_IAVL_DEPTH + 1, 129] {
        let deep = existence(|inner, _| {
            let op = inner.path[0].clone();
            inner.path = vec![op; depth];
        });
        assert_eq!(deep, ProofError::TooDeep { depth, max: MAX_IAVL_DEPTH });
    }
    let deep = existence(|inner, _| inner.path = vec![InnerOp::default(); 5000]);
    assert_eq!(deep, ProofError::TooDeep { depth: 5000, max: MAX_IAVL_DEPTH });
    let deep = existence(|_, outer| outer.path = vec![outer.path[0].clone(); 17]);
    assert_eq!(deep, ProofError::TooDeep { depth: 17, max: MAX_STORE_DEPTH });
    let deep = absence(|a| {
        let left = a.left.as_mut().unwrap();
        left.path = vec![left.path[0].clone(); 129];
    });
    assert_eq!(deep, ProofError::TooDeep { depth: 129, max: MAX_IAVL_DEPTH });
    let long = existence(|inner, _| inner.path[0].suffix = vec![0; 70_000]);
    assert!(matches!(long, ProofError::TooLong { .. }));
    // Too shallow: a leaf that is the root.
    assert_eq!(existence(|inner, _| inner.path.clear()), ProofError::OtherRoot);
}

#[test]
fn a31_a_placeholder_child_does_not_stand_in_for_a_neighbour() {
    // All of the left branch empty, as sparse trees write it; and a prefix of a child's length without it.
    for child in [vec![0; 32], vec![], vec![0; 33]] {
        let empty = absence(|a| {
            let op = &mut a.right.as_mut().unwrap().path[0];
            let numbers: Vec<u8> = op.prefix.iter().copied().take(4).collect();
            op.prefix = [numbers, vec![32], child.clone(), vec![32]].concat();
            op.suffix.clear();
        });
        assert!(is_shape(&empty), "{empty:?}");
    }
    // A whole child in the suffix where only the length byte and hash belong.
    for len in [0, 32, 34, 66] {
        let odd = existence(|inner, _| inner.path[0].suffix = vec![32; len]);
        assert!(is_shape(&odd), "{odd:?}");
    }
}

#[test]
fn a32_children_have_one_size() {
    assert_eq!(iavl_spec().inner_spec.unwrap().child_size, 33);
    assert_eq!(tendermint_spec().inner_spec.unwrap().child_size, 32);
    for len in [0, 1, 31, 33, 64] {
        let odd = existence(|_, outer| {
            for op in &mut outer.path {
                *op = InnerOp { prefix: vec![1], suffix: vec![5; len], ..op.clone() };
            }
        });
        assert!(is_shape(&odd), "{len}: {odd:?}");
    }
}

#[test]
fn a33_a_leaf_is_never_read_as_an_inner_node_nor_back() {
    let leaf = |change: fn(&mut LeafOp)| existence(|inner, _| change(inner.leaf.as_mut().unwrap()));
    assert_eq!(leaf(|l| l.prehash_value = HashOp::NoHash.into()), ProofError::OtherRoot);
    assert_eq!(leaf(|l| l.prehash_key = HashOp::Sha256.into()), ProofError::OtherRoot);
    assert_eq!(leaf(|l| l.hash = HashOp::Sha512.into()), ProofError::OtherRoot);
    assert_eq!(leaf(|l| l.length = LengthOp::NoPrefix.into()), ProofError::OtherRoot);
    assert!(is_shape(&leaf(|l| l.prefix.clear())));
    assert!(is_shape(&leaf(|l| l.prefix.push(32))));
    assert!(is_shape(&leaf(|l| l.prefix[0] = 2)));
    assert!(is_shape(&existence(|inner, _| inner.leaf = None)));
    // An inner node that says it is a leaf, and one whose numbers fall.
    assert!(is_shape(&existence(|inner, _| inner.path[0].prefix[0] = 0)));
    assert!(is_shape(&existence(|inner, _| inner.path[1].prefix[0] = 2)));
    assert!(is_shape(&existence(|inner, _| inner.path[1].prefix[1] = 2)));
    // A number that is negative, or not in its shortest form.
    assert!(is_shape(&existence(|inner, _| inner.path[0].prefix[0] = 3)));
    assert!(is_shape(&existence(|inner, _| {
        inner.path[0].prefix.splice(0..1, [0x82, 0]);
    })));
    assert_eq!(
        existence(|inner, _| inner.path[0].hash = HashOp::Sha512.into()),
        ProofError::OtherRoot
    );
    // A store's root that is longer or shorter than a hash.
    assert!(is_shape(&existence(|_, outer| outer.value.push(0))));
    assert!(is_shape(&existence(|_, outer| outer.value.truncate(31))));
    // The root of a store given as the value of a record, and a record's key in the tree of stores.
    assert_eq!(existence(|_, outer| outer.key = b"bank".to_vec()), ProofError::OtherPath);
    let swapped = existence(std::mem::swap);
    assert!(swapped == ProofError::OtherPath || is_shape(&swapped), "{swapped:?}");
}

#[test]
fn a34_only_the_registrys_own_path_is_proven() {
    let answer = answer("record_active_240");
    let (proof, value) = (bytes_of(&answer.proof), answer.value.clone().unwrap());
    let check = |key: &[u8]| verify_existence(&app_hash(241), b"wasm", key, &value, &proof);
    let key = &answer.store_key;
    assert_eq!(check(key), Ok(()));
    for other in [&key[1..], &key[..key.len() - 1], &[key.as_slice(), b"/"].concat(), &[], b"%00"] {
        assert_eq!(check(other), Err(ProofError::OtherPath));
    }
    let store = verify_existence(&app_hash(241), b"wasm2", key, &value, &proof);
    assert_eq!(store, Err(ProofError::OtherPath));
    // A client of another registry does not take this one's records.
    let pinned = light(241);
    let client = client(&pinned, &"11".repeat(32), (2, 3));
    let store = light_client::ClientStore::new(&CometBft::new(), client, &pinned).unwrap();
    let shown = ValueProof { value: &value, proof: &proof };
    let foreign = verify_membership::<RegistryRecord>(
        &CometBft::new(),
        &store,
        Height::new(241).unwrap(),
        answer.key,
        shown,
        network_1_now(),
    );
    assert_eq!(foreign, Err(ProofError::OtherPath));
}

#[test]
fn a38_a_proof_of_absence_is_never_a_value_nor_the_other_way_round() {
    let (there, absent) = (answer("record_revoked_250"), answer("absent_unknown_250"));
    let store = trusting(251, (2, 3));
    let height = Height::new(251).unwrap();
    let value = there.value.clone().unwrap();
    let proof = bytes_of(&absent.proof);
    let shown = ValueProof { value: &value, proof: &proof };
    let as_value = verify_membership::<RegistryRecord>(
        &CometBft::new(),
        &store,
        height,
        absent.key,
        shown,
        network_1_now(),
    );
    assert!(is_malformed(&as_value.unwrap_err()));
    let as_absence = verify_non_membership::<RegistryRecord>(
        &CometBft::new(),
        &store,
        height,
        there.key,
        &bytes_of(&there.proof),
        network_1_now(),
    );
    assert!(is_malformed(&as_absence.unwrap_err()));
    // Absence from the time before the contract says nothing of now.
    let before = answer("absent_before_200");
    let stale = verify_non_membership::<RegistryRecord>(
        &CometBft::new(),
        &store,
        height,
        before.key,
        &bytes_of(&before.proof),
        network_1_now(),
    );
    assert_eq!(stale.unwrap_err(), ProofError::OtherRoot);
}

#[test]
fn a45_key_and_value_are_bound_to_the_proof() {
    let answer = answer("record_active_240");
    let store = trusting(241, (2, 3));
    let (proof, good) = (bytes_of(&answer.proof), answer.value.unwrap());
    let prove = |key: LicenceKey, value: &[u8]| {
        let shown = ValueProof { value, proof: &proof };
        let height = Height::new(241).unwrap();
        verify_membership::<RegistryRecord>(
            &CometBft::new(),
            &store,
            height,
            key,
            shown,
            network_1_now(),
        )
    };
    assert!(prove(answer.key, &good).is_ok());
    assert_eq!(prove(LicenceKey(Digest([1; 32])), &good), Err(ProofError::OtherPath));
    // Digest, status, sequence: each alone.
    for (at, with) in [(0, good[0] ^ 1), (31, good[31] ^ 1), (32, 2), (40, 9)] {
        let mut value = good.clone();
        value[at] = with;
        assert_eq!(prove(answer.key, &value), Err(ProofError::OtherValue));
    }
}

#[test]
fn operations_out_of_order_or_of_another_kind_are_refused() {
    let op = |kind: &'static str| ProofOp { kind, data: &[] };
    for ops in [
        vec![],
        vec![op("ics23:iavl")],
        vec![op("ics23:simple"), op("ics23:iavl")],
        vec![op("ics23:iavl"), op("ics23:smt")],
        vec![op("ics23:iavl"), op("ics23:simple"), op("ics23:simple")],
    ] {
        assert!(MerkleProof::from_ops(&ops).is_err());
    }
}

proptest::proptest! {
    #[test]
    fn a21_no_bytes_bring_the_proof_verifier_down(bytes: Vec<u8>) {
        let key = [3; 73];
        proptest::prop_assert!(verify_existence(&app_hash(241), b"wasm", &key, &[1; 41], &bytes).is_err());
        proptest::prop_assert!(verify_absence(&app_hash(241), b"wasm", &key, &bytes).is_err());
    }

    #[test]
    fn a21_no_change_of_a_real_proof_is_taken(at in 0usize..1900, with: Vec<u8>, cut in 0usize..40) {
        for name in ["record_active_240", "absent_unknown_250"] {
            let answer = answer(name);
            let good = bytes_of(&answer.proof);
            let at = at.min(good.len());
            let mut proof = good.clone();
            proof.splice(at..(at + cut).min(good.len()), with.clone());
            let root = app_hash(answer.height);
            let taken = match &answer.value {
                Some(value) => verify_existence(&root, b"wasm", &answer.store_key, value, &proof),
                None => verify_absence(&root, b"wasm", &answer.store_key, &proof),
            };
            proptest::prop_assert_eq!(taken.is_ok(), proof == good);
        }
    }
}
