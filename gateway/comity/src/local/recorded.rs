//! A real chain, recorded: blocks, proofs and licences, built into the program.
//!
//! Made by `just record-wasmd`: four validators of wasmd on the loopback interface, with the registry
//! contract of this project. What it holds is as untrusted as any node's answer; a light client checks it.

use anyhow::{Context as _, anyhow};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::{
    Bytes, Digest, LicenceKey,
    body::MAX_EVIDENCE,
    registry::{Change, RegistryChange},
};
use light_client_cometbft::{MerkleProof, ProofOp};
use prost::Message as _;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

const BLOCKS: &str = include_str!("../../../../tests/vectors/wasmd/recorded/light_blocks.jsonl");
const HEADS: &str = include_str!("../../../../tests/vectors/wasmd/recorded/heads.jsonl");
const RECORDS: &str = include_str!("../../../../tests/vectors/wasmd/recorded/records.jsonl");
const CHANGES: &str = include_str!("../../../../tests/vectors/wasmd/recorded/changes.jsonl");
const CHAIN: &str = include_str!("../../../../tests/vectors/wasmd/recorded/chain.json");
const LICENCES: &str = include_str!("../../../../tests/vectors/wasmd/licences.json");

/// The chain's name and the heights at which something happened.
#[derive(Clone, Debug, Deserialize)]
pub struct Chain {
    /// The chain's identifier.
    pub chain_id: String,
    /// The contract's 32 bytes, hexadecimal.
    pub contract_hex: String,
    /// What happened where.
    pub heights: Heights,
}

/// Heights of the story; a state at height H is proven by header H + 1.
#[derive(Clone, Debug, Deserialize)]
pub struct Heights {
    /// The contract was made.
    pub created: u64,
    /// A second validator set began to sign.
    pub second_set_signs: u64,
    /// A third one did.
    pub third_set_signs: u64,
    /// The licence was revoked.
    pub revoked: u64,
    /// The last height with a proof.
    pub last_proof: u64,
}

/// An example licence and its record, as its issuer and its holder keep it.
#[derive(Clone, Debug, Deserialize)]
pub struct Licence {
    /// Its name in this recording.
    pub name: String,
    /// Its identifier.
    pub licence_id: String,
    /// Who issued it.
    pub issuer: String,
    /// Where it stands in the registry.
    pub key: LicenceKey,
    /// SHA-256 of the JWS, as registered.
    pub digest: Digest,
    /// The issuer's JWS.
    pub jws: String,
    /// Every disclosure that the holder could show.
    pub disclosures: Vec<Disclosure>,
    /// The seed of the holder's key: an example's, published on purpose.
    pub holder_seed: Digest,
}

/// One field that the holder may show or hide.
#[derive(Clone, Debug, Deserialize)]
pub struct Disclosure {
    /// The field's name.
    pub name: String,
    /// The disclosure (RFC 9901).
    pub disclosure: String,
}

/// What a node answered about one key at one height.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The value's raw bytes; nothing if the proof is one of absence.
    pub value: Option<Vec<u8>>,
    /// The proof, in the light client's encoding.
    pub proof: Vec<u8>,
}

/// The recording, read.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// Names and heights.
    pub chain: Chain,
    /// The example licences.
    pub licences: Vec<Licence>,
    blocks: BTreeMap<u64, Vec<u8>>,
    heads: BTreeMap<u64, Answer>,
    records: BTreeMap<(LicenceKey, u64), Answer>,
    changes: BTreeMap<u64, Change>,
}

impl Recorded {
    /// Reads the recording that is built in.
    ///
    /// # Errors
    ///
    /// If the files are not as `just record-wasmd` writes them.
    pub fn load() -> anyhow::Result<Self> {
        Ok(Self {
            chain: serde_json::from_str(CHAIN).context("chain.json")?,
            licences: serde_json::from_str(LICENCES).context("licences.json")?,
            blocks: lines(BLOCKS, |line: BlockLine<'_>| Ok((line.height, line.header())))?,
            heads: lines(HEADS, |line: AnswerLine| Ok((line.height, line.answer()?)))?,
            records: lines(RECORDS, |line: RecordLine| {
                Ok(((line.key, line.answer.height), line.answer.answer()?))
            })?,
            changes: lines(CHANGES, |line: ChangeLine| Ok((line.n, line.change()?)))?
                .into_iter()
                .filter_map(|(n, change)| Some((n, change?)))
                .collect(),
        })
    }

    /// The header at `height`, with its validators and the next ones, as the light client reads it.
    ///
    /// # Errors
    ///
    /// If it was not recorded.
    pub fn header(&self, height: u64) -> anyhow::Result<Bytes<MAX_EVIDENCE>> {
        let header = self.blocks.get(&height).with_context(|| format!("no block {height}"))?;
        Ok(Bytes::new(header.clone())?)
    }

    /// The headers above `from`, up to `to`.
    ///
    /// # Errors
    ///
    /// If one was not recorded.
    pub fn headers(&self, from: u64, to: u64) -> anyhow::Result<Vec<Bytes<MAX_EVIDENCE>>> {
        (from.saturating_add(1)..=to).map(|height| self.header(height)).collect()
    }

    /// The registry's head as of the state that `header` proves.
    ///
    /// # Errors
    ///
    /// If it was not recorded.
    pub fn head(&self, header: u64) -> anyhow::Result<&Answer> {
        let state = header.saturating_sub(1);
        self.heads.get(&state).with_context(|| format!("no head at {state}"))
    }

    /// A licence's record as of the state that `header` proves.
    ///
    /// # Errors
    ///
    /// If it was not recorded.
    pub fn record(&self, key: &LicenceKey, header: u64) -> anyhow::Result<&Answer> {
        let state = header.saturating_sub(1);
        self.records.get(&(*key, state)).with_context(|| format!("no record at {state}"))
    }

    /// The changes after number `after`, up to number `to`.
    #[must_use]
    pub fn changes(&self, after: u64, to: u64) -> Vec<Change> {
        self.changes.range(after.saturating_add(1)..=to).map(|(_, change)| *change).collect()
    }

    /// The licence of that name.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn licence(&self, name: &str) -> anyhow::Result<&Licence> {
        self.licences.iter().find(|licence| licence.name == name).context("no such licence")
    }
}

fn lines<'a, L: Deserialize<'a>, K: Ord, V>(
    text: &'a str,
    read: impl Fn(L) -> anyhow::Result<(K, V)>,
) -> anyhow::Result<BTreeMap<K, V>> {
    text.lines().map(|line| read(serde_json::from_str(line)?)).collect()
}

#[derive(Deserialize)]
struct BlockLine<'a> {
    height: u64,
    #[serde(borrow)]
    signed_header: &'a RawValue,
    #[serde(borrow)]
    validators: &'a RawValue,
    #[serde(borrow)]
    next_validators: &'a RawValue,
}

impl BlockLine<'_> {
    fn header(&self) -> Vec<u8> {
        let (header, set, next) = (self.signed_header, self.validators, self.next_validators);
        format!(r#"{{"signed_header":{header},"validators":{set},"next_validators":{next}}}"#)
            .into_bytes()
    }
}

#[derive(Deserialize)]
struct AnswerLine {
    height: u64,
    response: Response,
}

#[derive(Deserialize)]
struct RecordLine {
    key: LicenceKey,
    #[serde(flatten)]
    answer: AnswerLine,
}

#[derive(Deserialize)]
struct ChangeLine {
    n: u64,
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    value: Option<String>,
    proof_ops: ProofOps,
}

#[derive(Deserialize)]
struct ProofOps {
    ops: Vec<Op>,
}

#[derive(Deserialize)]
struct Op {
    #[serde(rename = "type")]
    kind: String,
    data: String,
}

impl AnswerLine {
    fn answer(&self) -> anyhow::Result<Answer> {
        self.response.answer()
    }
}

impl ChangeLine {
    /// The change; nothing where the proof is one of absence.
    fn change(&self) -> anyhow::Result<Option<Change>> {
        let Some(value) = self.response.answer()?.value else { return Ok(None) };
        let change = RegistryChange::from_bytes(&value).context("not a change's 73 bytes")?;
        Ok(Some(change.change))
    }
}

impl Response {
    fn answer(&self) -> anyhow::Result<Answer> {
        let decode =
            |op: &Op| Ok::<_, anyhow::Error>((op.kind.clone(), STANDARD.decode(&op.data)?));
        let ops: Vec<_> = self.proof_ops.ops.iter().map(decode).collect::<Result<_, _>>()?;
        let ops: Vec<ProofOp<'_>> = ops.iter().map(|(kind, data)| ProofOp { kind, data }).collect();
        let proof = MerkleProof::from_ops(&ops).map_err(|error| anyhow!("{error}"))?;
        let value = self.value.as_ref().map(|value| STANDARD.decode(value)).transpose()?;
        Ok(Answer { value, proof: proof.encode_to_vec() })
    }
}
