//! Orders to the chain, for the demonstration: small JSON by `POST`.
//!
//! | path | body |
//! |---|---|
//! | `/admin/issue` | `{"key": hex, "digest": hex}`, or `{"region": "CN-GD", "n": 1}` for an example licence |
//! | `/admin/status` | `{"key": hex, "code": "07"}` |
//! | `/admin/validators` | `{"powers": [100, 100, 150, 100]}` |
//! | `/admin/misbehave` | `{"node": 0, "behaviour": "silent"}` |
//! | `/admin/block` | `{}`: makes a block now |
//!
//! The answer is `{"tip": height}`, what was ordered being in the next block; or `{"error": text}`.

use super::Shared;
use crate::{Behaviour, ExampleError, PutError, SetError, example_licence, rpc::Reply};
use gateway_types::{Digest, LicenceKey, id::Jurisdiction, registry::SourceCode};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Issue {
    Record { key: LicenceKey, digest: Digest },
    Example { region: Jurisdiction, n: u32 },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Status {
    key: LicenceKey,
    code: SourceCode,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Validators {
    powers: Vec<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Misbehave {
    node: usize,
    behaviour: Behaviour,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Why an order is not carried out: its words are the answer.
#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error("not such an order: {0}")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Put(#[from] PutError),
    #[error(transparent)]
    Set(#[from] SetError),
    #[error(transparent)]
    Example(#[from] ExampleError),
    #[error("no node {node}")]
    NoNode { node: usize },
}

/// Carries out one order.
pub(super) fn answer(shared: &Shared, path: &str, body: &[u8]) -> Reply {
    let done = match path {
        "/admin/issue" => read(body).and_then(|order| issue(shared, &order)),
        "/admin/status" => read(body)
            .and_then(|Status { key, code }| Ok(shared.world().chain.set_status(&key, code)?)),
        "/admin/validators" => read(body).and_then(|Validators { powers }| {
            Ok(shared.world().chain.change_validators(&powers)?)
        }),
        "/admin/misbehave" => read(body).and_then(|order| misbehave(shared, &order)),
        "/admin/block" => read(body).map(|Nothing {}| {
            shared.produce_block();
        }),
        _ => return Reply { status: 404, body: String::new() },
    };
    match done {
        Ok(()) => reply(200, &json!({ "tip": shared.world().chain.tip() })),
        Err(error) => reply(400, &json!({ "error": error.to_string() })),
    }
}

fn issue(shared: &Shared, order: &Issue) -> Result<(), OrderError> {
    let (key, digest) = match order {
        Issue::Record { key, digest } => (*key, *digest),
        Issue::Example { region, n } => {
            let licence = example_licence(region, *n)?;
            (licence.key, licence.issued.digest())
        }
    };
    Ok(shared.world().chain.issue(&key, digest)?)
}

fn misbehave(shared: &Shared, order: &Misbehave) -> Result<(), OrderError> {
    let there = shared.world().set_behaviour(order.node, order.behaviour);
    if there { Ok(()) } else { Err(OrderError::NoNode { node: order.node }) }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, OrderError> {
    Ok(serde_json::from_slice(body)?)
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply { status, body: body.to_string() }
}
