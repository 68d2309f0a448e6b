//! Lanes: genesis files, and what the rest of the settings must be so that they can run.

use super::{Finding, Judge, tls::day};
use crate::{
    bounded,
    genesis::{LaneStart, MAX_GENESIS},
    settings::{Expected, Pin, Program},
    typed,
};
use gateway_types::{
    Jurisdiction, LaneId,
    entry::{CommitteeKeys, PackEntry},
    id::Deployment,
};
use policy_engine::Pack;
use std::{collections::BTreeMap, fs, path::Path};
use toml::{Table, Value};

/// So long before their end keys are spoken of, in milliseconds: 60 days.
const SOON_MS: u64 = 60 * 24 * 3_600_000;

/// Most bytes of a pack's file.
const MAX_PACK_FILE: u64 = 4 * 1024 * 1024;

/// Checks every lane; gives those whose genesis could be read, with their paths.
pub(super) fn check(judge: &mut Judge<'_>) -> Vec<(String, LaneStart)> {
    let count = judge.raw("lane").and_then(Value::as_array).map_or(0, Vec::len);
    let mut starts = Vec::new();
    for number in 0..count {
        let path = format!("lane[{number}]");
        let Some(start) = read(judge, number, &path) else { continue };
        check_origin(judge, number, &path, &start);
        check_committees(judge, &path, &start);
        check_chain(judge, &path, &start);
        check_leaders(judge, &path, &start);
        for pack in &start.packs {
            check_pack(judge, &path, pack);
        }
        starts.push((path, start));
    }
    starts
}

fn read(judge: &mut Judge<'_>, number: usize, path: &str) -> Option<LaneStart> {
    let lanes: Vec<Table> = judge.value("lane")?;
    let file = judge.given.folder.join(lanes.get(number)?.get("genesis")?.as_str()?);
    let place = judge.at(&format!("{path}.genesis"));
    let finding = match bounded::read(&file, MAX_GENESIS).map(|bytes| LaneStart::read(&bytes)) {
        Ok(Ok(start)) => return Some(start),
        Ok(Err(error)) => {
            Finding::error("C-160", place, format!("the genesis file is refused: {error}"))
                .advise("get the file that the lane's parties agreed on")
        }
        Err(error) => Finding::error("C-110", place, format!("this file cannot be read: {error}"))
            .advise(format!("looked for at {}", file.display())),
    };
    judge.push(finding);
    None
}

fn check_origin(judge: &mut Judge<'_>, number: usize, path: &str, start: &LaneStart) {
    let lane: Option<LaneId> = judge.lanes().get(number).cloned();
    let deployment: Option<Deployment> = judge.value("deployment");
    let here = lane == Some(start.origin.lane.clone())
        && deployment.as_ref() == Some(&start.origin.deployment);
    if !here {
        let says = format!("the genesis file is that of {}", start.origin);
        let place = judge.at(&format!("{path}.genesis"));
        judge.push(
            Finding::error("C-161", place, says)
                .advise("name the file of this lane, in this deployment"),
        );
    }
    let own = judge.region();
    let is_end = |own: &Jurisdiction| {
        *own == start.origin.lane.source || *own == start.origin.lane.destination
    };
    if let Some(own) = own.filter(|own| !is_end(own)) {
        let says = format!("{own} is no end of this lane");
        judge.push(
            Finding::error("C-162", judge.at(&format!("{path}.name")), says).advise("take it out"),
        );
    }
}

fn check_committees(judge: &mut Judge<'_>, path: &str, start: &LaneStart) {
    let entry = start.keys.entry();
    for committee in entry.committees.iter() {
        check_expected(judge, committee);
        check_operators(judge, path, committee);
    }
    let Some(end) = entry.keys_end() else { return };
    let now = judge.given.now;
    let place = judge.at(&format!("{path}.genesis"));
    if now >= end {
        let says = format!("the committees' keys ended on {}", day(end));
        judge.push(
            Finding::error("C-168", place, says).advise("a new epoch is needed: hold the ceremony"),
        );
    } else if end.0.saturating_sub(now.0) < SOON_MS {
        let says = format!("the committees' keys end on {}", day(end));
        judge.push(
            Finding::error("C-168", place, says)
                .advise("hold the ceremony for a new epoch")
                .warning(),
        );
    }
}

/// What the operator expects is what its parties agreed on.
fn check_expected(judge: &mut Judge<'_>, committee: &CommitteeKeys) {
    let path = format!("committee.{}", committee.region);
    let Some(expected) = judge.value::<Expected>(&path) else { return };
    let size = committee.size;
    let numbers = [
        ("members", expected.members, size.n()),
        ("threshold", expected.threshold, size.t()),
        ("dishonest", expected.dishonest, size.f()),
    ];
    for (key, expected, is) in numbers {
        if expected != is {
            let says = format!("{}: the lane's first entry says {key} = {is}", committee.region);
            let place = judge.at(&format!("{path}.{key}"));
            judge.push(
                Finding::error("C-132", place, says)
                    .advise(format!("must be {is}, or the genesis file is another lane's")),
            );
        }
    }
}

/// No body runs more members than may be dishonest (A51).
fn check_operators(judge: &mut Judge<'_>, path: &str, committee: &CommitteeKeys) {
    let mut run: BTreeMap<&str, usize> = BTreeMap::new();
    for member in committee.members.iter() {
        let count = run.entry(member.organisation.as_str()).or_default();
        *count = count.saturating_add(1);
    }
    let f = usize::from(committee.size.f());
    for (operator, count) in run.into_iter().filter(|(_, count)| *count > f) {
        let says = format!(
            "{}: {operator} runs {count} members, and only {f} may be dishonest",
            committee.region
        );
        let place = judge.at(&format!("{path}.genesis"));
        let finding = Finding::error("C-133", place, says).advise(
            "each office runs its own node: hold the ceremony with others   (--dev permits it)",
        );
        judge.push(finding.unless_dev(judge.given.dev));
    }
}

/// The source's chain is told of, with the pin that the parties agreed on.
fn check_chain(judge: &mut Judge<'_>, path: &str, start: &LaneStart) {
    let region = &start.origin.lane.source;
    let Some(chain) = judge.chains().remove(region.as_str()) else {
        let says = format!("this lane needs the chain of {region}");
        judge.push(
            Finding::error("C-165", judge.at(&format!("{path}.name")), says)
                .advise(format!("write [chain.{region}]")),
        );
        return;
    };
    let pin = &start.pin;
    let said: Option<Pin> = chain.get("pin").and_then(|pin| pin.clone().try_into().ok());
    if let Some(said) = said
        && (said.height, said.hash, said.validators)
            != (pin.height, pin.header_hash, pin.validators_hash)
    {
        let says = format!(
            "the parties agreed on another pin of {region}: height {}, hash {}",
            pin.height, pin.header_hash
        );
        let place = judge.at_key(&format!("chain.{region}.pin"));
        judge.push(
            Finding::error("C-134", place, says)
                .advise("compare both with a source of your own; one is wrong"),
        );
    }
    let agreed = [
        ("id", pin.chain.to_string()),
        ("kind", pin.kind.to_string()),
        ("registry", hex::encode(&*pin.registry)),
    ];
    for (key, agreed) in agreed {
        let said = chain.get(key).and_then(Value::as_str);
        if said.is_some_and(|said| !said.eq_ignore_ascii_case(&agreed)) {
            let place = judge.at(&format!("chain.{region}.{key}"));
            let says = format!("the parties agreed on another {key} of {region}");
            judge
                .push(Finding::error("C-134", place, says).advise(format!("must be \"{agreed}\"")));
        }
    }
}

/// Every leader is dialled; a gateway is one itself.
fn check_leaders(judge: &mut Judge<'_>, path: &str, start: &LaneStart) {
    if !judge.is_itself() {
        return;
    }
    let (list, remotes) = (judge.remotes_name(), judge.remotes());
    let (own, name) = (judge.region(), judge.name());
    let mut leads = false;
    for leader in start.keys.entry().leaders.iter() {
        if own.as_ref() == Some(&leader.region) && name.as_ref() == Some(&leader.name) {
            leads = true;
        } else if !remotes
            .iter()
            .any(|(_, it)| it.region == leader.region && it.name == leader.name)
        {
            let says =
                format!("{}'s {} leads this lane and is not named", leader.region, leader.name);
            let place = judge.at(&format!("{path}.name"));
            judge.push(Finding::error("C-166", place, says).advise(format!("write [[{list}]]")));
        }
    }
    if judge.given.program == Program::Gateway && !leads {
        let says = "this gateway is none of the lane's leaders";
        let place = judge.at(&format!("{path}.name"));
        judge.push(
            Finding::error("C-167", place, says)
                .advise("region and name must be as in the lane's first entry"),
        );
    }
}

fn check_pack(judge: &mut Judge<'_>, path: &str, agreed: &PackEntry) {
    let Some(folder) = judge.path("packs.folder") else { return };
    let folder = folder.join(agreed.region().as_str().to_ascii_lowercase());
    let place = judge.at("packs.folder");
    let finding = match load_pack(&folder) {
        Err(why) => Finding::error(
            "C-163",
            place,
            format!("the pack of {} cannot be used: {why}", agreed.region()),
        )
        .advise(format!("{} policy check {}", typed::program(), typed::path(&folder))),
        Ok(pack) if pack.reference() != &agreed.pack => {
            let says = format!(
                "the pack of {} is not the one that the lane begins with, {}",
                agreed.region(),
                agreed.version()
            );
            let lane =
                judge.at(&format!("{path}.name")).map(|place| place.line).unwrap_or_default();
            Finding::error("C-164", place, says).advise(format!(
                "get that version, digest {} (the lane in line {lane})",
                agreed.pack.digest
            ))
        }
        Ok(_) => return,
    };
    judge.push(finding);
}

/// Loads the pack in a folder: its `*.toml` and `*.cedar`.
///
/// # Errors
///
/// What is wrong with it, for people.
pub(crate) fn load_pack(folder: &Path) -> Result<Pack, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let ours = path.extension().is_some_and(|end| end == "toml" || end == "cedar");
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|_| ours && path.is_file()) {
            let text = bounded::read_text(&path, MAX_PACK_FILE);
            files.insert(name.to_owned(), text.map_err(|error| format!("{name}: {error}"))?);
        }
    }
    Pack::load(&files).map_err(|errors| errors.to_string())
}
