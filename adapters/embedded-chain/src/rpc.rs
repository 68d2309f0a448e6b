//! The paths of a node's RPC, and the answers in its JSON.
//!
//! Source: `CometBFT` 0.38 and 0.39 `rpc/core`; the recorded answers of wasmd 0.70 in `tests/vectors/wasmd/recorded`.

mod abci;
mod blocks;
mod params;
mod smart;

use crate::{Chain, stores::Stores};
use params::Params;
use serde_json::{Value, json};

/// What a node has, and what it shows of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) chain: &'a Chain,
    /// Which of the chain's nodes: its name follows from it.
    pub(crate) node: usize,
    /// The newest height that it has.
    pub(crate) tip: u64,
    /// The oldest one.
    pub(crate) oldest: u64,
    /// Questions about the state are answered as of this height, whatever they ask.
    pub(crate) state_of: Option<u64>,
    /// Questions about the state are answered by *nothing there*, without a proof.
    pub(crate) denies: bool,
}

impl<'a> View<'a> {
    /// The state after the block at `height`, as the node shows it; nothing if it does not have it.
    fn state(&self, height: u64) -> Option<&'a Stores> {
        let there = (self.oldest..=self.tip).contains(&height);
        let height = self.state_of.map_or(height, |of| of.min(height));
        there.then(|| self.chain.state(height)).flatten()
    }
}

/// An answer over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// An error of the RPC itself: HTTP 500.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RpcError {
    code: i32,
    message: &'static str,
    data: String,
}

impl RpcError {
    fn internal(data: String) -> Self {
        Self { code: -32603, message: "Internal error", data }
    }

    fn params(why: &str) -> Self {
        let data = format!("error converting http params to arguments: {why}");
        Self { code: -32602, message: "Invalid params", data }
    }
}

/// Answers one `GET`.
pub(crate) fn answer(view: &View<'_>, path: &str, query: &str) -> Reply {
    let params = Params::read(query);
    let result = match path {
        "/health" => Ok(json!({})),
        "/status" => Ok(blocks::status(view)),
        "/commit" => blocks::commit(view, &params),
        "/validators" => blocks::validators(view, &params),
        "/abci_query" => abci::query(view, &params),
        _ => return Reply { status: 404, body: "404 page not found\n".into() },
    };
    match result {
        Ok(result) => reply(200, json!({ "jsonrpc": "2.0", "id": -1, "result": result })),
        Err(RpcError { code, message, data }) => {
            let error = json!({ "code": code, "message": message, "data": data });
            reply(500, json!({ "jsonrpc": "2.0", "id": -1, "error": error }))
        }
    }
}

/// What is no answer of a node: one of several kinds, in turn.
pub(crate) fn rubbish(turn: u64) -> Reply {
    let body = match turn % 4 {
        0 => "<html><body>502 Bad Gateway</body></html>",
        1 => r#"{"jsonrpc":"2.0","id":-1,"result":{"#,
        2 => {
            r#"{"jsonrpc":"2.0","id":-1,"result":{"response":7,"signed_header":[],"sync_info":null}}"#
        }
        _ => "",
    };
    Reply { status: 200, body: body.into() }
}

#[expect(clippy::needless_pass_by_value, reason = "made where it is passed")]
fn reply(status: u16, body: Value) -> Reply {
    Reply { status, body: body.to_string() }
}

#[cfg(test)]
mod tests;
