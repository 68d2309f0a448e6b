//! Reading the files that settings name.

use super::{Finding, Judge};
use crate::{
    bounded,
    secret_file::{self, SecretFileError},
};
use std::path::Path;
use zeroize::Zeroizing;

impl Judge<'_> {
    /// The bytes of the public file named by the setting at `path`; what is wrong with it is a finding.
    pub(super) fn read(&mut self, path: &str, limit: u64) -> Option<Vec<u8>> {
        let file = self.path(path)?;
        match bounded::read(&file, limit) {
            Ok(bytes) => Some(bytes),
            Err(error) => {
                self.unreadable(path, &file, &error.to_string());
                None
            }
        }
    }

    /// The bytes of the secret file named by the setting at `path`.
    pub(super) fn read_secret(&mut self, path: &str) -> Option<Zeroizing<Vec<u8>>> {
        let file = self.path(path)?;
        let read = secret_file::read(&file);
        self.secret(path, &file, read)
    }

    /// The passphrase in the file named by the setting at `path`.
    pub(super) fn read_passphrase(&mut self, path: &str) -> Option<Zeroizing<String>> {
        let file = self.path(path)?;
        let read = secret_file::read_line(&file);
        self.secret(path, &file, read)
    }

    fn secret<T>(
        &mut self,
        path: &str,
        file: &Path,
        read: Result<T, SecretFileError>,
    ) -> Option<T> {
        match read {
            Ok(secret) => return Some(secret),
            Err(SecretFileError::Disk { source, .. }) => {
                self.unreadable(path, file, &source.to_string())
            }
            Err(SecretFileError::Open { mode, .. }) => {
                let says = format!("others can read this secret (mode {mode:o})");
                let advice = format!("chmod 600 {}", file.display());
                self.push(Finding::error("C-111", self.at(path), says).advise(advice));
            }
            Err(SecretFileError::Lines { .. }) => {
                let finding = Finding::error("C-112", self.at(path), "this is no passphrase");
                self.push(finding.advise("write one line of text into it"));
            }
        }
        None
    }

    fn unreadable(&mut self, path: &str, file: &Path, why: &str) {
        let finding =
            Finding::error("C-110", self.at(path), format!("this file cannot be read: {why}"));
        self.push(finding.advise(format!("looked for at {}", file.display())));
    }
}
