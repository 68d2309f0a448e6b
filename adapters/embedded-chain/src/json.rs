//! Blocks and sets as the nodes' RPC writes them.

use crate::{
    chain::Block,
    header::{BLOCK_PROTOCOL, BlockId, Header, Vote},
    validators::{Validator, ValidatorSet},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::Timestamp;
use serde_json::{Value, json};

/// `{"signed_header", "validators", "next_validators"}`: what the light client reads.
pub(crate) fn light_block(block: &Block, next: &ValidatorSet) -> Vec<u8> {
    let light = json!({
        "signed_header": signed_header(block),
        "validators": validators(&block.set.validators),
        "next_validators": validators(&next.validators),
    });
    light.to_string().into_bytes()
}

/// The header and what made it final.
pub(crate) fn signed_header(block: &Block) -> Value {
    let commit = &block.commit;
    let time = time(commit.time);
    let votes: Vec<Value> = commit.votes.iter().map(|v| vote(v.as_ref(), &time)).collect();
    json!({
        "header": header(&block.header),
        "commit": {
            "height": block.header.height.to_string(),
            "round": 0,
            "block_id": block_id(Some(&commit.block_id)),
            "signatures": votes,
        },
    })
}

/// A list of validators.
pub(crate) fn validators(validators: &[Validator]) -> Vec<Value> {
    let validator = |validator: &Validator| {
        json!({
            "address": upper(&validator.address),
            "pub_key": {
                "type": "tendermint/PubKeyEd25519",
                "value": STANDARD.encode(validator.public),
            },
            "voting_power": validator.power.to_string(),
            "proposer_priority": "0",
        })
    };
    validators.iter().map(validator).collect()
}

/// A moment as RFC 3339.
pub(crate) fn time(time: Timestamp) -> String {
    let millis = i64::try_from(time.0).ok();
    let time = millis.and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok());
    time.unwrap_or(jiff::Timestamp::MAX).to_string()
}

/// Bytes as nodes write hashes.
pub(crate) fn upper(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}

fn header(header: &Header) -> Value {
    json!({
        "version": { "block": BLOCK_PROTOCOL.to_string() },
        "chain_id": header.chain.as_str(),
        "height": header.height.to_string(),
        "time": time(header.time),
        "last_block_id": block_id(header.last_block_id.as_ref()),
        "last_commit_hash": upper(&header.last_commit_hash),
        "data_hash": upper(&header.data_hash),
        "validators_hash": upper(&header.validators_hash),
        "next_validators_hash": upper(&header.next_validators_hash),
        "consensus_hash": upper(&header.consensus_hash),
        "app_hash": upper(&header.app_hash),
        "last_results_hash": upper(&header.last_results_hash),
        "evidence_hash": upper(&header.evidence_hash),
        "proposer_address": upper(&header.proposer),
    })
}

fn block_id(id: Option<&BlockId>) -> Value {
    match id {
        None => json!({ "hash": "", "parts": { "total": 0, "hash": "" } }),
        Some(id) => json!({
            "hash": upper(&id.hash),
            "parts": { "total": 1, "hash": upper(&id.parts_hash) },
        }),
    }
}

/// Flag 2: for this block; flag 1: absent.
fn vote(vote: Option<&Vote>, time: &str) -> Value {
    match vote {
        None => json!({
            "block_id_flag": 1,
            "validator_address": "",
            "timestamp": "0001-01-01T00:00:00Z",
            "signature": null,
        }),
        Some(vote) => json!({
            "block_id_flag": 2,
            "validator_address": upper(&vote.address),
            "timestamp": time,
            "signature": STANDARD.encode(vote.signature),
        }),
    }
}
