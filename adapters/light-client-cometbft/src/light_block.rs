//! A header with its commit and sets, as the `tendermint` crates know them.

use crate::{
    hasher::Hasher,
    json::{
        self, Base64, Hex, RpcBlockId, RpcCommit, RpcCommitSig, RpcHeader, RpcLightBlock,
        RpcValidator,
    },
    rules, sets,
};
use alloc::{string::ToString, vec::Vec};
use gateway_types::{ChainId, ChainTime, Digest};
use light_client::{ConsensusState, HeaderError, Height, is_nothing};
use tendermint::{
    AppHash, Hash, PublicKey, Signature, Time, account,
    block::{self, CommitSig, header::Version, parts, signed_header::SignedHeader},
    crypto::Sha256 as _,
    validator::{Info, Set},
};

/// A decoded header with its commit and sets: **not** verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LightBlock {
    chain: ChainId,
    state: ConsensusState,
    pub(crate) signed: SignedHeader,
    pub(crate) validators: Set,
    pub(crate) next_validators: Option<Set>,
}

impl LightBlock {
    /// Reads the RPC's JSON, and checks what needs no hash of the whole: forms, addresses, order, powers.
    ///
    /// Source: `CometBFT` `types/block.go`, `types/validator_set.go`. Trust: anybody may have made `bytes`; at
    /// most 1 MiB and 200 validators are read.
    ///
    /// # Errors
    ///
    /// [`HeaderError`]: refuse for good.
    pub fn decode(bytes: &[u8]) -> Result<Self, HeaderError> {
        let RpcLightBlock { signed_header, validators, next_validators } = json::read(bytes)?;
        let chain = signed_header.header.chain_id.clone();
        let commit = commit(signed_header.commit)?;
        let header = header(&signed_header.header)?;
        let state = claimed_state(&header, &commit)?;
        let signed = SignedHeader::new(header, commit)
            .map_err(|_| inconsistent("the heights of header and commit"))?;
        let validators = set(validators)?;
        let next_validators = next_validators.map(set).transpose()?;
        Ok(Self { chain, state, signed, validators, next_validators })
    }

    /// Checks the block against itself: the header hashes to what was signed, the sets to what the header
    /// names, signatures stand in the order of the set, nobody signs twice.
    ///
    /// # Errors
    ///
    /// [`HeaderError`]: refuse for good.
    pub fn check(&self) -> Result<(), HeaderError> {
        rules::check_alone(self)?;
        let proposer = self.signed.header.proposer_address;
        if self.validators.validators().iter().all(|validator| validator.address != proposer) {
            return Err(inconsistent("the proposer is not in the set"));
        }
        Ok(())
    }

    /// The chain that it says it is of.
    #[must_use]
    pub fn chain(&self) -> &ChainId {
        &self.chain
    }

    /// What it claims; true once it was verified.
    #[must_use]
    pub fn state(&self) -> &ConsensusState {
        &self.state
    }

    /// Hash of its own set, as the header has it.
    pub(crate) fn validators_hash(&self) -> Hash {
        self.signed.header.validators_hash
    }

    /// The set that signs the next header; the block's own where the two sets are one.
    pub(crate) fn next_set(&self) -> Option<&Set> {
        let header = &self.signed.header;
        let same = header.validators_hash == header.next_validators_hash;
        let own = same.then_some(&self.validators);
        self.next_validators.as_ref().or(own)
    }
}

/// What a header says of itself, the commit's hash being taken for its own until [`LightBlock::check`].
fn claimed_state(
    header: &block::Header,
    commit: &block::Commit,
) -> Result<ConsensusState, HeaderError> {
    let state = ConsensusState {
        height: Height::new(header.height.value()).ok_or_else(|| malformed("height zero"))?,
        time: chain_time(header.time)?,
        root: Digest::from_slice(header.app_hash.as_bytes()).ok_or(HeaderError::EmptyRoot)?,
        header_hash: digest(commit.block_id.hash)?,
        next_validators_hash: digest(header.next_validators_hash)?,
    };
    let hashes = [state.root, state.header_hash, state.next_validators_hash];
    if hashes.iter().any(is_nothing) { Err(HeaderError::EmptyRoot) } else { Ok(state) }
}

fn header(raw: &RpcHeader) -> Result<block::Header, HeaderError> {
    let last_block_id = block_id(&raw.last_block_id);
    Ok(block::Header {
        version: Version { block: raw.version.block.0, app: raw.version.app.0 },
        chain_id: raw.chain_id.as_str().try_into().map_err(|_| malformed("chain id"))?,
        height: height(raw.height.0)?,
        time: time(&raw.time)?,
        last_block_id: (last_block_id != block::Id::default()).then_some(last_block_id),
        last_commit_hash: optional(raw.last_commit_hash),
        data_hash: optional(raw.data_hash),
        validators_hash: hash(raw.validators_hash),
        next_validators_hash: hash(raw.next_validators_hash),
        consensus_hash: hash(raw.consensus_hash),
        app_hash: app_hash(raw.app_hash)?,
        last_results_hash: optional(raw.last_results_hash),
        evidence_hash: optional(raw.evidence_hash),
        proposer_address: address(raw.proposer_address)?,
    })
}

fn commit(raw: RpcCommit) -> Result<block::Commit, HeaderError> {
    let signatures: Result<_, _> = raw.signatures.into_iter().map(commit_sig).collect();
    Ok(block::Commit {
        height: height(raw.height.0)?,
        round: raw.round.try_into().map_err(|_| malformed("round"))?,
        block_id: block_id(&raw.block_id),
        signatures: signatures?,
    })
}

/// Flag 1 absent, 2 for this block, 3 for nil. Source: `CometBFT` `BlockIDFlag`.
fn commit_sig(raw: RpcCommitSig) -> Result<CommitSig, HeaderError> {
    let timestamp = time(&raw.timestamp)?;
    if raw.block_id_flag == 1 {
        return absent(&raw);
    }
    let Some(Base64(signature)) = raw.signature else {
        return Err(malformed("a vote without a signature"));
    };
    if signature.len() != 64 {
        return Err(malformed("a signature that is not of 64 bytes"));
    }
    let signature = Signature::new(signature).map_err(|_| malformed("signature"))?;
    let validator_address = address(raw.validator_address)?;
    match raw.block_id_flag {
        2 => Ok(CommitSig::BlockIdFlagCommit { validator_address, timestamp, signature }),
        3 => Ok(CommitSig::BlockIdFlagNil { validator_address, timestamp, signature }),
        _ => Err(malformed("block_id_flag")),
    }
}

/// An absent vote says nothing else.
fn absent(raw: &RpcCommitSig) -> Result<CommitSig, HeaderError> {
    let signed = raw.signature.as_ref().is_some_and(|Base64(bytes)| !bytes.is_empty());
    if signed || raw.validator_address.0.is_some() || raw.timestamp != "0001-01-01T00:00:00Z" {
        return Err(inconsistent("an absent vote with content"));
    }
    Ok(CommitSig::BlockIdFlagAbsent)
}

/// A set in its one order, each validator once, its address that of its key.
fn set(raw: Vec<RpcValidator>) -> Result<Set, HeaderError> {
    let infos: Vec<Info> = raw.into_iter().map(validator).collect::<Result<_, _>>()?;
    sets::checked(infos)
}

fn validator(raw: RpcValidator) -> Result<Info, HeaderError> {
    let json::RpcKey { kind: json::KeyKind::Ed25519, value: Base64(key) } = raw.pub_key;
    let key: [u8; 32] = key.try_into().map_err(|_| malformed("a key that is not of 32 bytes"))?;
    let info = sets::info(&key, raw.voting_power.0)?;
    if raw.address.0.as_ref().map(<[u8; 20]>::as_slice) != Some(info.address.as_bytes()) {
        return Err(inconsistent("an address and its key"));
    }
    Ok(info)
}

fn block_id(raw: &RpcBlockId) -> block::Id {
    let mut part_set_header = parts::Header::default();
    part_set_header.total = raw.parts.total;
    part_set_header.hash = hash(raw.parts.hash);
    block::Id { hash: hash(raw.hash), part_set_header }
}

fn height(height: u64) -> Result<block::Height, HeaderError> {
    block::Height::try_from(height).map_err(|_| malformed("height"))
}

fn time(text: &str) -> Result<Time, HeaderError> {
    Time::parse_from_rfc3339(text).map_err(|_| malformed("time"))
}

fn chain_time(time: Time) -> Result<ChainTime, HeaderError> {
    let nanos = u64::try_from(time.unix_timestamp_nanos());
    nanos.map(ChainTime).map_err(|_| malformed("time before 1970 or after 2554"))
}

fn hash(hex: Hex<32>) -> Hash {
    hex.0.map_or(Hash::None, Hash::Sha256)
}

fn optional(hex: Hex<32>) -> Option<Hash> {
    hex.0.map(Hash::Sha256)
}

fn app_hash(hex: Hex<32>) -> Result<AppHash, HeaderError> {
    let bytes = hex.0.ok_or(HeaderError::EmptyRoot)?;
    AppHash::try_from(bytes.to_vec()).map_err(|_| malformed("app_hash"))
}

fn digest(hash: Hash) -> Result<Digest, HeaderError> {
    match hash {
        Hash::Sha256(bytes) => Ok(Digest(bytes)),
        Hash::None => Err(HeaderError::EmptyRoot),
    }
}

fn address(hex: Hex<20>) -> Result<account::Id, HeaderError> {
    hex.0.map(account::Id::new).ok_or_else(|| malformed("no address"))
}

/// The first 20 bytes of a key's SHA-256.
pub(crate) fn address_of(key: &[u8; 32]) -> account::Id {
    let digest = Hasher::digest(key);
    let mut address = [0; 20];
    for (to, from) in address.iter_mut().zip(digest) {
        *to = from;
    }
    account::Id::new(address)
}

/// The 32 bytes of an Ed25519 key; nothing for one of another kind.
pub(crate) fn key_of(info: &Info) -> Option<[u8; 32]> {
    match &info.pub_key {
        PublicKey::Ed25519(key) => key.as_bytes().try_into().ok(),
        _ => None,
    }
}

pub(crate) fn malformed(what: &str) -> HeaderError {
    HeaderError::Malformed { what: what.to_string() }
}

pub(crate) fn inconsistent(what: &'static str) -> HeaderError {
    HeaderError::Inconsistent { what }
}
