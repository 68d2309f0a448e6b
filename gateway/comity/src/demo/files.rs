//! What the demonstration leaves behind.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Tells that a demonstration made the folder: only such a one is replaced.
const MARK: &str = ".made-by-comity-demo";

/// The folder of the files.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// A folder that is not ours to replace.
#[derive(Debug, thiserror::Error)]
pub(super) enum FolderError {
    /// Somebody else's.
    #[error("{} exists and was not made by a demo, so it is not replaced. Move it, or give another: --folder FOLDER", .0.display())]
    NotOurs(PathBuf),
    /// The disk says no.
    #[error("{}: {source}. Give a folder that can be written: --folder FOLDER", path.display())]
    Disk { path: PathBuf, source: std::io::Error },
}

impl Folder {
    /// An empty folder at `path`; one that an earlier demonstration left is emptied.
    pub(super) fn prepare(path: &Path) -> Result<Self, FolderError> {
        let disk = |source| FolderError::Disk { path: path.to_owned(), source };
        if path.exists() {
            if !path.join(MARK).is_file() {
                return Err(FolderError::NotOurs(path.to_owned()));
            }
            fs::remove_dir_all(path).map_err(disk)?;
        }
        fs::create_dir_all(path).map_err(disk)?;
        fs::write(path.join(MARK), "").map_err(disk)?;
        Ok(Self(path.to_owned()))
    }

    /// Writes a file and gives its path.
    pub(super) fn write(&self, name: &str, text: &str) -> anyhow::Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, text)?;
        Ok(path)
    }

    /// A file's path.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}
