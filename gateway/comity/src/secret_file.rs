//! Reading a secret from a file that is its owner's alone.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Longest secret file, in bytes: a key in PEM, a sealed share.
const MAX_SECRET_FILE: u64 = 16 * 1024;

/// Reads a secret. What is returned is wiped when dropped.
///
/// # Errors
///
/// [`SecretFileError`]: it cannot be read, or others than its owner can read it (mode wider than 0600).
pub fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let of_file = |source| SecretFileError::Disk { path: path.to_owned(), source };
    let file = File::open(path).map_err(of_file)?;
    let about = file.metadata().map_err(of_file)?;
    if !about.is_file() || about.len() > MAX_SECRET_FILE {
        return Err(of_file(io::Error::other("no file, or longer than any secret here")));
    }
    check_mode(path, &about)?;
    // Room for all of it, so that no copy is left behind by growing.
    let room = usize::try_from(MAX_SECRET_FILE).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(MAX_SECRET_FILE).read_to_end(&mut bytes).map_err(of_file)?;
    Ok(bytes)
}

/// Reads a passphrase: one line, its end not counted.
///
/// # Errors
///
/// As [`read`]; [`SecretFileError::Lines`] if it is not one line of text.
pub fn read_line(path: &Path) -> Result<Zeroizing<String>, SecretFileError> {
    let bytes = read(path)?;
    let lines = || SecretFileError::Lines { path: path.to_owned() };
    let text = std::str::from_utf8(&bytes).map_err(|_| lines())?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.contains(['\n', '\r']) {
        Err(lines())
    } else {
        Ok(Zeroizing::new(line.to_owned()))
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, about: &std::fs::Metadata) -> Result<(), SecretFileError> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(SecretFileError::Open { path: path.to_owned(), mode })
    }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &std::fs::Metadata) -> Result<(), SecretFileError> {
    Ok(())
}

/// Why a secret was not read. It is never repeated.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// The disk says no.
    #[error("{}: {source}", path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// What it says.
        source: io::Error,
    },
    /// Others can read it.
    #[error("{}: others can read it (mode {mode:o}): chmod 600 it", path.display())]
    Open {
        /// Where.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// Not one line of text.
    #[error("{}: a passphrase is one line of text", path.display())]
    Lines {
        /// Where.
        path: PathBuf,
    },
}
