//! ICS-23 proofs: what is proven under a recorded root is what the chain held; and trees that anybody made up.
#![no_main]

use fuzz::{
    input, parts, plant,
    recorded::{ANSWERS, Answer},
};
use gateway_types::{
    Digest,
    registry::{RegistryChange, RegistryHead, RegistryRecord},
};
use ics23::{
    CommitmentProof, ExistenceProof, HostFunctionsManager, NonExistenceProof,
    calculate_existence_root, commitment_proof::Proof, iavl_spec, tendermint_spec,
};
use libfuzzer_sys::fuzz_target;
use light_client_cometbft::{MerkleProof, ProofOp, STORE, verify_absence, verify_existence};
use prost::Message as _;

fuzz_target!(init: plant(seeds()), |data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 4 {
        0 => recorded(bytes),
        1 => made_up(bytes),
        2 => operations(bytes),
        _ => values(bytes),
    }
});

/// Any proof, key and value under the root of one of the recorded answers.
fn recorded(bytes: &[u8]) {
    let [which, key, value, proof] = parts(bytes);
    let which = usize::from(which.first().copied().unwrap_or(0)) % ANSWERS.len();
    let answer = &ANSWERS[which];
    let key = if key.is_empty() { &answer.key } else { key };
    let value = if value.is_empty() { answer.value.as_deref().unwrap_or(b"") } else { value };
    let at_root = |other: &&Answer| other.root == answer.root && other.key == key;
    if verify_existence(&answer.root, STORE, key, value, proof).is_ok() {
        let known = ANSWERS.iter().find(at_root).and_then(|known| known.value.as_deref());
        assert_eq!(known, Some(value), "a made-up value is proven");
    }
    if verify_absence(&answer.root, STORE, key, proof).is_ok() {
        let held = ANSWERS.iter().filter(at_root).any(|known| known.value.is_some());
        assert!(!held, "a value that is there is proven absent");
    }
}

/// A tree that anybody made up, under the root that it leads to: anything may be in it, but nothing else than
/// the proof says.
fn made_up(bytes: &[u8]) {
    let [key, inner, outer] = parts(bytes);
    let Ok(inner) = CommitmentProof::decode(inner) else { return };
    let Ok(CommitmentProof { proof: Some(Proof::Exist(mut store)) }) =
        CommitmentProof::decode(outer)
    else {
        return;
    };
    let Some(root) = inner.proof.as_ref().and_then(root_of) else { return };
    store.value = root;
    store.key = STORE.to_vec();
    let Some(app_hash) = existence_root(&store, false).and_then(|hash| Digest::from_slice(&hash))
    else {
        return;
    };
    let outer = CommitmentProof { proof: Some(Proof::Exist(store)) };
    let proof = MerkleProof { proofs: vec![inner.clone(), outer] }.encode_to_vec();
    match inner.proof {
        Some(Proof::Exist(exist)) => existence_says_only_itself(&app_hash, &exist, &proof),
        Some(Proof::Nonexist(absent)) => absence_says_only_itself(&app_hash, key, &absent, &proof),
        _ => {}
    }
}

fn existence_says_only_itself(app_hash: &Digest, exist: &ExistenceProof, proof: &[u8]) {
    let ExistenceProof { key, value, .. } = exist;
    let other = |bytes: &[u8]| [bytes, &[0]].concat();
    let holds = verify_existence(app_hash, STORE, key, value, proof).is_ok();
    assert!(verify_existence(app_hash, STORE, &other(key), value, proof).is_err());
    assert!(verify_existence(app_hash, STORE, key, &other(value), proof).is_err());
    assert!(verify_existence(app_hash, b"bank", key, value, proof).is_err());
    assert!(verify_existence(&Digest([1; 32]), STORE, key, value, proof).is_err());
    assert!(verify_absence(app_hash, STORE, key, proof).is_err());
    assert!(!holds || !key.is_empty() && !value.is_empty());
}

fn absence_says_only_itself(
    app_hash: &Digest,
    key: &[u8],
    absent: &NonExistenceProof,
    proof: &[u8],
) {
    let key = if key.is_empty() { &absent.key } else { key };
    assert!(verify_existence(app_hash, STORE, key, b"value", proof).is_err());
    assert!(verify_absence(&Digest([1; 32]), STORE, key, proof).is_err());
    if verify_absence(app_hash, STORE, key, proof).is_ok() {
        assert!(absent.left.as_ref().is_none_or(|left| left.key.as_slice() < key));
        assert!(absent.right.as_ref().is_none_or(|right| key < right.key.as_slice()));
        assert!(absent.left.is_some() || absent.right.is_some());
    }
}

fn root_of(proof: &Proof) -> Option<Vec<u8>> {
    match proof {
        Proof::Exist(exist) => existence_root(exist, true),
        Proof::Nonexist(absent) => {
            existence_root(absent.left.as_ref().or(absent.right.as_ref())?, true)
        }
        _ => None,
    }
}

/// The root that a proof leads to, if it is one that the library takes.
fn existence_root(proof: &ExistenceProof, iavl: bool) -> Option<Vec<u8>> {
    let spec = if iavl { iavl_spec() } else { tendermint_spec() };
    proof.leaf.as_ref().filter(|_| spec.leaf_spec.is_some())?;
    calculate_existence_root::<HostFunctionsManager>(proof).ok()
}

/// Whatever operations an answer holds, two proofs come out or none.
fn operations(bytes: &[u8]) {
    let [kind, first, second] = parts(bytes);
    let kind = std::str::from_utf8(kind).unwrap_or("ics23:iavl");
    let kind = if kind.is_empty() { "ics23:iavl" } else { kind };
    let ops = [ProofOp { kind, data: first }, ProofOp { kind: "ics23:simple", data: second }];
    if let Ok(proof) = MerkleProof::from_ops(&ops) {
        assert_eq!((kind, proof.proofs.len()), ("ics23:iavl", 2));
        let bytes = proof.encode_to_vec();
        assert_eq!(MerkleProof::decode(&*bytes), Ok(proof));
    }
    assert!(MerkleProof::from_ops(&ops[..1]).is_err());
}

/// A registry's values have one encoding.
fn values(bytes: &[u8]) {
    if let Some(record) = RegistryRecord::from_bytes(bytes) {
        assert_eq!(record.to_bytes(), bytes);
    }
    if let Some(head) = RegistryHead::from_bytes(bytes) {
        assert_eq!(head.to_bytes(), bytes);
    }
    if let Some(change) = RegistryChange::from_bytes(bytes) {
        assert_eq!(bytes.len(), 73);
        assert_eq!(change.change.key.0.0, bytes[..32]);
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (which, answer) in (0u8..).zip(ANSWERS.iter()).step_by(7) {
        let [inner, outer] = steps(answer);
        seeds.push(input(0, &[&[which], b"", b"", &answer.proof]));
        seeds.push(input(1, &[b"", &inner, &outer]));
        seeds.push(input(2, &[b"", &inner, &outer]));
        seeds.extend(answer.value.as_ref().map(|value| input(3, &[value])));
    }
    seeds
}

fn steps(answer: &Answer) -> [Vec<u8>; 2] {
    let proof = MerkleProof::decode(&*answer.proof).expect("two steps");
    [proof.proofs[0].encode_to_vec(), proof.proofs[1].encode_to_vec()]
}
