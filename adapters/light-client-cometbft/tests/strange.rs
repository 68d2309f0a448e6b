//! Strange answers that real nodes gave: none of them proves anything, and none is an error that is not seen.

use crate::{common::*, recorded::Recording};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::Timestamp;
use light_client::{HeaderError, Update};
use light_client_cometbft::{LightBlock, MerkleProof, verify_absence, verify_existence};
use serde_json::{Value, json};

/// The answers to paths that begin like this: path, body.
fn answers(begin: &str) -> Vec<(String, Value)> {
    let all = vectors::own_json("wasmd/recorded/strange.json");
    let all = all.as_object().unwrap().iter();
    let those = all.filter(|(path, _)| path.starts_with(begin));
    let read: Vec<_> = those.map(|(path, answer)| (path.clone(), answer["body"].clone())).collect();
    assert!(!read.is_empty(), "no answer to {begin}");
    read
}

/// The answer's own words: what was asked for as `height`, and the response.
fn queries() -> Vec<(String, Value)> {
    let asked = |path: &str| {
        let (_, rest) = path.split_once("height=").unwrap();
        rest.split('&').next().unwrap().to_owned()
    };
    let read = |(path, body): (String, Value)| (asked(&path), body["result"]["response"].clone());
    answers("/abci_query").into_iter().map(read).collect()
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    value.as_str().map(|text| STANDARD.decode(text).unwrap())
}

#[test]
fn an_answer_without_a_proof_proves_neither_value_nor_absence() {
    let recording = Recording::load();
    let (mut refused_by_the_node, mut bare) = (0, 0);
    for (asked, response) in queries().iter().filter(|(_, r)| r["proofOps"].is_null()) {
        // Refusals come with HTTP 200, a value of null and height 0: told apart from absence by the code.
        if response["code"] == 0 {
            assert_eq!(response["height"].as_str(), Some(asked.as_str()));
            bare += 1;
        } else {
            assert_eq!((&response["value"], &response["height"]), (&Value::Null, &json!("0")));
            refused_by_the_node += 1;
        }
        assert!(MerkleProof::from_ops(&[]).is_err());
        let key = bytes(&response["key"]).unwrap_or_else(|| vec![3; 73]);
        let value = bytes(&response["value"]).unwrap_or_else(|| vec![1; 41]);
        for block in recording.blocks.values() {
            let root = LightBlock::decode(block).unwrap().state().root;
            assert!(verify_absence(&root, b"wasm", &key, &[]).is_err());
            assert!(verify_existence(&root, b"wasm", &key, &value, &[]).is_err());
        }
    }
    assert!(refused_by_the_node >= 3 && bare >= 2, "{refused_by_the_node}, {bare}");
}

#[test]
fn a_proof_for_the_tip_holds_under_no_header_there_is() {
    let recording = Recording::load();
    let mut tried = 0;
    for (asked, response) in queries().iter().filter(|(_, r)| !r["proofOps"].is_null()) {
        assert!(asked == "0" && response["height"] != json!("0"), "answered for the tip");
        let proof = bytes_of(&proof_of(&response["proofOps"]["ops"]));
        let key = bytes(&response["key"]).unwrap();
        for block in recording.blocks.values() {
            let root = LightBlock::decode(block).unwrap().state().root;
            let refused = match bytes(&response["value"]) {
                Some(value) => verify_existence(&root, b"wasm", &key, &value, &proof),
                None => verify_absence(&root, b"wasm", &key, &proof),
            };
            assert_eq!(refused.map_err(|error| error.check()), Err("proof root"));
            tried += 1;
        }
    }
    assert_eq!(tried, 2 * recording.blocks.len());
}

/// What `/validators` answered: one page of a set, and the whole set after the tip.
fn page_and_set() -> [Value; 2] {
    let all = answers("/validators");
    let results: Vec<&Value> = all.iter().map(|(_, body)| &body["result"]).collect();
    let is = |whole: bool| {
        let mut those = results.iter().filter(|result| !result.is_null());
        let found = those.find(|result| (result["count"] == result["total"]) == whole);
        (*found.unwrap()).clone()
    };
    [is(false), is(true)]
}

/// The tip's light block, put together from what the node answered: its commit was not canonical yet.
fn tip(recording: &Recording) -> Value {
    let commits = answers("/commit");
    let mut commits = commits.iter().filter(|(_, body)| body["error"].is_null());
    let (_, commit) = commits.next().unwrap();
    assert_eq!(commit["result"]["canonical"], json!(false));
    let last = &recording.blocks[&recording.height("last")];
    let last: Value = serde_json::from_slice(last).unwrap();
    let [_, next] = page_and_set();
    json!({
        "signed_header": commit["result"]["signed_header"],
        "validators": last["next_validators"],
        "next_validators": next["validators"],
    })
}

/// What comes of a block on top of all that was recorded.
fn take(recording: &Recording, block: &Value) -> Result<Update, HeaderError> {
    let block = serde_json::to_vec(block).unwrap();
    let now = Timestamp(recording.now().0 + 600_000);
    let taken = update(&mut recording.followed(), &[block], now);
    taken.map_err(|error| error.header().unwrap().clone())
}

#[test]
fn the_tips_commit_counts_as_any_other() {
    let recording = Recording::load();
    let tip = tip(&recording);
    assert!(matches!(take(&recording, &tip), Ok(Update::Advanced(new)) if new.len() == 1));
    // The node's whole answer is not a light block: nothing in it is skipped over.
    let mut whole = tip;
    whole["canonical"] = json!(false);
    assert!(matches!(take(&recording, &whole), Err(HeaderError::Malformed { .. })));
}

#[test]
fn a_page_is_not_a_set() {
    let recording = Recording::load();
    let [page, _] = page_and_set();
    let mut block = tip(&recording);
    block["validators"] = page["validators"].clone();
    assert_eq!(take(&recording, &block), Err(HeaderError::ValidatorSet));
    let mut block = tip(&recording);
    block["next_validators"] = page["validators"].clone();
    assert_eq!(take(&recording, &block), Err(HeaderError::NextValidatorSet));
}

#[test]
fn a_nodes_error_is_not_a_header() {
    let recording = Recording::load();
    for begin in ["/commit", "/validators"] {
        let all = answers(begin);
        let errors = all.iter().filter(|(_, body)| !body["error"].is_null());
        for (path, error) in errors.clone() {
            let refused = take(&recording, error);
            assert!(matches!(refused, Err(HeaderError::Malformed { .. })), "{path}");
        }
        assert!(errors.count() > 1);
    }
}
