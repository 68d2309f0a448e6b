//! What settings mean: committees that could be outvoted, sources that are one, files that are not what they must be.

mod bounds;
mod committees;
mod files;
mod keys;
mod lanes;
mod lists;
mod sources;
mod store;
mod tls;
mod trust;

pub(crate) use lanes::load_pack;

use super::{
    check::Given,
    finding::Finding,
    place::{Place, Places},
    schema::Program,
};
use gateway_types::{Jurisdiction, LaneId, Name};
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, path::PathBuf};
use toml::{Table, Value};

/// Judges what could be read; what could not has been told of already.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    given: &'a Given<'a>,
    places: &'a Places<'a>,
    kept: &'a Table,
    findings: Vec<Finding>,
}

/// What needs no file but the settings.
pub(super) fn settings(judge: &mut Judge<'_>) {
    committees::check(judge);
    sources::check(judge);
    bounds::check(judge);
}

/// What the files say that the settings name.
pub(super) fn files(judge: &mut Judge<'_>) {
    tls::check(judge);
    sources::check_files(judge);
    store::check(judge);
    let lanes = lanes::check(judge);
    keys::check(judge, &lanes);
    trust::check(judge);
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        given: &'a Given<'a>,
        places: &'a Places<'a>,
        kept: &'a Table,
        findings: Vec<Finding>,
    ) -> Self {
        Self { given, places, kept, findings }
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The value at a path of names, such as `tls.key_file` or `chain.CN-GD.source[0].roots`.
    fn raw(&self, path: &str) -> Option<&'a Value> {
        let mut value: Option<&'a Value> = None;
        for part in path.split('.') {
            let (name, number) = match part.split_once('[') {
                Some((name, number)) => (name, Some(number.strip_suffix(']')?.parse().ok()?)),
                None => (part, None),
            };
            let named = match value {
                None => self.kept.get(name),
                Some(within) => within.get(name),
            };
            value = match number {
                None => named,
                Some(number) => named?.get::<usize>(number),
            };
            value?;
        }
        value
    }

    fn value<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        self.raw(path)?.clone().try_into().ok()
    }

    fn text(&self, path: &str) -> Option<&'a str> {
        self.raw(path)?.as_str()
    }

    /// A path that is said, from the settings' folder.
    fn path(&self, path: &str) -> Option<PathBuf> {
        Some(self.given.folder.join(self.text(path)?))
    }

    fn at(&self, path: &str) -> Option<Place> {
        self.places.value(path)
    }

    fn at_key(&self, path: &str) -> Option<Place> {
        self.places.key(path)
    }

    /// The place of a value, if the file says it: what a variable or a flag says stands in no line.
    fn at_said(&self, path: &str) -> Option<Place> {
        if self.given.over.origin(path).is_some() { None } else { self.at(path) }
    }

    /// Whether it is known who this program is, and nothing speaks against it: else it is no wonder that no lane names
    /// it.
    fn is_itself(&self) -> bool {
        let is_known = self.region().is_some() && self.name().is_some();
        is_known && !self.findings.iter().any(|it| it.code == "C-150")
    }

    fn region(&self) -> Option<Jurisdiction> {
        self.value("region")
    }

    fn name(&self) -> Option<Name> {
        self.value("name")
    }

    fn lanes(&self) -> Vec<LaneId> {
        let lanes: Vec<Table> = self.value("lane").unwrap_or_default();
        lanes.iter().filter_map(|lane| lane.get("name")?.clone().try_into().ok()).collect()
    }

    /// Under which name the programs stand that it dials.
    fn remotes_name(&self) -> &'static str {
        match self.given.program {
            Program::Gateway => "peer",
            Program::Relayer | Program::Platform => "gateway",
            Program::Regulator => "leader",
        }
    }

    /// The programs that it dials, each with its path.
    fn remotes(&self) -> Vec<(String, super::Remote)> {
        let name = self.remotes_name();
        if self.given.program == Program::Platform {
            return self.value(name).map(|remote| (name.to_owned(), remote)).into_iter().collect();
        }
        let remotes: Vec<Table> = self.value(name).unwrap_or_default();
        let remotes = remotes.into_iter().enumerate();
        let read = |(number, remote): (usize, Table)| {
            Some((format!("{name}[{number}]"), remote.try_into().ok()?))
        };
        remotes.filter_map(read).collect()
    }

    fn chains(&self) -> BTreeMap<String, Table> {
        self.value("chain").unwrap_or_default()
    }
}
