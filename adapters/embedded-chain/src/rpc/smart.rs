//! The contract's own answers, in JSON. They prove nothing.
//!
//! Source: wasmd `cosmwasm.wasm.v1.Query/SmartContractState`: address (field 1) and question (field 2), the answer
//! in field 1; `adapters/registry-cosmwasm`, `msg.rs`.

use super::{
    View,
    abci::{Question, Response},
};
use crate::{address, iavl::Tree, proto::Message};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use gateway_types::{
    Digest, LicenceKey,
    registry::{RegistryChange, RegistryHead, change_path, head_path},
};
use prost::Message as _;
use serde::Deserialize;
use serde_json::{Value, json};

/// Most changes in one answer.
const MAX_CHANGES: u32 = 256;

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(string, tag = "1")]
    address: String,
    #[prost(bytes = "vec", tag = "2")]
    question: Vec<u8>,
}

/// What the contract can be asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Ask {
    Head {},
    Record { key: String },
    Changes { after: u64, limit: u32 },
    Writers {},
}

/// Why the contract has no answer, in the words that the application puts into its log.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("{0}")]
    Request(#[from] prost::DecodeError),
    #[error("no such contract: {address}")]
    NoContract { address: String },
    #[error("{0}: query wasm contract failed")]
    Question(#[from] serde_json::Error),
    #[error("key must be 32 bytes: query wasm contract failed")]
    Key,
    #[error(
        "at most {MAX_CHANGES} changes are given at once, asked for {got}: query wasm contract failed"
    )]
    Limit { got: u32 },
}

pub(super) fn query(view: &View<'_>, question: &Question) -> Response {
    if question.height > view.tip {
        let why =
            "cannot query with height in the future; please provide a valid height: invalid height";
        return Response::refused(26, "sdk", why);
    }
    let Some(state) = view.state(question.height) else {
        let why =
            format!("failed to load state at height {}; version does not exist", question.height);
        return Response::refused(18, "sdk", &why);
    };
    match ask(view, &state.wasm, &question.data) {
        Ok(answer) => {
            let value = Message::default().bytes(1, answer.to_string().as_bytes()).done();
            Response { value: Some(value), height: question.height, ..Response::default() }
        }
        Err(why) => {
            let refused = Response::refused(6, "sdk", &format!("{why}: unknown request"));
            Response { height: question.height, ..refused }
        }
    }
}

fn ask(view: &View<'_>, store: &Tree, data: &[u8]) -> Result<Value, Refused> {
    let request = Request::decode(data)?;
    if request.address != address::text(view.chain.registry().as_bytes()) {
        return Err(Refused::NoContract { address: request.address });
    }
    match serde_json::from_slice(&request.question)? {
        Ask::Head {} => Ok(head(view, store).map_or(Value::Null, |head| {
            let acc = STANDARD.encode(head.acc.as_bytes());
            json!({ "n": head.n, "time": head.time.0, "acc": acc })
        })),
        Ask::Record { key } => record(view, store, &key),
        Ask::Changes { after, limit } => changes(view, store, after, limit),
        Ask::Writers {} => Ok(json!({ "writers": [view.chain.contract().writer()] })),
    }
}

fn head(view: &View<'_>, store: &Tree) -> Option<RegistryHead> {
    let key = view.chain.contract().store_key(&head_path());
    store.get(&key).and_then(RegistryHead::from_bytes)
}

fn record(view: &View<'_>, store: &Tree, key: &str) -> Result<Value, Refused> {
    let bytes = STANDARD.decode(key).ok();
    let key = bytes.and_then(|bytes| Digest::from_slice(&bytes)).map(LicenceKey);
    let key = key.ok_or(Refused::Key)?;
    let record = view.chain.contract().record(store, &key).map(|record| {
        json!({
            "digest": STANDARD.encode(record.digest.as_bytes()),
            "code": record.code.get(),
            "sequence": record.sequence,
            "writer": view.chain.contract().writer(),
        })
    });
    Ok(json!({ "record": record }))
}

fn changes(view: &View<'_>, store: &Tree, after: u64, limit: u32) -> Result<Value, Refused> {
    if limit > MAX_CHANGES {
        return Err(Refused::Limit { got: limit });
    }
    let last = head(view, store).map_or(0, |head| head.n);
    let last = last.min(after.saturating_add(limit.into()));
    let change = |n: u64| {
        let key = view.chain.contract().store_key(&change_path(n));
        let RegistryChange { change, acc } = RegistryChange::from_bytes(store.get(&key)?)?;
        Some(json!({
            "n": n,
            "key": STANDARD.encode(change.key.0.as_bytes()),
            "code": change.code.get(),
            "sequence": change.sequence,
            "acc": STANDARD.encode(acc.as_bytes()),
        }))
    };
    let changes: Vec<Value> = (after.saturating_add(1)..=last).filter_map(change).collect();
    Ok(json!({ "changes": changes }))
}
