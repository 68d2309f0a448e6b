//! Certificate, status and trust files: read once, strictly.

use gateway_types::certificate::{Certificate, MAX_FILE, StatusFile, TrustFile};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// The one version of the three files.
pub const FILE_VERSION: u32 = 1;

const CERTIFICATE: &str = "a certificate";
const STATUS_FILE: &str = "a status file";
const TRUST_FILE: &str = "a trust file";

/// Reads a certificate, at most [`MAX_FILE`] bytes.
///
/// What comes back is what somebody wrote, nothing more.
/// Source: `formats`, section 5. Trust: anybody may have written `bytes`.
///
/// # Errors
///
/// [`BadFile`], with the place.
pub fn read_certificate(bytes: &[u8]) -> Result<Certificate, BadFile> {
    let file: Certificate = read(bytes, CERTIFICATE)?;
    of_version(file.v)?;
    Ok(file)
}

/// Reads a status file, at most [`MAX_FILE`] bytes. As [`read_certificate`].
///
/// # Errors
///
/// [`BadFile`], with the place.
pub fn read_status(bytes: &[u8]) -> Result<StatusFile, BadFile> {
    let file: StatusFile = read(bytes, STATUS_FILE)?;
    of_version(file.v)?;
    Ok(file)
}

/// Reads a trust file, at most [`MAX_FILE`] bytes. As [`read_certificate`].
///
/// # Errors
///
/// [`BadFile`], with the place.
pub(crate) fn read_trust(bytes: &[u8]) -> Result<TrustFile, BadFile> {
    let file: TrustFile = read(bytes, TRUST_FILE)?;
    of_version(file.v)?;
    Ok(file)
}

/// The file's text: two spaces a level, a line feed at the end.
#[must_use]
pub fn write<T: Serialize>(file: &T) -> String {
    // Writing our own file types into memory cannot fail: no map keys, no fallible serializer.
    let mut text = serde_json::to_string_pretty(file).unwrap_or_default();
    text.push('\n');
    text
}

/// Reads a `T` of which every member is there, once, as an object's member; and no other.
///
/// `T` refuses members that it does not know or that come twice. What its reader would forgive (a list in
/// place of an object within it, an optional member left out) shows when `T` is written again.
fn read<T: DeserializeOwned + Serialize>(bytes: &[u8], wanted: &'static str) -> Result<T, BadFile> {
    if bytes.len() > MAX_FILE {
        return Err(BadFile::TooLong);
    }
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err(BadFile::NotAnObject);
    }
    let file: T = serde_json::from_slice(bytes).map_err(|error| mistaken(bytes, wanted, error))?;
    let given: Value = serde_json::from_slice(bytes)?;
    if serde_json::to_value(&file)? == given { Ok(file) } else { Err(BadFile::OtherForm) }
}

/// Why a file was not read: it is another one of ours, which people mix up, or none at all.
fn mistaken(bytes: &[u8], wanted: &'static str, error: serde_json::Error) -> BadFile {
    match kind_of(bytes) {
        Some(is) if is != wanted => BadFile::OtherKind { is },
        _ => BadFile::Json(error),
    }
}

/// What kind of file this claims to be, by its members.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    let given: Value = serde_json::from_slice(bytes).ok()?;
    let has = |members: [&str; 2]| members.iter().all(|name| given.get(name).is_some());
    let kinds = [
        (["dated", "lanes"], TRUST_FILE),
        (["batch", "list"], STATUS_FILE),
        (["entry", "committees"], CERTIFICATE),
    ];
    kinds.into_iter().find(|(members, _)| has(*members)).map(|(_, kind)| kind)
}

fn of_version(v: u32) -> Result<(), BadFile> {
    if v == FILE_VERSION { Ok(()) } else { Err(BadFile::Version { v }) }
}

/// Why bytes are not a file of ours: damaged, or of another kind.
#[derive(Debug, thiserror::Error)]
pub enum BadFile {
    /// Longer than any such file: more than [`MAX_FILE`] bytes.
    #[error("it is longer than {} MiB, and so than any such file", MAX_FILE >> 20)]
    TooLong,
    /// Anything but a JSON object.
    #[error("it is no JSON object")]
    NotAnObject,
    /// Another of our files.
    #[error("this is {is}")]
    OtherKind {
        /// Which, with its article.
        is: &'static str,
    },
    /// Not JSON, or not of the expected members.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// The members could be guessed, but are not written as they must be.
    #[error("a list stands for an object, or a member is missing")]
    OtherForm,
    /// Of a version that is not known here.
    #[error("the file is of version {v}, this program reads version {FILE_VERSION}")]
    Version {
        /// Its version.
        v: u32,
    },
}

#[cfg(test)]
mod tests;
