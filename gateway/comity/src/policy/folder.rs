//! Reads a pack's folder: the only place where `comity policy` meets the disk.

use comity::bounded::read_text;
use gateway_types::Jurisdiction;
use policy_engine::{Pack, PackErrors};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// Most files that are read from one folder.
const MAX_FILES: usize = 256;

/// Greatest file that is read, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024;

/// Greatest file of facts, in bytes; a real one has about 1 KiB.
const MAX_FACTS: u64 = 64 * 1024;

/// A folder's texts, by their names in it: `pack.toml`, `cases/consent.toml`.
pub(super) type Files = BTreeMap<String, String>;

/// Why nothing could be read: the user names another file or folder.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unusable {
    /// No folder with a pack in it.
    #[error("{}: {source}. A pack's folder holds pack.toml, issuers.toml and *.cedar", path.display())]
    Folder { path: PathBuf, source: io::Error },
    /// No pack of a region where packs lie.
    #[error("no pack of {region} at {}: {source}. Say where the regions' packs lie: --packs FOLDER", path.display())]
    Region { path: PathBuf, region: String, source: io::Error },
    /// A file that cannot be read.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// The facts are no facts.
    #[error("{}:{line}:{column} {what}. Write all facts of one question, each once, as in policies/facts.json", path.display())]
    Facts { path: PathBuf, line: usize, column: usize, what: String },
    /// The pack is of another region than was asked for.
    #[error("{}: the pack there is of {got}, not of {wanted}", path.display())]
    OtherRegion { path: PathBuf, wanted: String, got: String },
    /// The pack is on neither side of the facts' lane.
    #[error("{0}. Name another with --pack")]
    NotConcerned(#[from] policy_engine::explain::NotConcerned),
}

impl Unusable {
    /// The same, for a folder that was looked for by its region's name.
    pub(super) fn of_region(self, region: Option<&Jurisdiction>) -> Self {
        match (self, region) {
            (Self::Folder { path, source }, Some(region)) => {
                Self::Region { path, region: region.to_string(), source }
            }
            (other, _) => other,
        }
    }
}

/// A folder's pack, loaded or refused, and its texts.
pub(super) struct Read {
    pub(super) files: Files,
    pub(super) pack: Result<Pack, PackErrors>,
}

/// Reads the pack in `folder`.
pub(super) fn read(folder: &Path) -> Result<Read, Unusable> {
    let of_folder = |source| Unusable::Folder { path: folder.into(), source };
    let mut files = Files::new();
    read_texts(folder, "", &mut files).map_err(of_folder)?;
    if !files.keys().any(|name| name == "pack.toml" || name.ends_with(".cedar")) {
        return Err(of_folder(io::Error::other("no pack in this folder")));
    }
    let cases = folder.join("cases");
    if cases.is_dir() {
        let of_cases = |source| Unusable::File { path: cases.clone(), source };
        read_texts(&cases, "cases/", &mut files).map_err(of_cases)?;
    }
    Ok(Read::of(files))
}

impl Read {
    /// Loads the pack that these texts are; cases are no part of it.
    pub(super) fn of(files: Files) -> Self {
        let rules = files.iter().filter(|(name, _)| !name.starts_with("cases/"));
        let rules: Files = rules.map(|(name, text)| (name.clone(), text.clone())).collect();
        Self { pack: Pack::load(&rules), files }
    }
}

/// Adds the `*.toml` and `*.cedar` of one folder, without those below it.
fn read_texts(folder: &Path, prefix: &str, files: &mut Files) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_ours = path.extension().is_some_and(|end| end == "toml" || end == "cedar");
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|_| is_ours && path.is_file()) {
            if files.len() >= MAX_FILES {
                return Err(io::Error::other("more than 256 files"));
            }
            let named = |error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
            files.insert(format!("{prefix}{name}"), read_text(&path, MAX_FILE).map_err(named)?);
        }
    }
    Ok(())
}

/// Reads the facts of one question: an object whose members are all known, and each there once (A96).
pub(super) fn read_facts(path: &Path) -> Result<gateway_types::facts::Facts, Unusable> {
    let of_file = |source| Unusable::File { path: path.into(), source };
    parse_facts(path, &read_text(path, MAX_FACTS).map_err(of_file)?)
}

pub(super) fn parse_facts(
    path: &Path,
    text: &str,
) -> Result<gateway_types::facts::Facts, Unusable> {
    serde_json::from_str(text).map_err(|error| Unusable::Facts {
        path: path.into(),
        line: error.line(),
        column: error.column(),
        what: error.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
    })
}
