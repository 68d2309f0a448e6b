//! Blocks and proofs of another network, made by others, in the encoding of IBC: an oracle for our conversions.

use crate::common::decode;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::{ChainTime, Digest};
use light_client::{
    ConsensusState, Height, LightClient, ProofError, Scope, SignatureCheck, TrustThreshold, Trusted,
};
use light_client_cometbft::{CometBft, verify_absence, verify_existence};
use prost::Message;
use serde_json::{Value, json};
use tendermint::Time;

#[derive(Clone, PartialEq, Message)]
struct Stamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
struct Parts {
    #[prost(uint32, tag = "1")]
    total: u32,
    #[prost(bytes, tag = "2")]
    hash: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct BlockId {
    #[prost(bytes, tag = "1")]
    hash: Vec<u8>,
    #[prost(message, tag = "2")]
    parts: Option<Parts>,
}

#[derive(Clone, PartialEq, Message)]
struct Version {
    #[prost(uint64, tag = "1")]
    block: u64,
    #[prost(uint64, tag = "2")]
    app: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Header {
    #[prost(message, tag = "1")]
    version: Option<Version>,
    #[prost(string, tag = "2")]
    chain_id: String,
    #[prost(int64, tag = "3")]
    height: i64,
    #[prost(message, tag = "4")]
    time: Option<Stamp>,
    #[prost(message, tag = "5")]
    last_block_id: Option<BlockId>,
    #[prost(bytes, tag = "6")]
    last_commit_hash: Vec<u8>,
    #[prost(bytes, tag = "7")]
    data_hash: Vec<u8>,
    #[prost(bytes, tag = "8")]
    validators_hash: Vec<u8>,
    #[prost(bytes, tag = "9")]
    next_validators_hash: Vec<u8>,
    #[prost(bytes, tag = "10")]
    consensus_hash: Vec<u8>,
    #[prost(bytes, tag = "11")]
    app_hash: Vec<u8>,
    #[prost(bytes, tag = "12")]
    last_results_hash: Vec<u8>,
    #[prost(bytes, tag = "13")]
    evidence_hash: Vec<u8>,
    #[prost(bytes, tag = "14")]
    proposer_address: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct CommitSig {
    #[prost(int32, tag = "1")]
    flag: i32,
    #[prost(bytes, tag = "2")]
    address: Vec<u8>,
    #[prost(message, tag = "3")]
    timestamp: Option<Stamp>,
    #[prost(bytes, tag = "4")]
    signature: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Commit {
    #[prost(int64, tag = "1")]
    height: i64,
    #[prost(int32, tag = "2")]
    round: i32,
    #[prost(message, tag = "3")]
    block_id: Option<BlockId>,
    #[prost(message, repeated, tag = "4")]
    signatures: Vec<CommitSig>,
}

#[derive(Clone, PartialEq, Message)]
struct SignedHeader {
    #[prost(message, tag = "1")]
    header: Option<Header>,
    #[prost(message, tag = "2")]
    commit: Option<Commit>,
}

#[derive(Clone, PartialEq, Message)]
struct Key {
    #[prost(bytes, tag = "1")]
    ed25519: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Validator {
    #[prost(bytes, tag = "1")]
    address: Vec<u8>,
    #[prost(message, tag = "2")]
    key: Option<Key>,
    #[prost(int64, tag = "3")]
    power: i64,
}

#[derive(Clone, PartialEq, Message)]
struct ValidatorSet {
    #[prost(message, repeated, tag = "1")]
    validators: Vec<Validator>,
}

/// `ibc.lightclients.tendermint.v1.Header`, but for the trusted height.
#[derive(Clone, PartialEq, Message)]
struct IbcHeader {
    #[prost(message, tag = "1")]
    signed_header: Option<SignedHeader>,
    #[prost(message, tag = "2")]
    validators: Option<ValidatorSet>,
    #[prost(message, tag = "4")]
    trusted_validators: Option<ValidatorSet>,
}

#[derive(Clone, PartialEq, Message)]
struct Root {
    #[prost(bytes, tag = "1")]
    hash: Vec<u8>,
}

/// `ibc.lightclients.tendermint.v1.ConsensusState`.
#[derive(Clone, PartialEq, Message)]
struct IbcState {
    #[prost(message, tag = "1")]
    time: Option<Stamp>,
    #[prost(message, tag = "2")]
    root: Option<Root>,
    #[prost(bytes, tag = "3")]
    next_validators_hash: Vec<u8>,
}

fn time(stamp: &Stamp) -> Time {
    Time::from_unix_timestamp(stamp.seconds, stamp.nanos.cast_unsigned()).unwrap()
}

fn block_id(id: &BlockId) -> Value {
    let parts = id.parts.as_ref().unwrap();
    let parts = json!({ "total": parts.total, "hash": hex::encode_upper(&parts.hash) });
    json!({ "hash": hex::encode_upper(&id.hash), "parts": parts })
}

fn vote(sig: &CommitSig) -> Value {
    json!({
        "block_id_flag": sig.flag,
        "validator_address": hex::encode_upper(&sig.address),
        "timestamp": time(sig.timestamp.as_ref().unwrap()).to_rfc3339(),
        "signature": STANDARD.encode(&sig.signature),
    })
}

fn validator(validator: &Validator) -> Value {
    let key = STANDARD.encode(&validator.key.as_ref().unwrap().ed25519);
    json!({
        "address": hex::encode_upper(&validator.address),
        "pub_key": { "type": "tendermint/PubKeyEd25519", "value": key },
        "voting_power": validator.power.to_string(),
    })
}

/// The header as the RPC would have given it.
fn rpc(header: &IbcHeader) -> Vec<u8> {
    let signed = header.signed_header.as_ref().unwrap();
    let (h, commit) = (signed.header.as_ref().unwrap(), signed.commit.as_ref().unwrap());
    let version = h.version.as_ref().unwrap();
    let validators = &header.validators.as_ref().unwrap().validators;
    let json = json!({
        "signed_header": {
            "header": {
                "version": { "block": version.block.to_string(), "app": version.app.to_string() },
                "chain_id": h.chain_id,
                "height": h.height.to_string(),
                "time": time(h.time.as_ref().unwrap()).to_rfc3339(),
                "last_block_id": block_id(h.last_block_id.as_ref().unwrap()),
                "last_commit_hash": hex::encode_upper(&h.last_commit_hash),
                "data_hash": hex::encode_upper(&h.data_hash),
                "validators_hash": hex::encode_upper(&h.validators_hash),
                "next_validators_hash": hex::encode_upper(&h.next_validators_hash),
                "consensus_hash": hex::encode_upper(&h.consensus_hash),
                "app_hash": hex::encode_upper(&h.app_hash),
                "last_results_hash": hex::encode_upper(&h.last_results_hash),
                "evidence_hash": hex::encode_upper(&h.evidence_hash),
                "proposer_address": hex::encode_upper(&h.proposer_address),
            },
            "commit": {
                "height": commit.height.to_string(),
                "round": commit.round,
                "block_id": block_id(commit.block_id.as_ref().unwrap()),
                "signatures": commit.signatures.iter().map(vote).collect::<Vec<_>>(),
            },
        },
        "validators": validators.iter().map(validator).collect::<Vec<_>>(),
    });
    serde_json::to_vec(&json).unwrap()
}

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn consensus_state(fixture: &Value, height: u64) -> ConsensusState {
    let state = IbcState::decode(&*unhex(&fixture["consensus_state_hex"])).unwrap();
    let nanos = time(state.time.as_ref().unwrap()).unix_timestamp_nanos();
    ConsensusState {
        height: Height::new(height).unwrap(),
        time: ChainTime(u64::try_from(nanos).unwrap()),
        root: Digest::from_slice(&state.root.unwrap().hash).unwrap(),
        header_hash: Digest([1; 32]),
        next_validators_hash: Digest::from_slice(&state.next_validators_hash).unwrap(),
    }
}

#[test]
fn header_38_is_verified_from_trusted_20() {
    let Some(fixture) = vectors::shared_json("update_client_happy_path.json") else { return };
    let trusted = consensus_state(&fixture, 20);
    let message = unhex(&fixture["update_client_message"]["client_message_hex"]);
    let message = IbcHeader::decode(&*message).unwrap();
    let header = decode(&rpc(&message)).unwrap();
    assert_eq!(header.state.height, Height::new(38).unwrap());
    assert_eq!(header.chain.as_str(), "simd-2");
    let mut trusted_set = Vec::new();
    for validator in message.trusted_validators.unwrap().validators {
        trusted_set.extend(validator.key.unwrap().ed25519);
        trusted_set.extend(validator.power.cast_unsigned().to_be_bytes());
    }
    let verify = |header: &light_client::Header, scope| {
        let trusted = Trusted { state: &trusted, next_set: Some(&trusted_set) };
        let threshold = TrustThreshold::TWO_THIRDS;
        CometBft::new().verify_signatures(&[SignatureCheck { trusted, header, threshold, scope }])
    };
    assert_eq!(verify(&header, Scope::Enough), Ok(()));
    assert_eq!(verify(&header, Scope::All), Ok(()));
    // The same with one signature changed.
    let mut json: Value = serde_json::from_slice(&rpc(&message_of(&fixture))).unwrap();
    let votes = &mut json["signed_header"]["commit"]["signatures"];
    votes[0]["signature"] = votes[1]["signature"].clone();
    let forged = decode(&serde_json::to_vec(&json).unwrap()).unwrap();
    let (index, refused) = verify(&forged, Scope::Enough).unwrap_err();
    assert_eq!((index, refused.check()), (0, "signature"));
}

fn message_of(fixture: &Value) -> IbcHeader {
    let message = unhex(&fixture["update_client_message"]["client_message_hex"]);
    IbcHeader::decode(&*message).unwrap()
}

/// Root, key, value and proof of a fixture, its path being in the store `ibc`.
fn proof(fixture: &Value) -> (Digest, Vec<u8>, Vec<u8>, Vec<u8>) {
    let message = &fixture["membership_msg"];
    let key = message["path"][1].as_str().unwrap().as_bytes().to_vec();
    let value = message["value"].as_str().map(|value| hex::decode(value).unwrap());
    (consensus_state(fixture, 38).root, key, value.unwrap_or_default(), unhex(&message["proof"]))
}

#[test]
fn existence_and_absence_hold_in_another_store() {
    let Some(there) = vectors::shared_json("verify_membership_key_0.json") else { return };
    let (root, key, value, bytes) = proof(&there);
    assert_eq!(verify_existence(&root, b"ibc", &key, &value, &bytes), Ok(()));
    let other = verify_existence(&root, b"wasm", &key, &value, &bytes);
    assert_eq!(other, Err(ProofError::OtherPath));
    let longer = [key.as_slice(), b"/b"].concat();
    let refused = verify_existence(&root, b"ibc", &longer, &value, &bytes);
    assert_eq!(refused, Err(ProofError::OtherPath));
    let Some(absent) = vectors::shared_json("verify_non-membership_key_1.json") else { return };
    let (root, key, _, bytes) = proof(&absent);
    assert_eq!(verify_absence(&root, b"ibc", &key, &bytes), Ok(()));
    assert_eq!(verify_absence(&Digest([1; 32]), b"ibc", &key, &bytes), Err(ProofError::OtherRoot));
}
