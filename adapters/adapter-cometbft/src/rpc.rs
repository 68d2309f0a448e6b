//! A node's answers, read strictly.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::Timestamp;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::value::RawValue;
use std::str::FromStr;

/// How much of a node's own words is kept, in characters.
const MAX_WORDS: usize = 200;

/// Why an answer is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AnswerError {
    #[error("not what a node answers: {0}")]
    Malformed(String),
    #[error("the node refuses, code {code}: {message}")]
    Refused { code: i64, message: String },
}

/// Reads the result of a JSON-RPC answer.
pub(crate) fn result<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, AnswerError> {
    let answer: Answer<'a> = serde_json::from_slice(body).map_err(malformed)?;
    match (answer.result, answer.error) {
        (Some(result), None) => serde_json::from_str(result.get()).map_err(malformed),
        (None, Some(error)) => {
            let message = words(&format!("{}: {}", error.message, error.data.unwrap_or_default()));
            Err(AnswerError::Refused { code: error.code, message })
        }
        _ => Err(AnswerError::Malformed("neither a result nor an error, or both".into())),
    }
}

/// A node's own words, short enough for a log, without control characters.
pub(crate) fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_WORDS).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn malformed(error: serde_json::Error) -> AnswerError {
    AnswerError::Malformed(words(&error.to_string()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer<'a> {
    #[serde(rename = "jsonrpc")]
    _version: &'a str,
    #[serde(rename = "id", borrow)]
    _id: &'a RawValue,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    code: i64,
    message: String,
    data: Option<String>,
}

/// Of `/status`: the parts that are used.
#[derive(Debug, Deserialize)]
pub(crate) struct Status {
    pub(crate) node_info: NodeInfo,
    pub(crate) sync_info: SyncInfo,
}

#[derive(Debug, Deserialize)]
pub(crate) struct NodeInfo {
    pub(crate) network: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct SyncInfo {
    pub(crate) latest_block_height: Quoted,
    pub(crate) latest_block_time: Moment,
    /// The lowest block that is kept.
    #[serde(default)]
    pub(crate) earliest_block_height: Quoted,
}

/// Of `/commit`.
#[derive(Debug, Deserialize)]
pub(crate) struct Commit<'a> {
    #[serde(borrow)]
    pub(crate) signed_header: &'a RawValue,
}

/// Of `/validators`: one page.
#[derive(Debug, Deserialize)]
pub(crate) struct Validators<'a> {
    pub(crate) block_height: Quoted,
    #[serde(borrow)]
    pub(crate) validators: Vec<&'a RawValue>,
    pub(crate) total: Quoted,
}

/// Of `/abci_query`.
#[derive(Debug, Deserialize)]
pub(crate) struct AbciQuery {
    pub(crate) response: Response,
}

/// What the application answered.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Response {
    #[serde(default)]
    pub(crate) code: u32,
    #[serde(default)]
    pub(crate) log: Option<String>,
    #[serde(default)]
    pub(crate) codespace: Option<String>,
    #[serde(default)]
    pub(crate) key: Option<Base64>,
    #[serde(default)]
    pub(crate) value: Option<Base64>,
    #[serde(default)]
    pub(crate) height: Quoted,
    #[serde(default)]
    pub(crate) proof_ops: Option<ProofOps>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct ProofOps {
    pub(crate) ops: Vec<Op>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Op {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) data: Base64,
}

/// A number in quotes, in its one decimal form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Quoted(pub(crate) u64);

impl<'de> Deserialize<'de> for Quoted {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(d)?;
        let number = u64::from_str(text).ok().filter(|number| number.to_string() == text);
        number.map(Self).ok_or_else(|| D::Error::custom("not a whole number in quotes"))
    }
}

/// Bytes in standard base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(d)?;
        STANDARD.decode(text).map(Self).map_err(|_| D::Error::custom("not base64"))
    }
}

/// A moment, RFC 3339, rounded down to milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(d)?;
        let moment = jiff::Timestamp::from_str(text).ok();
        let millis = moment.and_then(|moment| u64::try_from(moment.as_millisecond()).ok());
        millis.map(|ms| Self(Timestamp(ms))).ok_or_else(|| D::Error::custom("not a moment"))
    }
}
