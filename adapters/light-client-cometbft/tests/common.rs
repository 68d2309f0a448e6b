//! What the tests share: the recorded networks, and a chain of our own making for what no honest network shows.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::{
    Bytes, Digest, LicenceKey, Timestamp,
    entry::{ClientPin, ShortText},
};
use light_client::{
    ClientMessage, ClientState, ClientStore, LightClient, Limits, Update, UpdateError, conformance,
    update_client,
};
use light_client_cometbft::{CometBft, LightBlock, MerkleProof, ProofOp};
use prost::Message;
use serde_json::Value;

/// The contract of `wasmd/network-1`.
pub(crate) const NETWORK_1_REGISTRY: &str =
    "77107865c1d632d45b63db2ff8fd315f3fd46cb79b0870bc61088a4939e8ab96";

/// A recorded light block of `wasmd/network-1`.
pub(crate) fn light(height: u64) -> Vec<u8> {
    vectors::own(&format!("wasmd/network-1/light_{height}.json"))
}

/// The times of a recorded block, in our unit.
pub(crate) fn time_of(block: &[u8]) -> Timestamp {
    LightBlock::decode(block).unwrap().state().time.to_timestamp()
}

/// When README's verdicts hold: the time of 713 plus a minute.
pub(crate) fn network_1_now() -> Timestamp {
    Timestamp(time_of(&light(713)).0 + 60_000)
}

/// A client of a chain, pinned at `pinned`; limits wide enough that only the header's own rules speak.
pub(crate) fn client(pinned: &[u8], registry: &str, threshold: (u64, u64)) -> ClientState {
    let block = LightBlock::decode(pinned).unwrap();
    let state = block.state();
    let pin = ClientPin {
        kind: "cometbft".parse().unwrap(),
        chain: block.chain().clone(),
        height: state.height.get(),
        header_hash: state.header_hash,
        validators_hash: state.next_validators_hash,
        registry: Bytes::new(hex::decode(registry).unwrap()).unwrap(),
        trusting_period_ms: 14 * 24 * 3600 * 1000,
        max_clock_drift_ms: 10_000,
        trust_threshold: threshold,
        reason: ShortText::new("test").unwrap(),
    };
    let limits = Limits { max_proof_age_ms: 7 * 24 * 3600 * 1000, ..Limits::default() };
    ClientState::new(pin, limits).unwrap()
}

/// A client of `wasmd/network-1` that trusts one recorded block.
pub(crate) fn trusting(height: u64, threshold: (u64, u64)) -> ClientStore {
    let pinned = light(height);
    let client = client(&pinned, NETWORK_1_REGISTRY, threshold);
    ClientStore::new(&CometBft::new(), client, &pinned).unwrap()
}

/// Takes headers into a store.
pub(crate) fn update(
    store: &mut ClientStore,
    headers: &[Vec<u8>],
    now: Timestamp,
) -> Result<Update, UpdateError> {
    update_client(&mut CometBft::new(), store, &conformance::message(headers), now)
}

/// A message of two headers that are said to contradict each other.
pub(crate) fn accusation(a: &[u8], b: &[u8]) -> ClientMessage {
    ClientMessage::Misbehaviour(Bytes::new(a.to_vec()).unwrap(), Bytes::new(b.to_vec()).unwrap())
}

/// A recorded answer of `/abci_query`: height of the header that proves it, store key, value, proof.
pub(crate) struct Answer {
    pub(crate) height: u64,
    pub(crate) store_key: Vec<u8>,
    pub(crate) key: LicenceKey,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) proof: MerkleProof,
}

/// A recorded answer of `wasmd/network-1`.
pub(crate) fn answer(name: &str) -> Answer {
    let json = vectors::own_json(&format!("wasmd/network-1/{name}.json"));
    let text = |field: &str| json[field].as_str().unwrap().to_owned();
    Answer {
        height: text("root_in_header").parse().unwrap(),
        store_key: hex::decode(text("store_key")).unwrap(),
        key: LicenceKey(Digest::from_hex(&text("key")).unwrap()),
        value: json["value"].as_str().map(|value| STANDARD.decode(value).unwrap()),
        proof: proof_of(&json["proof_ops"]),
    }
}

/// The proof that a list of operations holds.
pub(crate) fn proof_of(ops: &Value) -> MerkleProof {
    let decoded: Vec<(String, Vec<u8>)> = ops
        .as_array()
        .unwrap()
        .iter()
        .map(|op| {
            let data = STANDARD.decode(op["data"].as_str().unwrap()).unwrap();
            (op["type"].as_str().unwrap().to_owned(), data)
        })
        .collect();
    let ops: Vec<ProofOp<'_>> = decoded.iter().map(|(kind, data)| ProofOp { kind, data }).collect();
    MerkleProof::from_ops(&ops).unwrap()
}

/// The app hash of a recorded block.
pub(crate) fn app_hash(height: u64) -> Digest {
    LightBlock::decode(&light(height)).unwrap().state().root
}

pub(crate) fn bytes_of(proof: &MerkleProof) -> Vec<u8> {
    proof.encode_to_vec()
}

/// The header as its chain reads it, or why not.
pub(crate) fn decode(bytes: &[u8]) -> Result<light_client::Header, light_client::HeaderError> {
    CometBft::new().decode_header(bytes)
}
