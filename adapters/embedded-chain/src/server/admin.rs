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
use crate::{Behaviour, example::example_licence, rpc::Reply};
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

/// Carries out one order.
pub(super) fn answer(shared: &Shared, path: &str, body: &[u8]) -> Reply {
    let done = match path {
        "/admin/issue" => read(body).and_then(|order| issue(shared, &order)),
        "/admin/status" => read(body).and_then(|Status { key, code }| {
            shared.world().chain.set_status(&key, code).map_err(|error| error.to_string())
        }),
        "/admin/validators" => read(body).and_then(|Validators { powers }| {
            shared.world().chain.change_validators(&powers).map_err(|error| error.to_string())
        }),
        "/admin/misbehave" => read(body).and_then(|order| misbehave(shared, &order)),
        "/admin/block" => read(body).map(|Nothing {}| {
            shared.produce_block();
        }),
        _ => return Reply { status: 404, body: String::new() },
    };
    match done {
        Ok(()) => reply(200, &json!({ "tip": shared.world().chain.tip() })),
        Err(error) => reply(400, &json!({ "error": error })),
    }
}

fn issue(shared: &Shared, order: &Issue) -> Result<(), String> {
    let (key, digest) = match order {
        Issue::Record { key, digest } => (*key, *digest),
        Issue::Example { region, n } => {
            let licence = example_licence(region, *n).map_err(|error| error.to_string())?;
            (licence.key, licence.issued.digest())
        }
    };
    shared.world().chain.issue(&key, digest).map_err(|error| error.to_string())
}

fn misbehave(shared: &Shared, order: &Misbehave) -> Result<(), String> {
    let there = shared.world().set_behaviour(order.node, order.behaviour);
    if there { Ok(()) } else { Err(format!("no node {}", order.node)) }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply { status, body: body.to_string() }
}
