//! Sources of headers: at least two bodies, of which one runs no gateway (A23).

use super::{
    Finding, Judge,
    tls::{MAX_PEM, check_authority, first_certificate},
};
use crate::{
    nodes,
    settings::{Chain, Endpoint, Place, Program},
};
use gateway_types::body::MAX_EVIDENCE;
use std::collections::BTreeSet;
use toml::{Table, Value};

pub(super) fn check(judge: &mut Judge<'_>) {
    let gateways = operators_of_gateways(judge);
    for (region, chain) in judge.chains() {
        let path = format!("chain.{region}");
        let sources = chain.get("source").and_then(Value::as_array).cloned().unwrap_or_default();
        if !sources.is_empty() {
            check_operators(judge, &path, &sources, &gateways);
        }
        for (number, source) in sources.iter().enumerate() {
            check_endpoints(judge, &format!("{path}.source[{number}]"), source);
        }
    }
    check_remotes(judge);
}

/// Authorities of nodes, and whether each source could be dialled as it is written.
pub(super) fn check_files(judge: &mut Judge<'_>) {
    for (region, chain) in judge.chains() {
        check_header(judge, &format!("chain.{region}.pin"), &chain);
        let sources = chain.get("source").and_then(Value::as_array).map_or(0, Vec::len);
        for number in 0..sources {
            let path = format!("chain.{region}.source[{number}]");
            if check_roots(judge, &path) {
                check_dialled(judge, &path, &chain, number);
            }
        }
    }
}

/// Whether the file of the pinned header, if one is named, holds that header.
fn check_header(judge: &mut Judge<'_>, path: &str, chain: &Table) {
    let file = format!("{path}.header_file");
    let Ok(chain) = chain.clone().try_into::<Chain>() else { return };
    if chain.pin.header_file.is_none() {
        return;
    }
    let limit = u64::try_from(MAX_EVIDENCE).unwrap_or(u64::MAX);
    let Some(bytes) = judge.read(&file, limit) else { return };
    let client = adapter_registry::light_client(chain.kind.as_str());
    let says = match client.map(|client| client.decode_header(&bytes)) {
        None => return,
        Some(Err(_)) => "this file holds no header of a chain of this kind".to_owned(),
        Some(Ok(header)) if header.state.header_hash != chain.pin.hash => {
            format!("this file holds the header of another block, of height {}", header.height())
        }
        Some(Ok(_)) => return,
    };
    let advice = format!(
        "get that of height {} from a node, or take this out: it is fetched then",
        chain.pin.height
    );
    judge.push(Finding::error("C-112", judge.at(&file), says).advise(advice));
}

/// Whether the authorities that vouch for a source's nodes are what they should be, if there are any.
fn check_roots(judge: &mut Judge<'_>, path: &str) -> bool {
    let path = format!("{path}.roots");
    if judge.raw(&path).is_none() {
        return true;
    }
    let Some(bytes) = judge.read(&path, MAX_PEM) else { return false };
    let Some(der) = first_certificate(judge, &path, &bytes) else { return false };
    check_authority(judge, &path, &der);
    true
}

/// What the adapter refuses at the start is refused here.
fn check_dialled(judge: &mut Judge<'_>, path: &str, chain: &Table, number: usize) {
    let Ok(chain) = chain.clone().try_into::<Chain>() else { return };
    let Some(source) = chain.source.get(number) else { return };
    let Err(error) = nodes::check(judge.given.folder, &chain, source) else { return };
    let says = format!("this source cannot be dialled: {error:#}");
    // Some of it has been told of already, with what is wrong exactly.
    let place = judge.at(&format!("{path}.endpoints"));
    let line = |place: &Option<Place>| place.as_ref().map(|place| place.line);
    if judge.findings.iter().any(|it| it.is_error() && line(&it.place) == line(&place)) {
        return;
    }
    judge.push(Finding::error("C-129", place, says).advise(
        "private addresses must lie in a network of the source: networks = [\"10.1.0.0/16\"]",
    ));
}

fn operators_of_gateways(judge: &Judge<'_>) -> BTreeSet<String> {
    let own = match judge.given.program {
        Program::Gateway => judge.text("operator").map(same),
        _ => None,
    };
    let remotes = judge.remotes().into_iter().filter_map(|(_, remote)| remote.operator);
    remotes.map(|operator| same(&operator)).chain(own).collect()
}

/// One body however it is spelled: case and spaces do not make two of it (A24).
fn same(operator: &str) -> String {
    operator.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn check_operators(
    judge: &mut Judge<'_>,
    path: &str,
    sources: &[Value],
    gateways: &BTreeSet<String>,
) {
    let operators: BTreeSet<String> =
        sources.iter().filter_map(|source| Some(same(source.get("operator")?.as_str()?))).collect();
    let dev = judge.given.dev;
    if operators.len() < 2 {
        let says = format!("[{path}] has one source: whoever runs it could show what it likes");
        let finding = Finding::error("C-123", judge.at_key(&format!("{path}.source")), says)
            .advise("name a second [[source]] that another body runs   (--dev permits one)");
        // A relayer's word is proven again by all whom it brings evidence.
        judge.push(finding.unless_dev(dev || judge.given.program == Program::Relayer));
    } else if judge.given.program == Program::Regulator && operators.is_subset(gateways) {
        let says = format!("all sources of [{path}] are run by operators of gateways");
        let finding = Finding::error("C-124", judge.at_key(&format!("{path}.source")), says)
            .advise("name one [[source]] that no gateway's operator runs   (--dev permits none)");
        judge.push(finding.unless_dev(dev));
    }
}

fn check_endpoints(judge: &mut Judge<'_>, path: &str, source: &Value) {
    let endpoints = source.get("endpoints").and_then(Value::as_array).cloned().unwrap_or_default();
    let has_roots = source.get("roots").is_some();
    for (number, endpoint) in endpoints.into_iter().enumerate() {
        let Ok(endpoint) = endpoint.try_into::<Endpoint>() else { continue };
        if endpoint.tls && !has_roots {
            let says = "no authority is named that could vouch for this node";
            let place = judge.at(&format!("{path}.endpoints[{number}]"));
            judge.push(
                Finding::error("C-128", place, says)
                    .advise("write roots = \"…\": PEM, the authority of its certificate"),
            );
        }
        if !endpoint.tls && !endpoint.is_this_machine() {
            let says = "a node is asked without TLS over a network";
            let place = judge.at(&format!("{path}.endpoints[{number}]"));
            let finding = Finding::error("C-126", place, says)
                .advise("must be https://…; http:// only to this machine, 127.0.0.1 or ::1   (--dev permits it)");
            judge.push(finding.unless_dev(judge.given.dev));
        }
    }
}

/// Gateways are dialled over mutual TLS, and a regulator knows who runs them.
fn check_remotes(judge: &mut Judge<'_>) {
    let mut seen: BTreeSet<(String, String)> = BTreeSet::new();
    for (path, remote) in judge.remotes() {
        if !remote.address.tls {
            let place = judge.at(&format!("{path}.address"));
            judge.push(
                Finding::error("C-126", place, "a gateway is dialled without TLS")
                    .advise("must be https://…"),
            );
        }
        if judge.given.program == Program::Regulator && remote.operator.is_none() {
            let says = format!(
                "who runs {}'s gateway is not said: its sources count as second opinions",
                remote.region
            );
            let place = judge.at_key(&path);
            judge.push(
                Finding::error("C-125", place, says).advise("write operator = \"…\"").warning(),
            );
        }
        if !seen.insert((remote.region.to_string(), remote.name.to_string())) {
            let says = format!("{}'s {} is named twice", remote.region, remote.name);
            judge.push(Finding::error("C-127", judge.at_key(&path), says).advise("take one out"));
        }
    }
}
