//! Our answers beside those that real nodes gave: `tests/vectors/wasmd/recorded`.

#![expect(clippy::arithmetic_side_effects, reason = "small numbers of tests")]

use super::*;
use crate::Genesis;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::{Digest, LicenceKey, Timestamp, registry::head_path, registry::record_path};
use light_client_cometbft::{LightBlock, MerkleProof, ProofOp, STORE};
use proptest::prelude::*;
use prost::Message as _;
use std::collections::BTreeMap;

const KEY: LicenceKey = LicenceKey(Digest([3; 32]));

fn chain() -> Chain {
    let start = Timestamp(1_795_228_267_000);
    let mut chain = Chain::new(Genesis::four("embedded-1".parse().unwrap(), start)).unwrap();
    chain.issue(&KEY, Digest([4; 32])).unwrap();
    for i in 1..=10 {
        chain.produce_block(Timestamp(start.0 + i * 1000));
    }
    chain
}

fn view(chain: &Chain) -> View<'_> {
    let tip = chain.tip();
    View { chain, node: 0, tip, oldest: 1, state_of: None, denies: false }
}

fn ask(view: &View<'_>, path: &str) -> (u16, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let Reply { status, body } = answer(view, path, query);
    (status, serde_json::from_str(&body).unwrap())
}

/// The query of a raw key of the registry.
fn key_query(chain: &Chain, raw: &[u8], rest: &str) -> String {
    let data = hex::encode(chain.contract().store_key(raw));
    format!("/abci_query?path=%22/store/wasm/key%22&data=0x{data}&{rest}")
}

fn response(view: &View<'_>, raw: &[u8], rest: &str) -> Value {
    let (status, body) = ask(view, &key_query(view.chain, raw, rest));
    assert_eq!(status, 200);
    body["result"]["response"].clone()
}

/// The same value with every text and number replaced by its kind, lists by their first.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => json!(null),
        Value::Bool(_) => json!("flag"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("text"),
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), shape(value))).collect()
        }
    }
}

/// The recorded answer whose description begins so: HTTP status and body.
fn recorded(what: &str) -> (u16, Value) {
    let all = vectors::own_json("wasmd/recorded/strange.json");
    let mut all = all.as_object().unwrap().values();
    let it = all.find(|it| it["what"].as_str().unwrap().starts_with(what)).unwrap();
    (u16::try_from(it["http"].as_u64().unwrap()).unwrap(), it["body"].clone())
}

#[test]
fn every_strange_answer_has_the_shape_of_a_real_node_s() {
    let chain = chain();
    let view = view(&chain);
    let (known, unknown) = (record_path(&KEY), record_path(&LicenceKey(Digest([9; 32]))));
    let check = |what: &str, path: &str| {
        let (status, body) = ask(&view, path);
        let (expected_status, expected) = recorded(what);
        assert_eq!((status, shape(&body)), (expected_status, shape(&expected)), "{what}");
    };
    check("height 0 with a proof: ans", &key_query(&chain, &known, "height=0&prove=true"));
    check("height 0 with a proof, of an", &key_query(&chain, &unknown, "height=0&prove=true"));
    check("an absent key without a proof", &key_query(&chain, &unknown, "height=5"));
    check("a record without a proof", &key_query(&chain, &known, "height=5"));
    check("the tip's commit", &format!("/commit?height={}", chain.tip()));
    let after = chain.tip() + 1;
    check("the set after the tip", &format!("/validators?height={after}&per_page=100&page=1"));
    check("a page of one validator", "/validators?height=4&per_page=1&page=1");
}

#[test]
fn every_refusal_is_word_for_word_that_of_a_real_node() {
    let chain = chain();
    let view = view(&chain);
    let known = record_path(&KEY);
    let check = |what: &str, path: &str| {
        assert_eq!(ask(&view, path), recorded(what), "{what}");
    };
    check("height 1 with a proof", &key_query(&chain, &known, "height=1&prove=true"));
    check("a future height", &key_query(&chain, &known, "height=100040&prove=true"));
    check("a height that is no number", "/commit?height=x");
    check("a page that is not there", "/validators?height=4&per_page=100&page=2");
    let other = key_query(&chain, &known, "height=5&prove=true").replace("wasm", "nosuch");
    check("another store", &other);
    // These name heights, which are not ours.
    let (status, body) = ask(&view, "/commit?height=100040");
    assert_eq!((status, shape(&body)), (500, shape(&recorded("a commit of the future").1)));
    let (status, body) = ask(&view, &format!("/validators?height={}", chain.tip() + 2));
    assert_eq!((status, shape(&body)), (500, shape(&recorded("the set two after the tip").1)));
}

#[test]
fn the_contract_answers_in_its_own_words() {
    let chain = chain();
    let view = view(&chain);
    let contract = crate::address::text(chain.registry().as_bytes());
    for line in vectors::own("wasmd/recorded/queries.jsonl").split(|b| *b == b'\n') {
        let Ok(line) = serde_json::from_slice::<Value>(line) else { continue };
        let question = line["query"].to_string();
        let data = crate::proto::Message::default()
            .bytes(1, contract.as_bytes())
            .bytes(2, question.as_bytes())
            .done();
        let path = "%22/cosmwasm.wasm.v1.Query/SmartContractState%22";
        let path = format!("/abci_query?path={path}&data=0x{}&height=5", hex::encode(data));
        let (_, body) = ask(&view, &path);
        let response = &body["result"]["response"];
        assert_eq!(shape(response), shape(&line["response"]), "{question}");
        assert_eq!(response["code"], line["response"]["code"], "{question}");
        assert_eq!(response["log"], line["response"]["log"], "{question}");
    }
}

#[test]
fn answers_are_put_together_to_what_the_light_client_takes() {
    let chain = chain();
    let view = view(&chain);
    let result = |path: &str| ask(&view, path).1["result"].clone();
    let light = json!({
        "signed_header": result("/commit?height=7")["signed_header"],
        "validators": result("/validators?height=7&per_page=100&page=1")["validators"],
        "next_validators": result("/validators?height=8&per_page=100&page=1")["validators"],
    });
    let block = LightBlock::decode(light.to_string().as_bytes()).unwrap();
    block.check().unwrap();
    let response = response(&view, &head_path(), "height=6&prove=true");
    assert_eq!((&response["height"], &response["code"]), (&json!("6"), &json!(0)));
    let decode = |text: &Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
    let ops = response["proofOps"]["ops"].as_array().unwrap();
    let data: BTreeMap<&str, Vec<u8>> =
        ops.iter().map(|op| (op["type"].as_str().unwrap(), decode(&op["data"]))).collect();
    let op = |kind: &'static str| ProofOp { kind, data: &data[kind] };
    let proof = MerkleProof::from_ops(&[op("ics23:iavl"), op("ics23:simple")]).unwrap();
    let key = chain.contract().store_key(&head_path());
    let (root, value) = (block.state().root, decode(&response["value"]));
    let proof = proof.encode_to_vec();
    light_client_cometbft::verify_existence(&root, STORE, &key, &value, &proof).unwrap();
    // And it is the same proof that the chain gives.
    assert_eq!(chain.prove(&head_path(), 6), Some((Some(value), proof)));
}

#[test]
fn a_height_that_is_pruned_looks_like_absence_without_a_proof_and_is_refused_with_one() {
    let chain = chain();
    let pruned = View { oldest: 8, ..view(&chain) };
    let bare = response(&pruned, &head_path(), "height=7");
    assert_eq!((&bare["code"], &bare["value"]), (&json!(0), &Value::Null));
    assert_eq!(response(&pruned, &head_path(), "height=7&prove=true")["code"], json!(7));
    assert_eq!(response(&pruned, &head_path(), "height=8&prove=true")["code"], json!(0));
    assert_eq!(ask(&pruned, "/commit?height=7").0, 500);
    assert_eq!(ask(&pruned, "/commit?height=8").0, 200);
}

proptest! {
    #[test]
    fn nothing_that_is_asked_brings_it_down(
        path in prop::sample::select(vec!["/status", "/commit", "/validators", "/abci_query", "/x"]),
        store in prop::sample::select(vec![
            "%22/store/wasm/key%22", "%22/store/bank/key%22", "/store/wasm/key", "%22//%22",
            "%22/cosmwasm.wasm.v1.Query/SmartContractState%22",
        ]),
        data in "(0x)?[0-9a-f\"%]{0,40}",
        height in any::<i64>(),
        small in 0..30i64,
        page in any::<i64>(),
        rest in "\\PC{0,40}",
    ) {
        let chain = chain();
        let odd = View { oldest: 8, state_of: Some(5), ..view(&chain) };
        for view in [view(&chain), odd] {
            for height in [height, small] {
                let query = format!(
                    "path={store}&data={data}&height={height}&prove=true&page={page}&per_page={page}&{rest}"
                );
                answer(&view, path, &query);
                answer(&view, path, &rest);
            }
        }
    }
}
