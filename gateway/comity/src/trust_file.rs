//! Reading a trust file: what a user is told of one that is of no use.

use crate::bounded;
use certificate::{Trust, TrustError, read::BadFile};
use gateway_types::Jurisdiction;
use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
};

/// A trust file that is of no use.
#[derive(Debug, thiserror::Error)]
pub enum BadTrust {
    /// It cannot be read.
    #[error("{}: {source}. {GET}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is none.
    #[error("{} is no trust file: {}. {GET}", path.display(), why(source))]
    None {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Box<TrustError>,
    },
    /// It is one, and says nothing of the lanes that are asked about.
    #[error("{} names no committees for {from} → {to}, only for {known}. {GET}", path.display())]
    OtherLane {
        /// Which.
        path: PathBuf,
        /// Where a licence was issued.
        from: Jurisdiction,
        /// Where it is to count.
        to: Jurisdiction,
        /// The lanes that it knows, for people.
        known: String,
    },
}

/// What to do.
const GET: &str = "Get the trust file that both regions published, and compare it: --trust FILE";

/// Longest trust file, in bytes.
pub const MAX_TRUST: u64 = 4 * 1024 * 1024;

/// Reads a trust file.
///
/// # Errors
///
/// [`BadTrust`], for people.
pub fn read(path: &Path) -> Result<Trust, BadTrust> {
    let bytes = bounded::begin(path, MAX_TRUST)
        .map_err(|source| BadTrust::File { path: path.to_owned(), source })?;
    Trust::read(&bytes)
        .map_err(|source| BadTrust::None { path: path.to_owned(), source: source.into() })
}

/// Checks that a trust file says whose keys count from one region to another.
///
/// # Errors
///
/// [`BadTrust::OtherLane`].
pub fn check_lane(
    trust: &Trust,
    path: &Path,
    from: &Jurisdiction,
    to: &Jurisdiction,
) -> Result<(), BadTrust> {
    let lanes = trust.lanes().map(|lane| &lane.origin().lane);
    let ends: BTreeSet<_> = lanes.map(|lane| (&lane.source, &lane.destination)).collect();
    if ends.contains(&(from, to)) {
        return Ok(());
    }
    let known: Vec<String> = ends.iter().map(|(from, to)| format!("{from} → {to}")).collect();
    Err(BadTrust::OtherLane {
        path: path.to_owned(),
        from: from.clone(),
        to: to.clone(),
        known: if known.is_empty() { "no lane at all".to_owned() } else { known.join(", ") },
    })
}

/// Why a file is no trust file, in a few plain words.
#[must_use]
pub fn why(error: &TrustError) -> String {
    let TrustError::File(file) = error else { return error.to_string() };
    match file {
        BadFile::Json(error) if !error.is_data() => "it is not JSON, or not all of it".to_owned(),
        BadFile::NotAnObject => "it is not JSON, or no object of it".to_owned(),
        BadFile::Json(_) | BadFile::OtherForm => {
            "it is JSON, and has not the members that a trust file has".to_owned()
        }
        other => other.to_string(),
    }
}
