//! `/abci_query`: keys of a store with their proofs, and the contract's own answers.
//!
//! Source: Cosmos SDK `baseapp/abci.go`, `store/rootmulti`, `store/iavl`. What is refused comes with HTTP 200, height
//! "0" and no value; and a height that the node does not have, asked without a proof, comes with code 0 and no
//! value: it looks like absence, and is none.

use super::{RpcError, View, params::Params, smart};
use crate::stores::STORES;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ics23::CommitmentProof;
use prost::Message as _;
use serde_json::{Value, json};

/// What the application answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Response {
    pub(super) code: u32,
    pub(super) codespace: &'static str,
    pub(super) log: String,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) height: u64,
    pub(super) proofs: Option<(String, [CommitmentProof; 2])>,
}

impl Response {
    pub(super) fn refused(code: u32, codespace: &'static str, log: &str) -> Self {
        Self { code, codespace, log: log.into(), ..Self::default() }
    }

    fn json(&self) -> Value {
        let text = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| STANDARD.encode(bytes));
        let value = self.value.clone().filter(|value| !value.is_empty());
        let response = json!({
            "code": self.code,
            "log": self.log,
            "info": "",
            "index": "0",
            "key": text(&self.key),
            "value": text(&value),
            "proofOps": self.proof_ops(),
            "height": self.height.to_string(),
            "codespace": self.codespace,
        });
        json!({ "response": response })
    }

    fn proof_ops(&self) -> Option<Value> {
        let (store, [inner, outer]) = self.proofs.as_ref()?;
        let op = |kind: &str, key: &[u8], proof: &CommitmentProof| {
            let data = STANDARD.encode(proof.encode_to_vec());
            json!({ "type": kind, "key": STANDARD.encode(key), "data": data })
        };
        let key = self.key.as_deref().unwrap_or_default();
        let ops = [op("ics23:iavl", key, inner), op("ics23:simple", store.as_bytes(), outer)];
        Some(json!({ "ops": ops }))
    }
}

/// One question to the application.
#[derive(Clone, Debug)]
pub(super) struct Question {
    path: String,
    pub(super) data: Vec<u8>,
    /// The height asked for; the tip if it was 0.
    pub(super) height: u64,
    prove: bool,
}

pub(super) fn query(view: &View<'_>, params: &Params) -> Result<Value, RpcError> {
    let asked = params.number("height")?.unwrap_or_default();
    let Ok(asked) = u64::try_from(asked) else {
        let why = "cannot query with height < 0; please provide a valid height: invalid height";
        return Ok(Response::refused(26, "sdk", why).json());
    };
    let question = Question {
        path: params.text("path")?,
        data: params.bytes("data")?,
        height: if asked == 0 { view.tip } else { asked },
        prove: params.flag("prove")?,
    };
    let response = application(view, &question);
    Ok(if view.denies { deny(response, question.height) } else { response }.json())
}

fn application(view: &View<'_>, question: &Question) -> Response {
    let parts: Vec<&str> = question.path.split('/').collect();
    match *parts.as_slice() {
        ["", "store", store, "key"] => of_store(view, question, store),
        ["", "cosmwasm.wasm.v1.Query", "SmartContractState"] => smart::query(view, question),
        _ => Response::refused(6, "sdk", "unknown query path: unknown request"),
    }
}

fn of_store(view: &View<'_>, question: &Question, store: &str) -> Response {
    if question.prove && question.height <= 1 {
        let why = "cannot query with proof when height <= 1; please provide a valid height: invalid request";
        return Response::refused(18, "sdk", why);
    }
    if !STORES.contains(&store) {
        let why = format!("no such store: {store}: unknown request");
        return Response::refused(4, "store", &why);
    }
    let state = view.state(question.height);
    if question.prove && state.is_none() {
        let why = "proof is unexpectedly empty; ensure height has not been pruned: invalid request";
        return Response::refused(7, "store", why);
    }
    let key = Some(question.data.clone());
    let answer = Response { height: question.height, key, ..Response::default() };
    let Some((tree, state)) = state.and_then(|state| Some((state.store(store)?, state))) else {
        return Response { log: "version does not exist".into(), ..answer };
    };
    let proofs = question.prove.then(|| state.prove(store, &question.data)).flatten();
    let value = tree.get(&question.data).map(<[u8]>::to_vec);
    Response { value, proofs: proofs.map(|proofs| (store.to_owned(), proofs)), ..answer }
}

/// The same answer without what it is about.
fn deny(response: Response, height: u64) -> Response {
    Response { key: response.key, height, ..Response::default() }
}
