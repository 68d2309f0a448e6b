//! What the registry's recorded network signed and proved: `tests/vectors/wasmd/recorded`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::{Digest, Timestamp};
use light_client_cometbft::{LightBlock, MerkleProof, ProofOp};
use prost::Message as _;
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

/// One JSON value a line.
macro_rules! lines {
    ($name:literal) => {
        include_str!(concat!("../../vectors/wasmd/recorded/", $name))
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("recorded JSON"))
    };
}

/// A recorded proof: what the state at `root` holds under `key`, nothing if `value` is none.
pub struct Answer {
    /// The app hash that commits to it.
    pub root: Digest,
    /// The key in the store `wasm`.
    pub key: Vec<u8>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// Both steps.
    pub proof: Vec<u8>,
}

/// Every recorded light block, as the light client takes it, lowest first.
pub static BLOCKS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    lines!("light_blocks.jsonl")
        .map(|mut block| {
            block.as_object_mut().expect("an object").remove("height");
            serde_json::to_vec(&block).expect("JSON")
        })
        .collect()
});

/// The hash of every recorded header.
pub static HASHES: LazyLock<Vec<Digest>> =
    LazyLock::new(|| BLOCKS.iter().map(|block| decode(block).state().header_hash).collect());

/// Every recorded proof of a head or a record.
pub static ANSWERS: LazyLock<Vec<Answer>> = LazyLock::new(|| {
    let roots: BTreeMap<u64, Digest> = BLOCKS
        .iter()
        .map(|block| decode(block))
        .map(|b| (b.state().height.get(), b.state().root))
        .collect();
    lines!("heads.jsonl").chain(lines!("records.jsonl")).map(|line| answer(&line, &roots)).collect()
});

/// The contract, 32 bytes.
pub static CONTRACT: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let chain: Value =
        serde_json::from_str(include_str!("../../vectors/wasmd/recorded/chain.json"))
            .expect("recorded JSON");
    hex::decode(chain["contract_hex"].as_str().expect("text")).expect("hexadecimal")
});

/// A minute after the last recorded block.
pub fn now() -> Timestamp {
    let last = BLOCKS.last().expect("recorded blocks");
    Timestamp(decode(last).state().time.to_timestamp().0 + 60_000)
}

/// A recorded block.
pub fn decode(block: &[u8]) -> LightBlock {
    LightBlock::decode(block).expect("a recorded block")
}

fn answer(line: &Value, roots: &BTreeMap<u64, Digest>) -> Answer {
    let response = &line["response"];
    let bytes = |value: &Value| STANDARD.decode(value.as_str().expect("text")).expect("base64");
    let ops = response["proofOps"]["ops"].as_array().expect("a list");
    let ops: Vec<(&str, Vec<u8>)> =
        ops.iter().map(|op| (op["type"].as_str().expect("text"), bytes(&op["data"]))).collect();
    let ops: Vec<ProofOp<'_>> = ops.iter().map(|(kind, data)| ProofOp { kind, data }).collect();
    let height = line["height"].as_u64().expect("a height");
    Answer {
        // The state at a height is in the next header.
        root: roots[&(height + 1)],
        key: bytes(&response["key"]),
        value: Some(&response["value"]).filter(|value| !value.is_null()).map(bytes),
        proof: MerkleProof::from_ops(&ops).expect("two steps").encode_to_vec(),
    }
}
