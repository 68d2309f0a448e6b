//! A chain of our own making, signed with keys of our own, hashed by the `tendermint` crate itself.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_zebra::SigningKey;
use serde_json::{Value, json};
use tendermint::{
    AppHash, Hash, PublicKey, Time, account,
    block::{self, header::Version, parts},
    validator::{Info, Set},
    vote::{Type, Vote},
};

/// A validator with its private key.
#[derive(Clone)]
pub(crate) struct Validator {
    pub(crate) key: SigningKey,
    pub(crate) power: u64,
}

impl Validator {
    /// The validator number `seed`, of this power.
    pub(crate) fn new(seed: u8, power: u64) -> Self {
        Self { key: SigningKey::from([seed; 32]), power }
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        self.key.verification_key().into()
    }

    pub(crate) fn info(&self) -> Info {
        let key = PublicKey::from_raw_ed25519(&self.public()).unwrap();
        Info::new(key, self.power.try_into().unwrap())
    }

    pub(crate) fn address(&self) -> account::Id {
        self.info().address
    }

    /// As `/validators` gives it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "address": self.address().to_string(),
            "pub_key": {
                "type": "tendermint/PubKeyEd25519",
                "value": STANDARD.encode(self.public()),
            },
            "voting_power": self.power.to_string(),
            "proposer_priority": "0",
        })
    }
}

/// Validators of these powers, in the order of a set.
pub(crate) fn set(powers: &[u64]) -> Vec<Validator> {
    let seeds = 1u8..;
    in_order(seeds.zip(powers).map(|(seed, power)| Validator::new(seed, *power)).collect())
}

pub(crate) fn in_order(mut set: Vec<Validator>) -> Vec<Validator> {
    set.sort_by_key(|validator| (std::cmp::Reverse(validator.power), validator.address()));
    set
}

pub(crate) fn hash(set: &[Validator]) -> Hash {
    Set::without_proposer(set.iter().map(Validator::info).collect()).hash()
}

/// How a validator voted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voted {
    Commit,
    Nil,
    Absent,
}

/// A block to be made. Every field may be a lie.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) chain: String,
    pub(crate) height: u64,
    pub(crate) nanos: u64,
    pub(crate) round: u32,
    pub(crate) set: Vec<Validator>,
    pub(crate) next: Vec<Validator>,
    pub(crate) votes: Vec<Voted>,
    pub(crate) app_hash: [u8; 32],
    /// The first of the set, unless it is said.
    pub(crate) proposer: Option<account::Id>,
    /// What the signatures say instead of the truth.
    pub(crate) signed: Signed,
}

/// Lies in the signed bytes.
#[derive(Clone, Default)]
pub(crate) struct Signed {
    pub(crate) chain: Option<String>,
    pub(crate) height: Option<u64>,
    pub(crate) round: Option<u32>,
    pub(crate) prevote: bool,
    pub(crate) block_hash: Option<[u8; 32]>,
}

impl Block {
    /// The block at `height`, `height` seconds after the year 2026 began, all of `set` voting for it.
    pub(crate) fn at(height: u64, set: &[Validator]) -> Self {
        Self {
            chain: "test-1".into(),
            height,
            nanos: (1_767_225_600 + height) * 1_000_000_000,
            round: 0,
            set: set.to_vec(),
            next: set.to_vec(),
            votes: vec![Voted::Commit; set.len()],
            app_hash: [7; 32],
            proposer: None,
            signed: Signed::default(),
        }
    }

    /// The first `n` of the set vote, the others are absent.
    pub(crate) fn voted_by(mut self, n: usize) -> Self {
        for vote in self.votes.iter_mut().skip(n) {
            *vote = Voted::Absent;
        }
        self
    }

    pub(crate) fn time(&self) -> Time {
        let (secs, nanos) = (self.nanos / 1_000_000_000, self.nanos % 1_000_000_000);
        Time::from_unix_timestamp(secs as i64, nanos as u32).unwrap()
    }

    pub(crate) fn header(&self) -> block::Header {
        block::Header {
            version: Version { block: 11, app: 0 },
            chain_id: self.chain.parse().unwrap(),
            height: self.height.try_into().unwrap(),
            time: self.time(),
            last_block_id: None,
            last_commit_hash: Some(Hash::Sha256([1; 32])),
            data_hash: Some(Hash::Sha256([2; 32])),
            validators_hash: hash(&self.set),
            next_validators_hash: hash(&self.next),
            consensus_hash: Hash::Sha256([3; 32]),
            app_hash: AppHash::try_from(self.app_hash.to_vec()).unwrap(),
            last_results_hash: Some(Hash::Sha256([4; 32])),
            evidence_hash: Some(Hash::Sha256([5; 32])),
            proposer_address: self.proposer.unwrap_or_else(|| self.set[0].address()),
        }
    }

    fn sign_bytes(&self, index: usize) -> Vec<u8> {
        let signed = &self.signed;
        let mut part_set_header = parts::Header::default();
        part_set_header.total = 1;
        part_set_header.hash = Hash::Sha256([6; 32]);
        let hash = signed.block_hash.map_or_else(|| self.header().hash(), Hash::Sha256);
        let nil = self.votes[index] == Voted::Nil;
        let vote = Vote {
            vote_type: if signed.prevote { Type::Prevote } else { Type::Precommit },
            height: signed.height.unwrap_or(self.height).try_into().unwrap(),
            round: signed.round.unwrap_or(self.round).try_into().unwrap(),
            block_id: (!nil).then_some(block::Id { hash, part_set_header }),
            timestamp: Some(self.time()),
            validator_address: self.set[index].address(),
            validator_index: 0u32.try_into().unwrap(),
            signature: None,
            extension: vec![],
            extension_signature: None,
        };
        let chain = signed.chain.as_ref().unwrap_or(&self.chain);
        vote.into_signable_vec(chain.parse().unwrap())
    }

    fn signature(&self, index: usize) -> Value {
        let flag = match self.votes[index] {
            Voted::Absent => {
                return json!({
                    "block_id_flag": 1, "validator_address": "",
                    "timestamp": "0001-01-01T00:00:00Z", "signature": null,
                });
            }
            Voted::Commit => 2,
            Voted::Nil => 3,
        };
        let signature = self.set[index].key.sign(&self.sign_bytes(index)).to_bytes();
        json!({
            "block_id_flag": flag,
            "validator_address": self.set[index].address().to_string(),
            "timestamp": self.time().to_rfc3339(),
            "signature": STANDARD.encode(signature),
        })
    }

    /// As the RPC gives it, to be changed by a test.
    pub(crate) fn json(&self) -> Value {
        let header = self.header();
        let hex = |hash: Option<Hash>| hash.unwrap().to_string();
        let signatures: Vec<Value> = (0..self.set.len()).map(|i| self.signature(i)).collect();
        let validators = |set: &[Validator]| set.iter().map(Validator::json).collect::<Vec<_>>();
        json!({
            "signed_header": {
                "header": {
                    "version": { "block": "11" },
                    "chain_id": self.chain,
                    "height": self.height.to_string(),
                    "time": header.time.to_rfc3339(),
                    "last_block_id": { "hash": "", "parts": { "total": 0, "hash": "" } },
                    "last_commit_hash": hex(header.last_commit_hash),
                    "data_hash": hex(header.data_hash),
                    "validators_hash": header.validators_hash.to_string(),
                    "next_validators_hash": header.next_validators_hash.to_string(),
                    "consensus_hash": header.consensus_hash.to_string(),
                    "app_hash": hex::encode_upper(self.app_hash),
                    "last_results_hash": hex(header.last_results_hash),
                    "evidence_hash": hex(header.evidence_hash),
                    "proposer_address": header.proposer_address.to_string(),
                },
                "commit": {
                    "height": self.height.to_string(),
                    "round": self.round,
                    "block_id": {
                        "hash": header.hash().to_string(),
                        "parts": { "total": 1, "hash": Hash::Sha256([6; 32]).to_string() },
                    },
                    "signatures": signatures,
                },
            },
            "validators": validators(&self.set),
            "next_validators": validators(&self.next),
        })
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.json()).unwrap()
    }
}
