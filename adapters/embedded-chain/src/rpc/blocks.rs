//! `/status`, `/commit`, `/validators`.

use super::{RpcError, View, params::Params};
use crate::{json, merkle::sha256, validators::Validator};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

/// Most validators on a page, and how many if it is not said. Source: `CometBFT` `rpc/core/env.go`.
const MAX_PER_PAGE: usize = 100;
const DEFAULT_PER_PAGE: usize = 30;

pub(super) fn status(view: &View<'_>) -> Value {
    let at = |height: u64, which: &str| {
        let block = view.chain.block(height);
        let hash = block.map(|block| block.commit.block_id.hash).unwrap_or_default();
        let app_hash = block.map(|block| block.header.app_hash).unwrap_or_default();
        let time = block.map(|block| json::time(block.header.time)).unwrap_or_default();
        [
            (format!("{which}_block_hash"), json!(json::upper(&hash))),
            (format!("{which}_app_hash"), json!(json::upper(&app_hash))),
            (format!("{which}_block_height"), json!(height.to_string())),
            (format!("{which}_block_time"), json!(time)),
        ]
    };
    let mut sync: serde_json::Map<String, Value> =
        at(view.tip, "latest").into_iter().chain(at(view.oldest, "earliest")).collect();
    sync.insert("catching_up".into(), json!(false));
    json!({ "node_info": node_info(view), "sync_info": sync, "validator_info": validator(view) })
}

fn node_info(view: &View<'_>) -> Value {
    let name = format!("node{}", view.node);
    let id = sha256(format!("comity embedded {name} {}", view.chain.id()).as_bytes());
    json!({
        "protocol_version": { "p2p": "8", "block": "11", "app": "0" },
        "id": hex::encode(id.get(..20).unwrap_or_default()),
        "listen_addr": "tcp://0.0.0.0:26656",
        "network": view.chain.id().as_str(),
        "version": "0.39.0",
        "channels": "40202122233038606100",
        "moniker": name,
        "other": { "tx_index": "on", "rpc_address": "tcp://127.0.0.1:26657" },
    })
}

/// The node's own validator: that of its number.
fn validator(view: &View<'_>) -> Value {
    let set = view.chain.set(view.tip);
    let own = set.and_then(|set| set.validators.iter().find(|own| own.number == view.node));
    own.map_or(Value::Null, |own| {
        json!({
            "address": json::upper(&own.address),
            "pub_key": {
                "type": "tendermint/PubKeyEd25519",
                "value": STANDARD.encode(own.public),
            },
            "voting_power": own.power.to_string(),
        })
    })
}

pub(super) fn commit(view: &View<'_>, params: &Params) -> Result<Value, RpcError> {
    let height = height(view, params, view.tip)?;
    let block = view.chain.block(height).ok_or_else(|| not_available(view, height))?;
    let canonical = height != view.tip;
    Ok(json!({ "signed_header": json::signed_header(block), "canonical": canonical }))
}

pub(super) fn validators(view: &View<'_>, params: &Params) -> Result<Value, RpcError> {
    // The set after the tip is known.
    let height = height(view, params, view.tip.saturating_add(1))?;
    let set = view.chain.set(height).ok_or_else(|| not_available(view, height))?;
    let (page, per_page) = page(params, set.validators.len())?;
    let shown: Vec<Validator> =
        set.validators.chunks(per_page).nth(page.saturating_sub(1)).unwrap_or_default().to_vec();
    Ok(json!({
        "block_height": height.to_string(),
        "validators": json::validators(&shown),
        "count": shown.len().to_string(),
        "total": set.validators.len().to_string(),
    }))
}

/// The height that is asked for, the newest if none is. Source: `getHeight`.
fn height(view: &View<'_>, params: &Params, newest: u64) -> Result<u64, RpcError> {
    let Some(asked) = params.number("height")? else { return Ok(view.tip) };
    let height = u64::try_from(asked).unwrap_or_default();
    if height == 0 {
        let why = format!("height must be greater than 0, but got {asked}");
        return Err(RpcError::internal(why));
    }
    if height > newest {
        return Err(RpcError::internal(format!(
            "height {height} must be less than or equal to the current blockchain height {newest}"
        )));
    }
    if height < view.oldest { Err(not_available(view, height)) } else { Ok(height) }
}

fn not_available(view: &View<'_>, height: u64) -> RpcError {
    let oldest = view.oldest;
    RpcError::internal(format!("height {height} is not available, lowest height is {oldest}"))
}

/// Page, the first being 1, and how many are on it. Source: `validatePage`, `validatePerPage`.
fn page(params: &Params, total: usize) -> Result<(usize, usize), RpcError> {
    let number = |name| Ok(params.number(name)?.and_then(|n| usize::try_from(n).ok()));
    let per_page = match number("per_page")? {
        None | Some(0) => DEFAULT_PER_PAGE,
        Some(asked) => asked.min(MAX_PER_PAGE),
    };
    let pages = total.div_ceil(per_page).max(1);
    let page = params.number("page")?.unwrap_or(1);
    match usize::try_from(page) {
        Ok(page) if (1..=pages).contains(&page) => Ok((page, per_page)),
        _ => Err(RpcError::internal(format!(
            "page should be within [1, {pages}] range, given {page}"
        ))),
    }
}
