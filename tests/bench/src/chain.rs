//! Light blocks of a chain that never was: equal powers, Ed25519, every validator signs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tendermint::{
    AppHash, Hash, PublicKey, Signature, Time, account,
    block::{self, Commit, CommitSig, Header, header::Version, parts, signed_header::SignedHeader},
    validator::{Info, Set},
    vote::{Type, Vote},
};

/// The chain's identifier.
pub const CHAIN: &str = "comity-bench-1";

/// The first block's time, in seconds since 1970; each next one is a second later.
pub const FIRST_TIME: i64 = 1_760_000_000;

/// One light block, for the stock verifier and as the RPC's JSON.
#[derive(Clone, Debug)]
pub struct Block {
    /// Header and commit.
    pub signed: SignedHeader,
    /// The set that signed it, which is also the next one.
    pub set: Set,
    /// What `/commit` and `/validators` answer, in one object.
    pub json: Vec<u8>,
}

/// The first block's height.
pub const FIRST_HEIGHT: usize = 1000;

/// `len` blocks in a row, of `validators` who do not change. The same bytes every time.
#[must_use]
pub fn blocks(validators: usize, len: usize) -> Vec<Block> {
    blocks_over(validators, len, |height| digest(format!("state {height}")))
}

/// The same, over the state of which `root` tells the root for each height.
pub fn blocks_over(validators: usize, len: usize, root: impl Fn(usize) -> [u8; 32]) -> Vec<Block> {
    let signers = signers(validators);
    let set = Set::without_proposer(signers.iter().map(|(info, _)| info.clone()).collect());
    let mut last = block_id(hash("the block before"));
    (FIRST_HEIGHT..)
        .take(len)
        .map(|height| {
            let header = header(height, last, &set, root(height));
            let signed = signed_header(header, &signers);
            last = signed.commit.block_id;
            let json = rpc_json(&signed, &set);
            Block { signed, set: set.clone(), json }
        })
        .collect()
}

/// Keys from fixed seeds, in the order of the set: powers are equal, so by address.
fn signers(count: usize) -> Vec<(Info, SigningKey)> {
    let signer = |index: usize| {
        let key = SigningKey::from_bytes(&digest(format!("bench validator {index}")));
        let public = PublicKey::from_raw_ed25519(key.verifying_key().as_bytes()).expect("a key");
        (Info::new(public, 10u32.into()), key)
    };
    let mut signers: Vec<_> = (0..count).map(signer).collect();
    signers.sort_by_key(|(info, _)| info.address);
    signers
}

fn signed_header(header: Header, signers: &[(Info, SigningKey)]) -> SignedHeader {
    let block_id = block_id(header.hash());
    let commit =
        Commit { height: header.height, round: 0u16.into(), block_id, signatures: Vec::new() };
    let vote =
        |(index, signer): (usize, &(Info, SigningKey))| sign(&commit, &header, index, signer);
    let signatures = signers.iter().enumerate().map(vote).collect();
    SignedHeader::new(header, Commit { signatures, ..commit.clone() }).expect("one height")
}

fn block_id(hash: Hash) -> block::Id {
    let parts = self::hash(hash.as_bytes());
    block::Id { hash, part_set_header: parts::Header::new(1, parts).expect("parts") }
}

fn header(height: usize, last: block::Id, set: &Set, root: [u8; 32]) -> Header {
    Header {
        version: Version { block: 11, app: 0 },
        chain_id: CHAIN.parse().expect("a chain id"),
        height: u32::try_from(height).expect("a small height").into(),
        time: time(height, Duration::ZERO),
        last_block_id: Some(last),
        last_commit_hash: Some(hash(format!("last commit {height}"))),
        data_hash: Some(hash(format!("data {height}"))),
        validators_hash: set.hash(),
        next_validators_hash: set.hash(),
        consensus_hash: hash("consensus"),
        app_hash: AppHash::try_from(root.to_vec()).expect("32 bytes"),
        last_results_hash: Some(hash(format!("results {height}"))),
        evidence_hash: Some(hash("")),
        proposer_address: set.validators()[height % set.validators().len()].address,
    }
}

/// A precommit with its own time, as each validator's clock gives it.
fn sign(
    commit: &Commit,
    header: &Header,
    index: usize,
    (info, key): &(Info, SigningKey),
) -> CommitSig {
    let late = Duration::from_nanos(1_000_003 * (index as u64 + 1));
    let timestamp = (header.time + late).expect("a time");
    let vote = Vote {
        vote_type: Type::Precommit,
        height: commit.height,
        round: commit.round,
        block_id: Some(commit.block_id),
        timestamp: Some(timestamp),
        validator_address: info.address,
        validator_index: u32::try_from(index).expect("a small index").try_into().expect("an index"),
        signature: None,
        extension: Vec::new(),
        extension_signature: None,
    };
    let signature = key.sign(&vote.into_signable_vec(header.chain_id.clone())).to_bytes();
    let signature = Signature::new(signature).expect("64 bytes");
    CommitSig::BlockIdFlagCommit { validator_address: info.address, timestamp, signature }
}

fn rpc_json(signed: &SignedHeader, set: &Set) -> Vec<u8> {
    let validators: Vec<Value> = set.validators().iter().map(validator_json).collect();
    let block = json!({ "signed_header": signed, "validators": validators });
    serde_json::to_vec(&block).expect("JSON")
}

fn validator_json(info: &Info) -> Value {
    json!({
        "address": account_hex(info.address),
        "pub_key": { "type": "tendermint/PubKeyEd25519", "value": STANDARD.encode(info.pub_key.to_bytes()) },
        "voting_power": info.power().to_string(),
        "proposer_priority": "0",
    })
}

fn account_hex(address: account::Id) -> String {
    hex::encode_upper(address)
}

fn time(height: usize, after: Duration) -> Time {
    let seconds = FIRST_TIME + i64::try_from(height - FIRST_HEIGHT).expect("a small height");
    (Time::from_unix_timestamp(seconds, 0).expect("a time") + after).expect("a time")
}

fn hash(of: impl AsRef<[u8]>) -> Hash {
    Hash::Sha256(digest(of))
}

fn digest(of: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(of.as_ref()).into()
}
