//! What settings mean: committees that could be outvoted, sources that are one, files that are not what they must be.

mod committees;
mod files;
mod keys;
mod lanes;
mod sources;
mod tls;

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
}

/// What the files say that the settings name.
pub(super) fn files(judge: &mut Judge<'_>) {
    tls::check(judge);
    let lanes = lanes::check(judge);
    keys::check(judge, &lanes);
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

    /// The value at a path of names, such as `tls.key_file`.
    fn raw(&self, path: &str) -> Option<&'a Value> {
        let mut parts = path.split('.');
        let mut value = self.kept.get(parts.next()?)?;
        for part in parts {
            value = value.get(part)?;
        }
        Some(value)
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

    /// The programs under `[[peer]]`, `[[leader]]` or `[[gateway]]`, with their places in the list.
    fn remotes(&self) -> (&'static str, Vec<super::Remote>) {
        let list = match self.given.program {
            Program::Gateway => "peer",
            Program::Relayer => "gateway",
            Program::Regulator => "leader",
        };
        let remotes: Vec<Table> = self.value(list).unwrap_or_default();
        (list, remotes.into_iter().filter_map(|remote| remote.try_into().ok()).collect())
    }

    fn chains(&self) -> BTreeMap<String, Table> {
        self.value("chain").unwrap_or_default()
    }
}
