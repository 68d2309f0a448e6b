//! The RPC's JSON, read strictly: no unknown field, no field twice, bounded length.

use alloc::{string::ToString, vec::Vec};
use core::{fmt, marker::PhantomData, str::FromStr};
use light_client::HeaderError;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};

/// Longest header, in bytes: 1 MiB. 200 validators and their next set take about 200 KiB.
pub const MAX_HEADER: usize = 1024 * 1024;

/// Most validators of a set.
pub const MAX_VALIDATORS: usize = 200;

/// Reads a light block.
pub(crate) fn read(bytes: &[u8]) -> Result<RpcLightBlock, HeaderError> {
    if bytes.len() > MAX_HEADER {
        return Err(HeaderError::TooLong { len: bytes.len(), max: MAX_HEADER });
    }
    let block: RpcLightBlock = serde_json::from_slice(bytes)
        .map_err(|error| HeaderError::Malformed { what: error.to_string() })?;
    let commit = block.signed_header.commit.signatures.len();
    let next = block.next_validators.as_ref().map_or(0, Vec::len);
    if commit.max(block.validators.len()).max(next) > MAX_VALIDATORS {
        return Err(HeaderError::Malformed { what: "more than 200 validators".into() });
    }
    Ok(block)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RpcLightBlock {
    pub(crate) signed_header: RpcSignedHeader,
    pub(crate) validators: Vec<RpcValidator>,
    pub(crate) next_validators: Option<Vec<RpcValidator>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RpcSignedHeader {
    pub(crate) header: RpcHeader,
    pub(crate) commit: RpcCommit,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RpcHeader {
    pub(crate) version: RpcVersion,
    pub(crate) chain_id: gateway_types::ChainId,
    pub(crate) height: Quoted<u64>,
    pub(crate) time: alloc::string::String,
    pub(crate) last_block_id: RpcBlockId,
    pub(crate) last_commit_hash: Hex<32>,
    pub(crate) data_hash: Hex<32>,
    pub(crate) validators_hash: Hex<32>,
    pub(crate) next_validators_hash: Hex<32>,
    pub(crate) consensus_hash: Hex<32>,
    pub(crate) app_hash: Hex<32>,
    pub(crate) last_results_hash: Hex<32>,
    pub(crate) evidence_hash: Hex<32>,
    pub(crate) proposer_address: Hex<20>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RpcVersion {
    pub(crate) block: Quoted<u64>,
    #[serde(default)]
    pub(crate) app: Quoted<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RpcBlockId {
    pub(crate) hash: Hex<32>,
    pub(crate) parts: RpcParts,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RpcParts {
    pub(crate) total: u32,
    pub(crate) hash: Hex<32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RpcCommit {
    pub(crate) height: Quoted<u64>,
    pub(crate) round: u32,
    pub(crate) block_id: RpcBlockId,
    pub(crate) signatures: Vec<RpcCommitSig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RpcCommitSig {
    pub(crate) block_id_flag: u8,
    pub(crate) validator_address: Hex<20>,
    pub(crate) timestamp: alloc::string::String,
    pub(crate) signature: Option<Base64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RpcValidator {
    pub(crate) address: Hex<20>,
    pub(crate) pub_key: RpcKey,
    pub(crate) voting_power: Quoted<u64>,
    /// Part of no hash: read, and used for nothing (A17).
    #[serde(default, rename = "proposer_priority")]
    pub(crate) _proposer_priority: Quoted<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RpcKey {
    #[serde(rename = "type")]
    pub(crate) kind: KeyKind,
    pub(crate) value: Base64,
}

#[derive(Debug, Deserialize)]
pub(crate) enum KeyKind {
    #[serde(rename = "tendermint/PubKeyEd25519")]
    Ed25519,
}

/// A number in quotes, in its one decimal form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quoted<T>(pub(crate) T);

impl<'de, T: FromStr + ToString> Deserialize<'de> for Quoted<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let read = |text: &str| {
            text.parse().ok().filter(|number: &T| number.to_string() == text).map(Quoted)
        };
        d.deserialize_str(Text { expected: "a whole number in quotes", read, of: PhantomData })
    }
}

/// `N` bytes in hexadecimal of either case, or none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hex<const N: usize>(pub(crate) Option<[u8; N]>);

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let read = |text: &str| {
            let mut bytes = [0; N];
            match text {
                "" => Some(Self(None)),
                _ => hex::decode_to_slice(text, &mut bytes).ok().map(|()| Self(Some(bytes))),
            }
        };
        d.deserialize_str(Text { expected: "hexadecimal of a fixed length", read, of: PhantomData })
    }
}

/// Bytes in standard base64, padded, canonical.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        let read = |text: &str| STANDARD.decode(text).ok().map(Self);
        d.deserialize_str(Text { expected: "base64", read, of: PhantomData })
    }
}

/// Reads a text by `read`, without copying it first.
struct Text<F, T> {
    expected: &'static str,
    read: F,
    of: PhantomData<T>,
}

impl<T, F: Fn(&str) -> Option<T>> Visitor<'_> for Text<F, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.read)(text).ok_or_else(|| E::custom(self.expected))
    }
}
