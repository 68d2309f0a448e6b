//! Blocks and proofs of real networks get the verdicts that are known of them.

use crate::common::*;
use gateway_types::registry::RegistryRecord;
use light_client::{
    ClientStore, HeaderError, Height, ProofError, ValueProof, verify_membership,
    verify_non_membership,
};
use light_client_cometbft::{CometBft, verify_existence};
use serde_json::Value;

/// The verdict on taking `to` from `from`: power that signed and power that there is, if too little.
fn verdict(from: u64, to: u64, threshold: (u64, u64)) -> Result<(), HeaderError> {
    let mut store = trusting(from, threshold);
    let taken = update(&mut store, &[light(to)], network_1_now());
    taken.map(|_| ()).map_err(|error| error.header().unwrap().clone())
}

const ADJACENT: [(u64, u64); 7] =
    [(200, 201), (237, 238), (238, 239), (240, 241), (243, 244), (250, 251), (712, 713)];

#[test]
fn a_third_of_the_trusted_set_gives_the_verdicts_of_the_readme() {
    let skipping =
        [(100, 240), (100, 251), (100, 303), (239, 303), (251, 303), (303, 707), (251, 712)];
    for (from, to) in ADJACENT.into_iter().chain(skipping) {
        assert_eq!(verdict(from, to, (1, 3)), Ok(()), "{from}-{to}");
    }
    let little = HeaderError::NotEnoughTrust { tally: 100, total: 400 };
    assert_eq!(verdict(100, 712, (1, 3)), Err(little));
    let below = HeaderError::HeightNotAboveTrusted {
        got: Height::new(100).unwrap(),
        lowest: Height::new(251).unwrap(),
    };
    assert_eq!(verdict(251, 100, (1, 3)), Err(below));
}

#[test]
fn two_thirds_of_the_trusted_set_ask_for_more() {
    for (from, to) in ADJACENT.into_iter().chain([(100, 240), (100, 251), (251, 303), (303, 707)]) {
        assert_eq!(verdict(from, to, (2, 3)), Ok(()), "{from}-{to}");
    }
    for (from, to, tally, total) in
        [(100, 303, 200, 400), (239, 303, 250, 450), (251, 712, 150, 350), (100, 712, 100, 400)]
    {
        let little = HeaderError::NotEnoughTrust { tally, total };
        assert_eq!(verdict(from, to, (2, 3)), Err(little), "{from}-{to}");
    }
}

#[test]
fn a_header_in_between_leads_where_a_jump_does_not() {
    let mut store = trusting(100, (1, 3));
    assert!(update(&mut store, &[light(712)], network_1_now()).is_err());
    let message = [light(251), light(712)];
    assert!(update(&mut store, &message, network_1_now()).is_ok());
    assert_eq!(store.newest().unwrap().height, Height::new(712).unwrap());
}

#[test]
fn many_headers_are_taken_in_one_message_or_none() {
    let heights = [200, 201, 237, 238, 239, 240, 241, 243, 244, 250, 251, 303, 707];
    let mut headers: Vec<Vec<u8>> = heights.into_iter().map(light).collect();
    let mut store = trusting(100, (2, 3));
    assert!(update(&mut store, &headers, network_1_now()).is_ok());
    assert_eq!(store.states().count(), 14);
    // One signature changed in the seventh: nothing is taken, the signer is named.
    let mut forged: Value = serde_json::from_slice(&headers[6]).unwrap();
    let signatures = &mut forged["signed_header"]["commit"]["signatures"];
    let signature = signatures[1]["signature"].clone();
    let signer = signatures[0]["validator_address"].as_str().unwrap().to_owned();
    signatures[0]["signature"] = signature;
    headers[6] = serde_json::to_vec(&forged).unwrap();
    let mut store = trusting(100, (2, 3));
    let refused = update(&mut store, &headers, network_1_now()).unwrap_err();
    assert_eq!(refused.header(), Some(&HeaderError::BadSignature { signer }));
    assert!(refused.to_string().contains('6'), "{refused}");
    assert_eq!(store.states().count(), 1);
}

#[test]
fn records_and_absences_are_proven_by_the_header_after_their_state() {
    for name in
        ["record_active_240", "record_revoked_250", "record_other_250", "record_revoked_712"]
    {
        let answer = answer(name);
        let store = trusting_up_to(answer.height);
        let proof = bytes_of(&answer.proof);
        let value = answer.value.unwrap();
        let shown = ValueProof { value: &value, proof: &proof };
        let height = Height::new(answer.height).unwrap();
        let proven = verify_membership::<RegistryRecord>(
            &CometBft::new(),
            &store,
            height,
            answer.key,
            shown,
            network_1_now(),
        );
        let proven = proven.unwrap();
        assert_eq!(proven.at().state_height, answer.height - 1, "{name}");
        assert_eq!(proven.at().block_time, time_of(&light(answer.height)));
        assert_eq!(proven.value().to_bytes(), value);
        assert_eq!(*proven.key(), answer.key);
    }
    for name in ["absent_unknown_250", "absent_before_200"] {
        let answer = answer(name);
        let store = trusting_up_to(answer.height);
        let height = Height::new(answer.height).unwrap();
        let proven = verify_non_membership::<RegistryRecord>(
            &CometBft::new(),
            &store,
            height,
            answer.key,
            &bytes_of(&answer.proof),
            network_1_now(),
        );
        assert_eq!(*proven.unwrap().key(), answer.key, "{name}");
    }
}

/// A client that has verified the recorded header at `height`.
fn trusting_up_to(height: u64) -> ClientStore {
    trusting(height, (2, 3))
}

#[test]
fn a_proof_fails_under_its_own_height_and_with_another_value() {
    let answer = answer("record_active_240");
    let (proof, value) = (bytes_of(&answer.proof), answer.value.unwrap());
    let check = |height: u64, value: &[u8]| {
        verify_existence(&app_hash(height), b"wasm", &answer.store_key, value, &proof)
    };
    assert_eq!(check(241, &value), Ok(()));
    assert_eq!(check(240, &value), Err(ProofError::OtherRoot));
    let mut other = value;
    other[40] ^= 1;
    assert_eq!(check(241, &other), Err(ProofError::OtherValue));
}
